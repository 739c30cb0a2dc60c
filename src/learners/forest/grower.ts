import { createRandom, type Random } from '../../core/random.ts'
import { missingBin } from './binning.ts'
import { areFarApart, farApart, type KeptRows, keptRows, type NumberedRows, RowBlock } from './row-block.ts'
import { type ClassRows, type Split, Splitter } from './splitting.ts'
import { type GrownTree, TreeBuilder } from './tree-builder.ts'
import type { RandomForestOptions } from './tree-options.ts'

/** What all trees of a forest grow from; it lies in shared memory, so that every thread reads the same. */
export interface BinnedDataset {
  readonly columns: readonly Float64Array[]
  readonly bins: readonly Uint16Array[]
  /** The same row by row, to be copied from; empty where no row is copied. */
  readonly byRow: Uint16Array
  /** For each feature, the missing value's bin not counted. */
  readonly binCounts: Int32Array
  readonly labels: Uint8Array
  /** For each row, class weights included. */
  readonly weights: Float64Array
  /** Whether all of these are whole numbers. */
  readonly areWhole: boolean
  /** The rows that an oversampler added, after all rows once. */
  readonly extraRows: Uint32Array
}

interface Node {
  readonly index: number
  readonly depth: number
  readonly among: NumberedRows
  readonly legitimate: ClassRows
  readonly fraud: ClassRows
}

/** Grows the trees of one forest, one after another; it keeps the buffers that they share. */
export class Grower {
  readonly #data: BinnedDataset
  readonly #options: RandomForestOptions
  readonly #splitter: Splitter
  readonly #featureOrder: Int32Array
  readonly #drawn: Uint16Array
  readonly #draws: Uint32Array
  readonly #allLegitimate: Uint32Array
  readonly #allFraud: Uint32Array
  readonly #legitimate: KeptRows
  readonly #fraud: KeptRows
  readonly #spill: KeptRows
  readonly #all: NumberedRows
  /** The rows of the two bins beside the split that rows are parted by; the largest value to the left, the least to the right. */
  readonly #beside: Uint32Array
  #mostLeft = -Infinity
  #leastRight = Infinity
  /** For each level below all rows, which needs one at a time. */
  readonly #blocks: RowBlock[] = []

  constructor(data: BinnedDataset, options: RandomForestOptions) {
    const rowCount = data.labels.length
    this.#data = data
    this.#options = options
    this.#splitter = new Splitter(options.minSamplesLeaf, data.areWhole)
    this.#featureOrder = Int32Array.from(data.columns.keys())
    this.#drawn = new Uint16Array(rowCount + data.extraRows.length)
    this.#draws = new Uint32Array(rowCount)
    this.#allLegitimate = rowsOf(data.labels, 0)
    this.#allFraud = rowsOf(data.labels, 1)
    this.#legitimate = keptRows(this.#allLegitimate.length)
    this.#fraud = keptRows(this.#allFraud.length)
    this.#spill = keptRows(rowCount)
    this.#beside = new Uint32Array(rowCount)
    this.#all = { bins: data.bins, byRow: data.byRow, count: rowCount, numbers: undefined, level: 0 }
  }

