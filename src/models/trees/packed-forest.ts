import type { Steps } from '../../core/time-slices.ts'
import type { CompiledForest } from './compiled-forest.ts'
import { passingWeights, splitsByWeight } from './forest-tops.ts'
import { createRanker, hasPlainThresholds, type Ranker } from './threshold-ranks.ts'
import { nodesAtOnce, type TreeNodes } from './tree-nodes.ts'

interface Layout {
  readonly nodes: TreeNodes
  readonly ranker: Ranker
  /** A place for each node, siblings in an even one and the odd one behind it; one more, behind them, is a tree of one leaf that is worth 0. */
  readonly positions: Int32Array
  readonly size: number
}

/**
 * Makes a large forest ready, where memory is what a row waits for: beside other work, a node of four bytes is read faster
 * than the masks and the nodes of sixteen that smaller forests have (compiled-forest.ts). Each input is turned once into
 * its rank among the feature's thresholds; a few trees are walked side by side without a branch, so that one waits for
 * memory while the others go on; and the nodes that legitimate rows visit most stand together. The trees are added up in
 * their order.
 *
 * A node is one 32-bit word where it fits into it, else two. Undefined where it doesn't fit into two, or some node splits
 * on categories: then the trees have to be walked as they are.
 */
export function* compilePackedForest(nodes: TreeNodes, featureCount: number): Steps<CompiledForest | undefined> {
  if (!(yield* hasPlainThresholds(nodes))) return undefined
  const ranker = yield* createRanker(nodes, featureCount)
  if (featureCount > wide.featureMask + 1 || ranker.most >= wide.rankMask) return undefined
  const layout = { nodes, ranker, ...(yield* layOut(nodes)) }
  const wholeWalk = yield* walkPacked(layout, featureCount)
  const wideWalk = yield* walkWide(layout)
  return (row) => (ranker.rank(row) && wholeWalk !== undefined ? wholeWalk() : wideWalk())
}

/** Where each tree begins, in so many lanes that are walked side by side; the last are filled up with empty trees. */
function startsOf({ nodes, positions, size }: Layout, lanes: number): Int32Array {
  const starts = new Int32Array(Math.ceil(nodes.roots.length / lanes) * lanes).fill(size)
  nodes.roots.forEach((root, tree) => {
    starts[tree] = positions[root]
  })
  return starts
}

function* valuesOf({ nodes, positions, size }: Layout): Steps<Float64Array> {
  const values = new Float64Array(size + 1)
  for (let node = 0; node < positions.length; node++) {
    if (node % nodesAtOnce === 0) yield
    values[positions[node]] = nodes.value[node]
  }
  return values
}

/**
 * Walks for the row that was ranked last, in which nothing is missing; undefined where a node does not fit into 32 bits.
 *
 * A node is one word, whose bits are shared out by what the forest needs: its threshold's rank, its feature, and how many pairs of places further its children are, a pair
 * being an even place and the odd one behind it. A leaf has no way to go, and goes nowhere by the rank of a feature that
 * no row has, which sends an even place's leaf left and an odd one's right; what is left of its rank's bits says which of
 * the forest's distinct values it has, so that a leaf once reached needs no look into memory.
 */
function* walkPacked(layout: Layout, featureCount: number): Steps<(() => number) | undefined> {
  const { nodes, ranker, positions, size } = layout
  const indexOf = new Map<number, number>([[0, 0]])
  for (let node = 0; node < nodes.feature.length; node++) {
    if (node % nodesAtOnce === 0) yield
    const value = nodes.value[node]
    if (nodes.feature[node] < 0 && !indexOf.has(value)) indexOf.set(value, indexOf.size)
  }
  const values = Float64Array.from(indexOf.keys())
  const rankBits = Math.max(bitsOf(ranker.most), bitsOf(values.length - 1) + 1)
  const wayShift = rankBits + bitsOf(featureCount)
  if (wayShift > 31) return undefined
  const right = 2 ** (rankBits - 1)
  const leafAt = (place: number, value: number) => {
    return (indexOf.get(value) ?? 0) | (place % 2 === 0 ? right : 0) | (featureCount << rankBits)
  }
  const words = new Int32Array(size + 1)
  words[size] = leafAt(size, 0)
  for (let node = 0; node < nodes.feature.length; node++) {
    if (node % nodesAtOnce === 0) yield
    const feature = nodes.feature[node]
    const place = positions[node]
    if (feature < 0) {
      words[place] = leafAt(place, nodes.value[node])
      continue
    }
    const pairs = (positions[nodes.left[node]] >> 1) - (place >> 1)
    if (bitsOf(pairs) > 32 - wayShift) return undefined
    words[place] = ranker.rankOf(feature, nodes.threshold[node]) | (feature << rankBits) | (pairs << wayShift)
  }
  ranker.ranks[featureCount] = right
  const starts = startsOf(layout, packedLanes)
  return () => sumPacked(words, values, starts, ranker.ranks, rankBits, wayShift)
}

