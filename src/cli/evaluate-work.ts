import { FraudError } from '../core/errors.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { splitRandom } from '../data/split.ts'
import { writeFileAtomically } from '../data/write-file.ts'
import { inMemory } from '../detector/detector.ts'
import { warnOfCalibration } from '../evaluation/calibration-warning.ts'
import { warnOfBundle } from '../evaluation/choose-policy.ts'
import { evaluate } from '../evaluation/evaluate.ts'
import { showSpan } from '../evaluation/tuning/search-folds.ts'
import { compileDetector } from '../features/feature-set.ts'
import type { HistoriesPlan } from '../features/history.ts'
import type { Bundle } from '../models/bundle.ts'
import { renderReport } from '../report/render-report.ts'
import { createRowsScorer, readBundle } from '../scoring/load-predictor.ts'
import { buildReport, countPart } from '../training/build-report.ts'
import type { LabelledRows } from '../training/labelled-rows.ts'
import { checkEvaluation, describeLeaks } from '../training/leak-check.ts'
import { measurePolicy } from '../training/measure-policy.ts'
import { type CostFlags, costModelOn, readMistakeCosts } from '../training/mistake-costs.ts'
import type { InputFlags } from '../training/read-input.ts'
import { readRowsFor } from '../training/read-labelled-rows.ts'
import { rejectsOf } from '../training/rejects.ts'
import { type ForceFlag, replaceOutput } from '../training/replace-output.ts'
import { scoreRows, withProbabilities } from '../training/training-run.ts'
import { commandLine } from './command-line.ts'
import { checkOutputs } from './output-paths.ts'
import { printEvaluation, summarise } from './print-evaluation.ts'
import { printPolicy } from './print-policy.ts'
import type { Run } from './run.ts'
import { type TrainingPart, trainingPartOf, warnOfUnknownGap } from './training-part.ts'
import { version } from './version.ts'

export interface EvaluateFlags extends ForceFlag, InputFlags, CostFlags {
  readonly report?: string
  readonly includeTraining?: boolean
  readonly leakCheck?: boolean
  readonly seed: number
}

/** Figures with intervals on the rows that the bundle was not trained on, and a report of them where one is wanted. */
export async function evaluateBundle(bundlePath: string, file: string, flags: EvaluateFlags, run: Run): Promise<void> {
  const { terminal, signal } = run
  await checkOutputs(
    { '--report': flags.report, ...rejectsOf(flags) },
    { BUNDLE: bundlePath, FILE: file, '--history': flags.history },
  )
  const bundle = await readBundle(bundlePath)
  const { plan } = compileDetector(bundle.detector)
  if (flags.history !== undefined && plan.histories.length === 0) {
    throw new FraudError('OPTION_INVALID', "--history: none of the bundle's features looks at histories")
  }
  const rows = await readRowsFor({ detector: bundle.detector, locate: inMemory }, file, flags, run)
  const { part, leftOut, includesTraining, ...choice } = chooseRows(rows, bundle, flags, run)

  const progress = terminal.begin('evaluate')
  const scored = withProbabilities(scoreRows(rows, part, createRowsScorer(bundle), rows.weights), bundle.calibration)
  const evaluation = evaluate({ ...scored, threshold: bundle.threshold, seed: flags.seed })
  progress.end(`${part.length.toLocaleString('en')} rows`)
  const leaks = await lookForLeaks(rows, part, bundle, evaluation.averagePrecision, flags)
  const cold = flags.history === undefined ? warnOfCold(rows, part, plan) : undefined
  const policy = measurePolicy(rows, bundle.detector, scored, choice)
  const ofBundle = [cold, warnOfBundle(bundle), warnOfCalibration(evaluation)].filter(
    (warning) => warning !== undefined,
  )
  const warnings = [...leaks.warnings, ...ofBundle]
  for (const warning of warnings) terminal.warn(warning)
  for (const note of leaks.notes) terminal.say(`  ${note}`)
  throwIfInterrupted(signal)
  if (flags.report !== undefined) {
    const html = renderReport(
      buildReport(rows, bundle, evaluation, scored, {
        version,
        title: `${bundle.detector.detector}: ${rows.source}`,
        bundleId: bundle.id,
        command: commandLine('evaluate', [bundlePath, file], flags),
        policy,
        split: describeRows(rows, bundle, part, leftOut),
        ...costOf(rows, part, flags),
        warnings: [
          ...(includesTraining ? ['Training rows are among those evaluated: all figures are optimistic'] : []),
          ...warnings,
        ],
        includesTrainingRows: includesTraining,
      }),
    )
    const { report } = flags
    await replaceOutput(report, flags, run, () => writeFileAtomically(report, html))
    terminal.say(`report  ${flags.report}`)
  }
  printPolicy(policy, evaluation, terminal)
  printEvaluation(evaluation, terminal)
  terminal.result({
    ...summarise(evaluation),
    policy,
    model: bundle.id,
    trainingRowsLeftOut: leftOut.training,
    labelGapRowsLeftOut: leftOut.labelGap,
    includesTraining,
    ...leaks.figures,
  })
}

/** Of rows that windows reach back from to before the file's first row: a service would know more of them. */
function warnOfCold({ times }: LabelledRows, part: Uint32Array, { histories }: HistoriesPlan): string | undefined {
  const spanMs = Math.max(0, ...histories.map((history) => history.spanMs))
  if (times === undefined || spanMs === 0) return undefined
  const coldUntil = times.reduce((least, time) => Math.min(least, time), Infinity) + spanMs
  const cold = part.reduce((count, row) => count + (times[row] < coldUntil ? 1 : 0), 0)
  if (cold === 0) return undefined
  return (
    `Histories are cold: ${cold.toLocaleString('en')} of ${part.length.toLocaleString('en')} rows lie within ${showSpan(spanMs)} of the ` +
    "file's first row, so the longest window of the features reaches back to before the file. Bring the rows before it with --history FILE"
  )
}

