import { type Costs, expectedCost } from '../../decisioning/costs.ts'
import type { Thresholds } from '../../decisioning/thresholds.ts'
import type { Outcome } from '../../detector/detector-schema.ts'

/** Rows to choose on: calibrated probabilities of fraud, and amounts in major units. */
export interface PricedRows {
  readonly probabilities: Float64Array
  /** NaN where the amount is not known. */
  readonly amounts: Float64Array
  /** What each row stands for; 1 by default. */
  readonly weights?: Float64Array | undefined
}

/** Thresholds with what they are expected to cost on the rows that they were chosen on. */
export interface ChosenThresholds {
  readonly thresholds: Thresholds
  readonly cost: number
  readonly reviews: number
}

/** For every number of reviews: the thresholds of least expected cost that lead to no more. */
export type ThresholdSearch = (mostReviews: number, reviewPrice?: number) => ChosenThresholds

/**
 * Prepares rows for searches of thresholds. Rows are sorted once; a search then takes one pass over their distinct
 * probabilities. What outcomes cost is summed up from the lowest probability, so that the cost of any three thresholds is a
 * difference of sums, and of the review thresholds that leave few enough reviews the best is kept in a queue whose values
 * ascend (the minimum of a sliding window). So the result is the best of all thresholds, not the best of some.
 */
export function searchThresholds(rows: PricedRows, costs: Costs): ThresholdSearch {
  const { values, counts, approve, challenge, review, decline } = sumUp(rows, costs)
  const last = values.length
  const canChallenge = costs.challenge !== undefined
  const canReview = costs.review !== undefined
  return (mostReviews, reviewPrice = 0) => {
    const reviewTo = (group: number) => review[group] + reviewPrice * counts[group]
    // What is below a group is approved, or approved and then challenged from the group on where that costs least.
    let challengedFrom = 0
    let best = { cost: Number.POSITIVE_INFINITY, challenge: 0, review: 0, decline: 0 }
    const queue: { readonly cost: number; readonly challenge: number; readonly review: number }[] = []
    let head = 0
    for (let group = 0; group <= last; group++) {
      let milder = { cost: approve[group], challenge: group }
      if (canChallenge) {
        const saved = (from: number) => approve[from] - challenge[from]
        if (saved(group) < saved(challengedFrom)) challengedFrom = group
        milder = { cost: saved(challengedFrom) + challenge[group], challenge: challengedFrom }
      }
      const declined = decline[last] - decline[group]
      const whole = milder.cost + declined
      if (whole < best.cost) best = { cost: whole, challenge: milder.challenge, review: group, decline: group }
      if (!canReview) continue
      const start = { cost: milder.cost - reviewTo(group), challenge: milder.challenge, review: group }
      while (queue.length > head && queue[queue.length - 1].cost > start.cost) queue.pop()
      queue.push(start)
      while (counts[group] - counts[queue[head].review] > mostReviews) head += 1
      const total = queue[head].cost + reviewTo(group) + declined
      if (total < best.cost) best = { ...queue[head], cost: total, decline: group }
    }
    const reviews = counts[best.decline] - counts[best.review]
    return {
      thresholds: {
        ...(best.challenge < best.review && { challenge: values[best.challenge] }),
        ...(best.review < best.decline && { review: values[best.review] }),
        ...(best.decline < last && { decline: values[best.decline] }),
      },
      cost: best.cost - reviewPrice * reviews,
      reviews,
    }
  }
}

/** Distinct probabilities, ascending; by how many of them: rows by their weights, and the cost of giving them all one outcome. */
interface Sums extends Readonly<Record<Outcome, Float64Array>> {
  readonly values: Float64Array
  readonly counts: Float64Array
}

function sumUp({ probabilities, amounts, weights }: PricedRows, costs: Costs): Sums {
  const order = Uint32Array.from(probabilities, (_, row) => row).sort((a, b) => probabilities[a] - probabilities[b])
  const values = Float64Array.from(new Set(Float64Array.from(order, (row) => probabilities[row])))
  const counts = new Float64Array(values.length + 1)
  let group = 0
  const groupOf = Uint32Array.from(order, (row) => {
    if (probabilities[row] !== values[group]) group += 1
    return group
  })
  const weightOf = (row: number) => weights?.[row] ?? 1
  order.forEach((row, place) => {
    counts[groupOf[place] + 1] += weightOf(row)
  })
  const sum = (outcome: Outcome) => {
    const sums = new Float64Array(values.length + 1)
    order.forEach((row, place) => {
      sums[groupOf[place] + 1] += weightOf(row) * expectedCost(costs, outcome, probabilities[row], amounts[row])
    })
    return cumulate(sums)
  }
  return {
    values,
    counts: cumulate(counts),
    approve: sum('approve'),
    challenge: sum('challenge'),
    review: sum('review'),
    decline: sum('decline'),
  }
}

function cumulate(values: Float64Array): Float64Array {
  for (let i = 1; i < values.length; i++) values[i] += values[i - 1]
  return values
}
