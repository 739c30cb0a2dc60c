import { parentPort } from 'node:worker_threads'
import { startKernel } from '../../core/kernel.ts'
import type { BoostingData } from './boosting-data.ts'
import { boostingKernel } from './boosting-kernel.ts'
import { BoostingThread } from './boosting-thread.ts'

export interface BoostingTask {
  readonly data: BoostingData
  readonly thread: number
}

parentPort?.on('message', ({ index, task: { data, thread } }: { index: number; task: BoostingTask }) => {
  new BoostingThread(data, thread, startKernel(boostingKernel, data.memory)).run()
  parentPort?.postMessage({ index, result: undefined })
})
