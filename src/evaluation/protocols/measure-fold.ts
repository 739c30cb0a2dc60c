import { averagePrecision, rocAuc } from '../metrics.ts'
import { alertDaily, type DailyAlerts } from './card-precision.ts'
import { dayMs, type Fold, type ProtocolRows } from './fold.ts'

/** The scores of a fold's test rows by a model of its training rows. */
export type TrainAndScore = (train: Uint32Array, test: Uint32Array, seed: number) => Promise<Float64Array>

/** What a model is worth on one test period; a spread has the same shape. */
export interface Figures {
  readonly rocAuc: number
  readonly averagePrecision: number
  /** NaN without cards. */
  readonly cardPrecision: number
}

/** A fold's test rows with their scores. */
export interface ScoredTest {
  readonly figures: Figures
  readonly labels: Uint8Array
  readonly rawScores: Float64Array
  readonly weights: Float64Array | undefined
  readonly alerts: DailyAlerts | undefined
}

export function measureFold(
  rows: ProtocolRows,
  fold: Fold,
  rawScores: Float64Array,
  testMs: number,
  k: number,
): ScoredTest {
  const { test, testStartMs } = fold
  const labels = Uint8Array.from(test, (row) => rows.labels[row])
  const { cards, weights: allWeights } = rows
  const weights = allWeights && Float64Array.from(test, (row) => allWeights[row])
  const alerts =
    cards &&
    alertDaily(
      {
        times: Float64Array.from(test, (row) => rows.times[row]),
        labels,
        scores: rawScores,
        cards: Int32Array.from(test, (row) => cards[row]),
      },
      testStartMs,
      Math.ceil(testMs / dayMs),
      k,
    )
  const figures = {
    rocAuc: rocAuc(labels, rawScores, weights),
    averagePrecision: averagePrecision(labels, rawScores, weights),
    cardPrecision: alerts?.precision ?? Number.NaN,
  }
  return { figures, labels, rawScores, weights, alerts }
}

export function meanOf(figures: readonly Figures[]): Figures {
  return summarise(figures, (values) => values.reduce((sum, value) => sum + value, 0) / values.length)
}

/** The standard deviation of the population, as in the handbook; NaN for a single value. */
export function standardDeviationOf(figures: readonly Figures[]): Figures {
  return summarise(figures, (values) => {
    if (values.length < 2) return Number.NaN
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  })
}

function summarise(figures: readonly Figures[], summary: (values: readonly number[]) => number): Figures {
  return {
    rocAuc: summary(figures.map((each) => each.rocAuc)),
    averagePrecision: summary(figures.map((each) => each.averagePrecision)),
    cardPrecision: summary(figures.map((each) => each.cardPrecision)),
  }
}
