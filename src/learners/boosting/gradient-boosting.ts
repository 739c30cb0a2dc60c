import { setImmediate as nextTurn } from 'node:timers/promises'
import { FraudError } from '../../core/errors.ts'
import { SharedArena, startKernel } from '../../core/kernel.ts'
import { shared, sharedCopy } from '../../core/shared-memory.ts'
import { ThreadPool } from '../../core/thread-pool.ts'
import { workerScript } from '../../core/worker-script.ts'
import type { Dataset } from '../../data/dataset.ts'
import { categoriesIn, createSet } from '../../models/trees/category-sets.ts'
import { createTreeEnsemble, type TreeEnsemble } from '../../models/trees/tree-ensemble.ts'
import { createNodes } from '../../models/trees/tree-nodes.ts'
import { choice, log, share, wholeLog } from '../dimensions.ts'
import { defineLearner } from '../learner.ts'
import { complete } from '../option.ts'
import { checkDataset, type TrainingControl, threadsFor, wholeWeights } from '../shared-dataset.ts'
import {
  type BoostingData,
  blockFields,
  blockRows,
  candidateFields,
  firstWord,
  nodesPerTree,
  partedTogether,
  setPlaces,
  type ThreadMemory,
  wordsOf,
} from './boosting-data.ts'
import { boostingKernel } from './boosting-kernel.ts'
import { chunkBytes, featuresPerChunk, featuresPerWord } from './boosting-loops.ts'
import { type BoostingOptions, boostingOptions, checkFeatureNames } from './boosting-options.ts'
import { BoostingThread } from './boosting-thread.ts'
import type { BoostingTask } from './boosting-worker.ts'
import { CategoryCodes } from './category-codes.ts'
import type { BoostedTrees, ValidationRows } from './early-stopping.ts'
import { binPlaces, sumPlaces } from './gradient-histogram.ts'
import { type BinSample, binningMemory, sampleClasses } from './quantile-bins.ts'

export interface TrainedBoosting {
  readonly model: TreeEnsemble
  /** What it was grown with, defaults included. */
  readonly options: BoostingOptions
  /** For each feature, its share of what all splits took off the loss; they sum to 1, or to 0 where no tree split. */
  readonly importance: Float64Array
}

const progressEveryMs = 100
/** Of rows that are binned. */
const cellsPerSecond = 100_000_000
/** So many binned values and bins of leaves are gone through in a third of a second, and no faster by two threads. */
const mostAlone = 150_000_000

/**
 * Gradient boosting of the log loss with leaf-wise histogram trees (Friedman, "Greedy Function Approximation: A Gradient
 * Boosting Machine", 2001; Ke et al., "LightGBM", 2017). Missing values go to the better side. The same dataset, options
 * and seed give the same model for any number of threads.
 *
 * @param validation later rows, which say when to stop.
 * @throws FraudError OPTION_INVALID, DATA_INVALID (one class only, no feature), INTERRUPTED.
 */
export async function trainGradientBoosting(
  dataset: Dataset,
  options: Partial<BoostingOptions> = {},
  control: TrainingControl = {},
  validation?: Dataset,
): Promise<TrainedBoosting> {
  const chosen = complete(boostingOptions, options)
  checkFeatureNames(chosen, dataset.features)
  checkDataset(dataset)
  const weights = wholeWeights(dataset, chosen)
  const base = priorLogOdds(dataset.labels, weights)
  const codes = new CategoryCodes(dataset, chosen.categories, chosen.maxBins)
  const share = (threads: number) => shareBoosting(dataset, weights, base, chosen, threads, codes, validation)
  const isAlone = control.threads === undefined && isShort(dataset, chosen)
  const data = await (isAlone ? growAlone(share, control) : growTogether(share, dataset, chosen, control))
  const model = assemble(dataset.features, data, base, codes)
  return { model, options: chosen, importance: importanceOf(model, data) }
}

/** Whether threads, which take time to start and to keep step, would gain nothing. Categories' splits take far longer. */
function isShort({ labels, features }: Dataset, { nEstimators, maxLeaves, categories }: BoostingOptions): boolean {
  const rows = labels.length
  const steps = nEstimators * features.length * (rows + Math.min(maxLeaves, rows) * binPlaces)
  return categories.length === 0 && steps <= mostAlone
}

/** In the calling thread, which does nothing else meanwhile. */
async function growAlone(share: (threads: number) => BoostingData, { signal }: TrainingControl): Promise<BoostingData> {
  // Many short trainings one after the other must not keep out what would stop them.
  await nextTurn()
  if (signal?.aborted) throw new FraudError('INTERRUPTED', 'Stopped before the end; nothing was written')
  const data = share(1)
  new BoostingThread(data, 0, startKernel(boostingKernel, data.memory)).run()
  return data
}

