import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { randomForest, sumTreeByTree } from '../../../test/random-trees.ts'
import { atOnce } from '../../core/time-slices.ts'
import { compileForest } from './compiled-forest.ts'
import { createTreeEnsemble, sumsOfTrees } from './tree-ensemble.ts'

const special = [-Infinity, Infinity, 0, -0, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 1e-9, 1, 2, 3]
const pool = [...Array.from({ length: 300 }, (_, i) => i / 7), ...special]
const number = fc.oneof(fc.constantFrom(...pool), fc.double({ noNaN: true }))

describe('a compiled forest', () => {
  // Of 3 features a node is one word of fixed bits, of 70 one whose bits are shared out; with a missing input it is two words.
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
            const sum = atOnce(compileForest(nodes, features))
            assert.ok(sum)
            for (const values of rows) {
              const given = Float64Array.from(values)
              assert.equal(sum(given), sumTreeByTree(nodes, given))
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
          [...sumsOfTrees(nodes, all, 3)],
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
    const sum = atOnce(compileForest(nodes, 1))
    for (const x of [-1, 0, 1, 1.5, 2, 3, 1e6, Number.NaN]) {
      const row = Float64Array.of(x)
      assert.equal(sum?.(row), sumTreeByTree(nodes, row))
    }
  })

  test('is given up where a node does not fit into 64 bits', () => {
    assert.equal(atOnce(compileForest(randomForest(1, 3, 2049, 1, pool), 2049)), undefined)
    assert.ok(atOnce(compileForest(randomForest(1, 3, 2048, 1, pool), 2048)))
  })
})
