import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Learner } from '../core/detector-schema.ts'
import { durationMs, parseDuration } from '../core/duration.ts'
import { FraudError } from '../core/errors.ts'
import { timeReader } from '../core/time-formats.ts'
import { zoneOffset } from '../core/zone.ts'
import { formatHandbook, type HandbookResult, runFree, runHandbook } from '../evaluation/protocols/handbook.ts'
import type { TrainAndScore } from '../evaluation/protocols/judge.ts'
import { formatPrequential, runPrequential } from '../evaluation/protocols/prequential.ts'
import { type LearnerOptions, learn } from '../learners/learn.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import { type LabelledRows, readLabelledRows } from './labelled-rows.ts'
import type { InputFlags } from './read-input.ts'
import type { Run } from './run.ts'
import { declaredCategories } from './train-work.ts'
import { scoreRows } from './training-run.ts'

export interface ProtocolFlags extends InputFlags {
  readonly seed: number
  readonly seeds: number
  readonly train: string
  readonly delay?: string
  readonly test: string
  readonly folds: number
  readonly k: number
  readonly keepCompromised?: boolean
  readonly free?: boolean
  readonly learner?: Learner
  readonly nEstimators?: number
  readonly maxDepth?: number | 'none'
  readonly threads?: number
}

interface LearnerChoice {
  readonly learner: Learner
  readonly options: LearnerOptions
}

/** The published protocol of the Fraud Detection Handbook, each figure beside the book's. */
export async function evaluateHandbook(file: string, flags: ProtocolFlags, run: Run): Promise<void> {
  const rows = await readLabelledRows(file, { ...flags, detector: flags.detector ?? shippedDetector('handbook') }, run)
  const { times } = timed(rows)
  const progress = run.terminal.begin('handbook')
  const result = await runHandbook(
    { ...rows, times },
    (row) => trainer(rows, row, flags, run),
    seedsOf(flags),
    progress.update,
  )
  progress.end()
  run.terminal.say(`\n${formatHandbook(result)}`)
  const free = flags.free === true ? await evaluateFree(file, flags, run) : undefined
  run.terminal.result({ ...result, ...(free && { free }) })
}

/** The same tests by the detector that comes for them, which is bound by nothing but what could be known. */
async function evaluateFree(file: string, flags: ProtocolFlags, run: Run): Promise<HandbookResult> {
  const rows = await readLabelledRows(file, { ...flags, detector: shippedDetector('handbook-free') }, run)
  const { times } = timed(rows)
  const progress = run.terminal.begin('handbook, free')
  const choice = chooseLearner(rows, {})
  const result = await runFree({ ...rows, times }, trainer(rows, choice, flags, run), seedsOf(flags), progress.update)
  progress.end()
  run.terminal.say(
    `\nwithout the book's limits: eight weeks of training, ${rows.features.length} features, ${describe(choice)}`,
  )
  run.terminal.say(formatHandbook(result))
  return result
}

/** Train, wait for labels, test, step on: for any detector. */
export async function evaluatePrequential(file: string, flags: ProtocolFlags, run: Run): Promise<void> {
  const trainMs = duration('--train', flags.train)
  const testMs = duration('--test', flags.test)
  const delayMs = flags.delay === undefined ? undefined : duration('--delay', flags.delay)
  const rows = await readLabelledRows(file, flags, run)
  const { times } = timed(rows)
  const choice = chooseLearner(rows, flags)
  const progress = run.terminal.begin('prequential')
  const result = await runPrequential(
    { ...rows, times },
    describe(choice),
    trainer(rows, choice, flags, run),
    {
      trainMs,
      delayMs: delayMs ?? durationMs(rows.detector.transaction.label.delay ?? '0s'),
      testMs,
      folds: flags.folds,
      k: flags.k,
      removesKnown: flags.keepCompromised !== true,
      seeds: seedsOf(flags),
    },
    progress.update,
  )
  progress.end()
  run.terminal.say(`\n${formatPrequential(result)}`)
  run.terminal.result(result)
}

function timed(rows: LabelledRows): { readonly times: Float64Array } {
  const times = timesInMs(rows)
  if (times === undefined) throw new FraudError('OPTION_INVALID', '--protocol needs a time, and the rows have none')
  if (times.some((time, row) => row > 0 && time < times[row - 1])) {
    throw new FraudError('DATA_INVALID', 'The rows are not in the order of their times, and a protocol needs them so')
  }
  return { times }
}

/** In milliseconds: a flat table's times may be anything that orders its rows. */
export function timesInMs({ times, isoTimes, detector }: LabelledRows): Float64Array | undefined {
  const { time, zone = 'UTC' } = detector.transaction
  return isoTimes || time === undefined ? times : times?.map(timeReader(time, zoneOffset(zone)))
}

function trainer(
  rows: LabelledRows,
  { learner, options }: LearnerChoice,
  flags: ProtocolFlags,
  run: Run,
): TrainAndScore {
  return async (train, test, seed) => {
    const columns = rows.columns.map((column) => Float64Array.from(train, (row) => column[row]))
    const labels = Uint8Array.from(train, (row) => rows.labels[row])
    const { model } = await learn(
      learner,
      { features: rows.features, columns, labels },
      { ...options, seed },
      { signal: run.signal, ...(flags.threads !== undefined && { threads: flags.threads }) },
    )
    return scoreRows(rows, test, createRowsScorer({ model }), undefined).scores
  }
}

/** Flags win over the detector's model. */
function chooseLearner(
  { detector }: LabelledRows,
  { learner, nEstimators, maxDepth }: Pick<ProtocolFlags, 'learner' | 'nEstimators' | 'maxDepth'>,
): LearnerChoice {
  const { learner: own, average: ____, seed: _, scale: __, oversample: ___, ...options } = detector.model ?? {}
  const isOwn = learner === undefined || own === undefined || learner === own
  const given = {
    ...declaredCategories(detector, [learner ?? own ?? 'random-forest']),
    ...(isOwn && Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))),
    ...(nEstimators !== undefined && { nEstimators }),
    ...(maxDepth !== undefined && { maxDepth: maxDepth === 'none' ? null : maxDepth }),
  }
  return { learner: learner ?? own ?? 'random-forest', options: given }
}

function describe({ learner, options }: LearnerChoice): string {
  const told = Object.entries(options).map(([name, value]) => `${name} ${value ?? 'none'}`)
  return [learner, ...told].join(', ')
}

function seedsOf({ seed, seeds }: ProtocolFlags): number[] {
  return Array.from({ length: seeds }, (_, i) => seed + i)
}

export function duration(flag: string, text: string): number {
  const parsed = parseDuration(text)
  if (typeof parsed === 'number' && parsed >= 0) return parsed
  throw new FraudError('OPTION_INVALID', `${flag}: ${parsed}`)
}

/** A detector that comes with Shrike; the sources and the built files lie two folders under it. */
function shippedDetector(name: string): string {
  const path = fileURLToPath(new URL(`../../detectors/${name}.yaml`, import.meta.url))
  if (existsSync(path)) return path
  throw new FraudError('FILE_UNREADABLE', `${path} is missing; name the handbook's detector with --detector`)
}
