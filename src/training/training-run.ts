import { FraudError } from '../core/errors.ts'
import { type Progress, throwIfInterrupted } from '../core/progress.ts'
import { everyRow, knownAscending, pickBytes, pickNumbers } from '../core/rows.ts'
import type { Dataset } from '../data/dataset.ts'
import { oversample } from '../data/resample.ts'
import { fitScaler, transformColumns } from '../data/scaler.ts'
import { lastPart, thin } from '../data/split.ts'
import { choosePolicy } from '../evaluation/choose-policy.ts'
import type { ThresholdObjective } from '../evaluation/choose-threshold.ts'
import { chooseWeights } from '../evaluation/choose-weights.ts'
import { evaluate } from '../evaluation/evaluate.ts'
import type { Evaluation } from '../evaluation/evaluation.ts'
import { chooseOnHeld, thresholdInterval } from '../evaluation/held-choice.ts'
import { averagePrecision, calibrationRatio, rocAuc } from '../evaluation/metrics.ts'
import { learn } from '../learners/learn.ts'
import type { Trained } from '../learners/learner.ts'
import type { Member } from '../learners/model-choice.ts'
import type { Preset } from '../learners/presets.ts'
import { averagedLogOdds, createAverage } from '../models/average.ts'
import type { BundleContent, ChosenThreshold } from '../models/bundle.ts'
import { type Calibration, calibrate, fitCalibration } from '../models/calibration.ts'
import { describeModel, type LearnedModel } from '../models/learned-model.ts'
import { predictsFraud } from '../models/prediction-threshold.ts'
import type { Scaling } from '../models/scaling.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { costModelOn, type MistakeCosts } from './mistake-costs.ts'
import { requireRoomToLearn } from './room-to-train.ts'
import { calibrationShare, type Parts, type SplitPlan, splitRows } from './split-rows.ts'
import { measureRows } from './training-histograms.ts'

/** Everything that makes a training run what it is, beside the rows. */
export interface TrainingPlan extends Preset {
  readonly preset: string
  readonly seed: number
  readonly threads?: number
  readonly split: SplitPlan
  readonly weightUse: 'evaluation' | 'training' | 'both'
  /**
   * A threshold that was given; else one is chosen on the calibration rows, or is the recipe's where there are none.
   */
  readonly threshold?: number
  readonly objective?: ThresholdPlan
  readonly refit: boolean
}

/** A threshold's objective before the rows are known. */
export type ThresholdPlan =
  | Exclude<ThresholdObjective, { readonly kind: 'cost' }>
  | ({ readonly kind: 'cost' } & MistakeCosts)

/** The rows of one part, as the metrics take them. */
export interface ScoredRows {
  readonly rows: Uint32Array
  readonly labels: Uint8Array
  readonly weights?: Float64Array
  /** Uncalibrated. */
  readonly rawScores: Float64Array
  readonly probabilities: Float64Array
}

export interface TrainingOutcome {
  readonly content: BundleContent
  readonly parts: Parts
  readonly evaluation: Evaluation
  readonly test: ScoredRows
  readonly trained: Trained
  /** The scaling of the evaluated model; a refit model's is in the content. */
  readonly scaling?: Scaling
  /** On the calibration rows, where there are any. */
  readonly calibrationRatio?: number
  readonly oversampled?: { readonly rows: number; readonly frauds: number }
  /** Whether the threshold is over every probability of the calibration rows. */
  readonly alertsOnNothing: boolean
  readonly outOfBag?: { readonly rocAuc: number; readonly averagePrecision: number }
}

