import type { KernelMemory } from '../../core/kernel.ts'
import { featuresPerWord } from './boosting-loops.ts'
import type { BoostingOptions } from './boosting-options.ts'
import type { BoostedTrees, ValidationRows } from './early-stopping.ts'
import { binPlaces, type FoundSplit, type LeafSums } from './gradient-histogram.ts'
import type { BinningMemory, BinSample } from './quantile-bins.ts'

/** Rows that one thread computes gradients of at once, and sums in order. */
export const blockRows = 16_384
/** The sums of a block: of gradients without their signs, of hessians, and of both rounded. */
export const blockFields = 4
/**
 * The number of fields of a leaf's best split by one thread: gain, feature, bin, whether missing goes left, gradient
 * and hessian to the left.
 */
export const candidateFields = 6
/** The size of a set of bins: the number of words, then the words. */
export const setPlaces = 1 + binPlaces / 32

/** What one thread works on, in the memory that its kernels see. */
export interface ThreadMemory {
  /** The bins of its own features: for each row `words` words of four bytes. */
  readonly bins: Uint8Array
  readonly words: number
  /** Rows by leaf, in ascending order in each; behind them those that the tree does not see. */
  readonly order: Uint32Array
  /** Where the rows of a small leaf are parted. */
  readonly leftRows: Uint32Array
  readonly rightRows: Uint32Array
  /** For each bin, 1 where the rows of a split go left. */
  readonly leftBins: Uint8Array
  /** For each slot: the sums of those of its own features that the tree sees, side by side, `sumPlaces` for each. */
  readonly sums: readonly Int32Array[]
  /** Of each chunk of its own features what the tree sees, `chunkBytes` each. */
  readonly chunks: Uint8Array
  /** Of each of its own features that the tree sees: how many bins of values it has. */
  readonly binCounts: Uint32Array
  /** Where kernels write what they find. */
  readonly found: Float64Array
  readonly binning: BinningMemory
}

/** What the threads of a training share: all of it lies in shared memory. */
export interface BoostingData {
  readonly memory: KernelMemory
  readonly own: readonly ThreadMemory[]
  readonly options: BoostingOptions
  readonly threads: number
  /** For each feature, 1 or -1 where the score may only rise or fall. */
  readonly directions: Int8Array
  readonly columns: readonly Float64Array[]
  readonly labels: Uint8Array
  /** For each row, class weights included. */
  readonly weights: Float64Array
  /** Whether some row does not weigh 1. */
  readonly isWeighted: boolean
  /** For each feature: its bins' upper ends, `maxBins` places each, and how many there are. */
  readonly ends: Float64Array
  readonly endCounts: Int32Array
  /** For each feature, 1 where a value is missing in some row. */
  readonly hasMissing: Uint8Array
  readonly sample: BinSample
  readonly bins: readonly Uint8Array[]
  /** For each row: log-odds so far, gradient, hessian; both rounded, beside each other, the hessian first. */
  readonly scores: Float64Array
  readonly gradients: Float64Array
  readonly hessians: Float64Array
  readonly packed: Int32Array
  /** Where the rows of a large leaf are sorted. */
  readonly leftRows: Uint32Array
  readonly rightRows: Uint32Array
  /** For each block of rows `blockFields` sums. */
  readonly blockSums: Float64Array
  /** For each block of a leaf's rows: sums of gradients, hessians and weights. */
  readonly leafSums: Float64Array
  readonly candidates: Float64Array
  /** For each feature: how many categories it has, whose codes are its values; 0 where these are no categories. */
  readonly categoryCounts: Int32Array
  /** For each candidate: the bins of categories that go left, `setPlaces` each; empty where there are no categories. */
  readonly candidateSets: Int32Array
  /** Two cells of the barrier, then how many trees there are; -(n + 1) once early stopping has kept the first n. */
  readonly cells: Int32Array
  /** For each thread: how many of its rows of a split go left. */
  readonly leftCounts: Int32Array
  /** Tree by tree, `nodesPerTree` places each. */
  readonly trees: BoostedTrees
  readonly treeSizes: Int32Array
  /** For each node of all trees: what its split took off the loss, twice; 0 in leaves. */
  readonly gains: Float64Array
  readonly validation: ValidationRows | undefined
}

/** A leaf of the tree that is being grown; its rows stand from `start` to before `end`. */
export interface Leaf extends LeafSums {
  readonly node: number
  readonly start: number
  readonly end: number
  readonly depth: number
  /** Its place among candidates, and of its sums. */
  readonly slot: number
  split: FoundSplit | undefined
}

/** Leaves of fewer rows are parted by every thread for itself, which takes less time than to wait for the others. */
export const partedTogether = 8192

/** How many words the bins of a row take: more threads than these would have nothing to do. */
export function wordsOf(features: number): number {
  return Math.ceil(features / featuresPerWord)
}

/** Where a thread's own words begin; those of the one behind the last, where they end. */
export function firstWord(features: number, thread: number, threads: number): number {
  return Math.floor((thread * wordsOf(features)) / threads)
}

export function nodesPerTree({ maxLeaves }: Pick<BoostingOptions, 'maxLeaves'>): number {
  return 2 * maxLeaves - 1
}

/** One of the trees, as views. */
export function treeAt({ trees, options }: Pick<BoostingData, 'trees' | 'options'>, tree: number): BoostedTrees {
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
