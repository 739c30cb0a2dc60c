import { FraudError } from '../../core/errors.ts'
import { shared, sharedCopy } from '../../core/shared-memory.ts'
import { ThreadPool } from '../../core/thread-pool.ts'
import { workerScript } from '../../core/worker-script.ts'
import type { Dataset } from '../../data/dataset.ts'
import { createTreeEnsemble, type TreeEnsemble } from '../../models/trees/tree-ensemble.ts'
import { createNodes } from '../../models/trees/tree-nodes.ts'
import { choice, share, wholeLog } from '../dimensions.ts'
import { defineLearner } from '../learner.ts'
import { complete } from '../option.ts'
import { checkDataset, rowWeights, type TrainingControl, threadsFor } from '../shared-dataset.ts'
import { placesByRow } from './row-block.ts'
import type { GrownTree } from './tree-builder.ts'
import { type RandomForestOptions, randomForestOptions, type TreeOptions, treeOptions } from './tree-options.ts'
import type { RowRange, TreeResult, TreeTask, TreeWorkerData } from './tree-tasks.ts'

/** Of trees of full depth. */
const cellsPerSecond = 20_000_000

export interface TrainedForest {
  readonly model: TreeEnsemble
  /** What it was grown with, defaults included. */
  readonly options: RandomForestOptions
  /** Impurity importance by feature, the mean over the trees that split; it sums to 1, or to 0 where no tree split. */
  readonly importance: Float64Array
  /** With `oobScore`: each row's score by the trees that did not see it, NaN where all did. */
  readonly outOfBagScores?: Float64Array
}

/**
 * A random forest (Breiman, 2001) as scikit-learn 1.x grows it: bootstrap, full depth, Gini, a mean of leaf
 * probabilities. The same dataset, options and seed give the same forest for any number of threads.
 *
 * @throws FraudError OPTION_INVALID, DATA_INVALID (one class only, no feature), INTERRUPTED.
 */
export async function trainRandomForest(
  dataset: Dataset,
  options: Partial<RandomForestOptions> = {},
  control: TrainingControl = {},
): Promise<TrainedForest> {
  const forest = complete(randomForestOptions, options)
  checkDataset(dataset)
  if (forest.oobScore) checkOutOfBag(dataset, forest)
  const data = shareDataset(dataset, forest)
  const asked = threadsFor(control, dataset, { trees: forest.nEstimators, cellsPerSecond })
  const threads = Math.min(asked, forest.nEstimators)
  const pool = new ThreadPool<TreeTask, TreeResult>(workerScript('./tree-worker', import.meta.url), data, {
    threads,
    ...(control.signal && { signal: control.signal }),
  })
  try {
    await pool.run(dataset.columns.map((_, bin) => ({ bin })))
    const ranges = rangesOf(dataset.labels.length, threads)
    if (data.byRow.length > 0) await pool.run(ranges.map((arrange) => ({ arrange })))
    const tasks = Array.from({ length: forest.nEstimators }, (_, grow) => ({ grow }))
    const grown = await pool.run(tasks, (_, done) => control.onProgress?.(done, tasks.length))
    const trees = grown.filter((tree) => tree !== undefined)
    const trained = { ...assemble(dataset.features, trees), options: forest }
    if (!forest.oobScore) return trained
    const scores = shared(Float64Array, dataset.labels.length)
    await pool.run(ranges.map((range) => ({ outOfBag: { ...range, nodes: trained.model.nodes, scores } })))
    return { ...trained, outOfBagScores: scores }
  } finally {
    await pool.close()
  }
}

function rangesOf(rows: number, parts: number): RowRange[] {
  const step = Math.ceil(rows / parts)
  return Array.from({ length: parts }, (_, i) => ({
    from: Math.min(i * step, rows),
    to: Math.min((i + 1) * step, rows),
  }))
}

/** One tree on every row, as scikit-learn's DecisionTreeClassifier grows it. */
export function trainDecisionTree(
  dataset: Dataset,
  options: Partial<TreeOptions> = {},
  control: TrainingControl = {},
): Promise<TrainedForest> {
  const single = { ...complete(treeOptions, options), nEstimators: 1, bootstrap: false, maxSamples: 1, oobScore: false }
  return trainRandomForest(dataset, single, control)
}

