import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { randomForest, sumTreeByTree } from '../../../test/random-trees.ts'
import { atOnce } from '../../core/time-slices.ts'
import { compileForest } from './compiled-forest.ts'
import { chooseTops, maskRowBytes, maskRows, passingWeights } from './forest-tops.ts'
import { compilePackedForest } from './packed-forest.ts'
import { createTreeEnsemble } from './tree-ensemble.ts'
import type { TreeNodes } from './tree-nodes.ts'
import { walkRows } from './walk-rows.ts'

const special = [-Infinity, Infinity, 0, -0, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 1e-9, 1, 2, 3]
const pool = [...Array.from({ length: 300 }, (_, i) => i / 7), ...special]
const number = fc.oneof(fc.constantFrom(...pool), fc.double({ noNaN: true }))

describe('a compiled forest', () => {
  for (const features of [3, 70]) {
    test(`of ${features} features gives the same sum, to the last bit, as walking tree by tree`, () => {
      const row = fc.array(
        fc.oneof({ weight: 30, arbitrary: number }, { weight: 1, arbitrary: fc.constant(Number.NaN) }),
        {
          minLength: features,
          maxLength: features,
        },
      )
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: 0, max: 8 }),
          fc.integer({ min: 0, max: 1000 }),
          fc.array(row, { minLength: 1, maxLength: 20 }),
          (trees, depth, seed, rows) => {
            const nodes = randomForest(trees, depth, features, seed, pool)
            const sums = [compileForest, compilePackedForest].map((compile) => atOnce(compile(nodes, features)))
            for (const values of rows) {
              const given = Float64Array.from(values)
              const expected = sumTreeByTree(nodes, given)
              for (const sum of sums) assert.equal(sum?.(given), expected)
            }
          },
        ),
      )
    })
  }

  test('and many rows at once give the same answers, to the last bit, as rows one by one', () => {
    const rowOf = fc.array(fc.oneof(number, fc.constant(Number.NaN)), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(fc.nat(1000), fc.array(rowOf, { maxLength: 30 }), (seed, rows) => {
        const nodes = randomForest(5, 6, 3, seed, pool)
        const model = createTreeEnsemble(['a', 'b', 'c'], nodes)
        const all = Float64Array.from(rows.flat())
        const given = rows.map((row) => Float64Array.from(row))
        assert.deepEqual([...model.predictProbaOfRows(all)], given.map(model.predictProba))
        assert.deepEqual(
          [...walkRows(nodes, 3)(all)],
          given.map((row) => sumTreeByTree(nodes, row)),
        )
      }),
    )
  })

  test('may have children far from their parents', () => {
    // A long chain of heavy nodes stands between the root's light child and that child's own children.
    const length = 40_000
    const feature = [0, 0, 0, -1, -1]
    const left = [1, 5, 3, 0, 0]
    const cover = [100, 99, 1, 0.5, 0.5]
    for (let pair = 0; pair < length; pair++) {
      feature.push(pair + 1 < length ? 0 : -1, -1)
      left.push(feature.length, 0)
      cover.push(98, 1)
    }
    const nodes = {
      roots: Int32Array.of(0),
      feature: Int32Array.from(feature),
      threshold: Float64Array.from(feature, (_, node) => node),
      left: Int32Array.from(left),
      missingGoesLeft: new Uint8Array(feature.length),
      value: Float64Array.from(feature, (_, node) => node),
      cover: Float64Array.from(cover),
    }
    const sums = [compileForest, compilePackedForest].map((compile) => atOnce(compile(nodes, 1)))
    for (const x of [-1, 0, 1, 1.5, 2, 3, 1e6, Number.NaN]) {
      const row = Float64Array.of(x)
      for (const sum of sums) assert.equal(sum?.(row), sumTreeByTree(nodes, row))
    }
  })

  test('takes trees of any shape, those that just fit into a mask and larger ones', () => {
    for (const leaves of [1, 2, 16, 17, 32, 33, 100]) {
      for (const isLeft of [false, true]) {
        const nodes = chain(leaves, isLeft)
        const sum = atOnce(compileForest(nodes, 1)) ?? assert.fail()
        for (const x of [
          ...Array.from({ length: leaves + 8 }, (_, i) => i - 2),
          7.5,
          -Infinity,
          Infinity,
          Number.NaN,
        ]) {
          assert.equal(sum(Float64Array.of(x)), sumTreeByTree(nodes, Float64Array.of(x)), `${leaves} leaves, ${x}`)
        }
      }
    }
  })

  test('has smaller tops where the masks of larger ones would take too much memory', () => {
    const trees = 500
    const distinct = Array.from({ length: 50_000 }, (_, i) => i)
    const nodes = randomForest(trees, 7, 2, 1, distinct)
    const tops = atOnce(chooseTops(nodes, atOnce(passingWeights(nodes)), 2))
    assert.ok(tops.laneBits === 16 && tops.goesOn)
    assert.ok(maskRows(tops) * maskRowBytes(tops, trees) <= 8 * 2 ** 20)
    const sum = atOnce(compileForest(nodes, 2)) ?? assert.fail()
    for (let x = -1; x < 50_001; x += 997) {
      const row = Float64Array.of(x, 50_000 - x)
      assert.equal(sum(row), sumTreeByTree(nodes, row))
    }
  })

  test('does without the cover of nodes, which other packages may not tell', () => {
    const nodes = randomForest(7, 8, 3, 1, pool)
    const bare = { ...nodes, cover: new Float64Array(nodes.cover.length) }
    const sum = atOnce(compileForest(bare, 3)) ?? assert.fail()
    for (const x of pool) {
      const row = Float64Array.of(x, x / 2, 40 - x)
      assert.equal(sum(row), sumTreeByTree(nodes, row))
    }
  })

  test('is given up where a node has no room for the number of its feature', () => {
    assert.equal(atOnce(compileForest(randomForest(1, 3, 1, 1, pool), 65_537)), undefined)
  })
})

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
