import { formatDetector } from '../core/detector.ts'
import { FraudError } from '../core/errors.ts'
import { countRowsOnBothSides } from '../data/split.ts'
import { writeFileAtomically } from '../data/write-file.ts'
import { warnOfCalibration } from '../evaluation/calibration-warning.ts'
import { warnOfBundle } from '../evaluation/choose-policy.ts'
import { permutationImportance } from '../evaluation/permutation-importance.ts'
import type { PolicyFigures } from '../evaluation/policy-figures.ts'
import type { SingleFeature } from '../evaluation/single-features.ts'
import { compileDetector } from '../features/feature-set.ts'
import { encodeBundle, type TuningRecord } from '../models/bundle.ts'
import { renderReport } from '../report/render-report.ts'
import type { ReportInput, SearchSummary } from '../report/report-input.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import { buildReport, countPart } from './build-report.ts'
import { commandLine } from './command-line.ts'
import { judgePolicy } from './judge-policy.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { checkLeaks, describeLeaks } from './leak-check.ts'
import { loggedRows } from './logged-rows.ts'
import { costModelOn } from './mistake-costs.ts'
import { checkOutputs } from './output-paths.ts'
import { type PlanFlags, planTraining } from './plan-training.ts'
import { printEvaluation, summarise } from './print-evaluation.ts'
import { printPolicy } from './print-policy.ts'
import { formatTime, type InputFlags, refuseReadingFlags } from './read-input.ts'
import { readLabelledRows } from './read-labelled-rows.ts'
import { type LeakFlags, refuseLeaks } from './refuse-leaks.ts'
import { refuseUnknownNames } from './refuse-unknown-names.ts'
import { rejectsOf } from './rejects.ts'
import { type ForceFlag, replaceOutput } from './replace-output.ts'
import { reportBeside } from './report-beside.ts'
import { type Run, throwIfInterrupted } from './run.ts'
import { splitRows } from './split-rows.ts'
import { runTraining, type TrainingOutcome, type TrainingPlan } from './training-run.ts'

export interface TrainFlags extends ForceFlag, InputFlags, PlanFlags, LeakFlags {
  readonly out: string
  readonly fromLog?: boolean
  readonly acceptLostHistories?: boolean
  readonly data: string
  readonly report?: string
  readonly saveDetector?: string
  readonly leakCheck?: boolean
}

/** Reads, trains, evaluates, and only then writes. */
export async function train(file: string | undefined, flags: TrainFlags, run: Run): Promise<void> {
  await checkOutputs(outputsOf(flags), inputsOf(file, flags))
  await refuseUnknownNames(flags)
  const rows = await readRows(file, flags, run)
  const command = commandLine('train', file === undefined ? [] : [file], flags)
  await trainAndWrite(rows, planTraining(flags, rows), flags, { command }, run)
}

/** What a training run says of itself, beside its plan. */
export interface Origin {
  readonly command: string
  /** The search that chose the model. */
  readonly search?: { readonly record: TuningRecord; readonly report: SearchSummary; readonly result: object }
}

export function outputsOf(flags: TrainFlags) {
  return {
    '--out': flags.out,
    '--report': reportPathOf(flags),
    '--save-detector': flags.saveDetector,
    ...rejectsOf(flags),
  }
}

export function inputsOf(file: string | undefined, { detector }: TrainFlags) {
  return { FILE: file, '--detector': detector }
}

function reportPathOf({ report, out }: TrainFlags): string {
  return report ?? reportBeside(out)
}

/** Trains by a plan, evaluates, and only then writes. */
export async function trainAndWrite(
  rows: LabelledRows,
  plan: TrainingPlan,
  flags: TrainFlags,
  { command, search }: Origin,
  run: Run,
): Promise<void> {
  const { terminal, signal } = run
  const reportPath = reportPathOf(flags)
  const suspicious = refuseLeaksInTraining(rows, plan, flags)
  const outcome = await runTraining(rows, plan, run)
  tellUnknown(outcome.parts, run)
  const leaks = await lookForLeaks(rows, outcome, plan, suspicious, flags, run)
  const warnings = [...warn(rows, outcome, plan), ...leaks.warnings]
  const policy = judgePolicy(rows, outcome.content.detector, outcome.test, {
    isSample: outcome.parts.boundary === undefined,
  })
  for (const warning of warnings) terminal.warn(warning)
  for (const note of leaks.notes) terminal.say(`  ${note}`)
  const metrics = { ...outcome.content.metrics, ...leaks.figures }
  const content = { ...outcome.content, metrics, ...(search && { tuning: search.record }) }
  const { bytes, id } = encodeBundle(content)

  const html = await drawReport(rows, { ...outcome, content }, plan, { id, warnings, command, policy, search }, run)
  throwIfInterrupted(signal)
  await writeAll({ [flags.out]: bytes, [reportPath]: html, ...detectorFile(rows, flags) }, flags, run)

  printPolicy(policy, outcome.evaluation, terminal)
  printEvaluation(outcome.evaluation, terminal)
  if (outcome.outOfBag !== undefined) {
    const { averagePrecision, rocAuc } = outcome.outOfBag
    terminal.say(
      `out of bag, on training rows: average precision ${averagePrecision.toFixed(4)}, ROC AUC ${rocAuc.toFixed(4)}`,
    )
  }
  terminal.say(`\nbundle  ${flags.out}  ${id}\nreport  ${reportPath}`)
  terminal.result({
    bundle: id,
    out: flags.out,
    report: reportPath,
    ...summarise(outcome.evaluation),
    policy,
    ...(outcome.outOfBag && { outOfBag: outcome.outOfBag }),
    ...leaks.figures,
    ...(search && { tuning: search.result }),
    warnings,
  })
}