async function growTogether(
  share: (threads: number) => BoostingData,
  dataset: Dataset,
  { nEstimators }: BoostingOptions,
  control: TrainingControl,
): Promise<BoostingData> {
  const asked = threadsFor(control, dataset, { trees: nEstimators, cellsPerSecond })
  const threads = Math.min(asked, wordsOf(dataset.features.length))
  // The threads start while what they share is laid out.
  const pool = new ThreadPool<BoostingTask, undefined>(workerScript('./boosting-worker', import.meta.url), undefined, {
    threads,
    ...(control.signal && { signal: control.signal }),
  })
  try {
    const data = share(threads)
    await grow(pool, data, control)
    return data
  } finally {
    await pool.close()
  }
}

async function grow(
  pool: ThreadPool<BoostingTask, undefined>,
  data: BoostingData,
  { onProgress }: TrainingControl,
): Promise<void> {
  const timer = setInterval(() => {
    onProgress?.(treesIn(data), data.options.nEstimators)
  }, progressEveryMs)
  try {
    await pool.run(Array.from({ length: data.threads }, (_, thread) => ({ data, thread })))
  } finally {
    clearInterval(timer)
  }
}

/** How many trees there are, or, where early stopping has ended it, how many did best. */
function treesIn({ cells }: BoostingData): number {
  const done = Atomics.load(cells, 2)
  return done < 0 ? -done - 1 : done
}

function priorLogOdds(labels: Uint8Array, weights: Float64Array): number {
  let frauds = 0
  let all = 0
  // A call for each row would take as long as two trees: what runs once is not compiled.
  for (let row = 0; row < labels.length; row++) {
    frauds += weights[row] * labels[row]
    all += weights[row]
  }
  return Math.log(frauds / (all - frauds))
}

function shareBoosting(
  dataset: Dataset,
  weights: Float64Array,
  base: number,
  options: BoostingOptions,
  threads: number,
  codes: CategoryCodes,
  validation: Dataset | undefined,
): BoostingData {
  const { features, labels } = dataset
  const rows = labels.length
  const encoded = codes.encode(dataset.columns)
  const numbers = (length: number) => shared(Float64Array, length)
  const size = options.nEstimators * nodesPerTree(options)
  const hasCategories = options.categories.length > 0
  const trees: BoostedTrees = {
    feature: shared(Int32Array, size),
    threshold: numbers(size),
    left: shared(Int32Array, size),
    missingGoesLeft: shared(Uint8Array, size),
    value: numbers(size),
    cover: numbers(size),
    ...(hasCategories && {
      categories: { setAt: shared(Int32Array, size).fill(-1), sets: shared(Int32Array, size * setPlaces) },
    }),
  }
  const candidates = 2 * options.maxLeaves * threads
  const arena = new SharedArena()
  const kept = arena.take(Float64Array, rows)
  kept.set(weights)
  const ownLabels = arena.take(Uint8Array, rows)
  ownLabels.set(labels)
  const sample = sampleClasses(arena, labels)
  return {
    memory: arena.memory,
    own: Array.from({ length: threads }, (_, thread) =>
      threadMemory(arena, features.length, sample, options, thread, threads),
    ),
    options,
    threads,
    directions: Int8Array.from(features, (name) => options.monotone[name] ?? 0),
    categoryCounts: Int32Array.from(features, (_, i) => codes.of(i)?.length ?? 0),
    columns: threads === 1 ? encoded : encoded.map((column) => sharedCopy(Float64Array, column)),
    labels: ownLabels,
    weights: kept,
    isWeighted: dataset.weights !== undefined || dataset.copies !== undefined || options.classWeight !== 'none',
    ends: numbers(features.length * options.maxBins),
    endCounts: shared(Int32Array, features.length),
    hasMissing: shared(Uint8Array, features.length),
    sample,
    bins: features.map(() => arena.take(Uint8Array, rows)),
    scores: arena.take(Float64Array, rows).fill(base),
    gradients: arena.take(Float64Array, rows),
    hessians: arena.take(Float64Array, rows),
    packed: arena.take(Int32Array, 2 * rows),
    leftRows: arena.take(Uint32Array, rows),
    rightRows: arena.take(Uint32Array, rows),
    blockSums: arena.take(Float64Array, blockFields * Math.ceil(rows / blockRows)),
    leafSums: arena.take(Float64Array, 3 * (options.maxLeaves + Math.ceil(rows / blockRows))),
    candidates: numbers(candidates * candidateFields),
    candidateSets: shared(Int32Array, hasCategories ? candidates * setPlaces : 0),
    cells: shared(Int32Array, 3),
    leftCounts: shared(Int32Array, threads),
    trees,
    treeSizes: shared(Int32Array, options.nEstimators),
    gains: numbers(size),
    validation: validation && shareValidation(validation, base, options, codes),
  }
}

