import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../../core/random.ts'
import { type Costs, cheapestOutcome, expectedCost } from '../../decisioning/costs.ts'
import { outcomeByThresholds, type Thresholds } from '../../decisioning/thresholds.ts'
import { type PricedRows, searchThresholds } from './cheapest-thresholds.ts'
import { priceReviews } from './review-price.ts'
import { searchSegments } from './segmented-thresholds.ts'

const money = fc.integer({ min: 0, max: 400 }).map((cents) => cents / 8)
const share = fc.integer({ min: 0, max: 16 }).map((part) => part / 16)
const someCosts: fc.Arbitrary<Costs> = fc.record({
  missedFraud: fc.record({ share, fixed: money }),
  wrongDecline: fc.record({ share, fixed: money }),
  review: fc.option(fc.record({ cost: money, finds: share }), { nil: undefined }),
  challenge: fc.option(fc.record({ cost: money, honestLeave: share, stops: share }), { nil: undefined }),
})
const someRows = fc.array(fc.record({ probability: share, amount: money }), { minLength: 1, maxLength: 12 }).map(
  (rows): PricedRows => ({
    probabilities: Float64Array.from(rows, ({ probability }) => probability),
    amounts: Float64Array.from(rows, ({ amount }) => amount),
  }),
)

function measure({ probabilities, amounts }: PricedRows, costs: Costs, thresholds: Thresholds) {
  let cost = 0
  let reviews = 0
  for (const [row, probability] of probabilities.entries()) {
    const outcome = outcomeByThresholds(thresholds, probability)
    cost += expectedCost(costs, outcome, probability, amounts[row])
    if (outcome === 'review') reviews += 1
  }
  return { cost, reviews }
}

function everyThresholds({ probabilities }: PricedRows): readonly Thresholds[] {
  const places = [...new Set(probabilities), undefined]
  const withPlace = (name: 'challenge' | 'review' | 'decline', all: readonly Thresholds[]) =>
    all.flatMap((each) => places.map((place) => (place === undefined ? each : { ...each, [name]: place })))
  return withPlace('decline', withPlace('review', withPlace('challenge', [{}])))
}

function leastOf(rows: PricedRows, costs: Costs, mostReviews: number): number {
  const all = everyThresholds(rows).map((thresholds) => measure(rows, costs, thresholds))
  return Math.min(...all.filter(({ reviews }) => reviews <= mostReviews).map(({ cost }) => cost))
}

const isClose = (one: number, other: number) => Math.abs(one - other) <= 1e-9 * (1 + Math.abs(other))

test('no thresholds cost less within the reviews that are possible', () => {
  fc.assert(
    fc.property(someRows, someCosts, fc.nat(8), (rows, costs, mostReviews) => {
      const chosen = searchThresholds(rows, costs)(mostReviews)
      const measured = measure(rows, costs, chosen.thresholds)
      assert.ok(isClose(chosen.cost, measured.cost), `${chosen.cost} is told, ${measured.cost} is so`)
      assert.equal(chosen.reviews, measured.reviews)
      assert.ok(measured.reviews <= mostReviews)
      assert.ok(isClose(measured.cost, leastOf(rows, costs, mostReviews)))
    }),
    { numRuns: 400 },
  )
})

test('a price of reviews keeps those that save more than it', () => {
  fc.assert(
    fc.property(someRows, someCosts, money, (rows, costs, price) => {
      const { cost, reviews } = searchThresholds(rows, costs)(rows.amounts.length, price)
      const priced = { ...costs, ...(costs.review && { capacityPrice: price }) }
      const least = leastOf(rows, priced, rows.amounts.length)
      assert.ok(isClose(cost + price * reviews, least))
    }),
    { numRuns: 200 },
  )
})

test('the outcome of least cost leads to as many reviews as the price leaves places for', () => {
  fc.assert(
    fc.property(someRows, someCosts, fc.nat(8), (rows, costs, mostReviews) => {
      const reviewsAt = (capacityPrice: number) =>
        Array.from(rows.probabilities, (probability, row) =>
          cheapestOutcome({ ...costs, capacityPrice }, probability, rows.amounts[row]),
        ).filter((outcome) => outcome === 'review').length
      const price = priceReviews(rows, costs)(mostReviews)
      assert.ok(reviewsAt(price) <= mostReviews)
      if (price > 0) assert.ok(reviewsAt(price * (1 - 3e-5)) > mostReviews)
    }),
    { numRuns: 400 },
  )
})

test('segments share the places for reviews to within a hundredth of the best division', () => {
  const costs: Costs = {
    missedFraud: { share: 1, fixed: 15 },
    wrongDecline: { share: 0.1, fixed: 5 },
    review: { cost: 3, finds: 0.9 },
  }
  for (const seed of [1, 2, 3]) {
    const segments = [200, 300].map((count, segment) => skewedRows(count, seed + 10 * segment))
    for (const mostReviews of [0, 5, 20, 80]) {
      const chosen = searchSegments(segments, costs)(mostReviews)
      const cost = chosen.reduce((sum, each) => sum + each.cost, 0)
      assert.ok(chosen.reduce((sum, each) => sum + each.reviews, 0) <= mostReviews)
      const [one, other] = segments.map((rows) => searchThresholds(rows, costs))
      const divisions = Array.from(
        { length: mostReviews + 1 },
        (_, places) => one(places).cost + other(mostReviews - places).cost,
      )
      assert.ok(cost <= 1.01 * Math.min(...divisions), `${cost} against ${Math.min(...divisions)}`)
    }
  }
})

/** Most are hardly suspicious, as transactions are. */
function skewedRows(count: number, seed: number): PricedRows {
  const random = createRandom(seed)
  return {
    probabilities: Float64Array.from({ length: count }, () => random.uniform() ** 4),
    amounts: Float64Array.from({ length: count }, () => Math.round(100 * Math.exp(5 * random.uniform())) / 100),
  }
}
