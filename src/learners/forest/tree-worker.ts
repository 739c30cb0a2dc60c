import { parentPort, workerData } from 'node:worker_threads'
import { binColumn, binCount, findEdges } from './binning.ts'
import { type BinnedDataset, Grower, type GrownTree } from './grower.ts'
import { type OutOfBagTask, scoreOutOfBag } from './out-of-bag.ts'
import type { RandomForestOptions } from './tree-options.ts'

/** What a thread of a forest gets once. */
export interface TreeWorkerData extends BinnedDataset {
  readonly options: RandomForestOptions
  readonly rareRows: Uint32Array
  /** By feature: further cuts, for splits that Gini alone would not choose. */
  readonly extraCuts: readonly (readonly number[])[]
}

export type TreeTask = { readonly bin: number } | { readonly grow: number } | { readonly outOfBag: OutOfBagTask }
export type TreeResult = GrownTree | undefined

const data: TreeWorkerData = workerData
const port = parentPort
let grower: Grower | undefined

function work(task: TreeTask): TreeResult {
  if ('grow' in task) {
    grower ??= new Grower(data, data.options)
    return grower.grow(task.grow)
  }
  if ('outOfBag' in task) {
    scoreOutOfBag(data, task.outOfBag)
    return undefined
  }
  const column = data.columns[task.bin]
  const edges = findEdges(column, data.rareRows, data.extraCuts[task.bin])
  binColumn(edges, column, data.bins[task.bin])
  data.binCounts[task.bin] = binCount(edges)
  return undefined
}

port?.on('message', ({ index, task }: { index: number; task: TreeTask }) => {
  port.postMessage({ index, result: work(task) })
})