/** Of the rows at hand; and a bundle whose own figures came of a random split says so. */
async function lookForLeaks(
  rows: LabelledRows,
  part: Uint32Array,
  bundle: Bundle,
  honestPrecision: number,
  { leakCheck }: EvaluateFlags,
) {
  if (leakCheck === false) return { warnings: [], notes: [], figures: {} }
  const check = await checkEvaluation(rows, part, createRowsScorer(bundle), honestPrecision)
  const { warnings, notes } = describeLeaks(check, false, 'the bundle')
  const ownFigures =
    bundle.training.split.by === 'random'
      ? ['The figures inside the bundle came of a random split, which flatters where rows depend on each other']
      : []
  return { warnings: [...warnings, ...ownFigures], notes, figures: { leakCheck: check } }
}

/**
 * Leaves out what the bundle learned from, by time or by repeating the random split of the same table, and the rows of the
 * gap that late labels left between training and test.
 */
function chooseRows(rows: LabelledRows, bundle: Bundle, flags: EvaluateFlags, { terminal }: Run) {
  const every = Uint32Array.from(rows.labels.keys())
  const unlearned = freshRows(rows, bundle, every, terminal.warn)
  const partOf = trainingPartOf(bundle)
  const { times } = rows
  const fresh = times === undefined ? unlearned : unlearned.filter((row) => partOf(times[row]) !== 'labelGap')
  const leftOut = { training: every.length - unlearned.length, labelGap: unlearned.length - fresh.length }
  const none = { training: 0, labelGap: 0 }
  if (flags.includeTraining || fresh.length === every.length) {
    const includesTraining = leftOut.training > 0
    if (includesTraining)
      terminal.warn(`${leftOut.training} rows are of the bundle's own training: all figures are optimistic`)
    return { part: every, leftOut: none, includesTraining, isSample: false }
  }
  if (fresh.length === 0) throw noneLeft(leftOut)
  const unknown = leftOut.training > 0 ? warnOfUnknownGap(bundle) : undefined
  if (unknown !== undefined) terminal.warn(unknown)
  tellLeftOut(leftOut, terminal)
  const { split, fingerprint } = bundle.training
  const isSample = split.by === 'random' && rows.fingerprint === fingerprint
  const { from, to } = { from: undefined, to: undefined, ...split }
  const until = split.by === 'time' && leftOut.labelGap > 0 ? split.testFrom : to
  const gap = isSample || from === undefined || until === undefined ? undefined : { from, to: until }
  return { part: fresh, leftOut, includesTraining: false, isSample, gap }
}

type LeftOut = Readonly<Record<TrainingPart, number>>

function tellLeftOut({ training, labelGap }: LeftOut, terminal: Run['terminal']): void {
  if (training > 0)
    terminal.say(`  ${training.toLocaleString('en')} rows of the bundle's own training period were left out`)
  if (labelGap > 0) {
    terminal.say(
      `  ${labelGap.toLocaleString('en')} rows of the label gap were left out: they lie between training and test, for their ` +
        'labels were not known yet when the test began',
    )
  }
}

function noneLeft({ training, labelGap }: LeftOut): FraudError {
  const all = training + labelGap
  const gap = labelGap > 0 ? `, or lie in its label gap, between training and test (${labelGap})` : ''
  return new FraudError(
    'DATA_INVALID',
    `All ${all} rows are of the bundle's own training${gap}, so none is left to evaluate (--include-training overrides)`,
  )
}

function freshRows(
  { times, labels, fingerprint, detector }: LabelledRows,
  { training }: Bundle,
  every: Uint32Array,
  warn: (text: string) => void,
): Uint32Array {
  const { split, refit } = training
  if (split.by === 'time') {
    if (times === undefined)
      throw new FraudError('DATA_INVALID', `The file has no column ${detector.transaction.time?.field}`)
    return every.filter((row) => times[row] < split.from || times[row] > split.to)
  }
  if (split.by === 'elsewhere') {
    warn(
      'The model was trained elsewhere: if this file holds any of the rows that it learned from, all figures are optimistic',
    )
    return every
  }
  if (fingerprint === training.fingerprint) return refit ? new Uint32Array(0) : splitRandom(labels, split).test
  // Of another table it is not known which rows training drew: none of its whole period counts.
  const { from, to } = split
  if (times !== undefined && from !== undefined && to !== undefined) {
    return every.filter((row) => times[row] < from || times[row] > to)
  }
  warn(
    'The bundle was trained on random rows without a time: if this file holds any of them, all figures are optimistic',
  )
  return every
}

function describeRows(rows: LabelledRows, { training }: Bundle, part: Uint32Array, { labelGap }: LeftOut) {
  return {
    method: training.split.by,
    train: { rows: training.rows, frauds: training.frauds },
    test: countPart(rows.labels, part),
    unknownThen: labelGap,
    ...(rows.weightColumn !== undefined && { weights: { column: rows.weightColumn, use: 'evaluation' as const } }),
  }
}

function costOf(rows: LabelledRows, part: Uint32Array, flags: EvaluateFlags) {
  const costs = readMistakeCosts(flags)
  return costs && { cost: { ...costModelOn(rows, part, costs), asked: costs.falseNegative } }
}