function bitsOf(whole: number): number {
  return 32 - Math.clz32(whole)
}

function sumPacked(
  words: Int32Array,
  values: Float64Array,
  starts: Int32Array,
  ranks: Int32Array,
  rankBits: number,
  wayShift: number,
): number {
  const rankMask = 2 ** rankBits - 1
  const valueMask = rankMask >>> 1
  const featureMask = 2 ** (wayShift - rankBits) - 1
  const next = (place: number, word: number): number =>
    // The sign of (the threshold's rank - the input's rank) is 1 where the row goes right, to the second child.
    (place & ~1) + ((word >>> wayShift) << 1) + (((word & rankMask) - ranks[(word >>> rankBits) & featureMask]) >>> 31)
  let sum = 0
  for (let tree = 0; tree < starts.length; tree += packedLanes) {
    let a = starts[tree]
    let b = starts[tree + 1]
    let c = starts[tree + 2]
    let d = starts[tree + 3]
    let e = starts[tree + 4]
    let f = starts[tree + 5]
    let g = starts[tree + 6]
    let h = starts[tree + 7]
    let i = starts[tree + 8]
    let j = starts[tree + 9]
    let wordA = words[a]
    let wordB = words[b]
    let wordC = words[c]
    let wordD = words[d]
    let wordE = words[e]
    let wordF = words[f]
    let wordG = words[g]
    let wordH = words[h]
    let wordI = words[i]
    let wordJ = words[j]
    while ((wordA | wordB | wordC | wordD | wordE | wordF | wordG | wordH | wordI | wordJ) >>> wayShift !== 0) {
      a = next(a, wordA)
      wordA = words[a]
      b = next(b, wordB)
      wordB = words[b]
      c = next(c, wordC)
      wordC = words[c]
      d = next(d, wordD)
      wordD = words[d]
      e = next(e, wordE)
      wordE = words[e]
      f = next(f, wordF)
      wordF = words[f]
      g = next(g, wordG)
      wordG = words[g]
      h = next(h, wordH)
      wordH = words[h]
      i = next(i, wordI)
      wordI = words[i]
      j = next(j, wordJ)
      wordJ = words[j]
    }
    sum =
      sum +
      values[wordA & valueMask] +
      values[wordB & valueMask] +
      values[wordC & valueMask] +
      values[wordD & valueMask]
    sum = sum + values[wordE & valueMask] + values[wordF & valueMask] + values[wordG & valueMask]
    sum = sum + values[wordH & valueMask] + values[wordI & valueMask] + values[wordJ & valueMask]
  }
  return sum
}

// Trees that are walked side by side: while one waits for memory the others go on.
const packedLanes = 10

// A wide node's two words: 21 of rank and 11 of feature; twice its children's place, and from bit 1 whether a missing
// input goes right.
const wide = { rankMask: 0x1fffff, featureMask: 0x7ff }
const wideRankMask = wide.rankMask
const wideFeatureShift = 21

/** The same for any row, a missing input's rank being far below any other. */
function* walkWide(layout: Layout): Steps<() => number> {
  const { nodes, ranker, positions, size } = layout
  const words = new Int32Array(2 * (size + 1))
  for (let place = 0; place <= size; place++) {
    words[2 * place] = wideRankMask
    words[2 * place + 1] = place << 2
  }
  for (let node = 0; node < nodes.feature.length; node++) {
    if (node % nodesAtOnce === 0) yield
    const feature = nodes.feature[node]
    if (feature < 0) continue
    const at = 2 * positions[node]
    words[at] = ranker.rankOf(feature, nodes.threshold[node]) | (feature << wideFeatureShift)
    words[at + 1] = (positions[nodes.left[node]] << 2) | (nodes.missingGoesLeft[node] === 1 ? 0 : 2)
  }
  const values = yield* valuesOf(layout)
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
 * A place for each node: tree by tree, in each tree the root, then the pairs of children, those of the parents that most
 * weight passes first.
 */
function* layOut(nodes: TreeNodes): Steps<{ positions: Int32Array; size: number }> {
  const weights = yield* passingWeights(nodes)
  const positions = new Int32Array(nodes.feature.length)
  let size = 0
  for (const root of nodes.roots) {
    yield
    positions[root] = size
    size += 2
    for (const parent of splitsByWeight(nodes, root, weights)) {
      positions[nodes.left[parent]] = size++
      positions[nodes.left[parent] + 1] = size++
    }
  }
  return { positions, size }
}
