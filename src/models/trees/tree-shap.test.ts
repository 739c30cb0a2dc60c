import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../../test/examples.ts'
import { randomForest } from '../../../test/random-trees.ts'
import { goesLeft, type TreeNodes } from './tree-nodes.ts'
import { TreeShap } from './tree-shap.ts'

/**
 * The trees' mean sum where each feature is known with a chance of its own, by definition: a leaf counts by a factor for
 * each feature of its path, which is the share of the training rows there, and where it is known whether the row gets there.
 */
function meanAt(nodes: TreeNodes, row: Float64Array, chances: readonly number[]): number {
  const { roots, feature, left, value, cover } = nodes
  const walk = (node: number, shares: readonly number[], isTaken: readonly boolean[]): number => {
    const split = feature[node]
    if (split < 0) {
      return shares.reduce(
        (product, share, i) => product * (share + (Number(isTaken[i]) - share) * chances[i]),
        value[node],
      )
    }
    const isLeft = goesLeft(nodes, node, row[split])
    return [left[node], left[node] + 1].reduce((sum, child) => {
      const part = cover[node] > 0 ? cover[child] / cover[node] : 0
      const taken = isTaken[split] && isLeft === (child === left[node])
      return sum + walk(child, shares.with(split, shares[split] * part), isTaken.with(split, taken))
    }, 0)
  }
  const ones = chances.map(() => 1)
  const all = chances.map(() => true)
  return roots.reduce((sum, root) => sum + walk(root, ones, all), 0)
}

/** What a feature adds there: the mean is a straight line in the chance of each feature. */
function addedAt(nodes: TreeNodes, row: Float64Array, chances: readonly number[], feature: number): number {
  return meanAt(nodes, row, chances.with(feature, 1)) - meanAt(nodes, row, chances.with(feature, 0))
}

const near = (one: number, other: number) =>
  assert.ok(Math.abs(one - other) <= 1e-10 * Math.max(1, Math.abs(other)), `${one} ${other}`)

/** Some nodes split on the categories 1 and 3, and to some sides no training row came. */
function unusual(nodes: TreeNodes, seed: number): TreeNodes {
  const { feature, left, threshold, cover } = nodes
  const isOf = (node: number, kind: number) => feature[node] >= 0 && (node + seed) % 5 === kind
  return {
    ...nodes,
    threshold: threshold.map((each, node) => (isOf(node, 0) ? Number.NaN : each)),
    cover: cover.map((each, node) => (left.some((child, parent) => child === node && isOf(parent, 1)) ? 0 : each)),
    categories: { setAt: feature.map((_, node) => (isOf(node, 0) ? 0 : -1)), sets: Int32Array.of(1, 0b1010) },
  }
}

const features = 4
const value = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -1, max: 5 }) }, fc.constant(Number.NaN))
const given = fc.record({
  seed: fc.nat(10_000),
  trees: fc.integer({ min: 1, max: 4 }),
  depth: fc.integer({ min: 0, max: 6 }),
  isUnusual: fc.boolean(),
  rows: fc.array(fc.array(value, { minLength: features, maxLength: features }), { minLength: 1, maxLength: 3 }),
})

function treesOf({
  seed,
  trees,
  depth,
  isUnusual,
}: {
  seed: number
  trees: number
  depth: number
  isUnusual: boolean
}) {
  const nodes = randomForest(trees, depth, features, seed, [0, 1, 2, 3, 4])
  return isUnusual ? unusual(nodes, seed) : nodes
}

describe('what features add to a sum of trees', () => {
  test('along the path on which all become known is what it is by definition', () => {
    fc.assert(
      fc.property(given, ({ rows, ...shape }) => {
        const nodes = treesOf(shape)
        const shap = new TreeShap(nodes, features)
        for (const values of rows) {
          const row = Float64Array.from(values)
          const { points, means, added } = shap.along(row)
          for (const [at, point] of points.entries()) {
            const chances = new Array(features).fill(point)
            near(means[at], meanAt(nodes, row, chances))
            added[at].forEach((more, feature) => {
              near(more, addedAt(nodes, row, chances, feature))
            })
          }
        }
      }),
      { numRuns: examples(60) },
    )
  })

  test('is so for each choice of the pivots that are known, and they are the two that add most half-way', () => {
    fc.assert(
      fc.property(given, ({ rows, ...shape }) => {
        const nodes = treesOf(shape)
        const shap = new TreeShap(nodes, features)
        for (const values of rows) {
          const row = Float64Array.from(values)
          const { points, pivots, sides, answer } = shap.pivoted(row)
          near(answer, meanAt(nodes, row, new Array(features).fill(1)))
          const halfway = Array.from({ length: features }, (_, i) =>
            Math.abs(addedAt(nodes, row, new Array(features).fill(0.5), i)),
          )
          const others = halfway.filter((_, feature) => !pivots.includes(feature))
          for (const pivot of pivots) for (const other of others) assert.ok(halfway[pivot] > other - 1e-10)
          for (const [side, { means, added }] of sides.entries()) {
            for (const [at, point] of points.entries()) {
              const chances = Array.from({ length: features }, (_, feature) =>
                pivots.includes(feature) ? (side >> pivots.indexOf(feature)) & 1 : point,
              )
              near(means[at], meanAt(nodes, row, chances))
              added[at].forEach((more, feature) => {
                near(more, pivots.includes(feature) ? 0 : addedAt(nodes, row, chances, feature))
              })
            }
          }
        }
      }),
      { numRuns: examples(60) },
    )
  })
})
