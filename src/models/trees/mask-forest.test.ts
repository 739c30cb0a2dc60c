import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { randomForest, sumTreeByTree } from '../../../test/random-trees.ts'
import { atOnce } from '../../core/time-slices.ts'
import { compileMasks } from './mask-forest.ts'
import type { TreeNodes } from './tree-nodes.ts'

/** One tree that is a chain of splits of one feature: as many leaves as wanted, each at its own whole number. */
function chain(leaves: number, isLeft: boolean): TreeNodes {
  const size = 2 * leaves - 1
  const feature = new Int32Array(size).fill(-1)
  const threshold = new Float64Array(size)
  const left = new Int32Array(size)
  let node = 0
  for (let split = 0; split < leaves - 1; split++) {
    feature[node] = 0
    threshold[node] = isLeft ? leaves - split : split
    left[node] = 2 * split + 1
    node = left[node] + (isLeft ? 0 : 1)
  }
  const value = Float64Array.from(feature, (_, i) => 1 / (i + 1))
  const missingGoesLeft = Uint8Array.from(feature, (_, i) => i % 2)
  return { roots: Int32Array.of(0), feature, threshold, left, missingGoesLeft, value, cover: new Float64Array(size) }
}

const special = [-Infinity, Infinity, 0, -0, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 1e-9, 1, 2, 3]
const pool = [...Array.from({ length: 300 }, (_, i) => i / 7), ...special]
const number = fc.oneof(fc.constantFrom(...pool), fc.double({ noNaN: true }), fc.constant(Number.NaN))

describe('a forest as masks', () => {
  test('gives the same sum, to the last bit, as walking tree by tree', () => {
    for (const features of [1, 2, 3, 31]) {
      const row = fc.array(number, { minLength: features, maxLength: features })
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 45 }),
          fc.integer({ min: 0, max: 5 }),
          fc.nat(1000),
          fc.array(row, { minLength: 1, maxLength: 10 }),
          (trees, depth, seed, rows) => {
            const nodes = randomForest(trees, depth, features, seed, pool)
            const sum = atOnce(compileMasks(nodes, features)) ?? assert.fail()
            for (const values of rows) {
              const given = Float64Array.from(values)
              assert.equal(sum(given), sumTreeByTree(nodes, given))
            }
          },
        ),
        { numRuns: 60 },
      )
    }
  })

  test('takes trees of 32 leaves, however deep, and no larger ones', () => {
    for (const isLeft of [false, true]) {
      const nodes = chain(32, isLeft)
      const sum = atOnce(compileMasks(nodes, 1)) ?? assert.fail()
      for (const x of [...Array.from({ length: 40 }, (_, i) => i - 2), 7.5, Number.NaN]) {
        assert.equal(sum(Float64Array.of(x)), sumTreeByTree(nodes, Float64Array.of(x)), `${x}`)
      }
      assert.equal(atOnce(compileMasks(chain(33, isLeft), 1)), undefined)
      assert.equal(atOnce(compileMasks(chain(100_000, isLeft), 1)), undefined)
    }
  })

  test('leaves alone what splits at no number, and what would take too much memory', () => {
    const nodes = chain(3, true)
    assert.equal(atOnce(compileMasks({ ...nodes, threshold: nodes.threshold.map(() => Number.NaN) }, 1)), undefined)
    const many = randomForest(
      2000,
      5,
      3,
      1,
      Array.from({ length: 3000 }, (_, i) => i),
    )
    assert.equal(atOnce(compileMasks(many, 3)), undefined)
  })
})
