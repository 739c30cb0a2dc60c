import { parentPort, workerData } from 'node:worker_threads'
import { binColumn, binCount, findEdges } from './binning.ts'
import { Grower } from './grower.ts'
import { scoreOutOfBag } from './out-of-bag.ts'
import { arrangeByRow } from './row-block.ts'
import type { TreeResult, TreeTask, TreeWorkerData } from './tree-tasks.ts'

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
  if ('arrange' in task) {
    arrangeByRow(data.bins, data.byRow, task.arrange.from, task.arrange.to)
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
