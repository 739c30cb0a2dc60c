import assert from 'node:assert/strict'
import type { PredictionThreshold } from '../models/prediction-threshold.ts'
import { classWeights, rankScores, requireBothClasses, weighGroups } from '../models/ranking.ts'
import { classificationReport } from './classification-report.ts'
import type { Evaluation } from './evaluation.ts'
import { bootstrapIntervals, weighClass } from './intervals.ts'
import { brier, calibrationRatio, confusion, logLoss, precisionAtK, predictLabels, rankingMetrics } from './metrics.ts'
import { precisionAtInterval, shareIntervals } from './share-figures.ts'
import { effectiveRows } from './share-interval.ts'

export interface EvaluationInput {
  /** 1 fraud, 0 legitimate; one per row. */
  readonly labels: Uint8Array
  /** The raw scores, which rank the rows. */
  readonly rawScores: Float64Array
  /** The calibrated probabilities, which are compared with the threshold. */
  readonly probabilities: Float64Array
  /** Missing where every row weighs 1. */
  readonly weights?: Float64Array | undefined
  readonly threshold: PredictionThreshold
  /** The seed of the bootstrap. */
  readonly seed: number
  /** Bootstrap replicates; 200 by default. */
  readonly replicates?: number
}

/** Where alert budgets lie: a desk of analysts checks tens to a thousand cases. */
const budgets = [50, 100, 500, 1000]

/** Everything that is said of a model on rows that it was not trained on. Throws DATA_INVALID on one class only. */
export function evaluate(input: EvaluationInput): Evaluation {
  const { labels, rawScores, probabilities, weights, threshold, seed, replicates = 200 } = input
  assert.equal(rawScores.length, labels.length, 'a raw score per label')
  assert.equal(probabilities.length, labels.length, 'a probability per label')
  requireBothClasses('An evaluation', labels, weights)
  const totals = classWeights(labels, weights)
  const predictions = predictLabels(probabilities, threshold)
  const ranking = rankScores(rawScores)
  const groups = weighGroups(ranking, labels, weights)
  const squares = weights
    ? weighGroups(
        ranking,
        labels,
        weights.map((weight) => weight * weight),
      )
    : groups
  return {
    rows: labels.length,
    frauds: labels.reduce((frauds, label) => frauds + label, 0),
    ...rankingMetrics(groups),
    precisionAt: budgets
      .filter((k) => k <= totals.fraud + totals.legitimate)
      .map((k) => ({
        k,
        precision: precisionAtK(groups, k),
        interval: precisionAtInterval(groups, squares, k),
      })),
    brier: brier(labels, probabilities, weights),
    logLoss: logLoss(labels, probabilities, weights),
    calibrationRatio: calibrationRatio(labels, probabilities, weights),
    threshold: threshold.value,
    confusion: confusion(labels, predictions, weights),
    classificationReport: classificationReport(labels, predictions, weights),
    ...(weights && {
      effectiveRows: {
        frauds: effectiveRows(weighClass(1, labels, weights)),
        legitimate: effectiveRows(weighClass(0, labels, weights)),
      },
    }),
    intervals: {
      ...bootstrapIntervals({ labels, rawScores, probabilities, weights, seed, replicates }, ranking),
      ...shareIntervals({ labels, groups, probabilities, predictions, weights }),
    },
  }
}