/** Splits, trains, calibrates, chooses the threshold and evaluates: all of `shrike train` but reading and writing. */
export async function runTraining(rows: LabelledRows, plan: TrainingPlan, run: Progress): Promise<TrainingOutcome> {
  requireRoomToLearn(rows)
  const holdsOut = plan.calibrate || plan.objective !== undefined
  const parts = splitRows(rows, plan.split, holdsOut)
  const fitted = await fitAll(rows, parts.fit, plan, run, (models, scaling) =>
    choosesWeights(plan) ? weighModels(rows, parts.calibration, plan, models, scaling) : equalWeights(models),
  )
  const score = createRowsScorer({ model: fitted.trained.model, ...(fitted.scaling && { scaling: fitted.scaling }) })
  const evaluationWeights = plan.weightUse === 'training' ? undefined : rows.weights
  const scorePart = (part: Uint32Array) => scoreRows(rows, part, score, evaluationWeights)

  const held = parts.calibration && scorePart(parts.calibration)
  const calibration: Calibration =
    plan.calibrate && held ? fitCalibration(held.labels, held.rawScores, held.weights) : { method: 'none' }
  const calibrated = held && withProbabilities(held, calibration)
  const threshold = decideThreshold(rows, plan, calibrated)
  const test = withProbabilities(scorePart(parts.test), calibration)
  throwIfInterrupted(run.signal)
  const progress = run.begin('evaluate')
  const evaluation = evaluate({ ...test, threshold, seed: plan.seed })
  progress.end(`${parts.test.length.toLocaleString('en')} later rows`)

  const { model: evaluated } = fitted.trained
  const final = plan.refit
    ? await fitAll(rows, everyRow(rows.labels.length), plan, run, () =>
        evaluated.kind === 'average' ? evaluated.weights : noWeights,
      )
    : fitted
  const { trained } = fitted
  const { seed, ...options } = final.trained.options
  return {
    content: {
      detector: choosePolicy(rows.detector, threshold, calibrated),
      preset: plan.preset,
      learner: plan.members[0].learner,
      options: { ...options, scale: plan.scale, oversample: plan.oversample, weights: plan.weightUse },
      seed,
      model: final.trained.model,
      ...(final.scaling && { scaling: final.scaling }),
      calibration,
      threshold,
      metrics: { ...evaluation },
      training: trainingRecord(rows, parts, plan),
      example: typicalRow(rows, parts.train),
      histograms: measureRows(rows, parts.train, test.rows.length > 0 ? test : calibrated),
    },
    parts,
    evaluation,
    test,
    trained,
    alertsOnNothing: calibrated?.probabilities.every((each) => !predictsFraud(threshold, each)) ?? false,
    ...(fitted.scaling && { scaling: fitted.scaling }),
    ...(calibrated && {
      calibrationRatio: calibrationRatio(calibrated.labels, calibrated.probabilities, calibrated.weights),
    }),
    ...(fitted.oversampled && { oversampled: fitted.oversampled }),
    ...(trained.outOfBagScores && {
      outOfBag: measureOutOfBag(rows, parts.fit, trained.outOfBagScores, evaluationWeights),
    }),
  }
}

export interface Fitted {
  readonly trained: Trained
  readonly scaling?: Scaling
  readonly oversampled?: { readonly rows: number; readonly frauds: number }
}

const noWeights = new Float64Array(0)

/** Trains one model, or several that are averaged. */
async function fitAll(
  rows: LabelledRows,
  part: Uint32Array,
  plan: TrainingPlan,
  run: Progress,
  weigh: (models: readonly LearnedModel[], scaling: Scaling | undefined) => Float64Array,
): Promise<Fitted> {
  const { members, averageOf } = plan
  const fitted: Fitted[] = []
  for (const member of members) fitted.push(await fit(rows, part, plan, member, run))
  const [first] = fitted
  if (members.length === 1) return first
  const models = fitted.map(({ trained }) => trained.model)
  const weights = weigh(models, first.scaling)
  run.note(
    `  average of ${averageOf}: ${members.map(({ learner }, i) => `${learner} ${weights[i].toFixed(2)}`).join(', ')}`,
  )
  const told = fitted.map(({ trained }, i) => {
    const { seed: _, ...options } = trained.options
    return { learner: members[i].learner, weight: weights[i], ...options }
  })
  return {
    ...first,
    trained: {
      model: createAverage(rows.features, models, weights, averageOf),
      options: { seed: plan.seed, ...{ averageOf, members: told } },
    },
  }
}

/** Trains by a plan on a part of the rows; where weights of an average are chosen, the part's end is held out for that. */
export async function fitByPlan(
  rows: LabelledRows,
  part: Uint32Array,
  plan: TrainingPlan,
  run: Progress,
): Promise<Fitted> {
  if (!choosesWeights(plan)) return fitAll(rows, part, plan, run, equalWeights)
  const { first, last } = lastPart(part, rows.labels, rows.times, { share: calibrationShare, seed: plan.seed })
  return fitAll(rows, first, plan, run, (models, scaling) => weighModels(rows, last, plan, models, scaling))
}

function choosesWeights({ members, memberWeights }: TrainingPlan): boolean {
  return members.length > 1 && memberWeights === 'chosen'
}

function equalWeights({ length }: readonly LearnedModel[]): Float64Array {
  return new Float64Array(length).fill(1 / length)
}

