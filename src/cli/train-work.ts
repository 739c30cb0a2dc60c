import { formatDetector } from '../core/detector.ts'
import type { Detector, Learner } from '../core/detector-schema.ts'
import { FraudError } from '../core/errors.ts'
import { timeReader } from '../core/time-formats.ts'
import { parseIsoTime } from '../core/time-parser.ts'
import { zoneOffset } from '../core/zone.ts'
import { countRowsOnBothSides } from '../data/split.ts'
import { checkWritable, writeFileAtomically } from '../data/write-file.ts'
import { warnOfBundle } from '../evaluation/choose-policy.ts'
import { permutationImportance } from '../evaluation/permutation-importance.ts'
import { renderReport } from '../evaluation/report/render-report.ts'
import type { ReportInput, SearchSummary } from '../evaluation/report/report-input.ts'
import { compileDetector } from '../features/feature-set.ts'
import { type LearnerOptions, learnerOptionNames, optionsOf } from '../learners/learn.ts'
import { type PresetName, presets } from '../learners/presets.ts'
import { encodeBundle, type TuningRecord } from '../models/bundle.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import { buildReport, countPart } from './build-report.ts'
import { commandLine } from './command-line.ts'
import { type LabelledRows, readLabelledRows } from './labelled-rows.ts'
import { checkLeaks, describeLeaks } from './leak-check.ts'
import { loggedRows } from './logged-rows.ts'
import { type CostFlags, costModelOn, readMistakeCosts } from './mistake-costs.ts'
import { printEvaluation, summarise } from './print-evaluation.ts'
import { formatTime, type InputFlags } from './read-input.ts'
import { type Run, throwIfInterrupted } from './run.ts'
import { splitRows } from './split-rows.ts'
import { runTraining, type ThresholdPlan, type TrainingOutcome, type TrainingPlan } from './training-run.ts'

export interface TrainFlags extends InputFlags, CostFlags, Omit<LearnerOptions, 'maxDepth' | 'bootstrap'> {
  readonly bootstrap?: boolean
  readonly maxDepth?: number | 'none'
  readonly out: string
  readonly fromLog?: boolean
  readonly acceptLostHistories?: boolean
  readonly data: string
  readonly report?: string
  readonly saveDetector?: string
  readonly preset?: PresetName
  readonly split: 'time' | 'random'
  readonly testShare: number
  readonly testFrom?: string
  readonly weights: 'evaluation' | 'training' | 'both'
  readonly refit?: boolean
  readonly leakCheck?: boolean
  readonly seed?: number
  readonly threads?: number
  readonly learner?: Learner
  readonly average?: readonly Learner[]
  readonly oversample?: number | 'none'
  readonly scale?: boolean
  readonly threshold?: number
  readonly wantedPrecision?: number
  readonly wantedRecall?: number
}

/** What training does unless told, for commands that train as a part of their work. */
export const usualTraining = { preset: 'default', split: 'time', testShare: 0.2, weights: 'evaluation' } as const

/** Reads, trains, evaluates, and only then writes. */
export async function train(file: string | undefined, flags: TrainFlags, run: Run): Promise<void> {
  await checkOutputs(flags)
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

/** Asked before work whose result would be lost. */
export async function checkOutputs(flags: TrainFlags): Promise<void> {
  for (const path of [flags.out, reportPathOf(flags), flags.saveDetector])
    if (path !== undefined) await checkWritable(path)
}

function reportPathOf({ report, out }: TrainFlags): string {
  return report ?? `${out.replace(/\.safetensors$/, '')}-report.html`
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
  const outcome = await runTraining(rows, plan, run)
  tellUnknown(outcome.parts, run)
  const leaks = await lookForLeaks(rows, outcome, plan, flags, run)
  const warnings = [...warn(rows, outcome, plan), ...leaks.warnings]
  for (const warning of warnings) terminal.warn(warning)
  for (const note of leaks.notes) terminal.say(`  ${note}`)
  const metrics = { ...outcome.content.metrics, ...leaks.figures }
  const content = { ...outcome.content, metrics, ...(search && { tuning: search.record }) }
  const { bytes, id } = encodeBundle(content)

  const html = await drawReport(rows, { ...outcome, content }, plan, { id, warnings, command, search }, run)
  throwIfInterrupted(signal)
  await writeFileAtomically(flags.out, bytes)
  await writeFileAtomically(reportPath, html)
  if (flags.saveDetector !== undefined) await writeFileAtomically(flags.saveDetector, formatDetector(rows.detector))

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
    ...(outcome.outOfBag && { outOfBag: outcome.outOfBag }),
    ...leaks.figures,
    ...(search && { tuning: search.result }),
    warnings,
  })
}

