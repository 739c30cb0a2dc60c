import { type CategorySplits, isInSet } from './category-sets.ts'

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

/** So many nodes are gone through in a step. */
export const nodesAtOnce = 4096

/** What follows a tree down, explanations above all, must not run out of stack. */
export const mostDepth = 1000

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
