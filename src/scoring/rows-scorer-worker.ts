import { parentPort, workerData } from 'node:worker_threads'
import { atOnce } from '../core/time-slices.ts'
import { readModel } from '../models/learned-model.ts'
import { createRowsScorer } from './load-predictor.ts'
import type { ModelToScore } from './rows-scorer.ts'

const { features, written, scaling }: ModelToScore = workerData
const model = atOnce(readModel(written.form, written.tensors, features, (reason) => new Error(reason)))
const score = createRowsScorer({ model, ...(scaling && { scaling }) })

parentPort?.on('message', ({ index, task }: { index: number; task: Float64Array }) => {
  parentPort?.postMessage({ index, result: score(task) })
})