function detectorFile({ detector }: LabelledRows, { saveDetector }: TrainFlags): Readonly<Record<string, string>> {
  return saveDetector === undefined ? {} : { [saveDetector]: formatDetector(detector) }
}

async function writeAll(files: Readonly<Record<string, string | Uint8Array>>, flags: TrainFlags, run: Run) {
  for (const [path, content] of Object.entries(files)) {
    await replaceOutput(path, flags, run, () => writeFileAtomically(path, content))
  }
}

export function readRows(file: string | undefined, flags: TrainFlags, run: Run): Promise<LabelledRows> {
  if (flags.fromLog !== true) {
    if (file !== undefined) return readLabelledRows(file, flags, run)
    throw new FraudError('OPTION_INVALID', 'Name a FILE of labelled transactions, or say --from-log')
  }
  if (file !== undefined) throw new FraudError('OPTION_INVALID', `--from-log reads the log, and ${file} is a file`)
  refuseReadingFlags(flags)
  return loggedRows(flags, run)
}

function tellUnknown({ unknownThen }: TrainingOutcome['parts'], { terminal }: Run): void {
  if (unknownThen === 0) return
  const rows = unknownThen.toLocaleString('en')
  terminal.say(`  ${rows} rows before the test had labels that were not known yet when it began: they were left out`)
}

/** Checks what can fail before the expensive part. */
export function refuseLeaksInTraining(
  rows: LabelledRows,
  { split, weightUse }: TrainingPlan,
  flags: LeakFlags,
): readonly SingleFeature[] {
  return refuseLeaks(rows, splitRows(rows, split, false).train, flags, weightUse !== 'training')
}

/** What a random split or labels known at once would have shown, and features that know too much. */
async function lookForLeaks(
  rows: LabelledRows,
  { parts }: TrainingOutcome,
  plan: TrainingPlan,
  suspicious: readonly SingleFeature[],
  { leakCheck }: TrainFlags,
  run: Run,
) {
  const isRandom = parts.boundary === undefined
  if (leakCheck === false) return { ...describeLeaks({ suspicious }, isRandom), figures: { leakCheck: { suspicious } } }
  const check = await checkLeaks(
    {
      rows,
      suspicious,
      byTime: isRandom ? splitByTimeIfPossible(rows, plan) : parts,
      isWeighted: plan.weightUse !== 'training',
      seed: plan.seed,
      threads: plan.threads,
    },
    run,
  )
  return { ...describeLeaks(check, isRandom), figures: { leakCheck: check } }
}

function splitByTimeIfPossible(rows: LabelledRows, { split }: TrainingPlan): TrainingOutcome['parts'] | undefined {
  if (rows.times === undefined) return undefined
  try {
    return splitRows(rows, { ...split, by: 'time' }, false)
  } catch (error) {
    // No frauds in one of the parts: there is nothing to compare with.
    if (error instanceof FraudError && error.code === 'OPTION_INVALID') return undefined
    throw error
  }
}

