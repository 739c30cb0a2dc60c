import type { Costs } from '../../decisioning/costs.ts'
import {
  type ChosenThresholds,
  type PricedRows,
  searchThresholds,
  type ThresholdSearch,
} from './cheapest-thresholds.ts'

/**
 * Prepares a search, for any number of reviews in all, of the thresholds of least expected cost of each segment.
 *
 * A price of a review's place makes segments independent, and the least price whose reviews fit is found by halving
 * (Everett, "Generalized Lagrange Multiplier Method", Operations Research 11, 1963). Places that the price leaves are then
 * given to segment after segment, each searched again within what the others leave, for as long as that saves cost.
 *
 * @param segments the rows of each segment.
 */
export function searchSegments(
  segments: readonly PricedRows[],
  costs: Costs,
): (mostReviews: number) => readonly ChosenThresholds[] {
  const searches = segments.map((rows) => searchThresholds(rows, costs))
  return (mostReviews) => fillPlaces(searches, atLeastPrice(searches, mostReviews), mostReviews)
}

const halvings = 60

function atLeastPrice(searches: readonly ThresholdSearch[], mostReviews: number): readonly ChosenThresholds[] {
  const at = (price: number) => searches.map((search) => search(mostReviews, price))
  const fits = (chosen: readonly ChosenThresholds[]) => reviewsOf(chosen) <= mostReviews
  const free = at(0)
  if (fits(free)) return free
  let high = 1
  while (!fits(at(high))) high *= 2
  let low = 0
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2
    if (fits(at(middle))) high = middle
    else low = middle
  }
  return at(high)
}

function fillPlaces(
  searches: readonly ThresholdSearch[],
  start: readonly ChosenThresholds[],
  mostReviews: number,
): readonly ChosenThresholds[] {
  const chosen = [...start]
  for (let isBetter = true; isBetter; ) {
    isBetter = false
    for (const [i, search] of searches.entries()) {
      const better = search(mostReviews - reviewsOf(chosen) + chosen[i].reviews)
      if (!(better.cost < chosen[i].cost)) continue
      chosen[i] = better
      isBetter = true
    }
  }
  return chosen
}

function reviewsOf(chosen: readonly ChosenThresholds[]): number {
  return chosen.reduce((sum, { reviews }) => sum + reviews, 0)
}