function threadMemory(
  arena: SharedArena,
  features: number,
  sample: BinSample,
  { maxLeaves }: BoostingOptions,
  thread: number,
  threads: number,
): ThreadMemory {
  const words = firstWord(features, thread + 1, threads) - firstWord(features, thread, threads)
  const own = words * featuresPerWord
  const rows = sample.classes.length
  return {
    bins: arena.take(Uint8Array, rows * own),
    words,
    order: arena.take(Uint32Array, rows),
    leftRows: arena.take(Uint32Array, Math.min(partedTogether, rows)),
    rightRows: arena.take(Uint32Array, Math.min(partedTogether, rows)),
    leftBins: arena.take(Uint8Array, binPlaces),
    // No tree has more leaves than rows.
    sums: Array.from({ length: Math.min(maxLeaves, rows) }, () => arena.take(Int32Array, own * sumPlaces)),
    chunks: arena.take(Uint8Array, chunkBytes * Math.ceil(own / featuresPerChunk)),
    binCounts: arena.take(Uint32Array, own),
    found: arena.take(Float64Array, 3),
    binning: binningMemory(arena, sample),
  }
}

function shareValidation(
  dataset: Dataset,
  base: number,
  options: BoostingOptions,
  codes: CategoryCodes,
): ValidationRows {
  return {
    columns: codes.encode(dataset.columns).map((column) => sharedCopy(Float64Array, column)),
    labels: sharedCopy(Uint8Array, dataset.labels),
    weights: wholeWeights(dataset, options),
    scores: shared(Float64Array, dataset.labels.length).fill(base),
  }
}

function importanceOf({ features, nodes }: TreeEnsemble, { gains, treeSizes, options }: BoostingData): Float64Array {
  const gained = new Float64Array(features.length)
  nodes.roots.forEach((root, tree) => {
    for (let node = 0; node < treeSizes[tree]; node++) {
      const feature = nodes.feature[root + node]
      if (feature >= 0) gained[feature] += gains[tree * nodesPerTree(options) + node]
    }
  })
  const sum = gained.reduce((total, gain) => total + gain, 0)
  return sum > 0 ? gained.map((gain) => gain / sum) : gained
}

/** The trees without the places that they left empty, and the weight of the rows that came to each node. */
function assemble(features: readonly string[], data: BoostingData, base: number, codes: CategoryCodes): TreeEnsemble {
  const { trees, treeSizes, options } = data
  const count = treesIn(data)
  const sizes = treeSizes.subarray(0, count)
  const size = sizes.reduce((sum, each) => sum + each, 0)
  const nodes = createNodes(count, size)
  const setAt = new Int32Array(size).fill(-1)
  const sets: number[] = []
  let root = 0
  sizes.forEach((length, tree) => {
    const from = tree * nodesPerTree(options)
    nodes.roots[tree] = root
    for (const part of ['feature', 'threshold', 'missingGoesLeft', 'value', 'cover'] as const) {
      nodes[part].set(trees[part].subarray(from, from + length), root)
    }
    for (let node = length - 1; node >= 0; node--) {
      const at = root + node
      if (nodes.feature[at] < 0) continue
      nodes.left[at] = root + trees.left[from + node]
      nodes.cover[at] = nodes.cover[nodes.left[at]] + nodes.cover[nodes.left[at] + 1]
      const categories = codes.of(nodes.feature[at])
      if (trees.categories === undefined || categories === undefined) continue
      const left = categoriesIn(trees.categories.sets, trees.categories.setAt[from + node])
      setAt[at] = sets.length
      sets.push(...createSet(left.map((code) => categories[code])))
    }
    root += length
  })
  const split = sets.length > 0 && { categories: { setAt, sets: Int32Array.from(sets) } }
  return createTreeEnsemble(features, { ...nodes, ...split }, { kind: 'log-odds', base })
}

export const gradientBoosting = defineLearner({
  name: 'gradient-boosting',
  options: boostingOptions,
  space: [
    choice('nEstimators', 100, 200, 400),
    log('learningRate', 0.01, 0.3),
    wholeLog('maxLeaves', 4, 64),
    wholeLog('minSamplesLeaf', 5, 200),
    log('regLambda', 0.1, 100),
    share('subsample', 0.5),
    share('colsampleByTree', 0.3),
  ],
  train: trainGradientBoosting,
})
