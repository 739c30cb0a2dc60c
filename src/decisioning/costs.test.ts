import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../core/random.ts'
import { outcomes } from '../detector/detector-schema.ts'
import { type Costs, cheapestOutcome, costsSchema, expectedCost, needAmount, opinionByCosts } from './costs.ts'

const costs: Costs = {
  missedFraud: { share: 1, fixed: 20 },
  wrongDecline: { share: 0.03, fixed: 5 },
  review: { cost: 4, finds: 0.9, perDay: 200 },
  challenge: { cost: 0.1, honestLeave: 0.1, stops: 0.7 },
  capacityPrice: 1,
}

test('expected costs are the means of what each case costs', () => {
  // Each payment by itself: is it fraud, do people find it, does the honest customer leave, is the fraud stopped?
  const random = createRandom(7)
  const [probability, amount, draws] = [0.3, 80, 200_000]
  const sums = { approve: 0, challenge: 0, review: 0, decline: 0 }
  for (let i = 0; i < draws; i++) {
    const isFraud = random.uniform() < probability
    const missed = 80 + 20
    const declined = 0.03 * 80 + 5
    sums.approve += isFraud ? missed : 0
    sums.decline += isFraud ? 0 : declined
    sums.review += 4 + 1 + (isFraud && random.uniform() >= 0.9 ? missed : 0)
    const leavesOrPasses = isFraud ? (random.uniform() >= 0.7 ? missed : 0) : random.uniform() < 0.1 ? declined : 0
    sums.challenge += 0.1 + leavesOrPasses
  }
  for (const outcome of outcomes) {
    const mean = sums[outcome] / draws
    const expected = expectedCost(costs, outcome, probability, amount)
    assert.ok(Math.abs(mean - expected) < 0.02 * expected + 0.05, `${outcome}: ${mean} is not ${expected}`)
  }
})

const part = fc.double({ min: 0, max: 1, noNaN: true })
const price = fc.double({ min: 0, max: 100, noNaN: true })
const amountCost = fc.record({ share: part, fixed: price }, { requiredKeys: [] })
const anyCosts = fc.record(
  {
    missedFraud: amountCost,
    wrongDecline: amountCost,
    review: fc.record({ cost: price, finds: part }),
    challenge: fc.record({ cost: price, honestLeave: part, stops: part }),
    capacityPrice: price,
  },
  { requiredKeys: ['missedFraud', 'wrongDecline'] },
)

test('the outcome is the one of least expected cost, of equal ones the mildest', () => {
  const property = fc.property(anyCosts, part, fc.double({ min: -50, max: 5000, noNaN: true }), (given, p, amount) => {
    const priced = outcomes.map((outcome) => ({ outcome, cost: expectedCost(given, outcome, p, amount) }))
    const [cheapest] = priced.toSorted((one, other) => (one.cost < other.cost ? -1 : one.cost > other.cost ? 1 : 0))
    assert.equal(cheapestOutcome(given, p, amount), cheapest.outcome)
    assert.equal(opinionByCosts(given, p, amount)?.outcome ?? 'approve', cheapest.outcome)
    assert.ok(costsSchema.safeParse(given).success)
  })
  fc.assert(property, { numRuns: 1000 })
})

test('nothing is reviewed or challenged where that has no costs', () => {
  const without: Costs = { missedFraud: { fixed: 100 }, wrongDecline: { fixed: 10 } }
  const found = [0, 0.05, 0.09, 0.1, 0.5, 1].map((probability) => cheapestOutcome(without, probability, 0))
  assert.deepEqual(found, ['approve', 'approve', 'approve', 'decline', 'decline', 'decline'])
})

test('an amount that is not known gives no outcome where it counts', () => {
  assert.equal(needAmount(costs), true)
  assert.equal(cheapestOutcome(costs, 0.5, Number.NaN), undefined)
  const fixed: Costs = { missedFraud: { fixed: 100 }, wrongDecline: { fixed: 10 } }
  assert.equal(needAmount(fixed), false)
  assert.equal(cheapestOutcome(fixed, 0.5, Number.NaN), 'decline')
  const halfKnown: Costs = { missedFraud: { fixed: 100 }, wrongDecline: { share: 1 } }
  assert.equal(cheapestOutcome(halfKnown, 0.5, Number.NaN), undefined)
})

test('a dearer review goes to fewer, and says why in money', () => {
  assert.equal(cheapestOutcome(costs, 0.06, 300), 'review')
  assert.equal(cheapestOutcome({ ...costs, capacityPrice: 2 }, 0.06, 300), 'challenge')
  assert.equal(cheapestOutcome({ ...costs, challenge: undefined, capacityPrice: 20 }, 0.03, 300), 'approve')
  assert.deepEqual(opinionByCosts(costs, 0.9, 100), {
    source: 'cost',
    id: 'decline',
    outcome: 'decline',
    strength: 'plain',
    reason: { code: 'least_cost_decline', text: 'To decline is expected to cost 0.80, and to approve 108.00' },
  })
})