export function readRows(file: string | undefined, flags: TrainFlags, run: Run): Promise<LabelledRows> {
  if (flags.fromLog !== true) {
    if (file !== undefined) return readLabelledRows(file, flags, run)
    throw new FraudError('OPTION_INVALID', 'Name a FILE of labelled transactions, or say --from-log')
  }
  if (file !== undefined) throw new FraudError('OPTION_INVALID', `--from-log reads the log, and ${file} is a file`)
  return loggedRows(flags, run)
}

function tellUnknown({ unknownThen }: TrainingOutcome['parts'], { terminal }: Run): void {
  if (unknownThen === 0) return
  const rows = unknownThen.toLocaleString('en')
  terminal.say(`  ${rows} rows before the test had labels that were not known yet when it began: they were left out`)
}

/** Flags win over a preset that was asked for, that over the detector file, that over the default preset. */
export function planTraining(flags: TrainFlags, rows: LabelledRows): TrainingPlan {
  const name = flags.preset ?? 'default'
  const preset = presets[name]
  const { model = {} } = flags.preset === undefined ? rows.detector : {}
  const { learner: fileLearner, average, scale, oversample, seed: fileSeed, ...fileOptions } = model
  const seed = flags.seed ?? fileSeed ?? 42
  const learner = flags.learner ?? fileLearner ?? preset.learner
  if (flags.weights !== 'evaluation' && rows.weights === undefined) {
    throw new FraudError('OPTION_INVALID', `--weights ${flags.weights} needs --weight-column`)
  }
  const objective = planThreshold(flags)
  if (objective !== undefined && flags.threshold !== undefined) {
    throw new FraudError('OPTION_INVALID', '--threshold gives the threshold, so it cannot be chosen as well')
  }
  // A learner that was named sees the rows as they are and has its own defaults, unless a preset was asked for, too.
  const isPresets = flags.preset !== undefined || (flags.learner ?? fileLearner) === undefined
  const isScaled = flags.scale ?? scale ?? (isPresets && preset.scale)
  const presetOptions = isPresets ? Object.entries(preset.options) : []
  const options: LearnerOptions = {
    ...Object.fromEntries(presetOptions.filter(([name]) => optionsOf(learner).includes(name))),
    ...declaredCategories(rows.detector, [learner, ...(flags.average ?? average ?? [])]),
    ...(fileLearner === undefined || fileLearner === learner ? withoutGaps(fileOptions) : {}),
    ...givenOptions(flags),
  }
  if (isScaled && options.categories !== undefined && options.categories.length > 0) {
    throw new FraudError('OPTION_INVALID', 'scale would make fractions of categories: leave out one of the two')
  }
  return {
    preset: name,
    learner,
    average: flags.average ?? average ?? [],
    scale: isScaled,
    oversample: chooseOversampling(flags, oversample, isPresets ? preset.oversample : null),
    calibrate: preset.calibrate,
    options,
    seed,
    ...(flags.threads !== undefined && { threads: flags.threads }),
    split: {
      by: flags.split,
      testShare: flags.testShare,
      seed,
      ...(flags.testFrom !== undefined && { testFrom: parseTime(flags.testFrom, rows) }),
    },
    weightUse: flags.weights,
    ...(flags.threshold !== undefined && { threshold: flags.threshold }),
    ...(objective && { objective }),
    refit: flags.refit === true,
  }
}

