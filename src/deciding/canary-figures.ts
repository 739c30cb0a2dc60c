import { wilsonInterval } from '../core/wilson-interval.ts'
import { type Outcome, outcomes } from '../detector/detector-schema.ts'
import type { Guard } from './deployment.ts'

/** What one of two models that decide side by side has done since the canary was deployed. */
export interface Arm {
  readonly decisions: number
  readonly outcomes: Readonly<Record<Outcome, number>>
  /** Decisions without a score. */
  readonly faults: number
  /** Decisions that were not approved. */
  readonly flagged: number
  /** Those of them that labels say were fraud, so far. */
  readonly flaggedFrauds: number
}

export interface CanaryFigures {
  readonly canary: Arm
  readonly champion: Arm
}

/** So many frauds of the champion have to be known before the precision of both is compared. */
const leastFrauds = 10

/**
 * Why a canary is to be rolled back; undefined while it may go on. Both models decide at the same time for customers who
 * were drawn, so that labels come as late for the one as for the other, and what differs is due to the model, or chance: a
 * limit is passed only where the 95 % interval lies behind it.
 *
 * @param p99Ms how long its decisions take at the 99th percentile; undefined where that is not known.
 */
export function whyRolledBack({ canary, champion }: CanaryFigures, guard: Guard, p99Ms?: number): string | undefined {
  if (canary.decisions < guard.minDecisions) return undefined
  if (wilsonInterval(canary.faults, canary.decisions).lower > guard.faultRate) {
    const limit = `the guard allows ${percent(guard.faultRate)}`
    return `${canary.faults} of ${canary.decisions} decisions were without a score, and ${limit}`
  }
  if (guard.p99Ms !== undefined && p99Ms !== undefined && p99Ms > guard.p99Ms)
    return `Its decisions take ${p99Ms.toFixed(1)} ms at the 99th percentile, and the guard allows ${guard.p99Ms} ms`
  for (const outcome of outcomes) {
    const [mine, others] = [canary, champion].map((arm) => [arm.outcomes[outcome], arm.decisions] as const)
    const { lower, upper } = difference(mine, others)
    if (lower <= guard.rateDifference && upper >= -guard.rateDifference) continue
    const shares = `${percent(mine[0] / mine[1])} of its decisions are ${outcome}, of the champion's ${percent(others[0] / others[1])}`
    return `${shares}, and the guard allows a difference of ${percent(guard.rateDifference)}`
  }
  if (champion.flaggedFrauds < leastFrauds) return undefined
  const [found, wanted] = [canary, champion].map((arm) => wilsonInterval(arm.flaggedFrauds, arm.decisions))
  if (found.upper < guard.leastFound * wanted.lower) {
    const known = ({ flaggedFrauds, decisions }: Arm) => `${flaggedFrauds} in ${decisions} decisions`
    const limit = `the guard wants ${percent(guard.leastFound)} of the champion's share`
    return `It did not approve ${known(canary)} that are known to be fraud, the champion ${known(champion)}, and ${limit}`
  }
  if (canary.flagged < guard.minFlagged) return undefined
  const { upper } = difference([canary.flaggedFrauds, canary.flagged], [champion.flaggedFrauds, champion.flagged])
  if (upper >= 0) return undefined
  const precision = ({ flagged, flaggedFrauds }: Arm) => percent(flaggedFrauds / flagged)
  return `${precision(canary)} of what it did not approve is known to be fraud, of the champion's ${precision(champion)}`
}

/**
 * The 95 % interval of the difference of two shares, of hits and how many there are (Newcombe, Statistics in Medicine 17,
 * 1998, method 10).
 */
function difference([a, m]: readonly [number, number], [b, n]: readonly [number, number]) {
  const [one, other] = [wilsonInterval(a, m), wilsonInterval(b, n)]
  const [p, q] = [m === 0 ? 0 : a / m, n === 0 ? 0 : b / n]
  return {
    lower: p - q - Math.hypot(p - one.lower, other.upper - q),
    upper: p - q + Math.hypot(one.upper - p, q - other.lower),
  }
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}
