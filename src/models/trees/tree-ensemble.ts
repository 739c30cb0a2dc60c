import { atOnce, type Steps } from '../../core/time-slices.ts'
import { probabilityOf } from '../log-odds.ts'
import type { Model } from '../model.ts'
import { type CompiledForest, compileForest } from './compiled-forest.ts'
import { compilePackedForest } from './packed-forest.ts'
import { findLeaf, type TreeNodes } from './tree-nodes.ts'

/**
 * What the leaves that a row reaches make. A forest's mean is the probability; boosted trees' sum and base are its
 * log-odds; an isolation forest's mean is a depth, and the score 2^(-depth / usual depth).
 */
export type Combination =
  | { readonly kind: 'mean' }
  | { readonly kind: 'log-odds'; readonly base: number }
  | { readonly kind: 'isolation'; readonly usualDepth: number }

export interface TreeEnsemble extends Model {
  readonly kind: 'tree-ensemble'
  readonly nodes: TreeNodes
  readonly combination: Combination
}

export function createTreeEnsemble(
  features: readonly string[],
  nodes: TreeNodes,
  combination: Combination = { kind: 'mean' },
): TreeEnsemble {
  const { roots, value } = nodes
  const toProbability = combine(combination, roots.length)
  // Made at the first row by those who were not prepared, so that a bundle is loaded at once. Undefined where it can't be.
  let compiled: CompiledForest | undefined | null = null
  const walkTrees = (row: Float64Array) => {
    let sum = 0
    for (let tree = 0; tree < roots.length; tree++) sum += value[findLeaf(nodes, roots[tree], row)]
    return sum
  }
  function* compile(): Steps {
    const isLarge = nodes.feature.length > mostNodesAtHand
    const made = yield* (isLarge ? compilePackedForest : compileForest)(nodes, features.length)
    compiled ??= made
  }
  const predictProba = (row: Float64Array) => {
    if (compiled === null) atOnce(compile())
    return toProbability((compiled ?? walkTrees)(row))
  }
  return {
    kind: 'tree-ensemble',
    features,
    nodes,
    combination,
    *makeReady() {
      if (compiled === null) yield* compile()
    },
    predictProba,
    predictProbaOfRows(rows) {
      const width = features.length
      if (nodes.feature.length > mostNodesAtHand) return sumsOfTrees(nodes, rows, width).map(toProbability)
      const answers = new Float64Array(rows.length / width)
      return answers.map((_, row) => predictProba(rows.subarray(row * width, (row + 1) * width)))
    },
  }
}

function combine(combination: Combination, trees: number): (sum: number) => number {
  switch (combination.kind) {
    case 'mean':
      return (sum) => sum / trees
    case 'log-odds':
      return (sum) => probabilityOf(combination.base + sum)
    case 'isolation':
      return (sum) => 2 ** (-sum / trees / combination.usualDepth)
  }
}

/** Nodes that stay in the processor's cache, so that row by row is twice as fast as tree by tree. */
const mostNodesAtHand = 250_000

/** So many rows go through one tree before the next: that tree and they then stay in the processor's cache. */
const rowsAtOnce = 2048

/** Each row's sum of the leaves that it reaches, tree by tree: for forests that are too large to be walked row by row. */
export function sumsOfTrees(nodes: TreeNodes, rows: Float64Array, width: number): Float64Array {
  const sums = new Float64Array(rows.length / width)
  for (let from = 0; from < sums.length; from += rowsAtOnce) {
    const to = Math.min(from + rowsAtOnce, sums.length)
    for (const root of nodes.roots) addLeaves(nodes, root, rows, width, from, to, sums)
  }
  return sums
}

/** Walks four rows side by side: while one waits for memory the others go on. */
function addLeaves(
  nodes: TreeNodes,
  root: number,
  rows: Float64Array,
  width: number,
  from: number,
  to: number,
  sums: Float64Array,
): void {
  const { feature, value, categories } = nodes
  let row = from
  for (; categories === undefined && row + 3 < to; row += 4) {
    const a = row * width
    const b = a + width
    const c = b + width
    const d = c + width
    let [nodeA, nodeB, nodeC, nodeD] = [root, root, root, root]
    while (feature[nodeA] >= 0 && feature[nodeB] >= 0 && feature[nodeC] >= 0 && feature[nodeD] >= 0) {
      nodeA = childOf(nodes, nodeA, rows, a)
      nodeB = childOf(nodes, nodeB, rows, b)
      nodeC = childOf(nodes, nodeC, rows, c)
      nodeD = childOf(nodes, nodeD, rows, d)
    }
    sums[row] += value[findLeaf(nodes, nodeA, rows, a)]
    sums[row + 1] += value[findLeaf(nodes, nodeB, rows, b)]
    sums[row + 2] += value[findLeaf(nodes, nodeC, rows, c)]
    sums[row + 3] += value[findLeaf(nodes, nodeD, rows, d)]
  }
  for (; row < to; row++) sums[row] += value[findLeaf(nodes, root, rows, row * width)]
}

/** Where a row, which begins at `start`, goes from a node's threshold: in arithmetic, since half of all branches surprise. */
function childOf(
  { feature, threshold, left, missingGoesLeft }: TreeNodes,
  node: number,
  rows: Float64Array,
  start: number,
): number {
  const x = rows[start + feature[node]]
  const isMissing = Number(Number.isNaN(x))
  return left[node] + (Number(x > threshold[node]) | (isMissing & (missingGoesLeft[node] ^ 1)))
}
