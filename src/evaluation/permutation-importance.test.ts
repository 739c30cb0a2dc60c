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
  assert.ok(second !== undefined)
  assert.deepEqual(first, { mean: 0, standardDeviation: 0 })
  assert.ok(second.mean > 0.5, `${second.mean}`)
  assert.deepEqual(permutationImportance(input), [first, second])
  const [, sampled] = permutationImportance({ ...input, mostLegitimate: 1000 })
  assert.ok(sampled !== undefined)
  assert.ok(Math.abs(sampled.mean - second.mean) < 0.15, `${sampled.mean} on a sample, ${second.mean} on all`)
})

test('of more features than are worth the time, those with the highest hints are shuffled, with the same result', () => {
  const random = createRandom(3)
  const labels = Uint8Array.from({ length: 600 }, (_, row) => (row % 10 === 0 ? 1 : 0))
  const columns = Array.from({ length: 120 }, () => Float64Array.from(labels, (label) => label + random.normal()))
  const score = (rows: Float64Array) =>
    Float64Array.from({ length: rows.length / 120 }, (_, i) => rows[120 * i + 7] + rows[120 * i + 30])
  const hints = columns.map((_, feature) => (feature === 7 || feature === 30 ? 1 : 0.01))
  const progress: number[] = []
  const onProgress = (done: number, total: number) => void progress.push(done, total)
  const some = permutationImportance({ columns, labels, score, seed: 1, hints, mostFeatures: 3, onProgress })
  assert.deepEqual(
    some.flatMap((each, feature) => (each === undefined ? [] : [feature])),
    [0, 7, 30],
  )
  assert.deepEqual(progress, [1, 3, 2, 3, 3, 3])
  const all = permutationImportance({ columns, labels, score, seed: 1 })
  assert.deepEqual([some[0], some[7], some[30]], [all[0], all[7], all[30]])
})
