import { wilsonInterval, z95 } from '../core/wilson-interval.ts'
import type { GroupWeights } from '../models/ranking.ts'
import type { Interval } from './evaluation.ts'
import { recallAtRate } from './metrics.ts'
import { addWeighed, effectiveRows, shareInterval, type Weighed } from './share-interval.ts'

export interface ShareInput {
  readonly labels: Uint8Array
  /** The rows by their scores. */
  readonly groups: GroupWeights
  readonly probabilities: Float64Array
  /** 1 where the row is predicted as fraud. */
  readonly predictions: Uint8Array
  readonly weights?: Float64Array | undefined
}

const nothing: Weighed = { sum: 0, squares: 0 }

/** Rows by what was true and what was said, in the order of a confusion matrix: tn, fp, fn, tp. */
function weighOutcomes({ labels, predictions, weights }: ShareInput): readonly Weighed[] {
  const sums = [0, 0, 0, 0]
  const squares = [0, 0, 0, 0]
  for (let row = 0; row < labels.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]
    const outcome = 2 * labels[row] + predictions[row]
    sums[outcome] += weight
    squares[outcome] += weight * weight
  }
  return sums.map((sum, outcome) => ({ sum, squares: squares[outcome] }))
}

/** 95 % intervals of the figures that are a count over a count, or rise and fall with one. */
export function shareIntervals(input: ShareInput) {
  const [tn, fp, fn, tp] = weighOutcomes(input)
  const fraud = addWeighed(fn, tp)
  const legitimate = addWeighed(tn, fp)
  const fraudWeight = fraud.squares / fraud.sum
  const legitimateWeight = legitimate.squares / legitimate.sum
  const heavier = Math.max(fraudWeight, legitimateWeight)
  const wrong = addWeighed(fp, fn)
  const right = addWeighed(tn, tp)
  // F1 is 2 J / (1 + J) of the share J that caught frauds have of all rows that are frauds or alerts.
  const caught = shareInterval(tp, wrong, { part: fraudWeight, rest: heavier })
  const f1 = (share: number) => (2 * share) / (1 + share)
  const rate = shareInterval(fraud, legitimate)
  const predicted = meanPrediction(input)
  return {
    recall: shareInterval(tp, fn, { part: fraudWeight, rest: fraudWeight }),
    precision: shareInterval(tp, fp, { part: fraudWeight, rest: legitimateWeight }),
    f1: { lower: f1(caught.lower), upper: f1(caught.upper) },
    accuracy: shareInterval(right, wrong, { part: heavier, rest: heavier }),
    recallAt1PercentFpr: recallInterval(input.groups, 0.01, effectiveRows(fraud), effectiveRows(legitimate)),
    // The ratio of expected over observed treats the expected count as known, as in a standardised mortality ratio.
    calibrationRatio: { lower: predicted / rate.upper, upper: predicted / rate.lower },
  }
}

function meanPrediction({ probabilities, weights }: ShareInput): number {
  let total = 0
  let sum = 0
  for (let row = 0; row < probabilities.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]
    total += weight
    sum += weight * probabilities[row]
  }
  return sum / total
}

/**
 * Of the recall at a false positive rate two things are uncertain: the share of the frauds above the threshold, and the
 * threshold itself, since the legitimate rows that it is read off are a sample. The two distances to an end of the
 * interval are put together as the sides of a right angle (Zou and Donner, Statistics in Medicine 27, 2008). The rates
 * that may have been seen at the true threshold are those of a score test. Where all legitimate rows may well be below
 * it (at 1 %, fewer than 368 of them), nothing is known of it from above, and the interval begins at 0.
 */
function recallInterval(groups: GroupWeights, rate: number, frauds: number, legitimate: number): Interval {
  const recallAt = (at: number) => recallAtRate(groups, Math.max(0, at))
  const recall = recallAt(rate)
  const offset = z95 * Math.sqrt((rate * (1 - rate)) / legitimate)
  const isUnknown = (1 - rate) ** legitimate > 0.025
  const threshold = { lower: isUnknown ? 0 : recallAt(rate - offset), upper: recallAt(rate + offset) }
  const caught = wilsonInterval(recall * frauds, frauds)
  return {
    lower: Math.max(0, recall - Math.hypot(recall - caught.lower, recall - threshold.lower)),
    upper: Math.min(1, recall + Math.hypot(caught.upper - recall, threshold.upper - recall)),
  }
}

/**
 * The 95 % interval of the precision of the k highest scores: the share of fraud among so many rows.
 *
 * @param squares the groups of the same rows by the squares of their weights.
 */
export function precisionAtInterval(sums: GroupWeights, squares: GroupWeights, k: number): Interval {
  const all = (of: keyof GroupWeights) => sumUp(sums[of], squares[of])
  const [frauds, legitimates] = [all('fraud'), all('legitimate')]
  let [fraud, legitimate] = [nothing, nothing]
  for (let group = 0, taken = 0; group < sums.fraud.length && taken < k; group++) {
    const weight = sums.fraud[group] + sums.legitimate[group]
    if (weight === 0) continue
    const share = Math.min(1, (k - taken) / weight)
    fraud = addWeighed(fraud, { sum: share * sums.fraud[group], squares: share * squares.fraud[group] })
    legitimate = addWeighed(legitimate, {
      sum: share * sums.legitimate[group],
      squares: share * squares.legitimate[group],
    })
    taken += share * weight
  }
  return shareInterval(fraud, legitimate, {
    part: frauds.squares / frauds.sum,
    rest: legitimates.squares / legitimates.sum,
  })
}

function sumUp(sums: Float64Array, squares: Float64Array): Weighed {
  const add = (total: number, value: number) => total + value
  return { sum: sums.reduce(add, 0), squares: squares.reduce(add, 0) }
}
