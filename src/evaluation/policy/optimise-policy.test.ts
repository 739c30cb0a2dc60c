import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../core/random.ts'
import { optimisePolicy } from './optimise-policy.ts'

const costs = {
  missedFraud: { share: 1, fixed: 10 },
  wrongDecline: { fixed: 10 },
  review: { cost: 3, finds: 0.9 },
}

/** A thousand rows over ten days whose labels are drawn by their probabilities, or by a part of them. */
function stakesOf(seed: number, part: number) {
  const random = createRandom(seed)
  const count = 1000
  const probabilities = Float64Array.from({ length: count }, () => random.uniform() ** 4)
  const labels = Uint8Array.from(probabilities, (probability) => (random.uniform() < part * probability ? 1 : 0))
  const found = optimisePolicy({
    ...{ probabilities, labels, costs, seed: 1 },
    amounts: Float64Array.from({ length: count }, () => 100 * random.uniform()),
    days: { count: 10, dayOf: Int32Array.from({ length: count }, (_, row) => Math.floor(row / 100)) },
    current: Array.from({ length: count }, () => 'approve' as const),
    segmentOf: new Uint8Array(count),
    segmentNames: ['all'],
  })
  return found.stakes ?? assert.fail('some rows are reviewed')
}

test('probabilities that are right are told to be off one time in twenty, and those that are not nearly always', () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed)
  const right = seeds.map((seed) => stakesOf(seed, 1))
  const off = right.filter(({ isOff }) => isOff).length
  assert.ok(off >= 2 && off <= 20, `${off} of 200`)
  assert.ok(right.every(({ rows, expected, frauds }) => rows > 100 && expected < rows && frauds < rows))
  assert.ok(seeds.every((seed) => stakesOf(seed, 0.5).isOff))
})

test('a row of weight three is as three equal rows', () => {
  const random = createRandom(5)
  const rows = Array.from({ length: 300 }, (_, i) => ({
    ...{ probability: random.uniform() ** 3, amount: Math.round(100 * random.uniform()), weight: 1 + (i % 3) },
    ...{ label: Number(random.uniform() < 0.2), day: Math.floor(i / 30), segment: i % 2 },
  }))
  const optimise = (given: typeof rows, isWeighed: boolean) => {
    const found = optimisePolicy({
      ...{ seed: 1, costs: { ...costs, review: { ...costs.review, perDay: 4 } }, segmentNames: ['one', 'other'] },
      probabilities: Float64Array.from(given, ({ probability }) => probability),
      amounts: Float64Array.from(given, ({ amount }) => amount),
      labels: Uint8Array.from(given, ({ label }) => label),
      segmentOf: Uint8Array.from(given, ({ segment }) => segment),
      days: { count: 10, dayOf: Int32Array.from(given, ({ day }) => day) },
      current: given.map(({ probability }) => (probability > 0.5 ? 'decline' : 'approve')),
      ...(isWeighed && { weights: Float64Array.from(given, ({ weight }) => weight) }),
    })
    const { rows: counted, frauds, weighted = { rows: counted, frauds }, ...told } = found
    return { ...told, weighted }
  }
  const repeated = rows.flatMap((row) => Array.from({ length: row.weight }, () => row))
  const tidy = (told: object) =>
    JSON.parse(JSON.stringify(told), (_, value) => (typeof value === 'number' ? Number(value.toPrecision(9)) : value))
  assert.deepEqual(tidy(optimise(rows, true)), tidy(optimise(repeated, false)))
})

test('the price of a place that an earlier search wrote into the costs changes nothing', () => {
  const random = createRandom(9)
  const count = 400
  const probabilities = Float64Array.from({ length: count }, () => random.uniform() ** 3)
  const input = {
    ...{ probabilities, seed: 1, segmentNames: ['all'], segmentOf: new Uint8Array(count) },
    amounts: Float64Array.from({ length: count }, () => 100 * random.uniform()),
    labels: Uint8Array.from(probabilities, (probability) => Number(random.uniform() < probability)),
    days: { count: 10, dayOf: Int32Array.from({ length: count }, (_, row) => Math.floor(row / 40)) },
    current: Array.from(probabilities, (probability) =>
      probability > 0.2 ? ('review' as const) : ('approve' as const),
    ),
  }
  const limited = { ...costs, review: { ...costs.review, perDay: 3 } }
  const found = optimisePolicy({ ...input, costs: limited })
  const { capacityPrice } = found.byCosts
  assert.ok(capacityPrice > 1)
  assert.deepEqual(optimisePolicy({ ...input, costs: { ...limited, capacityPrice } }), found)
})
