import { FraudError } from '../../core/errors.ts'
import { type Costs, cheapestOutcome, expectedCost, needAmount, spentBy } from '../../decisioning/costs.ts'
import { outcomeByThresholds, type Thresholds } from '../../decisioning/thresholds.ts'
import { type Outcome, outcomes } from '../../detector/detector-schema.ts'
import type { TestDays } from '../policy-figures.ts'
import type { Estimate } from '../supported-digits.ts'
import type { PricedRows } from './cheapest-thresholds.ts'
import { meanOfDays, sumByDay } from './day-means.ts'
import { priceReviews } from './review-price.ts'
import { searchSegments } from './segmented-thresholds.ts'

export interface OptimiseInput extends PricedRows {
  readonly labels: Uint8Array
  readonly days: TestDays
  readonly costs: Costs
  /** What the policy in force gives each row. */
  readonly current: readonly Outcome[]
  /** The segment of each row by its number. */
  readonly segmentOf: Uint8Array
  readonly segmentNames: readonly string[]
  /** The seed of the draws behind intervals. */
  readonly seed: number
}

/** What a policy does with the rows, a day. */
export interface PolicyCost {
  /** The expected cost, in major units. */
  readonly expected: number
  /** The cost by the labels of the rows, with a 95 % interval. */
  readonly realised: Estimate
  /** What it costs more than the policy in force, on the same days; negative where it saves. */
  readonly change: Estimate
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly busiestReviews: number
}

interface CurvePoint {
  readonly reviewsPerDay: number
  readonly thresholds: number
  readonly costs: number
}

/** Rows of which least cost is unsure enough to have them looked at: reviewed, or challenged. */
export interface Stakes {
  readonly rows: number
  /** Frauds among them by the probabilities, and by the labels. */
  readonly expected: number
  readonly frauds: number
  /** Whether both are further apart than chance lets right probabilities be, one time in twenty. */
  readonly isOff: boolean
}

export interface OptimisedPolicy {
  readonly rows: number
  readonly frauds: number
  /** What they count for, where they have weights. */
  readonly weighted?: { readonly rows: number; readonly frauds: number }
  readonly days: number
  readonly reviewsPerDay?: number
  readonly current: PolicyCost
  readonly byThresholds: PolicyCost & { readonly segments: Readonly<Record<string, Thresholds>> }
  readonly byCosts: PolicyCost & { readonly capacityPrice: number }
  /** Missing where least cost leaves nothing to look at. */
  readonly stakes?: Stakes
  /** The expected cost a day by how many reviews a day are possible. */
  readonly curve: readonly CurvePoint[]
  /** From the outcome in force to the one by thresholds, and how many rows a day. */
  readonly moves: readonly { readonly from: Outcome; readonly to: Outcome; readonly perDay: number }[]
}

/**
 * Finds the thresholds of each segment, and the price of a review's place, that are expected to cost least on rows with
 * calibrated probabilities. Choices rest on the probabilities alone, not on the labels: on a few hundred frauds the
 * labels' own best would follow chance. What the choices would really have cost is told beside it.
 *
 * @throws FraudError DATA_INVALID where costs need an amount and a row has none
 */
export function optimisePolicy(given: OptimiseInput): OptimisedPolicy {
  // An earlier search may have written a price.
  const input = { ...given, costs: spentBy(given.costs) }
  const { costs, probabilities, amounts, days, labels, current, segmentNames } = input
  refuseUnknownAmounts(costs, amounts)
  const most = capacityOf(input)
  const thresholdsFor = searchSegments(
    segmentNames.map((_, segment) => rowsOf(input, segment)),
    costs,
  )
  const priceFor = costs.review === undefined ? () => 0 : priceReviews(input, costs)
  const chosen = thresholdsFor(most)
  const capacityPrice = priceFor(most)
  const { segmentOf } = input
  const byThresholds = outcomesOf(input, (row) =>
    outcomeByThresholds(chosen[segmentOf[row]].thresholds, probabilities[row]),
  )
  const byCosts = outcomesOf(input, (row) => cheapest({ ...costs, capacityPrice }, probabilities[row], amounts[row]))
  return {
    rows: labels.length,
    frauds: labels.reduce((sum, label) => sum + label, 0),
    ...(input.weights && { weighted: weighedOf(input.weights, labels) }),
    days: days.count,
    ...(costs.review?.perDay !== undefined && { reviewsPerDay: costs.review.perDay }),
    current: costOfPolicy(input, current),
    byThresholds: {
      ...costOfPolicy(input, byThresholds),
      segments: Object.fromEntries(segmentNames.map((name, segment) => [name, chosen[segment].thresholds])),
    },
    byCosts: { ...costOfPolicy(input, byCosts), capacityPrice },
    ...stakesOf(input, byCosts),
    curve: costs.review === undefined ? [] : drawCurve(input, thresholdsFor, priceFor),
    moves: movesOf(current, byThresholds, input),
  }
}

function weighedOf(weights: Float64Array, labels: Uint8Array): { readonly rows: number; readonly frauds: number } {
  return {
    rows: weights.reduce((sum, weight) => sum + weight, 0),
    frauds: weights.reduce((sum, weight, row) => sum + weight * labels[row], 0),
  }
}

