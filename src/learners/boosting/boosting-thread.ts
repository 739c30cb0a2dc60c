import { createRandom } from '../../core/random.ts'
import { categoriesIn, createSet } from '../../models/trees/category-sets.ts'
import { Barrier } from '../barrier.ts'
import {
  type BoostingData,
  blockRows,
  candidateFields,
  firstWord,
  type Leaf,
  nodesPerTree,
  setPlaces,
  type ThreadMemory,
  treeAt,
} from './boosting-data.ts'
import { type BoostingLoops, chunkBytes, featuresPerChunk, featuresPerWord } from './boosting-loops.ts'
import { BoostingScores } from './boosting-scores.ts'
import { EarlyStopping } from './early-stopping.ts'
import { type FoundSplit, leafValue, type RoundedSums, SplitSearch, sumPlaces } from './gradient-histogram.ts'
import { LeafRows } from './leaf-rows.ts'
import { fillBins, findBinEnds } from './quantile-bins.ts'

/**
 * One of the threads that grow boosted trees in step. Each holds the sums of its own features and finds the best split
 * among them; all then see all candidates and choose the same. What is added up in doubles is added in one fixed order,
 * so the number of threads changes nothing.
 */
export class BoostingThread {
  readonly #data: BoostingData
  readonly #number: number
  readonly #barrier: Barrier
  readonly #search: SplitSearch
  readonly #loops: BoostingLoops
  readonly #own: ThreadMemory
  /** For each slot: the sums of the thread's own features that the tree sees, side by side, `sumPlaces` for each. */
  readonly #sums: Int32Array[]
  /** The thread's own features: those from the first up to the last, which is another's. */
  readonly #firstFeature: number
  readonly #lastFeature: number
  /** How many chunks of the own features the tree sees something of. */
  #seenChunks = 0
  /** Those of this thread's features that the tree sees. */
  #seenFeatures: number[] = []
  /** For each of them: before which one those end, it and all up to there, that have no categories and no constraint. */
  #freeUntil: number[] = []
  readonly #rows: LeafRows
  readonly #scores: BoostingScores
  #leaves: Leaf[] = []
  #isOddSearch = false

  constructor(data: BoostingData, number: number, loops: BoostingLoops) {
    this.#data = data
    this.#number = number
    this.#barrier = new Barrier(data.cells, data.threads)
    this.#loops = loops
    this.#own = data.own[number]
    this.#sums = [...this.#own.sums]
    this.#search = new SplitSearch(data.options, loops, this.#own.found)
    this.#rows = new LeafRows(data, number, this.#barrier, loops)
    this.#scores = new BoostingScores(data, number, this.#barrier, loops)
    const [first, last] = [number, number + 1].map((thread) => firstWord(data.columns.length, thread, data.threads))
    this.#firstFeature = first * featuresPerWord
    this.#lastFeature = Math.min(last * featuresPerWord, data.columns.length)
  }

