import { probabilityOf } from '../log-odds.ts'
import type { Model } from '../model.ts'
import { type CategorySplits, isInSet } from './category-sets.ts'
import { type CompiledForest, compileForest } from './compiled-forest.ts'
import { compileMasks } from './mask-forest.ts'

/** The nodes of all trees of an ensemble as parallel arrays, one tree after another. */
export interface TreeNodes {
  /** The first node of each tree. */
  readonly roots: Int32Array
  /** -1 in a leaf. */
  readonly feature: Int32Array
  /** Rows whose value is at most this go left; NaN where a node splits on categories. */
  readonly threshold: Float64Array
  /** The left child; the right one stands behind it. */
  readonly left: Int32Array
  readonly missingGoesLeft: Uint8Array
  /** A leaf's answer: in a forest the share of frauds. */
  readonly value: Float64Array
  /** The weight of the training rows that came to the node, which explanations need. */
  readonly cover: Float64Array
  /** Only where some node splits on categories. */
  readonly categories?: CategorySplits
}

/** What follows a tree down, explanations above all, must not run out of stack. */
export const mostDepth = 1000

/** How many splits the deepest leaf is below its root; children come after their parents. */
export function depthOf({ feature, left }: TreeNodes): number {
  const depth = new Int32Array(feature.length)
  let most = 0
  for (let node = 0; node < depth.length; node++) {
    if (feature[node] < 0) continue
    const below = depth[node] + 1
    depth[left[node]] = Math.max(depth[left[node]], below)
    depth[left[node] + 1] = Math.max(depth[left[node] + 1], below)
    most = Math.max(most, below)
  }
  return most
}

/** Arrays to be filled: so many nodes of so many trees, all of them leaves that are worth 0. */
export function createNodes(trees: number, size: number): TreeNodes {
  return {
    roots: new Int32Array(trees),
    feature: new Int32Array(size).fill(-1),
    threshold: new Float64Array(size),
    left: new Int32Array(size),
    missingGoesLeft: new Uint8Array(size),
    value: new Float64Array(size),
    cover: new Float64Array(size),
  }
}

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

/** Whether a row with this value goes left from a node that splits. */
export function goesLeft(nodes: Omit<TreeNodes, 'roots'>, node: number, x: number): boolean {
  if (x <= nodes.threshold[node]) return true
  if (Number.isNaN(x)) return nodes.missingGoesLeft[node] === 1
  if (nodes.categories === undefined) return false
  const { setAt, sets } = nodes.categories
  return setAt[node] >= 0 && isInSet(sets, setAt[node], x)
}

/** The leaf that a row, which begins at `start`, reaches from a node, a tree's root usually. */
export function findLeaf(nodes: TreeNodes, root: number, row: Float64Array, start = 0): number {
  const { feature, left } = nodes
  let node = root
  let split = feature[node]
  while (split >= 0) {
    node = left[node] + (goesLeft(nodes, node, row[start + split]) ? 0 : 1)
    split = feature[node]
  }
  return node
}

export function createTreeEnsemble(
  features: readonly string[],
  nodes: TreeNodes,
  combination: Combination = { kind: 'mean' },
): TreeEnsemble {
  const { roots, value } = nodes
  const toProbability = combine(combination, roots.length)
  // Made at the first row, so that a bundle is loaded at once. Undefined where it can't be made.
  let compiled: CompiledForest | undefined | null = null
  const walkTrees = (row: Float64Array) => {
    let sum = 0
    for (let tree = 0; tree < roots.length; tree++) sum += value[findLeaf(nodes, roots[tree], row)]
    return sum
  }
  const predictProba = (row: Float64Array) => {
    if (compiled === null) compiled = compileMasks(nodes, features.length) ?? compileForest(nodes, features.length)
    return toProbability((compiled ?? walkTrees)(row))
  }
  return {
    kind: 'tree-ensemble',
    features,
    nodes,
    combination,
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