/** How many of the rows people could review in all those days; without a limit where they can review any number. */
function capacityOf({ costs, days }: OptimiseInput, perDay = costs.review?.perDay): number {
  return perDay === undefined ? Number.POSITIVE_INFINITY : Math.floor(perDay * days.count)
}

function cheapest(costs: Costs, probability: number, amount: number): Outcome {
  const outcome = cheapestOutcome(costs, probability, amount)
  if (outcome === undefined) throw new Error('every amount was checked to be known where it counts')
  return outcome
}

function outcomesOf({ labels }: OptimiseInput, outcomeOf: (row: number) => Outcome): readonly Outcome[] {
  return Array.from(labels, (_, row) => outcomeOf(row))
}

function rowsOf({ segmentOf, probabilities, amounts, weights }: OptimiseInput, segment: number): PricedRows {
  const isOf = (_: number, row: number) => segmentOf[row] === segment
  return {
    probabilities: probabilities.filter(isOf),
    amounts: amounts.filter(isOf),
    ...(weights && { weights: weights.filter(isOf) }),
  }
}

function costOfPolicy(input: OptimiseInput, given: readonly Outcome[]): PolicyCost {
  const { costs, probabilities, amounts, labels, days, current, seed } = input
  const weightOf = weigherOf(input)
  const realised = (row: number, outcome: Outcome) =>
    weightOf(row) * expectedCost(costs, outcome, labels[row], amounts[row])
  const meanOf = (figureOf: (row: number) => number) => meanOfDays(sumByDay(days, figureOf), seed)
  const perDay = (outcome: Outcome) =>
    given.reduce((sum, each, row) => sum + (each === outcome ? weightOf(row) : 0), 0) / days.count
  const expected = given.reduce(
    (sum, outcome, row) => sum + weightOf(row) * expectedCost(costs, outcome, probabilities[row], amounts[row]),
    0,
  )
  return {
    expected: expected / days.count,
    realised: meanOf((row) => realised(row, given[row])),
    change: meanOf((row) => realised(row, given[row]) - realised(row, current[row])),
    outcomes: {
      approve: perDay('approve'),
      challenge: perDay('challenge'),
      review: perDay('review'),
      decline: perDay('decline'),
    },
    busiestReviews: Math.max(0, ...sumByDay(days, (row) => (given[row] === 'review' ? weightOf(row) : 0))),
  }
}

function weigherOf({ weights }: PricedRows): (row: number) => number {
  return (row) => weights?.[row] ?? 1
}

function stakesOf(input: OptimiseInput, given: readonly Outcome[]): Pick<OptimisedPolicy, 'stakes'> {
  const { probabilities, labels } = input
  const weightOf = weigherOf(input)
  let [rows, expected, frauds, variance] = [0, 0, 0, 0]
  for (const [row, outcome] of given.entries()) {
    if (outcome !== 'review' && outcome !== 'challenge') continue
    const [probability, weight] = [probabilities[row], weightOf(row)]
    rows += weight
    expected += weight * probability
    frauds += weight * labels[row]
    variance += weight * weight * probability * (1 - probability)
  }
  return rows === 0
    ? {}
    : { stakes: { rows, expected, frauds, isOff: Math.abs(frauds - expected) > 1.96 * Math.sqrt(variance) } }
}

/** The capacities go from no reviews to twice as many as are possible, or as many as pay where there is no limit. */
function drawCurve(
  input: OptimiseInput,
  thresholdsFor: ReturnType<typeof searchSegments>,
  priceFor: (mostReviews: number) => number,
): readonly CurvePoint[] {
  const { costs, days, probabilities, amounts } = input
  const weightOf = weigherOf(input)
  const free = thresholdsFor(Number.POSITIVE_INFINITY)
  const paying = free.reduce((sum, { reviews }) => sum + reviews, 0) / days.count
  const top = costs.review?.perDay === undefined ? paying : 2 * costs.review.perDay
  return [0, 0.125, 0.25, 0.375, 0.5, 0.75, 1].map((part) => {
    const most = capacityOf(input, part * top)
    const chosen = thresholdsFor(most)
    const priced = { ...costs, capacityPrice: priceFor(most) }
    const byCosts = probabilities.reduce(
      (sum, probability, row) =>
        sum +
        weightOf(row) * expectedCost(costs, cheapest(priced, probability, amounts[row]), probability, amounts[row]),
      0,
    )
    return {
      reviewsPerDay: part * top,
      thresholds: chosen.reduce((sum, { cost }) => sum + cost, 0) / days.count,
      costs: byCosts / days.count,
    }
  })
}

function movesOf(from: readonly Outcome[], to: readonly Outcome[], input: OptimiseInput): OptimisedPolicy['moves'] {
  const weightOf = weigherOf(input)
  return outcomes.flatMap((before) =>
    outcomes.flatMap((after) => {
      const count = from.reduce(
        (sum, outcome, row) => sum + (outcome === before && to[row] === after ? weightOf(row) : 0),
        0,
      )
      return before === after || count === 0 ? [] : [{ from: before, to: after, perDay: count / input.days.count }]
    }),
  )
}

function refuseUnknownAmounts(costs: Costs, amounts: Float64Array): void {
  if (!needAmount(costs)) return
  const row = amounts.findIndex((amount) => !Number.isFinite(amount))
  if (row >= 0) {
    throw new FraudError('DATA_INVALID', `Row ${row + 1} has no amount, and what a mistake costs depends on it`)
  }
}
