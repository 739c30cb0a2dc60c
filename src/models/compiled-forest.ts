import { createRanker } from './threshold-ranks.ts'
import type { TreeNodes } from './tree-ensemble.ts'

/** Walked side by side; a last group is filled up with trees of one leaf that is worth 0. */
const lanes = 4

// A node's word, from its lowest bits: 13 of rank, 6 of feature, 13 of distance to its children. Constants, because
// shifting by what is in a variable costs an eighth of the speed.
const rankMask = 0x1fff
const featureShift = 13
const featureMask = 0x3f
const offsetShift = 19
const offsetLimit = 2 ** 13

// A leaf has no distance to go and the highest rank, so that no row goes right.
const leaf = rankMask

/**
 * A forest made ready to score single rows fast: the sum over the trees of the leaf that the row reaches, in the order
 * of the trees, or NaN where an input is missing. Each input is turned once into its rank among the feature's
 * thresholds; a node is one 32-bit word (rank, feature, distance to its children); four trees are walked side by side
 * without a branch; and the nodes that legitimate rows visit most stand together.
 *
 * Undefined where a node does not fit into its word: then the trees have to be walked as they are.
 */
export function compileForest(nodes: TreeNodes, featureCount: number): ((row: Float64Array) => number) | undefined {
  const ranker = createRanker(nodes, featureCount)
  if (featureCount > featureMask + 1 || ranker.most >= leaf) return undefined
  const { positions, size } = layOut(nodes)
  const words = new Int32Array(size + 1).fill(leaf)
  const values = new Float64Array(size + 1)
  for (let node = 0; node < nodes.feature.length; node++) {
    const place = positions[node]
    values[place] = nodes.value[node]
    const feature = nodes.feature[node]
    if (feature < 0) continue
    const offset = positions[nodes.left[node]] - place
    if (offset >= offsetLimit) return undefined
    words[place] = ranker.rankOf(feature, nodes.threshold[node]) | (feature << featureShift) | (offset << offsetShift)
  }
  const starts = new Int32Array(Math.ceil(nodes.roots.length / lanes) * lanes).fill(size)
  nodes.roots.forEach((root, tree) => {
    starts[tree] = positions[root]
  })
  const { ranks } = ranker
  return (row) => (ranker.rank(row) ? walk(words, values, starts, ranks) : Number.NaN)
}

function walk(words: Int32Array, values: Float64Array, starts: Int32Array, ranks: Int32Array): number {
  let sum = 0
  for (let tree = 0; tree < starts.length; tree += lanes) {
    let a = starts[tree]
    let b = starts[tree + 1]
    let c = starts[tree + 2]
    let d = starts[tree + 3]
    for (;;) {
      const wordA = words[a]
      const wordB = words[b]
      const wordC = words[c]
      const wordD = words[d]
      if ((wordA | wordB | wordC | wordD) >>> offsetShift === 0) break
      // The sign of (the threshold's rank - the input's rank) is 1 where the row goes right, to the second child.
      a += (wordA >>> offsetShift) + (((wordA & rankMask) - ranks[(wordA >>> featureShift) & featureMask]) >>> 31)
      b += (wordB >>> offsetShift) + (((wordB & rankMask) - ranks[(wordB >>> featureShift) & featureMask]) >>> 31)
      c += (wordC >>> offsetShift) + (((wordC & rankMask) - ranks[(wordC >>> featureShift) & featureMask]) >>> 31)
      d += (wordD >>> offsetShift) + (((wordD & rankMask) - ranks[(wordD >>> featureShift) & featureMask]) >>> 31)
    }
    sum += values[a]
    sum += values[b]
    sum += values[c]
    sum += values[d]
  }
  return sum
}

/**
 * A place for each node: tree by tree, in each tree the root, then the pairs of children, those of the parents that
 * most legitimate weight passed first. A parent stands before its children, because no child has more weight.
 */
function layOut({ roots, feature, left, value, cover }: TreeNodes): { positions: Int32Array; size: number } {
  const positions = new Int32Array(feature.length)
  const legitimate = cover.map((weight, node) => weight * (1 - value[node]))
  let size = 0
  for (const root of roots) {
    positions[root] = size++
    const parents: number[] = []
    const open = [root]
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (feature[node] < 0) continue
      parents.push(node)
      open.push(left[node] + 1, left[node])
    }
    // Equal weights keep their order, parents first; rounding must not put a child before its parent.
    const weightOf = new Map<number, number>([[root, Number.POSITIVE_INFINITY]])
    for (const parent of parents) {
      const most = weightOf.get(parent) ?? 0
      weightOf.set(left[parent], Math.min(most, legitimate[left[parent]]))
      weightOf.set(left[parent] + 1, Math.min(most, legitimate[left[parent] + 1]))
    }
    parents.sort((one, other) => (weightOf.get(other) ?? 0) - (weightOf.get(one) ?? 0))
    for (const parent of parents) {
      positions[left[parent]] = size++
      positions[left[parent] + 1] = size++
    }
  }
  return { positions, size }
}
