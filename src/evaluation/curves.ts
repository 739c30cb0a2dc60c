import { classWeights, type GroupWeights, rankScores, requireBothClasses, weighGroups } from '../models/ranking.ts'
import type { Interval } from './evaluation.ts'
import { shareInterval } from './share-interval.ts'

/** Weights of true and false positives when every score from `thresholds[i]` up is an alert; thresholds descend. */
interface OperatingPoints {
  readonly thresholds: Float64Array
  readonly tp: Float64Array
  readonly fp: Float64Array
}

/** The curve goes from no alert (threshold Infinity, precision 1 and recall 0 by convention) to all rows alerted. */
export interface PrecisionRecallCurve extends OperatingPoints {
  readonly precision: Float64Array
  readonly recall: Float64Array
}

/** The curve goes from no alert (threshold Infinity) to all rows alerted. */
export interface RocCurve extends OperatingPoints {
  readonly falsePositiveRate: Float64Array
  readonly truePositiveRate: Float64Array
}

/** The same points as scikit-learn's `precision_recall_curve`, which lists them from the lowest threshold up. */
export function precisionRecallCurve(
  labels: Uint8Array,
  scores: Float64Array,
  weights?: Float64Array,
): PrecisionRecallCurve {
  requireBothClasses('A precision-recall curve', labels, weights)
  const points = operatingPoints(labels, scores, weights)
  const { tp, fp } = points
  const frauds = tp[tp.length - 1]
  return {
    ...points,
    precision: tp.map((caught, i) => (i === 0 ? 1 : caught / (caught + fp[i]))),
    recall: tp.map((caught) => caught / frauds),
  }
}

/** The same points as scikit-learn's `roc_curve(drop_intermediate=False)`. */
export function rocCurve(labels: Uint8Array, scores: Float64Array, weights?: Float64Array): RocCurve {
  requireBothClasses('A ROC curve', labels, weights)
  const points = operatingPoints(labels, scores, weights)
  const { tp, fp } = points
  const frauds = tp[tp.length - 1]
  const legitimate = fp[fp.length - 1]
  return {
    ...points,
    falsePositiveRate: fp.map((alarmed) => alarmed / legitimate),
    truePositiveRate: tp.map((caught) => caught / frauds),
  }
}

function operatingPoints(labels: Uint8Array, scores: Float64Array, weights?: Float64Array): OperatingPoints {
  const ranking = rankScores(scores)
  return accumulate(ranking.scores, weighGroups(ranking, labels, weights))
}

/** A group without weight is no point, as scikit-learn has it. */
function accumulate(scores: Float64Array, groups: GroupWeights): OperatingPoints {
  const thresholds = [Number.POSITIVE_INFINITY]
  const tp = [0]
  const fp = [0]
  for (let group = 0; group < scores.length; group++) {
    if (groups.fraud[group] + groups.legitimate[group] === 0) continue
    const last = thresholds.length - 1
    thresholds.push(scores[group])
    tp.push(tp[last] + groups.fraud[group])
    fp.push(fp[last] + groups.legitimate[group])
  }
  return { thresholds: Float64Array.from(thresholds), tp: Float64Array.from(tp), fp: Float64Array.from(fp) }
}

/** The points of a calibration plot, ascending: what was predicted, what came, and on how many rows it rests. */
export interface CalibrationCurve {
  /** Mean predicted probability of each bin. */
  readonly predicted: Float64Array
  /** Fraud rate of each bin. */
  readonly observed: Float64Array
  /** 95 % intervals of the fraud rates. */
  readonly intervals: readonly Interval[]
  readonly rows: Float64Array
}

export interface CalibrationBinning {
  readonly bins: number
  /**
   * `uniform`: bins of equal width over [0, 1], each with its upper edge. `quantile`: bins of about equal weight; equal
   * probabilities stay together, in the bin where the middle of their weight falls.
   */
  readonly strategy: 'quantile' | 'uniform'
}

