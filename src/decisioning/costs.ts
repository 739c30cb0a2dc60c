import { z } from '../core/zod.ts'
import { type Outcome, outcomes } from '../detector/detector-schema.ts'
import type { Opinion } from './opinion.ts'
import { strictObject } from './other-words.ts'

const money = z.number().min(0)
const share = z.number().min(0).max(1)
const amountCost = strictObject({
  /** The share of the amount; it may be above 1 where a penalty is added. */
  share: money.optional(),
  fixed: money.optional(),
})

/** What outcomes cost, in major units of the amount's currency. */
export const costsSchema = strictObject({
  missedFraud: amountCost,
  wrongDecline: amountCost,
  /** Missing where nobody reviews. `finds` is the share of frauds that people find. */
  review: strictObject({ cost: money, finds: share, perDay: z.int().min(1).optional() }).optional(),
  /** Missing where there is no step-up: the share of the honest who leave, and of fraud that it stops. */
  challenge: strictObject({ cost: money, honestLeave: share, stops: share }).optional(),
  /** What each review costs on top of its own cost, since people can only do so many a day. */
  capacityPrice: money.optional(),
})
export type Costs = Readonly<z.infer<typeof costsSchema>>

/** Whether costs need to know the amount. */
export function needAmount({ missedFraud, wrongDecline }: Costs): boolean {
  return (missedFraud.share ?? 0) > 0 || (wrongDecline.share ?? 0) > 0
}

/**
 * What an outcome is expected to cost for this probability of fraud and amount in major units; infinite for one that
 * has no costs. Negative amounts (refunds) cost as 0 does. NaN where the amount is not known and counts.
 */
export function expectedCost(costs: Costs, outcome: Outcome, probability: number, amount: number): number {
  const fraud = probability * costOf(costs.missedFraud, amount)
  const wronged = (1 - probability) * costOf(costs.wrongDecline, amount)
  const { review, challenge, capacityPrice = 0 } = costs
  switch (outcome) {
    case 'approve':
      return fraud
    case 'challenge':
      if (challenge === undefined) return Number.POSITIVE_INFINITY
      return challenge.cost + (1 - challenge.stops) * fraud + challenge.honestLeave * wronged
    case 'review':
      if (review === undefined) return Number.POSITIVE_INFINITY
      return review.cost + capacityPrice + (1 - review.finds) * fraud
    case 'decline':
      return wronged
  }
}

/** What is really spent: the price of a review's place says which reviews are worth one, and nobody pays it. */
export function spentBy(costs: Costs): Costs {
  return { ...costs, capacityPrice: 0 }
}

/**
 * The outcome of least expected cost, of equal ones the mildest. Undefined where the amount is not known and counts:
 * then no cost can be told, and nobody may take it for 0.
 */
export function cheapestOutcome(costs: Costs, probability: number, amount: number): Outcome | undefined {
  if (Number.isNaN(amount) && needAmount(costs)) return undefined
  let cheapest: Outcome | undefined
  let least = Number.POSITIVE_INFINITY
  for (const outcome of outcomes) {
    const cost = expectedCost(costs, outcome, probability, amount)
    if (!(cost < least)) continue
    cheapest = outcome
    least = cost
  }
  return cheapest
}

/** What costs make of a probability and an amount: nothing where it is cheapest to approve. */
export function opinionByCosts(costs: Costs, probability: number, amount: number): Opinion | undefined {
  const outcome = cheapestOutcome(costs, probability, amount)
  if (outcome === 'approve' || outcome === undefined) return undefined
  const [here, approved] = [outcome, 'approve' as const].map((each) => expectedCost(costs, each, probability, amount))
  const text = `To ${outcome} is expected to cost ${here.toFixed(2)}, and to approve ${approved.toFixed(2)}`
  return { source: 'cost', id: outcome, outcome, strength: 'plain', reason: { code: `least_cost_${outcome}`, text } }
}

function costOf({ share: part = 0, fixed = 0 }: Costs['missedFraud'], amount: number): number {
  return (part === 0 ? 0 : part * Math.max(0, amount)) + fixed
}
