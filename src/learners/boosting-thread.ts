import { createRandom } from '../core/random.ts'
import { categoriesIn, createSet } from '../models/category-sets.ts'
import { Barrier } from './barrier.ts'
import type { BoostingOptions } from './boosting-options.ts'
import { type BoostedTrees, EarlyStopping, findNode, type ValidationRows } from './early-stopping.ts'
import {
  addRows,
  createSums,
  type FeatureSums,
  type FoundSplit,
  featuresPerChunk,
  featuresPerWord,
  type LeafSums,
  leafValue,
  packedSum,
  packing,
  type RowBins,
  SplitSearch,
  subtract,
} from './gradient-histogram.ts'
import { fillBins, findBinEnds } from './quantile-bins.ts'

/** Rows that one thread computes gradients of at once, and sums in order. */
export const blockRows = 16_384
/** Of a leaf's best split by one thread: gain, feature, bin, whether missing goes left, gradient and hessian to the left. */
export const candidateFields = 6
/** Of a feature's bins and the missing values'. */
const binPlaces = 256
/** Leaves of fewer rows are sorted by every thread for itself, which takes less time than to wait for the others. */
const sortedTogether = 8192
/** Of a set of bins: how many words, then the words. */
export const setPlaces = 1 + binPlaces / 32

/** What the threads of a training share: all of it lies in shared memory. */
export interface BoostingData {
  readonly options: BoostingOptions
  readonly threads: number
  /** By feature, 1 or -1 where the score may only rise or fall. */
  readonly directions: Int8Array
  readonly columns: readonly Float64Array[]
  readonly labels: Uint8Array
  /** By row, class weights included. */
  readonly weights: Float64Array
  /** By feature: its bins' upper ends, `maxBins` places each, and how many there are. */
  readonly ends: Float64Array
  readonly endCounts: Int32Array
  /** By feature, 1 where a value is missing in some row. */
  readonly hasMissing: Uint8Array
  readonly bins: readonly Uint8Array[]
  /** By row: log-odds so far, gradient, hessian, both packed. */
  readonly scores: Float64Array
  readonly gradients: Float64Array
  readonly hessians: Float64Array
  readonly packed: Float64Array
  /** Where the rows of a large leaf are sorted. */
  readonly leftRows: Uint32Array
  readonly rightRows: Uint32Array
  /** By block of rows: the sum of gradients without their signs, of hessians, and of both packed. */
  readonly blockSums: Float64Array
  /** By block of a leaf's rows: sums of gradients, hessians and weights. */
  readonly leafSums: Float64Array
  readonly candidates: Float64Array
  /** By feature: how many categories it has, whose codes are its values; 0 where these are no categories. */
  readonly categoryCounts: Int32Array
  /** By candidate: the bins of categories that go left, `setPlaces` each; empty where there are no categories. */
  readonly candidateSets: Int32Array
  /** Two cells of the barrier, then how many trees there are. */
  readonly cells: Int32Array
  /** By thread: how many of its rows of a split go left. */
  readonly leftCounts: Int32Array
  /** Tree by tree, `nodesPerTree` places each. */
  readonly trees: BoostedTrees
  readonly treeSizes: Int32Array
  readonly validation: ValidationRows | undefined
}

interface Leaf extends LeafSums {
  readonly node: number
  readonly start: number
  readonly end: number
  readonly depth: number
  /** Its place among candidates, and of its sums. */
  readonly slot: number
  split: FoundSplit | undefined
}

/** How many words the bins of a row take: more threads than these would have nothing to do. */
export function wordsOf(features: number): number {
  return Math.ceil(features / featuresPerWord)
}

export function nodesPerTree({ maxLeaves }: Pick<BoostingOptions, 'maxLeaves'>): number {
  return 2 * maxLeaves - 1
}

/**
 * One of the threads that grow boosted trees in step. Each holds the sums of its own features and finds the best split
 * among them; all then see all candidates and choose the same. What is added up in doubles is added in one fixed order, so
 * the number of threads changes nothing.
 */
