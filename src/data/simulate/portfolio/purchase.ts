import type { Random } from '../../../core/random.ts'
import type { Customers } from './customers.ts'
import type { Merchant } from './merchants.ts'

export const daySeconds = 86_400

/** One use of a card. Customers, cards, terminals and devices are running numbers. */
export interface Purchase {
  /** The second of its day, in UTC. */
  readonly second: number
  readonly customer: number
  readonly card: number
  readonly terminal: number
  /** -1 at a terminal in a shop. */
  device: number
  amountMinor: number
  /** 0, or the scenario that made it a fraud. */
  scenario: number
}

const largestMean = 10_000

/** What a customer pays at a merchant: normal, and uniform up to twice the mean where that would be negative. */
export function drawAmountMinor(customers: Customers, customer: number, merchant: Merchant, random: Random): number {
  const mean = Math.min(largestMean, merchant.amountMinor * customers.amountLevel[customer])
  const amount = mean * (1 + customers.amountSpread[customer] * random.normal())
  return roundTo(merchant.category.stepMinor, amount > 0 ? amount : 2 * mean * random.uniform())
}

/** An amount to the nearest multiple of a step, which is one step at least. */
export function roundTo(stepMinor: number, amountMinor: number): number {
  return Math.max(1, Math.round(amountMinor / stepMinor)) * stepMinor
}

/** A whole number for a mean that need not be one: either of its neighbours, and 2 is always 2. */
export function drawCount(mean: number, random: Random): number {
  return Math.floor(mean + random.uniform())
}
