import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { permutationImportance } from './permutation-importance.ts'

test('a feature that the score uses is missed when shuffled, one that it ignores is not', () => {
  const random = createRandom(1)
  const labels = Uint8Array.from({ length: 4000 }, (_, row) => (row % 20 === 0 ? 1 : 0))
  const useful = Float64Array.from(labels, (label) => label * 3 + random.normal())
  const ignored = Float64Array.from(labels, () => random.normal())
  const input = {
    columns: [ignored, useful],
    labels,
    score: (rows: Float64Array) =>
      Float64Array.from({ length: rows.length / 2 }, (_, i) => 1 / (1 + Math.exp(-rows[2 * i + 1]))),
    seed: 2,
  }
  const [first, second] = permutationImportance(input)
  assert.deepEqual(first, { mean: 0, standardDeviation: 0 })
  assert.ok(second.mean > 0.5, `${second.mean}`)
  assert.deepEqual(permutationImportance(input), [first, second])
  const [, sampled] = permutationImportance({ ...input, mostLegitimate: 1000 })
  assert.ok(Math.abs(sampled.mean - second.mean) < 0.15, `${sampled.mean} on a sample, ${second.mean} on all`)
})
