import { createRandom } from '../core/random.ts'
import { rankScores, requireBothClasses, weighGroups } from '../models/ranking.ts'
import type { Interval } from './evaluation.ts'
import { rankingMetrics, squaredErrors, surprises } from './metrics.ts'

export const intervalMetrics = [
  'rocAuc',
  'averagePrecision',
  'recallAt1PercentFpr',
  'brier',
  'logLoss',
  'calibrationRatio',
  'precision',
  'recall',
  'f1',
] as const

type IntervalMetric = (typeof intervalMetrics)[number]

export interface BootstrapInput {
  readonly labels: Uint8Array
  /** What ranks the rows: the uncalibrated scores. */
  readonly scores: Float64Array
  readonly probabilities: Float64Array
  /** 1 where the decision rule calls the row fraud. */
  readonly predictions: Uint8Array
  readonly weights?: Float64Array | undefined
  readonly seed: number
  readonly replicates: number
}

/**
 * 95 % percentile intervals (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13): rows are drawn
 * with replacement, as many as there are, each with its weight, so that the number of frauds varies as it would. A draw
 * with one class only is drawn again. The sort is done once.
 */
export function bootstrapIntervals(input: BootstrapInput): Readonly<Record<IntervalMetric, Interval>> {
  requireBothClasses('A bootstrap interval', input.labels, input.weights)
  const drawReplicate = createReplicator(input)
  const replicates = Array.from({ length: input.replicates }, drawReplicate)
  const interval = (metric: IntervalMetric): Interval => {
    const ascending = Float64Array.from(replicates, (replicate) => replicate[metric]).sort()
    return { lower: quantile(ascending, 0.025), upper: quantile(ascending, 0.975) }
  }
  return {
    rocAuc: interval('rocAuc'),
    averagePrecision: interval('averagePrecision'),
    recallAt1PercentFpr: interval('recallAt1PercentFpr'),
    brier: interval('brier'),
    logLoss: interval('logLoss'),
    calibrationRatio: interval('calibrationRatio'),
    precision: interval('precision'),
    recall: interval('recall'),
    f1: interval('f1'),
  }
}

/** Rows in the order of their groups: how often each was drawn is all that changes, so a replicate reads straight on. */
function sortByScore(input: BootstrapInput) {
  const { scores, groupOf } = rankScores(input.scores)
  const order = Uint32Array.from(input.labels.keys()).sort((a, b) => groupOf[a] - groupOf[b])
  const sort = (values: Float64Array) => values.map((_, place) => values[order[place]])
  return {
    groups: scores.length,
    groupOf: groupOf.map((_, place) => groupOf[order[place]]),
    outcome: input.labels.map((_, place) => 2 * input.labels[order[place]] + input.predictions[order[place]]),
    weights: sort(input.weights ?? new Float64Array(order.length).fill(1)),
    probabilities: sort(input.probabilities),
    squares: sort(squaredErrors(input.labels, input.probabilities)),
    losses: sort(surprises(input.labels, input.probabilities)),
  }
}

function createReplicator(input: BootstrapInput): () => Readonly<Record<IntervalMetric, number>> {
  const random = createRandom(input.seed)
  const { groups, groupOf, outcome, weights, probabilities, squares, losses } = sortByScore(input)
  const rows = groupOf.length
  const timesDrawn = new Uint32Array(rows)
  const fraud = new Float64Array(groups)
  const legitimate = new Float64Array(groups)
  const outcomes = new Float64Array(4)

  return function draw() {
    timesDrawn.fill(0)
    for (let drawn = 0; drawn < rows; drawn++) timesDrawn[random.integer(rows)]++
    fraud.fill(0)
    legitimate.fill(0)
    outcomes.fill(0)
    let squared = 0
    let surprised = 0
    let predicted = 0
    for (let row = 0; row < rows; row++) {
      if (timesDrawn[row] === 0) continue
      const weight = timesDrawn[row] * weights[row]
      if (outcome[row] >= 2) fraud[groupOf[row]] += weight
      else legitimate[groupOf[row]] += weight
      outcomes[outcome[row]] += weight
      squared += weight * squares[row]
      surprised += weight * losses[row]
      predicted += weight * probabilities[row]
    }
    const [tn, fp, fn, tp] = outcomes
    if (tn + fp === 0 || fn + tp === 0) return draw()
    const total = tn + fp + fn + tp
    return {
      ...rankingMetrics({ fraud, legitimate }),
      brier: squared / total,
      logLoss: surprised / total,
      calibrationRatio: predicted / (fn + tp),
      precision: tp + fp === 0 ? 0 : tp / (tp + fp),
      recall: tp / (tp + fn),
      f1: (2 * tp) / (2 * tp + fp + fn),
    }
  }
}

export interface PairedInput {
  readonly labels: Uint8Array
  /** Two models' scores of the same rows. */
  readonly scores: Float64Array
  readonly baseline: Float64Array
  readonly weights?: Float64Array | undefined
  readonly seed: number
  readonly replicates: number
}

/**
 * By how much the average precision of `scores` exceeds that of `baseline`, with a 95 % interval. Both are measured on
 * the same draws, so what makes a draw hard for both cancels out.
 */
export function averagePrecisionDifference(input: PairedInput): { readonly difference: number } & Interval {
  const { labels, weights } = input
  requireBothClasses('A difference in average precision', labels, weights)
  const random = createRandom(input.seed)
  const rankings = [rankScores(input.scores), rankScores(input.baseline)] as const
  const differenceUnder = (drawn?: Float64Array) => {
    const [ours, theirs] = rankings.map((ranking) => rankingMetrics(weighGroups(ranking, labels, drawn)))
    return ours.averagePrecision - theirs.averagePrecision
  }
  const differences = new Float64Array(input.replicates)
  const drawn = new Float64Array(labels.length)
  for (let replicate = 0; replicate < differences.length; ) {
    drawn.fill(0)
    for (let draw = 0; draw < labels.length; draw++) {
      const row = random.integer(labels.length)
      drawn[row] += weights === undefined ? 1 : weights[row]
    }
    const difference = differenceUnder(drawn)
    // NaN is a draw without a fraud.
    if (!Number.isNaN(difference)) differences[replicate++] = difference
  }
  differences.sort()
  return {
    difference: differenceUnder(weights),
    lower: quantile(differences, 0.025),
    upper: quantile(differences, 0.975),
  }
}

/** Between two order statistics it is interpolated, as in numpy.percentile. */
function quantile(ascending: Float64Array, share: number): number {
  const position = share * (ascending.length - 1)
  const below = Math.floor(position)
  const above = Math.min(below + 1, ascending.length - 1)
  return ascending[below] + (position - below) * (ascending[above] - ascending[below])
}
