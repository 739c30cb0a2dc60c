import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createExplainer } from '../explanation.ts'
import { createTreeEnsemble } from '../trees/tree-ensemble.ts'
import { type ForeignNode, layOutTrees } from './tree-layout.ts'

const invalid = (reason: string) => new Error(reason)
const leaf = (value: number): ForeignNode => ({ value, cover: 1 })
const split = (left: number, right: number): ForeignNode => ({
  ...{ feature: 0, threshold: 0.5, missingGoesLeft: false, cover: 2 },
  ...{ left, right },
})

/** A tree whose every right child splits again. */
function chain(depth: number): ForeignNode[] {
  const nodes = Array.from({ length: depth }, (_, i) => [split(2 * i + 1, 2 * i + 2), leaf(i)]).flat()
  return [...nodes, leaf(depth)]
}

test('nodes that nothing leads to are left out where the library prunes, and damage elsewhere', () => {
  const nodes = [split(3, 1), leaf(1), leaf(9), leaf(0)]
  const { feature, value } = layOutTrees([{ nodes, isPruned: true }, { nodes: [leaf(5)] }], invalid)
  assert.deepEqual(
    [[...feature], [...value]],
    [
      [0, -1, -1, -1],
      [0, 0, 1, 5],
    ],
  )
  assert.throws(() => layOutTrees([{ nodes }], invalid), /tree 0 has nodes that can't be reached/)
})

test('a node that two lead to, or that leads back, is damage', () => {
  for (const nodes of [
    [split(1, 1), leaf(0), leaf(0)],
    [split(1, 0), leaf(0)],
    [split(1, 2), split(3, 4), split(3, 4), leaf(0), leaf(1)],
  ]) {
    assert.throws(() => layOutTrees([{ nodes, isPruned: true }], invalid), /do not form a tree/)
  }
  for (const child of [7, -1, 0.5]) {
    assert.throws(() => layOutTrees([{ nodes: [split(1, child), leaf(0)], isPruned: true }], invalid), /no node/)
  }
})

test('a tree of depth 1,000 is explained, a deeper one refused', () => {
  const nodes = layOutTrees([{ nodes: chain(1000) }], invalid)
  const explainer = createExplainer(createTreeEnsemble(['x'], nodes)) ?? assert.fail()
  const { base, contributions } = explainer.explain(Float64Array.of(1))
  assert.ok(Math.abs(base + contributions[0] - 1000) < 1e-6)
  assert.throws(() => layOutTrees([{ nodes: chain(1001) }], invalid), {
    code: 'MODEL_UNSUPPORTED',
    message: /tree 0 is deeper than 1000/,
  })
})
