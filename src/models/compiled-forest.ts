import { createRanker, hasPlainThresholds, type Ranker } from './threshold-ranks.ts'
import type { TreeNodes } from './tree-ensemble.ts'

/** A forest made ready to score single rows fast: row -> the sum over the trees of the leaf that it reaches. */
export type CompiledForest = (row: Float64Array) => number

interface Layout {
  readonly nodes: TreeNodes
  readonly ranker: Ranker
  /** A place for each node; one more, behind them, is a tree of one leaf that is worth 0. */
  readonly positions: Int32Array
  readonly size: number
}

/**
 * Makes a forest ready. Each input is turned once into its rank among the feature's thresholds; a few trees are walked
 * side by side without a branch, so that one waits for memory while the others go on; and the nodes that legitimate rows
 * visit most stand together. The trees are added up in their order.
 *
 * A node is one 32-bit word where it fits into it, else two. Undefined where it doesn't fit into two, or some node splits on
 * categories: then the trees have to be walked as they are.
 */
export function compileForest(nodes: TreeNodes, featureCount: number): CompiledForest | undefined {
  if (!hasPlainThresholds(nodes)) return undefined
  const ranker = createRanker(nodes, featureCount)
  if (featureCount > wide.featureMask + 1 || ranker.most >= wide.rankMask) return undefined
  const layout = { nodes, ranker, ...layOut(nodes) }
  const narrowWalk = featureCount <= narrow.featureMask + 1 && ranker.most < leaf ? walkNarrow(layout) : undefined
  // Made when it is needed, which it isn't at all where nothing is ever missing.
  let wideWalk: (() => number) | undefined
  return (row) => {
    const isWhole = ranker.rank(row)
    if (isWhole && narrowWalk !== undefined) return narrowWalk()
    wideWalk ??= walkWide(layout)
    return wideWalk()
  }
}

/** Where each tree begins, in so many lanes that are walked side by side; the last are filled up with empty trees. */
function startsOf({ nodes, positions, size }: Layout, lanes: number): Int32Array {
  const starts = new Int32Array(Math.ceil(nodes.roots.length / lanes) * lanes).fill(size)
  nodes.roots.forEach((root, tree) => {
    starts[tree] = positions[root]
  })
  return starts
}

function valuesOf({ nodes, positions, size }: Layout): Float64Array {
  const values = new Float64Array(size + 1)
  nodes.value.forEach((value, node) => {
    values[positions[node]] = value
  })
  return values
}

// A narrow node's word, from its lowest bits: 13 of rank, 6 of feature, 13 of distance to its children. Constants,
// because shifting by what is in a variable costs an eighth of the speed.
const narrow = { rankMask: 0x1fff, featureMask: 0x3f, offsetLimit: 2 ** 13 }
const rankMask = narrow.rankMask
const featureShift = 13
const featureMask = narrow.featureMask
const offsetShift = 19

// A leaf has no distance to go and the highest rank, so that no row goes right.
const leaf = rankMask

/** Walks for the row that was ranked last, in which nothing is missing; undefined where a distance is too long. */
function walkNarrow(layout: Layout): (() => number) | undefined {
  const { nodes, ranker, positions, size } = layout
  const words = new Int32Array(size + 1).fill(leaf)
  for (let node = 0; node < nodes.feature.length; node++) {
    const feature = nodes.feature[node]
    if (feature < 0) continue
    const place = positions[node]
    const offset = positions[nodes.left[node]] - place
    if (offset >= narrow.offsetLimit) return undefined
    words[place] = ranker.rankOf(feature, nodes.threshold[node]) | (feature << featureShift) | (offset << offsetShift)
  }
  const values = valuesOf(layout)
  const starts = startsOf(layout, 4)
  return () => sumNarrow(words, values, starts, ranker.ranks)
}

function sumNarrow(words: Int32Array, values: Float64Array, starts: Int32Array, ranks: Int32Array): number {
  let sum = 0
  for (let tree = 0; tree < starts.length; tree += 4) {
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

// A wide node's two words: 21 of rank and 11 of feature; twice its children's place, and from bit 1 whether a missing
// input goes right.
const wide = { rankMask: 0x1fffff, featureMask: 0x7ff }
const wideRankMask = wide.rankMask
const wideFeatureShift = 21

/** The same for any row, a missing input's rank being far below any other. */
function walkWide(layout: Layout): () => number {
  const { nodes, ranker, positions, size } = layout
  const words = new Int32Array(2 * (size + 1))
  for (let place = 0; place <= size; place++) {
    words[2 * place] = wideRankMask
    words[2 * place + 1] = place << 2
  }
  for (let node = 0; node < nodes.feature.length; node++) {
    const feature = nodes.feature[node]
    if (feature < 0) continue
    const at = 2 * positions[node]
    words[at] = ranker.rankOf(feature, nodes.threshold[node]) | (feature << wideFeatureShift)
    words[at + 1] = (positions[nodes.left[node]] << 2) | (nodes.missingGoesLeft[node] === 1 ? 0 : 2)
  }
  const values = valuesOf(layout)
  const starts = startsOf(layout, 6).map((start) => 2 * start)
  return () => sumWide(words, values, starts, ranker.ranks)
}

function sumWide(words: Int32Array, values: Float64Array, starts: Int32Array, ranks: Int32Array): number {
  let sum = 0
  for (let tree = 0; tree < starts.length; tree += 6) {
    let a = starts[tree]
    let b = starts[tree + 1]
    let c = starts[tree + 2]
    let d = starts[tree + 3]
    let e = starts[tree + 4]
    let f = starts[tree + 5]
    for (;;) {
      const nextA = childOf(words, a, ranks)
      const nextB = childOf(words, b, ranks)
      const nextC = childOf(words, c, ranks)
      const nextD = childOf(words, d, ranks)
      const nextE = childOf(words, e, ranks)
      const nextF = childOf(words, f, ranks)
      if (nextA === a && nextB === b && nextC === c && nextD === d && nextE === e && nextF === f) break
      a = nextA
      b = nextB
      c = nextC
      d = nextD
      e = nextE
      f = nextF
    }
    sum += values[a >> 1]
    sum += values[b >> 1]
    sum += values[c >> 1]
    sum += values[d >> 1]
    sum += values[e >> 1]
    sum += values[f >> 1]
  }
  return sum
}

/** A leaf is its own child. Where the row goes right, the difference's sign is set; where the input is missing, its 30th bit. */
function childOf(words: Int32Array, at: number, ranks: Int32Array): number {
  const word = words[at]
  const next = words[at + 1]
  const difference = (word & wideRankMask) - ranks[word >>> wideFeatureShift]
  return ((next & ~3) >>> 1) + (((difference >>> 31) << 1) | ((difference >>> 29) & next & 2))
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