/** By the rows that calibration is fitted on, too: none of the models has seen them. */
function weighModels(
  rows: LabelledRows,
  held: Uint32Array | undefined,
  plan: TrainingPlan,
  models: readonly LearnedModel[],
  scaling: Scaling | undefined,
): Float64Array {
  if (held === undefined) {
    throw new FraudError(
      'OPTION_INVALID',
      'The weights of an average are chosen on rows that are held out, but this preset holds out none',
    )
  }
  const rowWeights = plan.weightUse === 'training' ? undefined : rows.weights
  const scored = models.map((model) => {
    return scoreRows(rows, held, createRowsScorer({ model, ...(scaling && { scaling }) }), rowWeights)
  })
  const [{ labels, weights }] = scored
  return chooseWeights(
    labels,
    scored.map(({ rawScores }) => (plan.averageOf === 'log-odds' ? rawScores.map(averagedLogOdds) : rawScores)),
    weights,
  )
}

/** Trains one model on some of the rows; what is fitted or drawn sees no other. */
export async function fit(
  rows: LabelledRows,
  part: Uint32Array,
  plan: TrainingPlan,
  { learner, options }: Member,
  run: Progress,
): Promise<Fitted> {
  const progress = run.begin('train')
  const [learned, later] = options.earlyStoppingRounds == null ? [part] : splitOffLater(part)
  const dataset = datasetOf(rows, learned, plan)
  const scaling = plan.scale ? fitScaler(dataset.columns, dataset.weights && { weights: dataset.weights }) : undefined
  const scaled = (given: Dataset): Dataset =>
    scaling === undefined ? given : { ...given, columns: transformColumns(scaling, given.columns) }
  const { labels } = dataset
  const copies = plan.oversample === null ? undefined : oversample(labels, { ratio: plan.oversample, seed: plan.seed })
  const trained = await learn(
    learner,
    { ...scaled(dataset), ...(copies && { copies }) },
    { ...options, seed: plan.seed },
    {
      signal: run.signal,
      onProgress: (done, total) => progress.update(done, total),
      ...(plan.threads !== undefined && { threads: plan.threads }),
    },
    later && scaled(datasetOf(rows, later, plan)),
  )
  progress.end(`${describeModel(trained.model)}, on ${labels.length.toLocaleString('en')} rows`)
  return { trained, ...(scaling && { scaling }), ...(copies && { oversampled: countCopies(labels, copies) }) }
}

function datasetOf(rows: LabelledRows, part: Uint32Array, { weightUse }: TrainingPlan): Dataset {
  const weights = weightUse === 'evaluation' ? undefined : pick(rows.weights, part)
  return {
    features: rows.features,
    columns: rows.columns.map((column) => pickNumbers(column, part)),
    labels: pickBytes(rows.labels, part),
    ...(weights && { weights }),
  }
}

/** Splits off the last fifth of the rows in their order, which decides when to stop. */
function splitOffLater(part: Uint32Array): [Uint32Array, Uint32Array] {
  const from = Math.floor(part.length * 0.8)
  return [part.subarray(0, from), part.subarray(from)]
}

function countCopies(labels: Uint8Array, copies: Uint32Array): { rows: number; frauds: number } {
  return {
    rows: copies.reduce((sum, count) => sum + count, 0),
    frauds: copies.reduce((sum, count, row) => sum + count * labels[row], 0),
  }
}

function pick(values: Float64Array | undefined, part: Uint32Array): Float64Array | undefined {
  return values && pickNumbers(values, part)
}

/** Rows that are scored at once, so that only they are copied. */
const rowsAtOnce = 16_384

export function scoreRows(
  { columns, labels }: Pick<LabelledRows, 'columns' | 'labels'>,
  part: Uint32Array,
  score: (rows: Float64Array) => Float64Array,
  weights: Float64Array | undefined,
): Omit<ScoredRows, 'probabilities'> {
  const width = columns.length
  const rawScores = new Float64Array(part.length)
  for (let from = 0; from < part.length; from += rowsAtOnce) {
    const indices = part.subarray(from, from + rowsAtOnce)
    const rows = new Float64Array(indices.length * width)
    indices.forEach((index, i) => {
      for (let feature = 0; feature < width; feature++) rows[i * width + feature] = columns[feature][index]
    })
    rawScores.set(score(rows), from)
  }
  const picked = pick(weights, part)
  return {
    rows: part,
    labels: pickBytes(labels, part),
    ...(picked && { weights: picked }),
    rawScores,
  }
}

export function withProbabilities(scored: Omit<ScoredRows, 'probabilities'>, calibration: Calibration): ScoredRows {
  return { ...scored, probabilities: scored.rawScores.map((score) => calibrate(calibration, score)) }
}

