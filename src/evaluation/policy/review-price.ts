import { type Costs, expectedCost, spentBy } from '../../decisioning/costs.ts'
import type { PricedRows } from './cheapest-thresholds.ts'

/**
 * Prepares, for any number of reviews, the least price of a review's place at which no more rows are reviewed where the outcome of
 * least expected cost is given: a row is reviewed where that saves more than the price, so the price is what the first
 * row that has no place would have saved.
 *
 * @returns in major units, rounded up to six digits; 0 where there are places enough.
 */
export function priceReviews(
  { probabilities, amounts, weights }: PricedRows,
  costs: Costs,
): (mostReviews: number) => number {
  const unpriced = spentBy(costs)
  const savings = Float64Array.from(probabilities, (probability, row) => {
    const cost = (outcome: 'approve' | 'challenge' | 'review' | 'decline') =>
      expectedCost(unpriced, outcome, probability, amounts[row])
    return Math.min(cost('approve'), cost('challenge'), cost('decline')) - cost('review')
  })
  const order = Uint32Array.from(savings.keys()).sort((one, other) => savings[other] - savings[one])
  return (mostReviews) => {
    let taken = 0
    for (const row of order) {
      taken += weights?.[row] ?? 1
      if (taken > mostReviews) return savings[row] > 0 ? roundUp(savings[row]) : 0
    }
    return 0
  }
}

/** Where a review saves as much as its place costs, the next double up keeps the row from it. */
function roundUp(price: number): number {
  const rounded = Number(price.toPrecision(6))
  return rounded > price ? rounded : Number((price * (1 + 1e-5)).toPrecision(6))
}
