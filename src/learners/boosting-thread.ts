import { createRandom } from '../core/random.ts'
import { Barrier } from './barrier.ts'
import type { BoostingOptions } from './boosting-options.ts'
import {
  addEveryRow,
  addRows,
  type FoundSplit,
  type LeafSums,
  leafValue,
  packedSum,
  packing,
  SplitSearch,
  subtract,
} from './gradient-histogram.ts'
import { fillBins, findBinEnds } from './quantile-bins.ts'

/** Rows that one thread computes gradients of at once, and sums in order. */
export const blockRows = 16_384
/** Of a leaf's best split by one thread: gain, feature, bin, whether missing goes left, gradient and hessian to the left. */
const candidateFields = 6

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
  readonly bins: readonly Uint8Array[]
  /** By row: log-odds so far, gradient, hessian, both packed. */
  readonly scores: Float64Array
  readonly gradients: Float64Array
  readonly hessians: Float64Array
  readonly packed: Float64Array
  /** Rows by leaf, and a place to sort them in. */
  readonly order: Uint32Array
  readonly spill: Uint32Array
  /** By block of rows: the sum of gradients without their signs, and of hessians. */
  readonly blockSums: Float64Array
  readonly candidates: Float64Array
  /** Two cells of the barrier, then how many trees there are. */
  readonly cells: Int32Array
  /** Tree by tree, `nodesPerTree` places each. */
  readonly trees: BoostedTrees
  readonly treeSizes: Int32Array
  readonly validation: ValidationRows | undefined
}

export interface BoostedTrees {
  readonly feature: Int32Array
  readonly threshold: Float64Array
  readonly left: Int32Array
  readonly missingGoesLeft: Uint8Array
  readonly value: Float64Array
  readonly cover: Float64Array
}

/** Rows that decide when to stop. */
export interface ValidationRows {
  readonly columns: readonly Float64Array[]
  readonly labels: Uint8Array
  readonly weights: Float64Array
  readonly scores: Float64Array
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
  /** By slot and own feature. */
  readonly #sums: Float64Array[][] = []
  #ownFeatures: number[] = []
  #leafPacked = new Float64Array(0)
  #bagSize = 0
  #leaves: Leaf[] = []
  #gradientScale = 1
  #hessianScale = 1

  constructor(data: BoostingData, number: number) {
    this.#data = data
    this.#number = number
    this.#barrier = new Barrier(data.cells, data.threads)
    this.#search = new SplitSearch(data.options)
  }

