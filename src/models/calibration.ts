import { fitIsotonic, interpolate } from './isotonic.ts'
import { logOddsOf, probabilityOf, type WeighedOdds } from './log-odds.ts'
import { fitPlatt } from './platt.ts'
import { type RankMap, rankOf } from './rank-map.ts'
import { classWeights, rankScores, requireBothClasses, weighGroups } from './ranking.ts'

/**
 * How a model's raw score becomes a probability; plain data that goes into a bundle as JSON. Both fitted maps are
 * functions of the raw score's log-odds (squeezed by `epsilon`, see `logOddsOf`) that rise strictly, so they keep the
 * ranking: Platt's is `slope x + intercept`, the isotonic one is straight between (`knots`, `values`) and goes on with
 * slope `tilt` beyond. A rank says how
 * strange a score is among others (`fitRanks`), and is not a probability: there were no labels.
 */
export type Calibration =
  | { readonly method: 'none' }
  | { readonly method: 'platt'; readonly epsilon: number; readonly slope: number; readonly intercept: number }
  | {
      readonly method: 'isotonic'
      readonly epsilon: number
      readonly knots: readonly number[]
      readonly values: readonly number[]
      readonly tilt: number
    }
  | ({ readonly method: 'rank' } & RankMap)

/**
 * The number of frauds from which on an isotonic map is fitted: with fewer its steps are noise, and two parameters do
 * better.
 */
export const isotonicPositives = 1000

/** Beyond the outermost blocks no row says how fast fraud goes on rising: just fast enough to keep scores apart. */
const tilt = 0.01

/**
 * Log-odds above which they rise by the tilt only: a probability of 1 - 6e-6. Further up neighbouring scores would run
 * together at 1 in double arithmetic, and no number of frauds seen tells these probabilities apart.
 */
const surest = 12

/** Turns a raw score in [0, 1] into the probability of fraud in [0, 1]. Allocates nothing. */
export function calibrate(calibration: Calibration, rawScore: number): number {
  if (calibration.method === 'none') return rawScore
  if (calibration.method === 'rank') return rankOf(calibration, rawScore)
  const x = logOddsOf(rawScore, calibration.epsilon)
  const logOdds =
    calibration.method === 'platt'
      ? calibration.slope * x + calibration.intercept
      : interpolate(calibration, calibration.tilt, x)
  return probabilityOf(logOdds <= surest ? logOdds : surest + tilt * (logOdds - surest))
}

/** The probability that none exceeds where no raw score exceeds `highestRawScore`: each map rises. */
export function highestProbability(calibration: Calibration, highestRawScore: number): number {
  return calibrate(calibration, highestRawScore)
}

/**
 * The map from raw scores in [0, 1] to probabilities, fitted on rows that the model must not have been trained on. Their
 * weighted mean is the weighted fraud rate by isotonic regression, and the mean of the smoothed targets by Platt's: about
 * a fraud more of one that was seen, a fiftieth of a fraud more of a hundred. Throws DATA_INVALID where a class is missing.
 */
export function fitCalibration(labels: Uint8Array, rawScores: Float64Array, weights?: Float64Array): Calibration {
  requireBothClasses('Calibration', labels, weights)
  const epsilon = squeezeFor(rawScores)
  const positives = labels.reduce((count, label) => count + label, 0)
  if (positives < isotonicPositives) {
    const odds = weighOdds(labels, rawScores, weights, epsilon, smoothedTargets(labels, weights))
    return { method: 'platt', epsilon, ...fitPlatt(odds, logOddsOf(1, epsilon)) }
  }
  return { method: 'isotonic', epsilon, ...fitIsotonic(weighOdds(labels, rawScores, weights, epsilon), tilt), tilt }
}

/** What a row of each class counts as: 1 and 0, or less sure. */
export interface Targets {
  readonly fraud: number
  readonly legitimate: number
}

/**
 * Platt's prior: among N frauds the next one like them is taken for fraud with (N + 1) / (N + 2), and one like the M
 * legitimate rows with 1 / (M + 2), so that a handful of frauds that all rank first makes nobody sure. Weights are told in
 * frauds of the usual weight, however they are scaled, and N is how many of equal weight would tell as much (Kish).
 */
export function smoothedTargets(labels: Uint8Array, weights?: Float64Array): Targets {
  const { fraud, legitimate } = classWeights(labels, weights)
  let squares = 0
  for (let row = 0; row < labels.length; row++) if (labels[row] === 1) squares += (weights?.[row] ?? 1) ** 2
  const usual = squares / fraud
  const frauds = fraud / usual
  return { fraud: (frauds + 1) / (frauds + 2), legitimate: 1 / (legitimate / usual + 2) }
}

/**
 * Half the distance from 0 or 1 of the closest score that is at neither: a forest of 100 trees gives 0 and 1 the place
 * that half a tree's vote would have. Never over 0.005, and not under 1e-6, where rounding would begin to tell.
 */
function squeezeFor(rawScores: Float64Array): number {
  let closest = 0.01
  for (const score of rawScores) {
    const distance = Math.min(score, 1 - score)
    if (distance > 0 && distance < closest) closest = distance
  }
  return Math.max(closest / 2, 1e-6)
}

/** Rows by log-odds, ascending, ties in one, those without weight left out. */
function weighOdds(
  labels: Uint8Array,
  rawScores: Float64Array,
  weights: Float64Array | undefined,
  epsilon: number,
  targets: Targets = { fraud: 1, legitimate: 0 },
): WeighedOdds {
  const ranking = rankScores(rawScores.map((score) => logOddsOf(score, epsilon)))
  const { fraud, legitimate } = weighGroups(ranking, labels, weights)
  const weight = fraud.map((caught, group) => caught + legitimate[group]).reverse()
  const isKept = (_: number, group: number) => weight[group] > 0
  const counted = fraud.map((caught, group) => caught * targets.fraud + legitimate[group] * targets.legitimate)
  return {
    logOdds: ranking.scores.toReversed().filter(isKept),
    weight: weight.filter(isKept),
    fraud: counted.reverse().filter(isKept),
  }
}
