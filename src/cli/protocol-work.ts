import { durationMs, parseDuration } from '../core/duration.ts'
import { FraudError } from '../core/errors.ts'
import { quiet } from '../core/progress.ts'
import { formatHandbook, type HandbookResult, runFree, runHandbook } from '../evaluation/protocols/handbook.ts'
import type { TrainAndScore } from '../evaluation/protocols/measure-fold.ts'
import { formatPrequential, runPrequential } from '../evaluation/protocols/prequential.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import { fitByPlan } from '../training/fit-models.ts'
import { comparableAmounts, type LabelledRows } from '../training/labelled-rows.ts'
import { type PlanRequest, planTraining, usualTraining } from '../training/plan-training.ts'
import type { InputRequest } from '../training/read-input.ts'
import { readLabelledRows } from '../training/read-labelled-rows.ts'
import { type LeakRequest, refuseLeaks, warnOfSuspicious } from '../training/refuse-leaks.ts'
import { rejectsOf } from '../training/rejects.ts'
import { scoreRows } from '../training/scored-rows.ts'
import { timesInMs } from '../training/times-in-ms.ts'
import type { TrainingPlan } from '../training/training-plan.ts'
import { checkOutputs } from './output-paths.ts'
import type { Run } from './run.ts'
import { shippedDetector } from './shipped-detector.ts'

export interface ProtocolFlags
  extends InputRequest,
    LeakRequest,
    Pick<PlanRequest, 'preset' | 'learner' | 'nEstimators' | 'maxDepth' | 'threads'> {
  readonly seed: number
  readonly seeds: number
  readonly train: string
  readonly delay?: string
  readonly test: string
  readonly folds: number
  readonly k: number
  readonly keepCompromised?: boolean
  readonly free?: boolean
}

/** Asked before any work, as by every command that writes. */
export function checkProtocolOutputs(file: string, flags: ProtocolFlags): Promise<void> {
  return checkOutputs({ '--rejects': rejectsOf(flags) }, { FILE: file, '--detector': flags.detector })
}

/** The published protocol of the Fraud Detection Handbook, each figure beside the book's. */
export async function evaluateHandbook(file: string, flags: ProtocolFlags, run: Run): Promise<void> {
  const rows = await readLabelledRows(file, { ...flags, detector: flags.detector ?? shippedDetector('handbook') }, run)
  const { times } = timed(rows)
  refuseOrTell(rows, flags, run)
  // The book says of each of its learners how it is trained; nothing of the detector's own model is meant.
  const plan = { ...planOf(flags, rows), scale: false, oversample: null }
  const progress = run.terminal.begin('handbook')
  const result = await runHandbook(
    { ...rows, times },
    ({ learner, options }) => trainer(rows, { ...plan, members: [{ learner, options }] }, run),
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
  const plan = planOf(flags, rows)
  const result = await runFree({ ...rows, times }, trainer(rows, plan, run), seedsOf(flags), progress.update)
  progress.end()
  run.terminal.say(
    `\nwithout the limits of the book: eight weeks of training, ${rows.features.length} features, ${describe(plan)}`,
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
  refuseOrTell(rows, flags, run)
  const plan = planOf(flags, rows)
  const progress = run.terminal.begin('prequential')
  const { amounts: _, ...others } = rows
  const amounts = comparableAmounts(rows)
  const result = await runPrequential(
    { ...others, times, ...(amounts && { amounts }) },
    describe(plan),
    trainer(rows, plan, run),
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

/** All rows are looked at: each but those of the last test is learned from in some fold. */
function refuseOrTell(rows: LabelledRows, flags: LeakRequest, { terminal }: Run): void {
  const every = Uint32Array.from(rows.labels.keys())
  for (const each of refuseLeaks(rows, every, flags, true)) terminal.warn(warnOfSuspicious(each))
}

function timed(rows: LabelledRows): { readonly times: Float64Array } {
  if (rows.times === undefined)
    throw new FraudError('OPTION_INVALID', '--protocol needs a time, and the rows have none')
  const times = timesInMs(rows, rows.times)
  if (times.some((time, row) => row > 0 && time < times[row - 1])) {
    throw new FraudError('DATA_INVALID', 'The rows are not in the order of their times, and a protocol needs them so')
  }
  return { times }
}

function trainer(rows: LabelledRows, plan: TrainingPlan, run: Run): TrainAndScore {
  return async (train, test, seed) => {
    const { trained, scaling } = await fitByPlan(rows, train, { ...plan, seed }, quiet(run))
    const score = createRowsScorer({ model: trained.model, ...(scaling && { scaling }) })
    return (await scoreRows(rows, test, score, undefined)).rawScores
  }
}

/** What `train` would do with these flags. */
function planOf({ preset, learner, nEstimators, maxDepth, threads }: ProtocolFlags, rows: LabelledRows): TrainingPlan {
  const given = { preset, learner, nEstimators, maxDepth, threads }
  const flags = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return planTraining({ ...usualTraining, ...flags }, rows)
}

function describe({ members, scale, oversample }: TrainingPlan): string {
  const told = members.map(({ learner, options }) =>
    [learner, ...Object.entries(options).map(([name, value]) => `${name} ${value ?? 'none'}`)].join(', '),
  )
  return [
    told.join(' + '),
    ...(scale ? ['scaled'] : []),
    ...(oversample === null ? [] : [`oversample ${oversample}`]),
  ].join(', ')
}

function seedsOf({ seed, seeds }: ProtocolFlags): number[] {
  return Array.from({ length: seeds }, (_, i) => seed + i)
}

export function duration(flag: string, text: string): number {
  const parsed = parseDuration(text)
  if (typeof parsed === 'number' && parsed >= 0) return parsed
  throw new FraudError('OPTION_INVALID', `${flag}: ${parsed}`)
}