export class BoostingThread {
  readonly #data: BoostingData
  readonly #number: number
  readonly #barrier: Barrier
  readonly #search: SplitSearch
  /** By slot: the sums of the thread's own features, `binPlaces` for each. */
  readonly #sums: FeatureSums[] = []
  /** The thread's own features: those from the first up to the last, which is another's. */
  readonly #firstFeature: number
  readonly #lastFeature: number
  readonly #rowBins: RowBins
  #read = 0
  /** Chunks of the own features of which the tree sees one. */
  #seenChunks: number[] = []
  /** Of the own features those that the tree sees. */
  #seenFeatures: number[] = []
  /** Rows by leaf, in ascending order in each; every thread keeps the same. */
  readonly #order: Uint32Array
  readonly #ownLeft = new Uint32Array(sortedTogether)
  readonly #ownRight = new Uint32Array(sortedTogether)
  /** By bin, 1 where the rows of a split go left. */
  readonly #leftBins = new Uint8Array(binPlaces)
  #bagSize = 0
  #leaves: Leaf[] = []
  #isOddSearch = false
  #gradientScale = 1
  #hessianScale = 1

  constructor(data: BoostingData, number: number) {
    this.#data = data
    this.#number = number
    this.#barrier = new Barrier(data.cells, data.threads)
    this.#search = new SplitSearch(data.options)
    this.#order = new Uint32Array(data.labels.length)
    const words = wordsOf(data.columns.length)
    const [first, last] = [number, number + 1].map((thread) => Math.floor((thread * words) / data.threads))
    this.#firstFeature = first * featuresPerWord
    this.#lastFeature = Math.min(last * featuresPerWord, data.columns.length)
    this.#rowBins = { bins: new Int32Array(data.labels.length * (last - first)), words: last - first }
  }

  run(): void {
    this.#bin()
    const { options, cells, validation } = this.#data
    const stopping = validation && new EarlyStopping(validation, options)
    for (let tree = 0; tree < options.nEstimators; tree++) {
      this.#computeGradients()
      this.#drawRows(tree)
      this.#drawFeatures(tree)
      this.#barrier.wait()
      this.#growTree(tree)
      this.#settleLeaves(tree)
      this.#barrier.wait()
      if (stopping !== undefined && this.#number === 0) stopping.add(this.#treeAt(tree))
      if (this.#number === 0) Atomics.store(cells, 2, stopping?.isOver ? -(stopping.best + 1) : tree + 1)
      this.#barrier.wait()
      if (Atomics.load(cells, 2) < 0) return
    }
    if (stopping !== undefined && this.#number === 0) Atomics.store(cells, 2, -(stopping.best + 1))
  }

  #bin(): void {
    const { columns, labels, options, categoryCounts, ends, endCounts, hasMissing, bins } = this.#data
    for (let feature = this.#firstFeature; feature < this.#lastFeature; feature++) {
      const categories = categoryCounts[feature]
      const found = categories > 0 ? endsOfCodes(categories) : findBinEnds(columns[feature], labels, options.maxBins)
      ends.set(found, feature * options.maxBins)
      endCounts[feature] = found.length
      hasMissing[feature] = Number(fillBins(found, columns[feature], bins[feature]))
    }
    const bytes = new Uint8Array(this.#rowBins.bins.buffer)
    const stride = this.#rowBins.words * featuresPerWord
    // A block at a time, so that a row's place is still at hand when its next feature comes.
    for (let from = 0; from < labels.length; from += blockRows) {
      const to = Math.min(from + blockRows, labels.length)
      for (let feature = this.#firstFeature; feature < this.#lastFeature; feature++) {
        const column = bins[feature]
        const place = feature - this.#firstFeature
        for (let row = from; row < to; row++) bytes[row * stride + place] = column[row]
      }
    }
    this.#barrier.wait()
  }

  /** Gradients of the log loss, of this thread's blocks; then, scaled to whole numbers, packed. */
  #computeGradients(): void {
    const { scores, labels, weights, gradients, hessians, packed, blockSums } = this.#data
    this.#forBlocks((block, from, to) => {
      let gradientSum = 0
      let hessianSum = 0
      for (let row = from; row < to; row++) {
        const probability = 1 / (1 + Math.exp(-scores[row]))
        const gradient = weights[row] * (probability - labels[row])
        const hessian = weights[row] * probability * (1 - probability)
        gradients[row] = gradient
        hessians[row] = hessian
        gradientSum += Math.abs(gradient)
        hessianSum += hessian
      }
      blockSums[3 * block] = gradientSum
      blockSums[3 * block + 1] = hessianSum
    })
    this.#barrier.wait()
    const [gradientSum, hessianSum] = [this.#sumOfBlocks(0), this.#sumOfBlocks(1)]
    this.#gradientScale = gradientSum > 0 ? packedSum / gradientSum : 1
    this.#hessianScale = hessianSum > 0 ? packedSum / hessianSum : 1
    this.#search.gradientScale = this.#gradientScale
    this.#search.hessianScale = this.#hessianScale
    const [gradientScale, hessianScale] = [this.#gradientScale, this.#hessianScale]
    this.#forBlocks((block, from, to) => {
      let sum = 0
      for (let row = from; row < to; row++) {
        packed[row] = Math.round(gradients[row] * gradientScale) * packing + Math.round(hessians[row] * hessianScale)
        sum += packed[row]
      }
      blockSums[3 * block + 2] = sum
    })
  }