/** Bins without rows are left out, as in scikit-learn. */
export function calibrationCurve(
  labels: Uint8Array,
  probabilities: Float64Array,
  weights: Float64Array | undefined,
  { bins, strategy }: CalibrationBinning,
): CalibrationCurve {
  const ranking = rankScores(probabilities)
  const groups = weighGroups(ranking, labels, weights)
  const rowsIn = new Uint32Array(ranking.scores.length)
  for (const group of ranking.groupOf) rowsIn[group]++
  const squares =
    weights &&
    weighGroups(
      ranking,
      labels,
      weights.map((weight) => weight * weight),
    )
  const totals = classWeights(labels, weights)
  const total = totals.fraud + totals.legitimate

  const none = { rows: 0, weight: 0, fraud: 0, predicted: 0, fraudSquares: 0, legitimateSquares: 0 }
  const sums = Array.from({ length: bins }, () => ({ ...none }))
  let below = 0
  for (let group = ranking.scores.length - 1; group >= 0; group--) {
    const probability = ranking.scores[group]
    const weight = groups.fraud[group] + groups.legitimate[group]
    const place = strategy === 'uniform' ? uniformBin(probability, bins) : ((below + weight / 2) / total) * bins
    const bin = sums[Math.min(Math.max(Math.floor(place), 0), bins - 1)]
    bin.rows += rowsIn[group]
    bin.weight += weight
    bin.fraud += groups.fraud[group]
    bin.predicted += weight * probability
    bin.fraudSquares += (squares ?? groups).fraud[group]
    bin.legitimateSquares += (squares ?? groups).legitimate[group]
    below += weight
  }
  const squaresOf = (of: 'fraud' | 'legitimate') => (squares ?? groups)[of].reduce((sum, value) => sum + value, 0)
  const unseen = {
    part: totals.fraud > 0 ? squaresOf('fraud') / totals.fraud : 1,
    rest: totals.legitimate > 0 ? squaresOf('legitimate') / totals.legitimate : 1,
  }
  const filled = sums.filter(({ weight }) => weight > 0)
  return {
    predicted: Float64Array.from(filled, ({ predicted, weight }) => predicted / weight),
    observed: Float64Array.from(filled, ({ fraud, weight }) => fraud / weight),
    intervals: filled.map(({ weight, fraud, fraudSquares, legitimateSquares }) =>
      shareInterval({ sum: fraud, squares: fraudSquares }, { sum: weight - fraud, squares: legitimateSquares }, unseen),
    ),
    rows: Float64Array.from(filled, ({ rows }) => rows),
  }
}

/** How many inner edges k / bins lie below the probability. The product may round across an edge; the edge decides. */
function uniformBin(probability: number, bins: number): number {
  const bin = Math.ceil(probability * bins) - 1
  if (probability <= bin / bins) return bin - 1
  return probability > (bin + 1) / bins ? bin + 1 : bin
}

/** How the scores of each class are spread over [0, 1]: weights per bin of equal width. */
export interface ScoreHistogram {
  /** Lower edges of the bins, and 1 as the last upper edge. */
  readonly edges: Float64Array
  readonly legitimate: Float64Array
  readonly fraud: Float64Array
}

/** Bins hold their lower edge, the last one also 1. Scores must lie in [0, 1]. */
export function scoreHistogram(
  labels: Uint8Array,
  scores: Float64Array,
  weights: Float64Array | undefined,
  { bins }: { readonly bins: number },
): ScoreHistogram {
  const legitimate = new Float64Array(bins)
  const fraud = new Float64Array(bins)
  for (let row = 0; row < labels.length; row++) {
    const byBin = labels[row] === 1 ? fraud : legitimate
    byBin[Math.min(Math.floor(scores[row] * bins), bins - 1)] += weights === undefined ? 1 : weights[row]
  }
  return { edges: Float64Array.from({ length: bins + 1 }, (_, edge) => edge / bins), legitimate, fraud }
}
