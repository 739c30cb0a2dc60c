import { FraudError } from '../../core/errors.ts'
import { type CategoryReading, createSet } from '../trees/category-sets.ts'
import { createNodes, mostDepth, type TreeNodes } from '../trees/tree-nodes.ts'

/** A tree as libraries keep it: children anywhere. */
export interface ForeignTree {
  /** The root first. */
  readonly nodes: readonly ForeignNode[]
  /** Whether pruning may have left nodes behind that nothing leads to any more. */
  readonly isPruned?: boolean
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
 * @param reading how the library reads numbers as categories.
 * @param invalid makes the error for a tree that is none.
 * @throws FraudError MODEL_UNSUPPORTED for a tree that is too deep.
 */
export function layOutTrees(
  trees: readonly ForeignTree[],
  invalid: (reason: string) => Error,
  reading?: CategoryReading,
): TreeNodes {
  const orders = trees.map((tree, number) => orderOf(tree, number, invalid))
  const size = orders.reduce((sum, order) => sum + order.length, 0)
  const laidOut = createNodes(trees.length, size)
  const setAt = new Int32Array(size).fill(-1)
  const sets: number[] = []
  let to = 0
  trees.forEach(({ nodes }, tree) => {
    const root = to
    laidOut.roots[tree] = root
    let children = root + 1
    for (const from of orders[tree]) {
      const node = nodes[from]
      laidOut.cover[to] = node.cover
      if ('value' in node) laidOut.value[to] = node.value
      else {
        laidOut.feature[to] = node.feature
        laidOut.threshold[to] = node.threshold
        if (node.categories !== undefined) {
          setAt[to] = sets.length
          for (const word of createSet(node.categories, reading)) sets.push(word)
        }
        laidOut.missingGoesLeft[to] = Number(node.missingGoesLeft)
        laidOut.left[to] = children
        children += 2
      }
      to++
    }
  })
  return sets.length === 0 ? laidOut : { ...laidOut, categories: { setAt, sets: Int32Array.from(sets) } }
}

/** A tree's nodes level by level: those that the root leads to. */
function orderOf({ nodes, isPruned }: ForeignTree, tree: number, invalid: (reason: string) => Error): number[] {
  const order: number[] = []
  const isMet = new Uint8Array(nodes.length)
  let level = [0]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > mostDepth) {
      throw new FraudError('MODEL_UNSUPPORTED', `This model can't be used: tree ${tree} is deeper than ${mostDepth}`)
    }
    const next: number[] = []
    for (const place of level) {
      const node = nodes[place]
      if (node === undefined) throw invalid(`tree ${tree} has no node ${place}`)
      if (isMet[place]) throw invalid(`the nodes of tree ${tree} do not form a tree`)
      isMet[place] = 1
      order.push(place)
      if (!('value' in node)) next.push(node.left, node.right)
    }
    level = next
  }
  if (order.length < nodes.length && !isPruned) throw invalid(`tree ${tree} has nodes that can't be reached`)
  return order
}
