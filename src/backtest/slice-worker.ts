import { parentPort, workerData } from 'node:worker_threads'
import { type LogSlice, type LogWork, SliceRun } from './log-slices.ts'

const work: LogWork = workerData
const opened = SliceRun.open(work)

parentPort?.on('message', async ({ index, task }: { readonly index: number; readonly task: LogSlice }) => {
  const run = await opened
  parentPort?.postMessage({ index, result: run.count(task) })
})
