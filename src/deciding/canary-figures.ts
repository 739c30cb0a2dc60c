import { anytimeZ } from '../core/anytime-z.ts'
import { wilsonInterval } from '../core/wilson-interval.ts'
import { outcomes } from '../detector/detector-schema.ts'
import type { Guard } from './deployment.ts'
import type { Arm, Spread } from './grouped-counts.ts'

export interface CanaryFigures {
  readonly canary: Arm
  readonly champion: Arm
  readonly spread: Spread
}

/** So many frauds of the champion have to be known before the precision of both is compared. */
const leastFrauds = 10

/**
 * How likely a canary that differs in nothing is taken back over its whole life, at most; shared by the seven shares that
 * are looked at (faults, four outcomes, frauds found, precision).
 */
const level = 0.05
const alpha = level / 7

/**
 * Why a canary is to be rolled back; undefined while it may go on. Both models decide at the same time for customers who
 * were drawn, so that labels come as late for the one as for the other, and what differs is due to the model, or chance: a
 * limit is passed only where an interval lies behind it that may be looked at all the time (`anytimeZ`). The two groups of
 * customers are independent, and transactions of one customer are not: shares count as many rows as vary as much on their own.
 *
 * @param p99Ms how long its scores take at the 99th percentile; undefined where that is not known.
 */
export function whyRolledBack(figures: CanaryFigures, guard: Guard, p99Ms?: number): string | undefined {
  const { canary } = figures
  if (canary.decisions < guard.minDecisions) return undefined
  const faults = intervalOf(canary.faults, canary.decisions, figures.spread.faults, guard.minDecisions)
  if (faults.lower > guard.faultRate) {
    const limit = `the guard allows ${percent(guard.faultRate)}`
    return `${canary.faults} of ${canary.decisions} decisions were without a score, and ${limit}`
  }
  if (guard.p99Ms !== undefined && p99Ms !== undefined && p99Ms > guard.p99Ms)
    return `Its scores take ${p99Ms.toFixed(1)} ms at the 99th percentile, and the guard allows ${guard.p99Ms} ms`
  return whyByOutcomes(figures, guard) ?? whyByLabels(figures, guard)
}

function whyByOutcomes({ canary, champion, spread }: CanaryFigures, guard: Guard): string | undefined {
  for (const outcome of outcomes) {
    const [mine, others] = [canary, champion].map((arm) => [arm.outcomes[outcome], arm.decisions] as const)
    const { lower, upper } = difference(mine, others, spread.outcomes[outcome], guard.minDecisions)
    if (lower <= guard.rateDifference && upper >= -guard.rateDifference) continue
    const shares = `${percent(mine[0] / mine[1])} of its decisions are ${outcome}, of the champion's ${percent(others[0] / others[1])}`
    return `${shares}, and the guard allows a difference of ${percent(guard.rateDifference)}`
  }
  return undefined
}

function whyByLabels({ canary, champion, spread }: CanaryFigures, guard: Guard): string | undefined {
  if (champion.flaggedFrauds < leastFrauds) return undefined
  const [found, wanted] = [canary, champion].map((arm) =>
    intervalOf(arm.flaggedFrauds, arm.decisions, spread.found, guard.minDecisions),
  )
  if (found.upper < guard.leastFound * wanted.lower) {
    const known = ({ flaggedFrauds, decisions }: Arm) => `${flaggedFrauds} in ${decisions} decisions`
    const limit = `the guard wants ${percent(guard.leastFound)} of the champion's share`
    return `It did not approve ${known(canary)} that are known to be fraud, the champion ${known(champion)}, and ${limit}`
  }
  if (canary.flagged < guard.minFlagged) return undefined
  const [mine, others] = [canary, champion].map((arm) => [arm.flaggedFrauds, arm.flagged] as const)
  if (difference(mine, others, spread.precision, guard.minFlagged).upper >= 0) return undefined
  const precision = ({ flagged, flaggedFrauds }: Arm) => percent(flaggedFrauds / flagged)
  return `${precision(canary)} of what it did not approve is known to be fraud, of the champion's ${precision(champion)}`
}

/** @param from how many rows there are at the first look. */
function intervalOf(hits: number, rows: number, spread: number, from: number) {
  return wilsonInterval(hits / spread, rows / spread, anytimeZ(rows, from, alpha))
}

/**
 * The interval of the difference of two shares, of hits and how many there are (Newcombe, Statistics in Medicine 17, 1998,
 * method 10).
 */
function difference(
  [a, m]: readonly [number, number],
  [b, n]: readonly [number, number],
  spread: number,
  from: number,
) {
  const [one, other] = [intervalOf(a, m, spread, from), intervalOf(b, n, spread, from)]
  const [p, q] = [m === 0 ? 0 : a / m, n === 0 ? 0 : b / n]
  return {
    lower: p - q - Math.hypot(p - one.lower, other.upper - q),
    upper: p - q + Math.hypot(one.upper - p, q - other.lower),
  }
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}
