import { z95 } from '../core/wilson-interval.ts'
import type { Tally } from './tally.ts'

/** Sums of amounts, in major units. */
export interface ValueFigures {
  /** Of known frauds: the least that is caught. */
  readonly caught: number
  /** Of known legitimate transactions: the least that is lost. */
  readonly lost: number
  /** Of those of which nothing is known. */
  readonly unknown: number
  /** If all of the unknown were frauds, or all legitimate. */
  readonly caughtAtMost: number
  readonly lostAtMost: number
  /** Of frauds by the control group, with a 95 % interval; null where it does not stand for all of the unknown. */
  readonly caughtEstimate: { readonly value: number; readonly lower: number; readonly upper: number } | null
}

/** What a set of transactions is worth, as far as it is known. */
export function valueFigures(tally: Tally, minorUnits: number): ValueFigures {
  const { fraudAmount, legitimateAmount, unknownAmount } = tally
  const [caught, lost, unknown] = [fraudAmount, legitimateAmount, unknownAmount].map((sum) => sum / minorUnits)
  // Refunds are amounts below 0.
  const most = (sum: number) => Math.max(sum, sum + unknownAmount) / minorUnits
  const [caughtAtMost, lostAtMost] = [most(fraudAmount), most(legitimateAmount)]
  const isEstimated = tally.unknown > 0 && tally.passed > 0 && tally.drawnUnknown === tally.unknown
  return {
    ...{ caught, lost, unknown, caughtAtMost, lostAtMost },
    caughtEstimate: isEstimated ? estimateCaught(tally, minorUnits, { lower: caught, upper: caughtAtMost }) : null,
  }
}

/**
 * What the control group let pass stands for what was held back: sums weighed by how probable it was to pass, and their
 * variance where each passes by itself (Horvitz and Thompson, JASA 47, 1952). Within what is known for sure.
 */
function estimateCaught(tally: Tally, minorUnits: number, sure: { readonly lower: number; readonly upper: number }) {
  const { fraudAmount, drawnFraudAmount, fraudAmountWeights, fraudAmountVariance } = tally
  const within = (amount: number) => Math.min(Math.max(amount, sure.lower), sure.upper)
  const estimate = (fraudAmount - drawnFraudAmount + fraudAmountWeights) / minorUnits
  const half = (z95 * Math.sqrt(fraudAmountVariance)) / minorUnits
  return { value: within(estimate), lower: within(estimate - half), upper: within(estimate + half) }
}
