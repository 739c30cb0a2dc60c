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
