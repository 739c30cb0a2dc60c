import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import { pickBytes, pickNumbers } from '../core/rows.ts'
import type { Dataset } from '../data/dataset.ts'
import { oversample } from '../data/resample.ts'
import { fitScaler, transformColumns } from '../data/scaler.ts'
import { lastPart } from '../data/split.ts'
import { chooseWeights } from '../evaluation/choose-weights.ts'
import { learn } from '../learners/learn.ts'
import type { Trained } from '../learners/learner.ts'
import type { Member } from '../learners/model-choice.ts'
import { averagedLogOdds, createAverage } from '../models/average.ts'
import { describeModel, type LearnedModel } from '../models/learned-model.ts'
import { requireBothClasses } from '../models/ranking.ts'
import type { Scaling } from '../models/scaling.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { type RawScoredRows, scoreRows } from './scored-rows.ts'
import { calibrationShare } from './split-rows.ts'
import type { TrainingPlan } from './training-plan.ts'

/** What training on a part of the rows gave. */
export interface Fitted {
  readonly trained: Trained
  readonly scaling?: Scaling
  readonly oversampled?: { readonly rows: number; readonly frauds: number }
}

/** Finds the weights of the models that are averaged. */
type Weigh = (models: readonly LearnedModel[], scaling: Scaling | undefined) => Float64Array | Promise<Float64Array>

/** Trains one model, or several that are averaged with the weights that `weigh` finds. */
export async function fitAll(
  rows: LabelledRows,
  part: Uint32Array,
  plan: TrainingPlan,
  run: Progress,
  weigh: Weigh,
): Promise<Fitted> {
  const { members, averageOf } = plan
  const fitted: Fitted[] = []
  for (const member of members) fitted.push(await fit(rows, part, plan, member, run))
  const [first] = fitted
  if (members.length === 1) return first
  const models = fitted.map(({ trained }) => trained.model)
  const weights = await weigh(models, first.scaling)
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
  return fitAll(rows, first, plan, run, weighOn(rows, last, plan))
}

/** As the plan has it: equal weights, or those that rank held rows best, which none of the models has seen. */
export function weighOn(rows: LabelledRows, held: Uint32Array | undefined, plan: TrainingPlan): Weigh {
  if (!choosesWeights(plan)) return equalWeights
  return (models, scaling) => weighModels(rows, held, plan, models, scaling)
}

function choosesWeights({ members, memberWeights }: TrainingPlan): boolean {
  return members.length > 1 && memberWeights === 'chosen'
}

function equalWeights({ length }: readonly LearnedModel[]): Float64Array {
  return new Float64Array(length).fill(1 / length)
}

async function weighModels(
  rows: LabelledRows,
  held: Uint32Array | undefined,
  plan: TrainingPlan,
  models: readonly LearnedModel[],
  scaling: Scaling | undefined,
): Promise<Float64Array> {
  if (held === undefined) {
    throw new FraudError(
      'OPTION_INVALID',
      'The weights of an average are chosen on rows that are held out, but this preset holds out none',
    )
  }
  const rowWeights = plan.weightUse === 'training' ? undefined : rows.weights
  const scored: RawScoredRows[] = []
  for (const model of models) {
    const score = createRowsScorer({ model, ...(scaling && { scaling }) })
    scored.push(await scoreRows(rows, held, score, rowWeights))
  }
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
  const { first: learned, last: later } =
    options.earlyStoppingRounds == null ? { first: part } : splitOffLater(rows, part, plan)
  const dataset = datasetOf(rows, learned, plan)
  const stopping = later && datasetOf(rows, later, plan)
  // A loss of rows that weigh nothing never falls.
  if (stopping) requireBothClasses('Early stopping', stopping.labels, stopping.weights)
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
    stopping && scaled(stopping),
  )
  progress.end(`${describeModel(trained.model)}, on ${labels.length.toLocaleString('en')} rows`)
  return { trained, ...(scaling && { scaling }), ...(copies && { oversampled: countCopies(labels, copies) }) }
}

function datasetOf(rows: LabelledRows, part: Uint32Array, { weightUse }: TrainingPlan): Dataset {
  const weights = weightUse === 'evaluation' ? undefined : rows.weights && pickNumbers(rows.weights, part)
  return {
    features: rows.features,
    columns: rows.columns.map((column) => pickNumbers(column, part)),
    labels: pickBytes(rows.labels, part),
    ...(weights && { weights }),
  }
}

/** Splits off the rows that decide when to stop: the last fifth by time, or more of them until they have a fraud. */
function splitOffLater({ labels, times }: LabelledRows, part: Uint32Array, { seed }: TrainingPlan) {
  return lastPart(part, labels, times, { share: calibrationShare, seed })
}

function countCopies(labels: Uint8Array, copies: Uint32Array): { rows: number; frauds: number } {
  return {
    rows: copies.reduce((sum, count) => sum + count, 0),
    frauds: copies.reduce((sum, count, row) => sum + count * labels[row], 0),
  }
}