/** Features that the detector declares as categories, for learners that know such. */
export function declaredCategories(detector: Detector, learners: readonly Learner[]): LearnerOptions {
  const categories = Object.keys(compileDetector(detector).categories)
  const isKnown = learners.some((learner) => optionsOf(learner).includes('categories'))
  return categories.length > 0 && isKnown ? { categories } : {}
}

function chooseOversampling(
  { oversample }: TrainFlags,
  fromFile: number | null | undefined,
  usual: number | null,
): number | null {
  if (oversample !== undefined) return orNull(oversample)
  return fromFile === undefined ? usual : fromFile
}

function withoutGaps(options: object): LearnerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function givenOptions({ maxDepth, bootstrap, ...flags }: TrainFlags): LearnerOptions {
  const given = Object.entries(flags).filter(([name]) => name !== 'seed' && learnerOptionNames.has(name))
  return {
    ...withoutGaps(Object.fromEntries(given)),
    ...(maxDepth !== undefined && { maxDepth: orNull(maxDepth) }),
    ...(bootstrap === false && { bootstrap: false }),
  }
}

function orNull(value: number | 'none'): number | null {
  return value === 'none' ? null : value
}

function planThreshold(flags: TrainFlags): ThresholdPlan | undefined {
  const { wantedPrecision, wantedRecall, costFalsePositive, costFalseNegative } = flags
  const hasCost = costFalsePositive !== undefined || costFalseNegative !== undefined
  const asked = [wantedPrecision !== undefined, wantedRecall !== undefined, hasCost].filter(Boolean).length
  if (asked > 1) {
    throw new FraudError(
      'OPTION_INVALID',
      'Choose the threshold by one of --wanted-precision, --wanted-recall and the costs',
    )
  }
  if (wantedPrecision !== undefined) return { kind: 'precision', atLeast: wantedPrecision }
  if (wantedRecall !== undefined) return { kind: 'recall', atLeast: wantedRecall }
  const costs = readMistakeCosts(flags)
  return costs && { kind: 'cost', ...costs }
}

/** A time as the user writes it, in the unit of the rows: ISO, or the time column's own. */
function parseTime(text: string, { isoTimes, detector }: LabelledRows): number {
  const bytes = Buffer.from(text)
  const { time: declared = { field: '', format: 'iso' }, zone = 'UTC' } = detector.transaction
  const number = text.trim() === '' ? Number.NaN : Number(text)
  // Not Date.parse, which takes a time without an offset for one of this machine's zone; the reader takes it for UTC.
  const iso = parseIsoTime(bytes, 0, bytes.length)
  const read = timeReader(declared, zoneOffset(zone))
  const time = isoTimes ? (Number.isFinite(iso) ? iso : read(number)) : number
  if (Number.isFinite(time)) return time
  const wanted = isoTimes && declared.format === 'iso' ? 'ISO time' : 'number'
  throw new FraudError('OPTION_INVALID', `--test-from ${text} is no ${wanted}, as the time column has`)
}

/** What a random split or labels known at once would have shown, and features that know too much. */
async function lookForLeaks(
  rows: LabelledRows,
  { parts }: TrainingOutcome,
  plan: TrainingPlan,
  { leakCheck }: TrainFlags,
  run: Run,
) {
  if (leakCheck === false) return { warnings: [], notes: [], figures: {} }
  const isRandom = parts.boundary === undefined
  const check = await checkLeaks(
    {
      rows,
      test: parts.test,
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
    onProgress,
  })
  const features = rows.features.map((feature, i) => ({
    feature,
    ...(trained.importance && { splitGain: trained.importance[i] }),
    permutation: permutation[i],
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
    ...(oversampled && { oversampled }),
    ...(rows.weights &&
      rows.weightColumn !== undefined && { weights: { column: rows.weightColumn, use: plan.weightUse } }),
  }
}