/** Chosen on rows that the model was not trained on, never on the test rows; or given; or the recipe's. */
function decideThreshold(rows: LabelledRows, plan: TrainingPlan, held: ScoredRows | undefined): ChosenThreshold {
  if (plan.threshold !== undefined) return givenThreshold(plan.threshold)
  if (held === undefined) return { value: 0.5, inclusive: false, chosenBy: 'by the recipe: fraud above 0.5' }
  const { objective, chosenBy } = resolveObjective(rows, plan.objective ?? { kind: 'f1' }, held.rows)
  return chosenThreshold(held, objective, chosenBy, plan.seed)
}

export function givenThreshold(value: number): ChosenThreshold {
  return { value, inclusive: true, chosenBy: 'as given' }
}

/** @param chosenBy what it serves, and on which part of the rows. */
export function chosenThreshold(
  held: ScoredRows,
  objective: ThresholdObjective,
  chosenBy: string,
  seed: number,
): ChosenThreshold {
  const { threshold, isExpected } = chooseOnHeld(held, objective)
  const interval = thresholdInterval(held, objective, seed)
  const told = isExpected ? `${chosenBy}, by what the probabilities lead to expect since it has few frauds` : chosenBy
  return { value: threshold, inclusive: true, chosenBy: told, ...(interval && { interval }) }
}

function resolveObjective(rows: LabelledRows, plan: ThresholdPlan, part: Uint32Array) {
  const where = 'on the last part of the training period'
  if (plan.kind === 'f1') return { objective: plan, chosenBy: `for the best F1 ${where}` }
  if (plan.kind !== 'cost') return { objective: plan, chosenBy: `for a ${plan.kind} of ${plan.atLeast} ${where}` }
  const { falsePositive, falseNegative } = plan
  const missed = falseNegative === 'amount' ? 'its amount' : falseNegative
  const chosenBy = `for the least cost ${where}, a false alarm costing ${falsePositive} and a missed fraud ${missed}`
  return { objective: { kind: 'cost' as const, cost: costModelOn(rows, part, plan) }, chosenBy }
}

function measureOutOfBag(
  rows: LabelledRows,
  part: Uint32Array,
  rawScores: Float64Array,
  weights: Float64Array | undefined,
) {
  const seen = Uint32Array.from(rawScores.keys().filter((i) => !Number.isNaN(rawScores[i])))
  const labels = Uint8Array.from(seen, (i) => rows.labels[part[i]])
  const known = Float64Array.from(seen, (i) => rawScores[i])
  const weighed = weights && Float64Array.from(seen, (i) => weights[part[i]])
  return { rocAuc: rocAuc(labels, known, weighed), averagePrecision: averagePrecision(labels, known, weighed) }
}

function trainingRecord(rows: LabelledRows, parts: Parts, plan: TrainingPlan): BundleContent['training'] {
  const covered = plan.refit ? everyRow(rows.labels.length) : parts.train
  const { times } = rows
  const field = rows.detector.transaction.time?.field
  return {
    fingerprint: rows.fingerprint,
    rows: covered.length,
    frauds: covered.reduce((sum, row) => sum + rows.labels[row], 0),
    calibrationRows: parts.calibration?.length ?? 0,
    split:
      parts.boundary !== undefined && times !== undefined && field !== undefined
        ? { by: 'time', field, ...extent(times, covered), testFrom: parts.boundary, unknownThen: parts.unknownThen }
        : { by: 'random', testShare: plan.split.testShare, seed: plan.seed, ...(times && extent(times, covered)) },
    refit: plan.refit,
  }
}

export function extent(times: Float64Array, part: Uint32Array): { from: number; to: number } {
  let from = Infinity
  let to = -Infinity
  for (const row of part) {
    if (times[row] < from) from = times[row]
    if (times[row] > to) to = times[row]
  }
  return { from, to }
}

/** Enough rows for a median. */
const mostTypical = 50_000

/**
 * The medians of the training rows, or of as many evenly spaced ones, to four digits: a transaction that nobody made.
 */
export function typicalRow({ features, columns }: LabelledRows, part: Uint32Array): Record<string, number> {
  const sample = thin(part, mostTypical)
  const medianOf = (column: Float64Array) => {
    const known = knownAscending(pickNumbers(column, sample))
    return known.length === 0 ? 0 : Number(known[known.length >>> 1].toPrecision(4))
  }
  return Object.fromEntries(features.map((name, i) => [name, medianOf(columns[i])]))
}
