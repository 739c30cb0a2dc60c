import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { randomForest, sumTreeByTree } from '../../../test/random-trees.ts'
import { createRandom } from '../../core/random.ts'
import { walkRows } from './walk-rows.ts'

const pool = [-Infinity, -1, -0, 0, 1, 2, Infinity]

function drawRows(count: number, width: number): Float64Array {
  const random = createRandom(7)
  const values = [...pool, 0.5, Number.NaN]
  return Float64Array.from({ length: count * width }, () => values[random.integer(values.length)])
}

describe('many rows that walk through a forest', () => {
  for (const [rows, width] of [
    [20_001, 4],
    [9, 20_000],
    [0, 3],
  ]) {
    test(`reach the leaves that each reaches alone: ${rows} rows of ${width} values`, () => {
      const nodes = randomForest(4, 7, width, 3, pool)
      // A threshold that is none sends every value but a missing one to the right.
      nodes.threshold[nodes.roots[1]] = Number.NaN
      const given = drawRows(rows, width)
      const expected = Array.from({ length: rows }, (_, i) => {
        return sumTreeByTree(nodes, given.subarray(i * width, (i + 1) * width))
      })
      assert.deepEqual([...walkRows(nodes, width)(given)], expected)
      const categories = { setAt: new Int32Array(nodes.feature.length).fill(-1), sets: new Int32Array(0) }
      assert.deepEqual([...walkRows({ ...nodes, categories }, width)(given)], expected)
    })
  }
})
