import { parentPort, workerData } from 'node:worker_threads'
import { type ColumnsToScore, createBlockScorer } from './score-columns.ts'

const data: ColumnsToScore = workerData
const port = parentPort
const scoreBlock = createBlockScorer(data)

port?.on('message', ({ index, task }: { index: number; task: number }) => {
  scoreBlock(task)
  port.postMessage({ index, result: undefined })
})