  run(): void {
    this.#bin()
    const { options, cells, validation } = this.#data
    const stopping = validation && new EarlyStopping(validation, options)
    for (let tree = 0; tree < options.nEstimators; tree++) {
      this.#scores.computeGradients()
      this.#search.gradientScale = this.#scores.gradientScale
      this.#search.hessianScale = this.#scores.hessianScale
      this.#rows.draw(tree)
      this.#drawFeatures(tree)
      this.#barrier.wait()
      this.#growTree(tree)
      this.#scores.settle(tree, this.#leaves, this.#rows)
      this.#barrier.wait()
      if (stopping !== undefined && this.#number === 0) stopping.add(treeAt(this.#data, tree))
      if (this.#number === 0) Atomics.store(cells, 2, stopping?.isOver ? -(stopping.best + 1) : tree + 1)
      this.#barrier.wait()
      if (Atomics.load(cells, 2) < 0) return
    }
    if (stopping !== undefined && this.#number === 0) Atomics.store(cells, 2, -(stopping.best + 1))
  }

  #bin(): void {
    const { columns, labels, options, categoryCounts, sample, ends, endCounts, hasMissing, bins } = this.#data
    const { binning } = this.#own
    for (let feature = this.#firstFeature; feature < this.#lastFeature; feature++) {
      const categories = categoryCounts[feature]
      const column = columns[feature]
      const found =
        categories > 0 ? endsOfCodes(categories) : findBinEnds(this.#loops, binning, sample, column, options.maxBins)
      ends.set(found, feature * options.maxBins)
      endCounts[feature] = found.length
      hasMissing[feature] = Number(fillBins(this.#loops, binning, found, column, bins[feature]))
    }
    const { bins: bytes, words } = this.#own
    const stride = words * featuresPerWord
    // A block at a time, so that a row's place is still at hand when its next feature comes.
    for (let from = 0; from < labels.length; from += blockRows) {
      const to = Math.min(from + blockRows, labels.length)
      for (let feature = this.#firstFeature; feature < this.#lastFeature; feature++) {
        const column = bins[feature]
        const place = feature - this.#firstFeature
        this.#loops.placeBins(column.byteOffset, bytes.byteOffset + place, stride, from, to)
      }
    }
    this.#barrier.wait()
  }

  #drawFeatures(tree: number): void {
    const { options, columns, endCounts, categoryCounts, directions } = this.#data
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
    this.#writeChunks()
    this.#own.binCounts.set(this.#seenFeatures.map((feature) => endCounts[feature]))
    this.#freeUntil = this.#seenFeatures.map((_, place) => place)
    for (let place = this.#seenFeatures.length - 1; place >= 0; place--) {
      const feature = this.#seenFeatures[place]
      if (categoryCounts[feature] > 0 || directions[feature] !== 0) continue
      this.#freeUntil[place] = this.#freeUntil[place + 1] ?? place + 1
    }
  }

  /** Tells the loops which features the tree sees. */
  #writeChunks(): void {
    const { chunks } = this.#own
    const words = new DataView(chunks.buffer, chunks.byteOffset, chunks.byteLength)
    const places = this.#seenFeatures.map((feature) => feature - this.#firstFeature)
    const seen = Map.groupBy(places, (place) => Math.floor(place / featuresPerChunk))
    let at = 0
    for (const [chunk, which] of seen) {
      const first = chunk * featuresPerChunk
      words.setUint32(at, first, true)
      words.setUint32(at + 4, which.length, true)
      for (const [i, place] of which.entries()) chunks[at + 16 + i] = place - first
      at += chunkBytes
    }
    this.#seenChunks = seen.size
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
      const middle = this.#rows.split(chosen, split)
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
    const sums = this.#rows.seen === this.#data.labels.length ? this.#scores.rounded : this.#sumSeen()
    const range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
    const place = { node: 0, start: 0, end: this.#rows.seen, rows: this.#rows.seen, depth: 0, slot: 0 }
    return { ...place, ...range, ...sums, split: undefined }
  }

  #sumSeen(): RoundedSums {
    const { packed } = this.#data
    const { order, seen } = this.#rows
    let [gradient, hessian] = [0, 0]
    for (let i = 0; i < seen; i++) {
      hessian += packed[2 * order[i]]
      gradient += packed[2 * order[i] + 1]
    }
    return { gradient, hessian }
  }

  #sumRows({ start, end, slot }: Leaf): void {
    const { bins, words, chunks, order } = this.#own
    const sums = this.#sums[slot]
    this.#loops.fill(sums.byteOffset, 0, this.#seenFeatures.length * sumPlaces * sums.BYTES_PER_ELEMENT)
    const [to, from, seen, rows, packed] = [sums, bins, chunks, order, this.#data.packed].map((each) => each.byteOffset)
    this.#loops.addRows(to, from, words * featuresPerWord, seen, this.#seenChunks, rows, packed, start, end)
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
        const [sums, less] = [this.#sums[large.slot], this.#sums[small.slot]]
        const { length } = this.#seenFeatures
        this.#loops.subtract(sums.byteOffset, less.byteOffset, length * sumPlaces * sums.BYTES_PER_ELEMENT)
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
      hessian >= 2 * minChildWeight * this.#scores.hessianScale &&
      hessian >= 2 &&
      (maxDepth === null || depth < maxDepth)
    )
  }

  /** Each thread's best, then everybody's. */
  #findSplits(leaves: readonly Leaf[]): void {
    const { candidates, candidateSets, endCounts, directions, categoryCounts } = this.#data
    for (const leaf of leaves) {
      const best = noSplit()
      const sums = this.#sums[leaf.slot]
      const isFree = this.#search.isFree(leaf)
      for (let place = 0; place < this.#seenFeatures.length; place++) {
        const feature = this.#seenFeatures[place]
        const from = place * sumPlaces
        const end = this.#freeUntil[place]
        if (isFree && end > place) {
          const found = this.#search.improveFree(best, sums, this.#own.binCounts, place, end, leaf)
          if (found >= 0) best.feature = this.#seenFeatures[found]
          place = end - 1
        } else if (categoryCounts[feature] > 0) {
          this.#search.improveByCategory(best, feature, sums, from, endCounts[feature], leaf)
        } else this.#search.improve(best, feature, sums, from, endCounts[feature], leaf, directions[feature])
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
      best = {
        gain,
        feature,
        bin: candidates[at + 2],
        categories: categoryCounts[feature] > 0 ? categoriesIn(candidateSets, place * setPlaces) : undefined,
        missingGoesLeft: candidates[at + 3] === 1,
        leftGradient: candidates[at + 4],
        leftHessian: candidates[at + 5],
      }
    }
    return best
  }

  #writeSplit(tree: number, leaf: Leaf, split: FoundSplit, size: number, middle: number): void {
    const { trees, gains, options, ends, endCounts } = this.#data
    const at = tree * nodesPerTree(options) + leaf.node
    trees.feature[at] = split.feature
    trees.left[at] = size
    gains[at] = split.gain
    if (trees.categories !== undefined && split.categories !== undefined) {
      trees.threshold[at] = Number.NaN
      trees.categories.setAt[at] = at * setPlaces
      trees.categories.sets.set(createSet(split.categories), at * setPlaces)
      return
    }
    const isLastBin = split.bin === endCounts[split.feature] - 1
    trees.threshold[at] = isLastBin ? Number.POSITIVE_INFINITY : ends[split.feature * options.maxBins + split.bin]
    // Where training saw no missing value here, one goes where most rows went.
    const sawMissing = split.missingGoesLeft || this.#rows.isMissingIn(leaf, split)
    trees.missingGoesLeft[at] = Number(sawMissing ? split.missingGoesLeft : 2 * middle > leaf.start + leaf.end)
  }

  #childrenOf(leaf: Leaf, split: FoundSplit, middle: number, size: number): [Leaf, Leaf] {
    const { directions, options } = this.#data
    const { leftGradient, leftHessian, feature } = split
    const { start, end, gradient, hessian, slot, low, high } = leaf
    const depth = leaf.depth + 1
    const [rightGradient, rightHessian] = [gradient - leftGradient, hessian - leftHessian]
    const value = (g: number, h: number) =>
      leafValue(g / this.#scores.gradientScale, h / this.#scores.hessianScale, options, low, high)
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