  run(): void {
    this.#bin()
    const { options, cells, validation, scores } = this.#data
    this.#leafPacked = new Float64Array(scores.length)
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
    const { columns, labels, options, ends, endCounts, bins, threads } = this.#data
    for (let feature = this.#number; feature < columns.length; feature += threads) {
      const found = findBinEnds(columns[feature], labels, options.maxBins)
      ends.set(found, feature * options.maxBins)
      endCounts[feature] = found.length
      fillBins(found, columns[feature], bins[feature])
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
      blockSums[2 * block] = gradientSum
      blockSums[2 * block + 1] = hessianSum
    })
    this.#barrier.wait()
    const [gradientSum, hessianSum] = [0, 1].map((part) => {
      let sum = 0
      for (let i = part; i < blockSums.length; i += 2) sum += blockSums[i]
      return sum
    })
    this.#gradientScale = gradientSum > 0 ? packedSum / gradientSum : 1
    this.#hessianScale = hessianSum > 0 ? packedSum / hessianSum : 1
    this.#search.gradientScale = this.#gradientScale
    this.#search.hessianScale = this.#hessianScale
    const [gradientScale, hessianScale] = [this.#gradientScale, this.#hessianScale]
    this.#forBlocks((_, from, to) => {
      for (let row = from; row < to; row++) {
        packed[row] = Math.round(gradients[row] * gradientScale) * packing + Math.round(hessians[row] * hessianScale)
      }
    })
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
    const { options, order, labels } = this.#data
    this.#bagSize = labels.length
    if (options.subsample === 1) {
      if (this.#number === 0) for (let row = 0; row < order.length; row++) order[row] = row
      return
    }
    // Every thread draws the same, and one writes it down.
    const random = createRandom(options.seed, 2 * tree + 1)
    const wanted = Math.max(1, Math.round(options.subsample * labels.length))
    let drawn = 0
    let left = 0
    for (let row = 0; row < labels.length; row++) {
      const isIn = random.uniform() * (labels.length - row) < wanted - drawn
      if (this.#number === 0) order[isIn ? drawn : wanted + left] = row
      if (isIn) drawn++
      else left++
    }
    this.#bagSize = wanted
  }

  #drawFeatures(tree: number): void {
    const { options, columns, threads } = this.#data
    const features = Array.from(columns.keys())
    const wanted = Math.max(1, Math.round(options.colsampleByTree * features.length))
    if (wanted < features.length) {
      const random = createRandom(options.seed, 2 * tree + 2)
      for (let i = 0; i < wanted; i++) {
        const chosen = i + random.integer(features.length - i)
        ;[features[i], features[chosen]] = [features[chosen], features[i]]
      }
    }
    const kept = features.slice(0, wanted).sort((a, b) => a - b)
    this.#ownFeatures = kept.filter((_, i) => i % threads === this.#number)
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
    const { packed, order } = this.#data
    let sum = 0
    // Packed sums stay below 2^53.
    for (let i = 0; i < this.#bagSize; i++) sum += packed[order[i]]
    const gradient = Math.floor(sum / packing)
    const range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
    const place = { node: 0, start: 0, end: this.#bagSize, rows: this.#bagSize, depth: 0, slot: 0 }
    return { ...place, ...range, gradient, hessian: sum - gradient * packing, split: undefined }
  }

  #sumRows(leaf: Leaf): void {
    const { packed, order, bins, labels } = this.#data
    const isEveryRow = leaf.end - leaf.start === labels.length
    if (!isEveryRow) for (let i = leaf.start; i < leaf.end; i++) this.#leafPacked[i] = packed[order[i]]
    for (const feature of this.#ownFeatures) {
      const sums = this.#sumsOf(leaf.slot, feature)
      if (isEveryRow) addEveryRow(sums, bins[feature], packed)
      else addRows(sums, bins[feature], order, this.#leafPacked, leaf.start, leaf.end)
    }
  }

  #sumsOf(slot: number, feature: number): Float64Array {
    this.#sums[slot] ??= []
    this.#sums[slot][feature] ??= new Float64Array(this.#data.endCounts[feature] + 1)
    return this.#sums[slot][feature]
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
        for (const feature of this.#ownFeatures) {
          subtract(this.#sumsOf(large.slot, feature), this.#sumsOf(small.slot, feature))
        }
      }
    }
    this.#findSplits(open)
  }

  #swapSums(one: number, other: number): void {
    this.#sums[other] ??= []
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
    const { candidates, threads, endCounts, directions } = this.#data
    for (const leaf of leaves) {
      const best = noSplit()
      for (const feature of this.#ownFeatures) {
        const sums = this.#sumsOf(leaf.slot, feature)
        this.#search.improve(best, feature, sums, endCounts[feature], leaf, directions[feature])
      }
      const { gain, feature, bin, missingGoesLeft, leftGradient, leftHessian } = best
      const at = (leaf.slot * threads + this.#number) * candidateFields
      candidates.set([gain, feature, bin, Number(missingGoesLeft), leftGradient, leftHessian], at)
    }
    this.#barrier.wait()
    for (const leaf of leaves) leaf.split = this.#bestCandidate(leaf.slot)
  }

  /** The most gain; of equal ones the feature that stands first. */
  #bestCandidate(slot: number): FoundSplit | undefined {
    const { candidates, threads } = this.#data
    let best: FoundSplit | undefined
    for (let thread = 0; thread < threads; thread++) {
      const at = (slot * threads + thread) * candidateFields
      const gain = candidates[at]
      const feature = candidates[at + 1]
      if (!(gain > 0)) continue
      if (best !== undefined && (gain < best.gain || (gain === best.gain && feature > best.feature))) continue
      const [bin, missingGoesLeft, leftGradient, leftHessian] = candidates.subarray(at + 2, at + candidateFields)
      best = { gain, feature, bin, missingGoesLeft: missingGoesLeft === 1, leftGradient, leftHessian }
    }
    return best
  }

  /** Moves the rows that go left to the front, in their order; returns where the others begin. One thread does it. */
  #partition({ start, end }: Leaf, { feature, bin, missingGoesLeft }: FoundSplit): number {
    const { bins, order, spill, endCounts, cells } = this.#data
    if (this.#number === 0) {
      const column = bins[feature]
      const missingBin = endCounts[feature]
      let middle = start
      let spilled = 0
      for (let i = start; i < end; i++) {
        const row = order[i]
        const own = column[row]
        const goesLeft = Number(own <= bin) | (Number(own === missingBin) & Number(missingGoesLeft))
        // Both are written and one is kept: a branch would be mispredicted.
        order[middle] = row
        spill[spilled] = row
        middle += goesLeft
        spilled += 1 - goesLeft
      }
      order.set(spill.subarray(0, spilled), middle)
      Atomics.store(cells, 3, middle)
    }
    this.#barrier.wait()
    return Atomics.load(cells, 3)
  }

  #writeSplit(tree: number, leaf: Leaf, split: FoundSplit, size: number, middle: number): void {
    const { trees, options, ends, endCounts } = this.#data
    const at = tree * nodesPerTree(options) + leaf.node
    const isLastBin = split.bin === endCounts[split.feature] - 1
    trees.feature[at] = split.feature
    trees.threshold[at] = isLastBin ? Number.POSITIVE_INFINITY : ends[split.feature * options.maxBins + split.bin]
    trees.left[at] = size
    // Where training saw no missing value here, one goes where most rows went.
    const sawMissing = split.missingGoesLeft || this.#sawMissing(leaf, split)
    trees.missingGoesLeft[at] = Number(sawMissing ? split.missingGoesLeft : 2 * middle > leaf.start + leaf.end)
  }

  #sawMissing({ start, end }: Leaf, { feature }: FoundSplit): boolean {
    const { bins, order, endCounts } = this.#data
    const [column, missingBin] = [bins[feature], endCounts[feature]]
    for (let i = start; i < end; i++) if (column[order[i]] === missingBin) return true
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

  /** Leaf values of exact sums, one thread to a leaf; and what they add to their rows' scores. */
  #settleLeaves(tree: number): void {
    const { options, trees, order, gradients, hessians, weights, scores, threads } = this.#data
    const base = tree * nodesPerTree(options)
    this.#leaves.forEach((leaf, i) => {
      if (i % threads !== this.#number) return
      let gradient = 0
      let hessian = 0
      let cover = 0
      for (let at = leaf.start; at < leaf.end; at++) {
        const row = order[at]
        gradient += gradients[row]
        hessian += hessians[row]
        cover += weights[row]
      }
      const value = options.learningRate * leafValue(gradient, hessian, options, leaf.low, leaf.high)
      trees.feature[base + leaf.node] = -1
      trees.value[base + leaf.node] = value
      trees.cover[base + leaf.node] = cover
      for (let at = leaf.start; at < leaf.end; at++) scores[order[at]] += value
    })
    this.#barrier.wait()
    this.#scoreUnseen(tree)
  }

  /** Rows that the tree was not grown on get its value, too. */
  #scoreUnseen(tree: number): void {
    const { order, columns, scores, threads } = this.#data
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
    const [from, to] = [tree * nodesPerTree(options), (tree + 1) * nodesPerTree(options)]
    return {
      feature: trees.feature.subarray(from, to),
      threshold: trees.threshold.subarray(from, to),
      left: trees.left.subarray(from, to),
      missingGoesLeft: trees.missingGoesLeft.subarray(from, to),
      value: trees.value.subarray(from, to),
      cover: trees.cover.subarray(from, to),
    }
  }
}

