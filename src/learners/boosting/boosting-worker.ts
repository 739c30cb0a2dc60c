import { parentPort, workerData } from 'node:worker_threads'
import type { BoostingData } from './boosting-data.ts'
import { BoostingThread } from './boosting-thread.ts'

const data: BoostingData = workerData

parentPort?.on('message', ({ index, task }: { index: number; task: number }) => {
  new BoostingThread(data, task).run()
  parentPort?.postMessage({ index, result: undefined })
})