function warn(
  rows: LabelledRows,
  { parts, evaluation, content, alertsOnNothing }: TrainingOutcome,
  plan: TrainingPlan,
): string[] {
  const warnings: string[] = []
  const policyWarning = warnOfBundle(content)
  if (policyWarning !== undefined) warnings.push(policyWarning)
  const calibrationWarning = warnOfCalibration(evaluation)
  if (calibrationWarning !== undefined) warnings.push(calibrationWarning)
  if (alertsOnNothing) {
    warnings.push(
      `The threshold ${content.decision.threshold} alerts on none of the rows that were held out to choose it on; it was ` +
        `chosen ${content.decision.chosenBy}`,
    )
  }
  if (parts.boundary === undefined) {
    const repeated = countRowsOnBothSides(rows.columns, parts.train, parts.test)
    const share = ((100 * repeated) / parts.test.length).toFixed(2)
    if (repeated > 0) {
      warnings.push(
        `${repeated} test rows (${share} %) equal a training row in every input: a random split flatters. Split by time instead`,
      )
    }
    if (plan.split.by === 'time') warnings.push('There is no time column, so the split is random and may flatter')
  }
  if (rows.knownAt === undefined && compileDetector(rows.detector).plan.histories.some((plan) => plan.countsFrauds)) {
    warnings.push(
      'The detector says neither how late labels are (label.delay) nor when each was known (label.knownAt), so features ' +
        'that count frauds take every label as known at once: the figures hold only if that is so',
    )
  }
  const frauds = rows.labels.reduce((sum, label) => sum + label, 0)
  if (frauds > rows.labels.length / 2) {
    const share = ((100 * frauds) / rows.labels.length).toFixed(0)
    warnings.push(`${share} % of the rows are fraud: is 1 in ${rows.detector.transaction.label.field} really fraud?`)
  }
  if (evaluation.frauds < 50) {
    warnings.push(`Only ${evaluation.frauds} frauds in the test part: the figures are uncertain, see their intervals`)
  }
  const heldFrauds = parts.calibration && countPart(rows.labels, parts.calibration).frauds
  if (heldFrauds !== undefined && heldFrauds < 20) {
    warnings.push(`Only ${heldFrauds} frauds to calibrate with and to choose the threshold on: both are uncertain`)
  }
  return warnings
}

async function drawReport(
  rows: LabelledRows,
  outcome: TrainingOutcome,
  plan: TrainingPlan,
  made: {
    readonly id: string
    readonly warnings: readonly string[]
    readonly command: string
    readonly policy: PolicyFigures
    readonly search: Origin['search']
  },
  { terminal }: Run,
): Promise<string> {
  const { content, evaluation, test } = outcome
  const progress = terminal.begin('report')
  const importance = measureImportance(rows, outcome, (done, total) => progress.update(done, total))
  const html = renderReport(
    buildReport(rows, content, evaluation, test, {
      title: `${rows.detector.detector}: ${plan.learner}`,
      bundleId: made.id,
      command: made.command,
      policy: made.policy,
      split: describeSplit(rows, outcome, plan),
      ...(plan.objective?.kind === 'cost' && {
        cost: { ...costModelOn(rows, test.rows, plan.objective), asked: plan.objective.falseNegative },
      }),
      ...(outcome.calibrationRatio !== undefined && { calibrationRatio: outcome.calibrationRatio }),
      importance,
      warnings: made.warnings,
      ...(made.search && { search: made.search.report }),
      includesTrainingRows: false,
    }),
  )
  progress.end()
  return html
}

function measureImportance(
  rows: LabelledRows,
  { trained, scaling, content, test }: TrainingOutcome,
  onProgress: (done: number, total: number) => void,
): NonNullable<ReportInput['importance']> {
  const permutation = permutationImportance({
    columns: rows.columns.map((column) => Float64Array.from(test.rows, (row) => column[row])),
    labels: test.labels,
    weights: test.weights,
    // The model that was evaluated: after a refit the bundle's has seen the test rows.
    score: createRowsScorer({ model: trained.model, ...(scaling && { scaling }) }),
    seed: content.seed,
    hints: trained.importance,
    onProgress,
  })
  const features = rows.features.map((feature, i) => ({
    feature,
    ...(trained.importance && { splitGain: trained.importance[i] }),
    ...(permutation[i] && { permutation: permutation[i] }),
  }))
  return { metric: 'average precision', features }
}

function describeSplit(
  rows: LabelledRows,
  { parts, oversampled }: TrainingOutcome,
  plan: TrainingPlan,
): ReportInput['split'] {
  return {
    method: parts.boundary === undefined ? 'random' : 'time',
    ...(parts.boundary !== undefined && { boundary: formatTime(parts.boundary, rows.isoTimes) }),
    train: countPart(rows.labels, parts.fit),
    ...(parts.calibration && { calibration: countPart(rows.labels, parts.calibration) }),
    test: countPart(rows.labels, parts.test),
    unknownThen: parts.unknownThen,
    ...(oversampled && { oversampled }),
    ...(rows.weights &&
      rows.weightColumn !== undefined && { weights: { column: rows.weightColumn, use: plan.weightUse } }),
  }
}
