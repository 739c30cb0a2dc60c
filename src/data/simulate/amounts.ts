import type { Random } from '../../core/random.ts'

/** Pairs of a score z and the Amount there, both rising. */
export type AmountKnots = readonly (readonly [number, number])[]

// About one in four of the ULB rows above 5 is a whole number (mostly a round one) and one in ten ends in .99.
const wholeShare = 0.05
const roundShare = 0.18
const ninetyNineShare = 0.26
const smallestSnapped = 5

/**
 * Amount, in units with two decimals, as a function of its score: straight lines between the knots (their flat
 * stretches are the amounts that are paid often), and above `smallestSnapped` a taste for round numbers.
 */
export function createAmounts(knots: AmountKnots): (z: number, random: Random) => number {
  const [, least] = knots[0]
  const [, most] = knots[knots.length - 1]
  return (z, random) => {
    const upper = knots.findIndex(([score]) => score > z)
    if (upper === 0) return least
    if (upper < 0) return toCents(most * (1 + 0.3 * random.uniform()))
    const [z0, amount0] = knots[upper - 1]
    const [z1, amount1] = knots[upper]
    if (amount0 === amount1) return amount0
    const amount = amount0 + ((z - z0) / (z1 - z0)) * (amount1 - amount0)
    return amount < smallestSnapped ? toCents(amount) : snap(amount, random)
  }
}

function snap(amount: number, random: Random): number {
  const kind = random.uniform()
  if (kind < wholeShare) return Math.round(amount)
  if (kind < roundShare) {
    const step = amount < 20 ? 5 : amount < 200 ? 10 : 50
    return Math.round(amount / step) * step
  }
  if (kind < ninetyNineShare) return toCents(Math.floor(amount) + 0.99)
  return toCents(amount)
}

function toCents(amount: number): number {
  return Math.round(amount * 100) / 100
}