function checkOutOfBag({ copies }: Dataset, { bootstrap }: RandomForestOptions): void {
  if (!bootstrap)
    throw new FraudError('OPTION_INVALID', 'oobScore needs bootstrap: without it every tree learns from every row')
  if (copies?.some((count) => count > 1)) {
    throw new FraudError(
      'OUT_OF_BAG_UNAVAILABLE',
      'No out-of-bag score with oversampling: copies of a fraud are in nearly every tree, so the score would be too good. ' +
        'Use classWeight balanced instead, or rely on the evaluation on later rows',
    )
  }
}

function shareDataset(dataset: Dataset, options: RandomForestOptions): TreeWorkerData {
  const rowCount = dataset.labels.length
  const columns = dataset.columns.map((column) => sharedCopy(Float64Array, column))
  const labels = sharedCopy(Uint8Array, dataset.labels)
  const { copies } = dataset
  const extraRows = shared(Uint32Array, copies?.reduce((sum, count) => sum + count - 1, 0) ?? 0)
  let extra = 0
  copies?.forEach((count, row) => {
    for (let copy = 1; copy < count; copy++) extraRows[extra++] = row
  })
  const frauds = dataset.labels.reduce((sum, label) => sum + label, 0)
  const rareLabel = frauds * 2 <= rowCount ? 1 : 0
  const rareRows = shared(Uint32Array, rareLabel === 1 ? frauds : rowCount - frauds)
  let rare = 0
  dataset.labels.forEach((label, row) => {
    if (label === rareLabel) rareRows[rare++] = row
  })
  const weights = rowWeights(dataset, options)
  return {
    options,
    columns,
    bins: columns.map(() => shared(Uint16Array, rowCount)),
    byRow: shared(Uint16Array, options.maxLeafNodes === null ? placesByRow(rowCount, columns.length) : 0),
    binCounts: shared(Int32Array, columns.length),
    labels,
    weights,
    areWhole: weights.every(Number.isInteger),
    extraRows,
    rareRows,
    extraCuts: columns.map((column) => (options.minSamplesLeaf > 1 ? quantiles(column) : [])),
  }
}

/** Evenly spaced ranks of a column: cuts for splits that must leave more than one row on each side. */
function quantiles(column: Float64Array): number[] {
  const step = Math.max(1, Math.floor(column.length / 100_000))
  const sample = column.filter((value, row) => row % step === 0 && !Number.isNaN(value)).sort()
  const count = Math.min(255, sample.length)
  return Array.from({ length: count }, (_, i) => sample[Math.floor((i * sample.length) / count)])
}

function assemble(
  features: readonly string[],
  trees: readonly GrownTree[],
): Pick<TrainedForest, 'model' | 'importance'> {
  const nodes = createNodes(
    trees.length,
    trees.reduce((sum, { feature }) => sum + feature.length, 0),
  )
  let root = 0
  const importance = new Float64Array(features.length)
  trees.forEach((tree, i) => {
    nodes.roots[i] = root
    nodes.feature.set(tree.feature, root)
    nodes.threshold.set(tree.threshold, root)
    nodes.left.set(
      tree.left.map((left) => left + root),
      root,
    )
    nodes.missingGoesLeft.set(tree.missingGoesLeft, root)
    nodes.value.set(tree.value, root)
    nodes.cover.set(tree.cover, root)
    root += tree.feature.length
    tree.importance.forEach((share, feature) => {
      importance[feature] += share
    })
  })
  // As in scikit-learn, trees that never split have no say.
  const sum = importance.reduce((total, share) => total + share, 0)
  return {
    model: createTreeEnsemble(features, nodes),
    importance: importance.map((share) => (sum > 0 ? share / sum : 0)),
  }
}

export const decisionTree = defineLearner({
  name: 'decision-tree',
  options: treeOptions,
  space: [
    choice('maxDepth', 3, 4, 5, 6, 8, 10, 14, null),
    wholeLog('minSamplesLeaf', 1, 200),
    choice('classWeight', 'none', 'balanced'),
    choice('oversample', null, 0.1),
  ],
  train: trainDecisionTree,
})

export const randomForest = defineLearner({
  name: 'random-forest',
  options: randomForestOptions,
  space: [
    choice('nEstimators', 100, 200, 300),
    wholeLog('minSamplesLeaf', 1, 50),
    choice('maxFeatures', 'sqrt', 'log2', 'all'),
    share('maxSamples', 0.2),
    choice('classWeight', 'none', 'balanced'),
    choice('oversample', null, 0.1, 1),
  ],
  train: trainRandomForest,
})
