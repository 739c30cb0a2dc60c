import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { permutationImportance } from './permutation-importance.ts'

function tableOf(length: number) {
  const random = createRandom(1)
  const labels = Uint8Array.from({ length }, (_, row) => (row % 20 === 0 ? 1 : 0))
  const useful = Float64Array.from(labels, (label) => label * 3 + random.normal())
  const ignored = Float64Array.from(labels, () => random.normal())
  const scored: number[] = []
  const score = (rows: Float64Array) => {
    scored.push(rows.length / 2)
    return Float64Array.from({ length: rows.length / 2 }, (_, i) => 1 / (1 + Math.exp(-rows[2 * i + 1])))
  }
  return { columns: [ignored, useful], labels, score, seed: 2, scored }
}

test('a feature that the score uses is missed when shuffled, one that it ignores is not', async () => {
  const input = tableOf(4000)
  const [first, second] = await permutationImportance(input)
  assert.ok(second !== undefined)
  assert.deepEqual(first, { mean: 0, standardDeviation: 0 })
  assert.ok(second.mean > 0.5, `${second.mean}`)
  assert.deepEqual(await permutationImportance(input), [first, second])
  const many = tableOf(12_000)
  const [, sampled] = await permutationImportance(many)
  assert.ok(sampled !== undefined)
  assert.ok(many.scored.every((rows) => rows === 600 + 4000))
  assert.ok(Math.abs(sampled.mean - second.mean) < 0.15, `${sampled.mean} on a sample, ${second.mean} on all`)
})

test('a feature that no score rests on is not shuffled, with the same result', async () => {
  const input = tableOf(1000)
  const all = await permutationImportance(input)
  const before = input.scored.length
  assert.deepEqual(await permutationImportance({ ...input, used: new Set([1]) }), all)
  assert.equal(input.scored.length - before, before - 3)
})

test('of more features than are worth the time, the fifty with the highest hints are shuffled, with the same result', async () => {
  const random = createRandom(3)
  const labels = Uint8Array.from({ length: 600 }, (_, row) => (row % 10 === 0 ? 1 : 0))
  const columns = Array.from({ length: 120 }, () => Float64Array.from(labels, (label) => label + random.normal()))
  const score = (rows: Float64Array) =>
    Float64Array.from({ length: rows.length / 120 }, (_, i) => rows[120 * i + 70] + rows[120 * i + 100])
  const hints = columns.map((_, feature) => (feature === 70 || feature === 100 ? 1 : 0.01))
  const progress: number[] = []
  const onProgress = (done: number, total: number) => void progress.push(done, total)
  const some = await permutationImportance({ columns, labels, score, seed: 1, hints, onProgress })
  assert.deepEqual(
    some.flatMap((each, feature) => (each === undefined ? [] : [feature])),
    [...columns.keys()].filter((feature) => feature < 48 || feature === 70 || feature === 100),
  )
  assert.deepEqual(
    [progress.slice(0, 4), progress.slice(-2)],
    [
      [1, 50, 2, 50],
      [50, 50],
    ],
  )
  const all = await permutationImportance({ columns, labels, score, seed: 1 })
  assert.deepEqual([some[0], some[70], some[100]], [all[0], all[70], all[100]])
})
