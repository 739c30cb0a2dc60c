import { parentPort, workerData } from 'node:worker_threads'
import { startKernel } from '../../core/kernel.ts'
import type { BoostingData } from './boosting-data.ts'
import { boostingKernel } from './boosting-kernel.ts'
import { BoostingThread } from './boosting-thread.ts'

const data: BoostingData = workerData

parentPort?.on('message', ({ index, task }: { index: number; task: number }) => {
  new BoostingThread(data, task, startKernel(boostingKernel, data.memory)).run()
  parentPort?.postMessage({ index, result: undefined })
})