  /** The tree of this number: the same for the same seed, whatever was grown before it and wherever. */
  grow(treeIndex: number): GrownTree {
    const random = createRandom(this.#options.seed, treeIndex + 1)
    this.#featureOrder.forEach((_, i) => {
      this.#featureOrder[i] = i
    })
    const root = this.#drawRoot(random)
    const tree = new TreeBuilder(this.#data.columns.length)
    tree.addNode()
    const total = root.legitimate.weight + root.fraud.weight
    if (this.#options.maxLeafNodes === null) this.#growDepthFirst(root, tree, random, total)
    else this.#growBestFirst(root, tree, random, total, this.#options.maxLeafNodes)
    return tree.finish()
  }

  #growDepthFirst(root: Node, tree: TreeBuilder, random: Random, total: number): void {
    const open = [root]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const node = this.#near(next)
      const gained = this.#describe(node, tree, random, total)
      if (gained === undefined) continue
      const [left, right] = this.#split(node, tree, this.#splitter, gained)
      open.push(right, left)
    }
  }

  #growBestFirst(root: Node, tree: TreeBuilder, random: Random, total: number, mostLeaves: number): void {
    const open: { readonly node: Node; readonly split: Split; readonly gained: number }[] = []
    const consider = (node: Node) => {
      const gained = this.#describe(node, tree, random, total)
      if (gained !== undefined) open.push({ node, split: this.#splitter.keep(), gained })
    }
    consider(root)
    for (let leaves = 1; leaves < mostLeaves && open.length > 0; leaves++) {
      const best = open.reduce((found, { gained }, i) => (gained > open[found].gained ? i : found), 0)
      const [{ node, split, gained }] = open.splice(best, 1)
      for (const child of this.#split(node, tree, split, gained)) consider(child)
    }
  }

  /** Notes what the node's rows are. Returns what its best split, which the splitter has, gains; undefined of a leaf. */
  #describe(node: Node, tree: TreeBuilder, random: Random, total: number): number | undefined {
    const { legitimate, fraud } = node
    tree.describe(node.index, legitimate.weight, fraud.weight)
    if (this.#isLeaf(node) || !this.#findSplit(node, random)) return undefined
    const gained = this.#splitter.gain - purity(legitimate.weight, fraud.weight)
    // Rounding may put the gain of a split that changes nothing a little below zero.
    return gained / total + 1e-15 < this.#options.minImpurityDecrease ? undefined : gained
  }

  /** The tree's rows; a bootstrap that drew none but rows of weight 0 is drawn again. */
  #drawRoot(random: Random): Node {
    for (;;) {
      drawRows(this.#data.extraRows, this.#options, random, this.#drawn, this.#draws)
      const legitimate = this.#takeRows(this.#allLegitimate, this.#legitimate)
      const fraud = this.#takeRows(this.#allFraud, this.#fraud)
      if (legitimate.weight + fraud.weight > 0) return { index: 0, depth: 0, among: this.#all, legitimate, fraud }
    }
  }

  /** Keeps of a class's rows those that were drawn and weigh something. */
  #takeRows(all: Uint32Array, { rows, weights }: KeptRows): ClassRows {
    let end = 0
    let sum = 0
    for (let i = 0; i < all.length; i++) {
      const row = all[i]
      const weight = this.#data.weights[row] * this.#draws[row]
      sum += weight
      rows[end] = row
      weights[end] = weight
      if (weight > 0) end++
    }
    return { rows, weights, start: 0, end, weight: sum }
  }

  #isLeaf({ depth, legitimate, fraud }: Node): boolean {
    const { maxDepth, minSamplesSplit, minSamplesLeaf } = this.#options
    const legitimateCount = legitimate.end - legitimate.start
    const fraudCount = fraud.end - fraud.start
    const samples = legitimateCount + fraudCount
    return (
      legitimateCount === 0 ||
      fraudCount === 0 ||
      samples < minSamplesSplit ||
      samples < 2 * minSamplesLeaf ||
      (maxDepth !== null && depth >= maxDepth)
    )
  }

  /**
   * As scikit-learn: features are drawn without replacement until `maxFeatures` were looked at and one of them varies
   * among the node's rows.
   */
  #findSplit({ among, legitimate, fraud }: Node, random: Random): boolean {
    const order = this.#featureOrder
    const wanted = featuresPerSplit(this.#options.maxFeatures, order.length)
    const splitter = this.#splitter
    splitter.startNode()
    let foundVarying = false
    for (let visited = 0; visited < order.length && (visited < wanted || !foundVarying); visited++) {
      const chosen = visited + random.integer(order.length - visited)
      const feature = order[chosen]
      order[chosen] = order[visited]
      order[visited] = feature
      if (splitter.tryFeature(feature, legitimate, fraud, among.bins[feature], this.#data.binCounts[feature])) {
        foundVarying = true
      }
    }
    return splitter.feature >= 0
  }

  #split(node: Node, tree: TreeBuilder, split: Split, gained: number): [Node, Node] {
    const { among, legitimate, fraud } = node
    const { feature, leftLegitimate, leftFraud, sawMissing } = split
    this.#mostLeft = -Infinity
    this.#leastRight = Infinity
    const fraudMiddle = this.#partition(among, fraud, split)
    const legitimateMiddle = this.#partition(among, legitimate, split)
    const leftCount = legitimateMiddle - legitimate.start + fraudMiddle - fraud.start
    const rightCount = legitimate.end - legitimateMiddle + fraud.end - fraudMiddle
    const left = tree.addNode()
    const right = tree.addNode()
    // Where training saw no missing value here, one goes where most rows went, as in scikit-learn.
    const missingGoesLeft = sawMissing ? split.missingGoesLeft : leftCount > rightCount
    tree.sendMissing(node.index, missingGoesLeft)
    const depth = node.depth + 1
    // Differences of sums can fall a rounding below zero.
    const rightLegitimate = Math.max(0, legitimate.weight - leftLegitimate)
    const rightFraud = Math.max(0, fraud.weight - leftFraud)
    const children: [Node, Node] = [
      {
        index: left,
        depth,
        among,
        legitimate: { ...legitimate, end: legitimateMiddle, weight: leftLegitimate },
        fraud: { ...fraud, end: fraudMiddle, weight: leftFraud },
      },
      {
        index: right,
        depth,
        among,
        legitimate: { ...legitimate, start: legitimateMiddle, weight: rightLegitimate },
        fraud: { ...fraud, start: fraudMiddle, weight: rightFraud },
      },
    ]
    tree.split(node.index, feature, this.#threshold(split), left, gained)
    return children
  }

  /** The node, its rows copied where they lie far apart; what grew from the last copies is complete, depth first. */
  #near(node: Node): Node {
    const { among, legitimate, fraud } = node
    const rows = legitimate.end - legitimate.start + fraud.end - fraud.start
    if (this.#isLeaf(node) || !areFarApart(rows, among)) return node
    const mostRows = Math.floor(this.#all.count / farApart ** (among.level + 1))
    this.#blocks[among.level] ??= new RowBlock(among.bins.length, mostRows)
    return { ...node, ...this.#blocks[among.level].copy(node) }
  }

  /**
   * Moves the rows that go left to the front, in their order; returns where the others begin. Notes the values that lie
   * nearest to the split.
   */
  #partition({ bins, numbers }: NumberedRows, { rows, weights, start, end }: ClassRows, split: Split): number {
    const { feature, bin: lastLeft, nextBin, missingGoesLeft } = split
    const own = bins[feature]
    const column = this.#data.columns[feature]
    const spill = this.#spill
    // Adding 1 in 16 bits turns the missing value's bin into the first instead of the last.
    const shift = missingGoesLeft ? 1 : 0
    const firstRight = lastLeft + shift + 1
    let mostLeft = this.#mostLeft
    let leastRight = this.#leastRight
    const beside = this.#beside
    let noted = 0
    let middle = start
    let spilled = 0
    for (let i = start; i < end; i++) {
      const row = rows[i]
      const weight = weights[i]
      const bin = own[row]
      // Both are written and one is kept: a branch here would be mispredicted for every second row.
      rows[middle] = row
      weights[middle] = weight
      spill.rows[spilled] = row
      spill.weights[spilled] = weight
      const goesLeft = (((bin + shift) & 0xffff) - firstRight) >>> 31
      middle += goesLeft
      spilled += 1 - goesLeft
      // 1 for each of the two bins that it is, and 0 where it is neither.
      beside[noted] = row
      noted += (((bin ^ lastLeft) - 1) >>> 31) + (((bin ^ nextBin) - 1) >>> 31)
    }
    for (let i = 0; i < noted; i++) {
      const row = beside[i]
      const value = column[numbers === undefined ? row : numbers[row]]
      if (own[row] === nextBin) {
        if (value < leastRight) leastRight = value
      } else if (value > mostLeft) mostLeft = value
    }
    rows.set(spill.rows.subarray(0, spilled), middle)
    weights.set(spill.weights.subarray(0, spilled), middle)
    this.#mostLeft = mostLeft
    this.#leastRight = leastRight
    return middle
  }

  /** The middle between the nearest values left and right, as in scikit-learn; the left one where the middle rounds. */
  #threshold({ nextBin }: Split): number {
    if (nextBin === missingBin) return Infinity
    const [maxLeft, minRight] = [this.#mostLeft, this.#leastRight]
    const middle = maxLeft / 2 + minRight / 2
    return middle >= maxLeft && middle < minRight ? middle : maxLeft
  }
}

function rowsOf(labels: Uint8Array, label: number): Uint32Array {
  const rows = new Uint32Array(labels.length)
  let count = 0
  for (let row = 0; row < labels.length; row++) if (labels[row] === label) rows[count++] = row
  return rows.slice(0, count)
}

/** What a node of these class weights adds to the sum that splits maximise: its weight times (1 - Gini impurity). */
function purity(weight0: number, weight1: number): number {
  return (weight0 * weight0 + weight1 * weight1) / (weight0 + weight1)
}

/**
 * How often each row is in the tree: as often as an oversampler drew it, or as a bootstrap of those drew it.
 *
 * @param drawn a buffer, one longer-lived count per row and per extra row.
 */
export function drawRows(
  extraRows: Uint32Array,
  options: Pick<RandomForestOptions, 'bootstrap' | 'maxSamples'>,
  random: Random,
  drawn: Uint16Array,
  draws: Uint32Array,
): void {
  drawn.fill(options.bootstrap ? 0 : 1)
  if (options.bootstrap) random.tally(drawn, Math.max(1, Math.round(drawn.length * options.maxSamples)))
  draws.set(drawn.subarray(0, draws.length))
  for (let i = 0; i < extraRows.length; i++) draws[extraRows[i]] += drawn[draws.length + i]
}

/** How many of `featureCount` features a split looks at: scikit-learn's rounding, never none, never more than all. */
function featuresPerSplit(maxFeatures: RandomForestOptions['maxFeatures'], featureCount: number): number {
  if (maxFeatures === 'all') return featureCount
  if (maxFeatures === 'sqrt') return Math.max(1, Math.floor(Math.sqrt(featureCount)))
  if (maxFeatures === 'log2') return Math.max(1, Math.floor(Math.log2(featureCount)))
  return Math.min(maxFeatures, featureCount)
}