  #sumOfBlocks(part: number): number {
    const { blockSums } = this.#data
    let sum = 0
    for (let i = part; i < blockSums.length; i += 3) sum += blockSums[i]
    return sum
  }

  #forBlocks(work: (block: number, from: number, to: number) => void): void {
    const { labels, threads } = this.#data
    const blocks = Math.ceil(labels.length / blockRows)
    for (let block = this.#number; block < blocks; block += threads) {
      work(block, block * blockRows, Math.min((block + 1) * blockRows, labels.length))
    }
  }

  /** The rows of a tree, in ascending order; those that it does not see stand behind. */
  #drawRows(tree: number): void {
    const { options, labels } = this.#data
    const order = this.#order
    this.#bagSize = labels.length
    if (options.subsample === 1) {
      for (let row = 0; row < order.length; row++) order[row] = row
      return
    }
    // Every thread draws the same.
    const random = createRandom(options.seed, 2 * tree + 1)
    const wanted = Math.max(1, Math.round(options.subsample * labels.length))
    let drawn = 0
    let left = 0
    for (let row = 0; row < labels.length; row++) {
      const isIn = random.uniform() * (labels.length - row) < wanted - drawn
      order[isIn ? drawn : wanted + left] = row
      if (isIn) drawn++
      else left++
    }
    this.#bagSize = wanted
  }

  #drawFeatures(tree: number): void {
    const { options, columns } = this.#data
    const features = Array.from(columns.keys())
    const wanted = Math.max(1, Math.round(options.colsampleByTree * features.length))
    if (wanted < features.length) {
      const random = createRandom(options.seed, 2 * tree + 2)
      for (let i = 0; i < wanted; i++) {
        const chosen = i + random.integer(features.length - i)
        ;[features[i], features[chosen]] = [features[chosen], features[i]]
      }
    }
    const seen = features.slice(0, wanted).sort((a, b) => a - b)
    this.#seenFeatures = seen.filter((feature) => feature >= this.#firstFeature && feature < this.#lastFeature)
    const chunkOf = (feature: number) => Math.floor((feature - this.#firstFeature) / featuresPerChunk)
    this.#seenChunks = [...new Set(this.#seenFeatures.map(chunkOf))]
  }

  /** Leaf by leaf: always the one whose split gains most. */
  #growTree(tree: number): void {
    const { options, treeSizes } = this.#data
    const root = this.#rootLeaf()
    this.#sumRows(root)
    this.#findSplits([root])
    this.#leaves = [root]
    let size = 1
    while (this.#leaves.length < options.maxLeaves) {
      const chosen = this.#leaves.reduce((best, leaf) => (gainOf(leaf) > gainOf(best) ? leaf : best))
      const { split } = chosen
      if (split === undefined) break
      const middle = this.#partition(chosen, split)
      if (this.#number === 0) this.#writeSplit(tree, chosen, split, size, middle)
      const children = this.#childrenOf(chosen, split, middle, size)
      this.#leaves[this.#leaves.indexOf(chosen)] = children[0]
      this.#leaves.push(children[1])
      size += 2
      if (this.#leaves.length < options.maxLeaves) this.#sumAndFind(children)
    }
    if (this.#number === 0) treeSizes[tree] = size
  }

  #rootLeaf(): Leaf {
    const { packed } = this.#data
    // Packed sums stay below 2^53, so that they are exact.
    let sum = 0
    if (this.#bagSize === packed.length) sum = this.#sumOfBlocks(2)
    else for (let i = 0; i < this.#bagSize; i++) sum += packed[this.#order[i]]
    const gradient = Math.floor(sum / packing)
    const range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
    const place = { node: 0, start: 0, end: this.#bagSize, rows: this.#bagSize, depth: 0, slot: 0 }
    return { ...place, ...range, gradient, hessian: sum - gradient * packing, split: undefined }
  }

  #sumRows({ start, end, slot }: Leaf): void {
    const sums = this.#slotSums(slot)
    sums.all.fill(0)
    this.#read += addRows(sums, this.#rowBins, this.#seenChunks, this.#order, this.#data.packed, start, end)
  }

  #slotSums(slot: number): FeatureSums {
    this.#sums[slot] ??= createSums(this.#rowBins.words)
    return this.#sums[slot]
  }

  #sumsOf(slot: number, feature: number): Float64Array {
    const from = (feature - this.#firstFeature) * binPlaces
    return this.#slotSums(slot).all.subarray(from, from + this.#data.endCounts[feature] + 1)
  }

  /** The smaller child's rows are added up; the larger one's sums are what is left of their parent's. */
  #sumAndFind([left, right]: readonly [Leaf, Leaf]): void {
    const [small, large] = left.rows <= right.rows ? [left, right] : [right, left]
    const open = [small, large].filter((leaf) => this.#canSplit(leaf))
    if (open.length > 0) {
      // The parent's sums stand in the left child's place.
      if (large.slot !== left.slot) this.#swapSums(left.slot, right.slot)
      this.#sumRows(small)
      if (open.includes(large)) {
        subtract(this.#slotSums(large.slot).all, this.#slotSums(small.slot).all)
      }
    }
    this.#findSplits(open)
  }

  #swapSums(one: number, other: number): void {
    ;[this.#sums[one], this.#sums[other]] = [this.#sums[other], this.#sums[one]]
  }

  #canSplit({ rows, depth, hessian }: Leaf): boolean {
    const { maxDepth, minSamplesLeaf, minChildWeight } = this.#data.options
    return (
      rows >= 2 * minSamplesLeaf &&
      hessian >= 2 * minChildWeight * this.#hessianScale &&
      hessian >= 2 &&
      (maxDepth === null || depth < maxDepth)
    )
  }

  /** Each thread's best, then everybody's. */
  #findSplits(leaves: readonly Leaf[]): void {
    const { candidates, candidateSets, endCounts, directions, categoryCounts } = this.#data
    for (const leaf of leaves) {
      const best = noSplit()
      for (const feature of this.#seenFeatures) {
        const sums = this.#sumsOf(leaf.slot, feature)
        if (categoryCounts[feature] > 0) {
          this.#search.improveByCategory(best, feature, sums, endCounts[feature], leaf)
        } else this.#search.improve(best, feature, sums, endCounts[feature], leaf, directions[feature])
      }
      const { gain, feature, bin, categories, missingGoesLeft, leftGradient, leftHessian } = best
      const place = this.#candidateAt(leaf.slot, this.#number)
      const fields = [gain, feature, bin, Number(missingGoesLeft), leftGradient, leftHessian]
      candidates.set(fields, place * candidateFields)
      if (categories !== undefined) candidateSets.set(createSet(categories), place * setPlaces)
    }
    this.#barrier.wait()
    for (const leaf of leaves) leaf.split = this.#bestCandidate(leaf.slot)
    this.#isOddSearch = !this.#isOddSearch
  }

  /** Every other search has its own places: who is ahead must not overwrite what the others still read. */
  #candidateAt(slot: number, thread: number): number {
    const { options, threads } = this.#data
    return (Number(this.#isOddSearch) * options.maxLeaves + slot) * threads + thread
  }

  /** The most gain; of equal ones the feature that stands first. */
  #bestCandidate(slot: number): FoundSplit | undefined {
    const { candidates, candidateSets, categoryCounts, threads } = this.#data
    let best: FoundSplit | undefined
    for (let thread = 0; thread < threads; thread++) {
      const place = this.#candidateAt(slot, thread)
      const at = place * candidateFields
      const gain = candidates[at]
      const feature = candidates[at + 1]
      if (!(gain > 0)) continue
      if (best !== undefined && (gain < best.gain || (gain === best.gain && feature > best.feature))) continue
      const [bin, missingGoesLeft, leftGradient, leftHessian] = candidates.subarray(at + 2, at + candidateFields)
      const categories = categoryCounts[feature] > 0 ? categoriesIn(candidateSets, place * setPlaces) : undefined
      best = { gain, feature, bin, categories, missingGoesLeft: missingGoesLeft === 1, leftGradient, leftHessian }
    }
    return best
  }

  /** Moves the rows that go left to the front, all in their order; returns where the others begin. */
  #partition({ start, end }: Leaf, split: FoundSplit): number {
    const { leftRows, rightRows, leftCounts, threads } = this.#data
    const order = this.#order
    if (end - start <= sortedTogether) {
      const count = this.#sortRows(start, end, split, this.#ownLeft, this.#ownRight, 0)
      order.set(this.#ownLeft.subarray(0, count), start)
      order.set(this.#ownRight.subarray(0, end - start - count), start + count)
      return start + count
    }
    const bounds = (thread: number) => start + Math.floor(((end - start) * thread) / threads)
    const [from, to] = [bounds(this.#number), bounds(this.#number + 1)]
    leftCounts[this.#number] = this.#sortRows(from, to, split, leftRows, rightRows, from)
    this.#barrier.wait()
    const middle = start + leftCounts.reduce((sum, count) => sum + count, 0)
    let left = start
    let right = middle
    leftCounts.forEach((count, thread) => {
      const [first, last] = [bounds(thread), bounds(thread + 1)]
      order.set(leftRows.subarray(first, first + count), left)
      order.set(rightRows.subarray(first, last - count), right)
      left += count
      right += last - first - count
    })
    return middle
  }

  /** Copies a part of a leaf's rows to those that go left and those that go right, from a place on; returns how many go left. */
  #sortRows(
    from: number,
    to: number,
    { feature, bin, categories, missingGoesLeft }: FoundSplit,
    leftRows: Uint32Array,
    rightRows: Uint32Array,
    at: number,
  ): number {
    const { bins, endCounts } = this.#data
    const column = bins[feature]
    const leftBins = this.#leftBins.fill(0)
    if (categories === undefined) leftBins.fill(1, 0, bin + 1)
    else for (const code of categories) leftBins[code] = 1
    leftBins[endCounts[feature]] = Number(missingGoesLeft)
    let left = at
    let right = at
    for (let i = from; i < to; i++) {
      const row = this.#order[i]
      const goesLeft = leftBins[column[row]]
      // Both are written and one is kept: a branch would be mispredicted.
      leftRows[left] = row
      rightRows[right] = row
      left += goesLeft
      right += 1 - goesLeft
    }
    return left - at
  }

  #writeSplit(tree: number, leaf: Leaf, split: FoundSplit, size: number, middle: number): void {
    const { trees, options, ends, endCounts } = this.#data
    const at = tree * nodesPerTree(options) + leaf.node
    trees.feature[at] = split.feature
    trees.left[at] = size
    if (trees.categories !== undefined && split.categories !== undefined) {
      trees.threshold[at] = Number.NaN
      trees.categories.setAt[at] = at * setPlaces
      trees.categories.sets.set(createSet(split.categories), at * setPlaces)
      return
    }
    const isLastBin = split.bin === endCounts[split.feature] - 1
    trees.threshold[at] = isLastBin ? Number.POSITIVE_INFINITY : ends[split.feature * options.maxBins + split.bin]
    // Where training saw no missing value here, one goes where most rows went.
    const sawMissing = split.missingGoesLeft || this.#sawMissing(leaf, split)
    trees.missingGoesLeft[at] = Number(sawMissing ? split.missingGoesLeft : 2 * middle > leaf.start + leaf.end)
  }

  #sawMissing({ start, end }: Leaf, { feature }: FoundSplit): boolean {
    const { bins, endCounts, hasMissing } = this.#data
    if (hasMissing[feature] === 0) return false
    const [column, missingBin] = [bins[feature], endCounts[feature]]
    for (let i = start; i < end; i++) if (column[this.#order[i]] === missingBin) return true
    return false
  }

  #childrenOf(leaf: Leaf, split: FoundSplit, middle: number, size: number): [Leaf, Leaf] {
    const { directions, options } = this.#data
    const { leftGradient, leftHessian, feature } = split
    const { start, end, gradient, hessian, slot, low, high } = leaf
    const depth = leaf.depth + 1
    const [rightGradient, rightHessian] = [gradient - leftGradient, hessian - leftHessian]
    const value = (g: number, h: number) =>
      leafValue(g / this.#gradientScale, h / this.#hessianScale, options, low, high)
    const direction = directions[feature]
    // What lies below a constrained split stays on its side of the middle.
    const between = direction === 0 ? 0 : (value(leftGradient, leftHessian) + value(rightGradient, rightHessian)) / 2
    const leftRange = { low: direction < 0 ? between : low, high: direction > 0 ? between : high }
    const rightRange = { low: direction > 0 ? between : low, high: direction < 0 ? between : high }
    const next = { depth, split: undefined }
    return [
      {
        ...next,
        ...leftRange,
        node: size,
        slot,
        start,
        end: middle,
        rows: middle - start,
        gradient: leftGradient,
        hessian: leftHessian,
      },
      {
        ...next,
        ...rightRange,
        node: size + 1,
        slot: this.#leaves.length,
        start: middle,
        end,
        rows: end - middle,
        gradient: rightGradient,
        hessian: rightHessian,
      },
    ]
  }

  /** Leaf values of exact sums, added up in blocks of rows that lie the same for any number of threads. */
  #settleLeaves(tree: number): void {
    const { options, trees, gradients, hessians, weights, scores, leafSums } = this.#data
    this.#forLeafBlocks((block, _, from, to) => {
      let gradient = 0
      let hessian = 0
      let cover = 0
      for (let at = from; at < to; at++) {
        const row = this.#order[at]
        gradient += gradients[row]
        hessian += hessians[row]
        cover += weights[row]
      }
      leafSums[3 * block] = gradient
      leafSums[3 * block + 1] = hessian
      leafSums[3 * block + 2] = cover
    })
    this.#barrier.wait()
    let next = 0
    const values = this.#leaves.map(({ node, start, end, low, high }) => {
      const sums = [0, 0, 0]
      for (const last = next + Math.ceil((end - start) / blockRows); next < last; next++) {
        for (let part = 0; part < 3; part++) sums[part] += leafSums[3 * next + part]
      }
      const [gradient, hessian, cover] = sums
      const value = options.learningRate * leafValue(gradient, hessian, options, low, high)
      if (this.#number === 0) {
        const at = tree * nodesPerTree(options) + node
        trees.feature[at] = -1
        trees.value[at] = value
        trees.cover[at] = cover
      }
      return value
    })
    this.#forLeafBlocks((_, leaf, from, to) => {
      const value = values[leaf]
      for (let at = from; at < to; at++) scores[this.#order[at]] += value
    })
    this.#barrier.wait()
    this.#scoreUnseen(tree)
  }

  /** This thread's share of the blocks of all leaves, each with its number and its leaf's. */
  #forLeafBlocks(work: (block: number, leaf: number, from: number, to: number) => void): void {
    let block = 0
    this.#leaves.forEach(({ start, end }, leaf) => {
      for (let from = start; from < end; from += blockRows, block++) {
        if (block % this.#data.threads === this.#number) work(block, leaf, from, Math.min(from + blockRows, end))
      }
    })
  }

  /** Rows that the tree was not grown on get its value, too. */
  #scoreUnseen(tree: number): void {
    const { columns, scores, threads } = this.#data
    const order = this.#order
    const share = Math.ceil((order.length - this.#bagSize) / threads)
    const from = this.#bagSize + this.#number * share
    if (share === 0) return
    const nodes = this.#treeAt(tree)
    for (let i = from; i < Math.min(from + share, order.length); i++) {
      scores[order[i]] += nodes.value[findNode(nodes, columns, order[i])]
    }
  }

  #treeAt(tree: number): BoostedTrees {
    const { trees, options } = this.#data
    const { categories } = trees
    const [from, to] = [tree * nodesPerTree(options), (tree + 1) * nodesPerTree(options)]
    return {
      feature: trees.feature.subarray(from, to),
      threshold: trees.threshold.subarray(from, to),
      left: trees.left.subarray(from, to),
      missingGoesLeft: trees.missingGoesLeft.subarray(from, to),
      value: trees.value.subarray(from, to),
      cover: trees.cover.subarray(from, to),
      ...(categories && { categories: { setAt: categories.setAt.subarray(from, to), sets: categories.sets } }),
    }
  }
}

function noSplit(): FoundSplit {
  return {
    gain: 0,
    feature: -1,
    bin: 0,
    categories: undefined,
    missingGoesLeft: false,
    leftGradient: 0,
    leftHessian: 0,
  }
}

function gainOf({ split }: Leaf): number {
  return split?.gain ?? 0
}

/** A bin for each code; the last one's end is infinite. */
function endsOfCodes(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, code) => (code < count - 1 ? code : Number.POSITIVE_INFINITY))
}
