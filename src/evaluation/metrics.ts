import { FraudError } from '../core/errors.ts'
import { type PredictionThreshold, predictsFraud } from '../models/prediction-threshold.ts'
import { classWeights, type GroupWeights, rankScores, requireBothClasses, weighGroups } from '../models/ranking.ts'
import type { Confusion } from './evaluation.ts'

export interface RankingMetrics {
  readonly rocAuc: number
  readonly averagePrecision: number
  readonly recallAt1PercentFpr: number
}

/**
 * The three ranking metrics in one pass over the groups of a ranking; both classes must have weight.
 * ROC AUC is the trapezoid area, average precision the step sum, both as in scikit-learn.
 */
export function rankingMetrics(groups: GroupWeights): RankingMetrics {
  return { ...rankingAreas(groups), recallAt1PercentFpr: recallAtRate(groups, 0.01) }
}

/** The area under the ROC curve, in which ties count half, and average precision, both in weight; NaN where a class is missing. */
export function rankingAreas({ fraud, legitimate }: GroupWeights): Omit<RankingMetrics, 'recallAt1PercentFpr'> {
  const frauds = sum(fraud)
  const legitimates = sum(legitimate)
  let tp = 0
  let fp = 0
  let area = 0
  let steps = 0
  for (let group = 0; group < fraud.length; group++) {
    area += legitimate[group] * (tp + fraud[group] / 2)
    tp += fraud[group]
    fp += legitimate[group]
    if (fraud[group] > 0) steps += fraud[group] * (tp / (tp + fp))
  }
  return { rocAuc: area / (frauds * legitimates), averagePrecision: steps / frauds }
}

/**
 * The share of frauds caught when the given share of legitimate rows is alerted. Between two points of the ROC curve it
 * is interpolated (`numpy.interp`, as the Fraud Dataset Benchmark of Grover et al., 2022, does): of the rows tied at the
 * threshold, so many are alerted at random as the rate allows. Of points at the rate itself the highest counts.
 */
export function recallAtRate(groups: GroupWeights, rate: number): number {
  const frauds = sum(groups.fraud)
  const legitimates = sum(groups.legitimate)
  let tp = 0
  let fp = 0
  for (let group = 0; group < groups.fraud.length; group++) {
    const nextFp = fp + groups.legitimate[group]
    if (nextFp / legitimates > rate) {
      const share = (rate - fp / legitimates) / (nextFp / legitimates - fp / legitimates)
      return (tp + share * groups.fraud[group]) / frauds
    }
    tp += groups.fraud[group]
    fp = nextFp
  }
  return 1
}

/** The chance that a fraud scores above a legitimate row, a tie counting half. Throws DATA_INVALID on one class only. */
export function rocAuc(labels: Uint8Array, scores: Float64Array, weights?: Float64Array): number {
  requireBothClasses('ROC AUC', labels, weights)
  return rankingMetrics(weighGroups(rankScores(scores), labels, weights)).rocAuc
}

/** Mean precision over the frauds, each at its own score, without interpolation. Throws DATA_INVALID on one class only. */
export function averagePrecision(labels: Uint8Array, scores: Float64Array, weights?: Float64Array): number {
  requireBothClasses('Average precision', labels, weights)
  return rankingMetrics(weighGroups(rankScores(scores), labels, weights)).averagePrecision
}

/**
 * The share of fraud among the k highest scores. Where a tie crosses k it is the expected value over the orders of the
 * tied rows, so that file order means nothing. With weights k counts weight: the k transactions that the rows stand for.
 * Throws OPTION_INVALID unless k is above 0 and the rows weigh at least k.
 */
export function precisionAtK(groups: GroupWeights, k: number): number {
  let taken = 0
  let caught = 0
  for (let group = 0; group < groups.fraud.length; group++) {
    const weight = groups.fraud[group] + groups.legitimate[group]
    if (taken + weight >= k && k > 0) return (caught + ((k - taken) / weight) * groups.fraud[group]) / k
    taken += weight
    caught += groups.fraud[group]
  }
  // The weights of all rows, added in another order, may fall short of k by rounding.
  if (k > 0 && taken >= k * (1 - 1e-12)) return caught / k
  throw new FraudError('OPTION_INVALID', `Precision at ${k} is not defined: k must be above 0 and at most ${taken}`)
}

/** The mean squared distance of the probabilities from what came; 0 is best. */
export function brier(labels: Uint8Array, probabilities: Float64Array, weights?: Float64Array): number {
  return weightedMean(squaredErrors(labels, probabilities), weights)
}

/** The squared error of each row, whose mean is the Brier score (Brier, 1950). */
export function squaredErrors(labels: Uint8Array, probabilities: Float64Array): Float64Array {
  return probabilities.map((probability, row) => (probability - labels[row]) ** 2)
}

/** The mean surprise in natural logarithms; probabilities are clipped to [2^-52, 1 - 2^-52] as in scikit-learn. */
export function logLoss(labels: Uint8Array, probabilities: Float64Array, weights?: Float64Array): number {
  return weightedMean(surprises(labels, probabilities), weights)
}

/** The surprise of each row in natural logarithms, clipped as `logLoss` says, which is their mean. */
export function surprises(labels: Uint8Array, probabilities: Float64Array): Float64Array {
  return probabilities.map((probability, row) => {
    const ofWhatCame = labels[row] === 1 ? probability : 1 - probability
    return -Math.log(Math.min(Math.max(ofWhatCame, Number.EPSILON), 1 - Number.EPSILON))
  })
}

/** Mean predicted probability over the fraud rate. Throws DATA_INVALID where there is no fraud. */
export function calibrationRatio(labels: Uint8Array, probabilities: Float64Array, weights?: Float64Array): number {
  const { fraud, legitimate } = classWeights(labels, weights)
  if (fraud === 0) throw new FraudError('DATA_INVALID', 'The calibration ratio needs at least one fraud')
  return (weightedMean(probabilities, weights) * (fraud + legitimate)) / fraud
}

/** 1 for each row that is predicted as fraud, 0 for the others. */
export function predictLabels(probabilities: Float64Array, threshold: PredictionThreshold): Uint8Array {
  const predictions = new Uint8Array(probabilities.length)
  for (let row = 0; row < predictions.length; row++)
    predictions[row] = Number(predictsFraud(threshold, probabilities[row]))
  return predictions
}

/** What rows weigh by label and prediction, both 0 or 1. */
export function confusion(labels: Uint8Array, predictions: Uint8Array, weights?: Float64Array): Confusion {
  const sums = [0, 0, 0, 0]
  for (let row = 0; row < labels.length; row++) {
    sums[2 * labels[row] + predictions[row]] += weights === undefined ? 1 : weights[row]
  }
  const [tn, fp, fn, tp] = sums
  return { tn, fp, fn, tp }
}

function weightedMean(values: Float64Array, weights?: Float64Array): number {
  if (weights === undefined) return sum(values) / values.length
  let total = 0
  for (let row = 0; row < values.length; row++) total += weights[row] * values[row]
  return total / sum(weights)
}

function sum(values: Float64Array): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]
  return total
}
