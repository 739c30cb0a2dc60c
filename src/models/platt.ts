import { probabilityOf, solveShift, type WeighedOdds } from './log-odds.ts'

export interface Line {
  readonly slope: number
  readonly intercept: number
}

const leastSlope = 0.01
/** The furthest that the line may carry the scores 0 and 1 from even odds, before the intercept. */
const furthestLogOdds = 60

/**
 * Platt's sigmoid on log-odds (Platt, "Probabilistic Outputs for Support Vector Machines", 1999): the weighted maximum
 * likelihood of fraud ~ sigmoid(slope x + intercept), given targets smoothed as he does it. For each slope the best
 * intercept is the one whose mean prediction is the mean target, so what is left is a concave function of the slope,
 * climbed by Newton steps inside a bracket. The bracket keeps the slope positive where scores do not rank, and bounded
 * where they all but separate the classes. `reach` is the log-odds of the score 1.
 */
export function fitPlatt(odds: WeighedOdds, reach: number): Line {
  // One score only: every slope is as likely, and 1 leaves the scale as it is.
  const slope = odds.logOdds.length === 1 ? 1 : likeliestSlope(odds, leastSlope, furthestLogOdds / reach)
  return { slope, intercept: interceptFor(odds, slope) }
}

function interceptFor(odds: WeighedOdds, slope: number): number {
  return solveShift(
    odds.logOdds.map((x) => slope * x),
    odds,
  )
}

function likeliestSlope(odds: WeighedOdds, least: number, most: number): number {
  if (likelihoodAt(odds, least).gradient <= 0) return least
  if (likelihoodAt(odds, most).gradient >= 0) return most
  let low = least
  let high = most
  let slope = Math.min(1, (least + most) / 2)
  for (let step = 0; step < 100; step++) {
    const { gradient, curvature } = likelihoodAt(odds, slope)
    if (gradient > 0) low = slope
    else high = slope
    const newton = slope + gradient / curvature
    const next = newton > low && newton < high ? newton : (low + high) / 2
    if (Math.abs(next - slope) <= 1e-12 * slope) break
    slope = next
  }
  return slope
}

/** First and (negated) second derivative of the log-likelihood in the slope, the intercept following it. */
function likelihoodAt(odds: WeighedOdds, slope: number) {
  const { logOdds, weight, fraud } = odds
  const intercept = interceptFor(odds, slope)
  let gradient = 0
  let s0 = 0
  let s1 = 0
  let s2 = 0
  for (let i = 0; i < logOdds.length; i++) {
    const x = logOdds[i]
    const probability = probabilityOf(slope * x + intercept)
    const spread = weight[i] * probability * (1 - probability)
    gradient += x * (fraud[i] - weight[i] * probability)
    s0 += spread
    s1 += spread * x
    s2 += spread * x * x
  }
  return { gradient, curvature: s2 - (s1 * s1) / s0 }
}
