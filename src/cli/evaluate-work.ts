import { throwIfInterrupted } from '../core/progress.ts'
import { inMemory } from '../detector/detector.ts'
import { warnOfCalibration } from '../evaluation/calibration-warning.ts'
import { warnOfBundle } from '../evaluation/choose-policy.ts'
import { evaluate } from '../evaluation/evaluate.ts'
import { compileDetector } from '../features/feature-set.ts'
import type { HistoriesPlan } from '../features/history.ts'
import type { Bundle } from '../models/bundle.ts'
import { createRowsScorer, readBundle } from '../scoring/load-predictor.ts'
import { buildReport, countPart } from '../training/build-report.ts'
import { chooseFreshRows, type LeftOut } from '../training/fresh-rows.ts'
import type { LabelledRows } from '../training/labelled-rows.ts'
import { checkEvaluation, describeLeaks } from '../training/leak-check.ts'
import { measurePolicy } from '../training/measure-policy.ts'
import { type CostRequest, costModelOn, readMistakeCosts } from '../training/mistake-costs.ts'
import type { InputRequest } from '../training/read-input.ts'
import { readRowsFor } from '../training/read-labelled-rows.ts'
import { rejectsOf } from '../training/rejects.ts'
import { type ForceRequest, replaceFile } from '../training/replace-output.ts'
import { scoreRows, withProbabilities } from '../training/scored-rows.ts'
import { breakDown } from '../training/test-breakdown.ts'
import { refuseIdleHistory, tellCold } from './cold-histories.ts'
import { commandLine } from './command-line.ts'
import { checkOutputs } from './output-paths.ts'
import { printEvaluation, summarise } from './print-evaluation.ts'
import { printPolicy } from './print-policy.ts'
import { printWeakSpots } from './print-weak-spots.ts'
import type { Run } from './run.ts'
import { version } from './version.ts'

export interface EvaluateFlags extends ForceRequest, InputRequest, CostRequest {
  readonly report?: string
  readonly includeTraining?: boolean
  readonly leakCheck?: boolean
  readonly seed: number
}

/** Figures with intervals on the rows that the bundle was not trained on, and a report of them where one is wanted. */
export async function evaluateBundle(bundlePath: string, file: string, flags: EvaluateFlags, run: Run): Promise<void> {
  const { terminal, signal } = run
  await checkOutputs(
    { '--report': flags.report, '--rejects': rejectsOf(flags) },
    { BUNDLE: bundlePath, FILE: file, '--history': flags.history },
  )
  const bundle = await readBundle(bundlePath)
  const { plan } = compileDetector(bundle.detector)
  refuseIdleHistory(flags.history, plan)
  const rows = await readRowsFor({ detector: bundle.detector, locate: inMemory }, file, flags, run)
  const { part, leftOut, includesTraining, ...choice } = chooseFreshRows(rows, bundle, flags, run)

  const progress = terminal.begin('evaluate')
  const scored = withProbabilities(
    await scoreRows(rows, part, createRowsScorer(bundle), rows.weights),
    bundle.calibration,
  )
  const evaluation = evaluate({ ...scored, threshold: bundle.threshold, seed: flags.seed })
  progress.end(`${part.length.toLocaleString('en')} rows`)
  const breakdown = breakDown(rows, scored, bundle.threshold, {
    // Cards that only the training rows have are known where these are in the file, too.
    isLater: !includesTraining && leftOut.training > 0,
  })
  const leaks = await lookForLeaks(rows, part, bundle, evaluation.averagePrecision, flags)
  const cold = warnOfCold(rows, part, plan, flags)
  const policy = measurePolicy(rows, bundle.detector, scored, choice)
  const ofBundle = [
    cold,
    warnOfBundle(bundle),
    bundle.calibration.method === 'rank' ? ranksWarning : warnOfCalibration(evaluation),
  ].filter((warning) => warning !== undefined)
  const warnings = [...leaks.warnings, ...ofBundle]
  for (const warning of warnings) terminal.warn(warning)
  for (const note of leaks.notes) terminal.say(`  ${note}`)
  throwIfInterrupted(signal)
  if (flags.report !== undefined) {
    // It loads what draws charts.
    const { renderReport } = await import('../report/render-report.ts')
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
        breakdown,
      }),
    )
    const { report } = flags
    await replaceFile(report, html, flags, run)
    terminal.say(`report  ${flags.report}`)
  }
  printPolicy(policy, evaluation, terminal)
  printEvaluation(evaluation, terminal)
  printWeakSpots(breakdown, terminal)
  terminal.result({
    ...summarise(evaluation),
    policy,
    ...breakdown,
    model: bundle.id,
    trainingRowsLeftOut: leftOut.training,
    labelGapRowsLeftOut: leftOut.labelGap,
    includesTraining,
    ...leaks.figures,
  })
}

const ranksWarning =
  'The model learned without labels, so its scores are ranks and no probabilities: Brier score, log loss and predicted / actual frauds mean nothing'

function warnOfCold({ times }: LabelledRows, part: Uint32Array, plan: HistoriesPlan, { history }: EvaluateFlags) {
  if (times === undefined) return undefined
  const firstMs = times.reduce((least, time) => Math.min(least, time), Infinity)
  return tellCold(
    Float64Array.from(part, (row) => times[row]),
    firstMs,
    plan,
    history,
  )
}

/** Warnings about the rows at hand, and about a bundle whose figures come from a random split. */
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
      ? [
          'The figures inside the bundle come from a random split, so they are optimistic where rows depend on each other',
        ]
      : []
  return { warnings: [...warnings, ...ownFigures], notes, figures: { leakCheck: check } }
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