function noSplit(): FoundSplit {
  return { gain: 0, feature: -1, bin: 0, missingGoesLeft: false, leftGradient: 0, leftHessian: 0 }
}

function gainOf({ split }: Leaf): number {
  return split?.gain ?? 0
}

/** The leaf of a tree that a row of columns reaches. */
function findNode(nodes: BoostedTrees, columns: readonly Float64Array[], row: number): number {
  let node = 0
  for (let feature = nodes.feature[0]; feature >= 0; feature = nodes.feature[node]) {
    const x = columns[feature][row]
    const goesLeft = x <= nodes.threshold[node] || (Number.isNaN(x) && nodes.missingGoesLeft[node] === 1)
    node = nodes.left[node] + (goesLeft ? 0 : 1)
  }
  return node
}

/** Watches the log loss on rows that are not learned from. */
class EarlyStopping {
  readonly #rows: ValidationRows
  readonly #rounds: number
  #trees = 0
  #bestLoss = Number.POSITIVE_INFINITY
  /** The number of trees that did best. */
  best = 0

  constructor(rows: ValidationRows, { earlyStoppingRounds }: BoostingOptions) {
    this.#rows = rows
    this.#rounds = earlyStoppingRounds ?? Number.POSITIVE_INFINITY
  }

  get isOver(): boolean {
    return this.#trees - this.best >= this.#rounds
  }

  add(tree: BoostedTrees): void {
    const { columns, labels, weights, scores } = this.#rows
    let loss = 0
    for (let row = 0; row < labels.length; row++) {
      scores[row] += tree.value[findNode(tree, columns, row)]
      const margin = labels[row] === 1 ? -scores[row] : scores[row]
      // log(1 + exp(margin)), without overflow.
      loss += weights[row] * (Math.max(margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))))
    }
    this.#trees++
    if (loss < this.#bestLoss) {
      this.#bestLoss = loss
      this.best = this.#trees
    }
  }
}
