import { createRandom } from '../core/random.ts'
import { pickBytes, pickNumbers } from '../core/rows.ts'
import { type Ranking, rankScores, requireBothClasses, weighGroups } from '../models/ranking.ts'
import type { Interval } from './evaluation.ts'
import { brier, logLoss, rankingAreas, squaredErrors, surprises } from './metrics.ts'
import { effectiveRows, hull, type Weighed, withUnseen } from './share-interval.ts'

type BootstrapMetric = 'rocAuc' | 'averagePrecision' | 'brier' | 'logLoss'

export interface BootstrapInput {
  readonly labels: Uint8Array
  /** The raw scores, which rank the rows. */
  readonly rawScores: Float64Array
  readonly probabilities: Float64Array
  readonly weights?: Float64Array | undefined
  readonly seed: number
  readonly replicates: number
}

/**
 * 95 % intervals of the figures that are not shares. A percentile interval of the bootstrap (Efron and Tibshirani, "An
 * Introduction to the Bootstrap", 1993, chapter 13): rows are drawn with replacement, as many as there are, each with its
 * weight, so that the number of frauds varies as it would. A draw with one class only is drawn again. The sort is done once.
 *
 * Where few frauds all rank first every draw is perfect, too, and so is never the whole truth. What rows of a kind that
 * did not come could do is therefore part of the interval (`withUnseen`): to ROC AUC, a mean over the frauds and a mean
 * over the legitimate rows; to average precision, a mean over the frauds (Boyd, Eng and Page, ECML PKDD 2013, on why the
 * number of frauds is what counts); to a Brier score and a log loss, means over rows, of which the worst is a row that the
 * model is as sure of as of any, and wrong about.
 */
export function bootstrapIntervals(
  input: BootstrapInput,
  ranking: Ranking = rankScores(input.rawScores),
): Readonly<Record<BootstrapMetric, Interval>> {
  requireBothClasses('A bootstrap interval', input.labels, input.weights)
  const { labels, probabilities, weights } = input
  const drawReplicate = createReplicator(input, ranking)
  const replicates = Array.from({ length: input.replicates }, drawReplicate)
  const percentiles = (metric: BootstrapMetric): Interval => {
    const ascending = Float64Array.from(replicates, (replicate) => replicate[metric]).sort()
    return { lower: quantile(ascending, 0.025), upper: quantile(ascending, 0.975) }
  }
  const { rocAuc, averagePrecision } = rankingAreas(weighGroups(ranking, labels, weights))
  const frauds = effectiveRows(weighClass(1, labels, weights))
  const legitimate = effectiveRows(weighClass(0, labels, weights))
  const rows = frauds + legitimate
  return {
    rocAuc: hull(percentiles('rocAuc'), withUnseen(rocAuc, frauds, 0, 1), withUnseen(rocAuc, legitimate, 0, 1)),
    averagePrecision: hull(percentiles('averagePrecision'), withUnseen(averagePrecision, frauds, 0, 1)),
    brier: hull(percentiles('brier'), withUnseen(brier(labels, probabilities, weights), rows, 0, 1)),
    logLoss: hull(
      percentiles('logLoss'),
      withUnseen(logLoss(labels, probabilities, weights), rows, 0, largestSurprise(probabilities)),
    ),
  }
}

/** The loss of the row that the model is surest of, if it were wrong about it. */
function largestSurprise(probabilities: Float64Array): number {
  const frauds = new Uint8Array(probabilities.length).fill(1)
  const legitimate = new Uint8Array(probabilities.length)
  const largest = (losses: Float64Array) => losses.reduce((most, loss) => Math.max(most, loss), 0)
  return Math.max(largest(surprises(frauds, probabilities)), largest(surprises(legitimate, probabilities)))
}

/** What the rows of one class weigh. */
export function weighClass(label: number, labels: Uint8Array, weights?: Float64Array): Weighed {
  let sum = 0
  let squares = 0
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] !== label) continue
    const weight = weights === undefined ? 1 : weights[row]
    sum += weight
    squares += weight * weight
  }
  return { sum, squares }
}

/** Rows in the order of their groups: how often each was drawn is all that changes, so a replicate reads straight on. */
function sortByScore(input: BootstrapInput, { scores, groupOf }: Ranking) {
  const order = orderByGroup(groupOf, scores.length)
  const sort = (values: Float64Array) => pickNumbers(values, order)
  return {
    groups: scores.length,
    groupOf: groupOf.map((_, place) => groupOf[order[place]]),
    labels: pickBytes(input.labels, order),
    weights: sort(input.weights ?? new Float64Array(order.length).fill(1)),
    squares: sort(squaredErrors(input.labels, input.probabilities)),
    losses: sort(surprises(input.labels, input.probabilities)),
  }
}

/** A counting sort: rows of one group stay in their order. */
function orderByGroup(groupOf: Uint32Array, groups: number): Uint32Array {
  const next = new Uint32Array(groups + 1)
  for (let row = 0; row < groupOf.length; row++) next[groupOf[row] + 1]++
  for (let group = 0; group < groups; group++) next[group + 1] += next[group]
  const order = new Uint32Array(groupOf.length)
  for (let row = 0; row < groupOf.length; row++) order[next[groupOf[row]]++] = row
  return order
}

function createReplicator(input: BootstrapInput, ranking: Ranking): () => Readonly<Record<BootstrapMetric, number>> {
  const random = createRandom(input.seed)
  const { groups, groupOf, labels, weights, squares, losses } = sortByScore(input, ranking)
  const rows = groupOf.length
  const timesDrawn = new Uint32Array(rows)
  const fraud = new Float64Array(groups)
  const legitimate = new Float64Array(groups)

  return function draw() {
    timesDrawn.fill(0)
    random.tallyIntegers(timesDrawn, rows)
    fraud.fill(0)
    legitimate.fill(0)
    let frauds = 0
    let legitimates = 0
    let squared = 0
    let surprised = 0
    for (let row = 0; row < rows; row++) {
      // To leave out a third of the rows, by chance, would take longer than to add nothing.
      const weight = timesDrawn[row] * weights[row]
      if (labels[row] === 1) {
        fraud[groupOf[row]] += weight
        frauds += weight
      } else {
        legitimate[groupOf[row]] += weight
        legitimates += weight
      }
      squared += weight * squares[row]
      surprised += weight * losses[row]
    }
    if (frauds === 0 || legitimates === 0) return draw()
    const total = frauds + legitimates
    return { ...rankingAreas({ fraud, legitimate }), brier: squared / total, logLoss: surprised / total }
  }
}

/** Between two order statistics it is interpolated, as in numpy.percentile. */
export function quantile(ascending: Float64Array, share: number): number {
  const position = share * (ascending.length - 1)
  const below = Math.floor(position)
  const above = Math.min(below + 1, ascending.length - 1)
  return ascending[below] + (position - below) * (ascending[above] - ascending[below])
}
