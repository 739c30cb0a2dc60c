import { createSet } from '../category-sets.ts'
import { createNodes, type TreeNodes } from '../tree-ensemble.ts'

/** A tree as libraries keep it: children anywhere. */
export interface ForeignTree {
  /** The root first. */
  readonly nodes: readonly ForeignNode[]
}

export type ForeignNode =
  | {
      readonly feature: number
      /** Rows whose value is at most this go left; NaN where the node splits on categories. */
      readonly threshold: number
      /** The categories that go left. */
      readonly categories?: readonly number[]
      readonly missingGoesLeft: boolean
      readonly left: number
      readonly right: number
      readonly cover: number
    }
  | { readonly value: number; readonly cover: number }

/**
 * The trees in our arrays: siblings side by side, behind their parents.
 *
 * @param invalid makes the error for a tree that is none.
 */
export function layOutTrees(trees: readonly ForeignTree[], invalid: (reason: string) => Error): TreeNodes {
  const size = trees.reduce((sum, { nodes }) => sum + nodes.length, 0)
  const laidOut = createNodes(trees.length, size)
  const setAt = new Int32Array(size).fill(-1)
  const sets: number[] = []
  let next = 0
  trees.forEach(({ nodes }, tree) => {
    laidOut.roots[tree] = next
    const end = next + nodes.length
    const open = [{ from: 0, to: next++ }]
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const node = nodes[place.from]
      if (node === undefined) throw invalid(`tree ${tree} has no node ${place.from}`)
      laidOut.cover[place.to] = node.cover
      if ('value' in node) {
        laidOut.value[place.to] = node.value
        continue
      }
      // A node that is met twice would make the tree longer than it is.
      if (next + 2 > end) throw invalid(`the nodes of tree ${tree} are no tree`)
      laidOut.feature[place.to] = node.feature
      laidOut.threshold[place.to] = node.threshold
      if (node.categories !== undefined) {
        setAt[place.to] = sets.length
        sets.push(...createSet(node.categories))
      }
      laidOut.missingGoesLeft[place.to] = Number(node.missingGoesLeft)
      laidOut.left[place.to] = next
      open.push({ from: node.left, to: next }, { from: node.right, to: next + 1 })
      next += 2
    }
    if (next !== end) throw invalid(`tree ${tree} has nodes that nothing leads to`)
  })
  return sets.length === 0 ? laidOut : { ...laidOut, categories: { setAt, sets: Int32Array.from(sets) } }
}
