import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type { LaneTask, ThreadData } from './replay-thread.ts'

const { detector, lanes: plans, compileCache }: ThreadData = workerData
// A thread does not inherit it, and to compile the sources takes longer than a chunk.
if (compileCache !== undefined) enableCompileCache(compileCache)
const [{ compileDetector }, { openLane }, { replayLanes }] = await Promise.all([
  import('./feature-set.ts'),
  import('./replay-lanes.ts'),
  import('./replay-thread.ts'),
])
const features = compileDetector(detector)
const lanes = plans.map((plan) => openLane(features, plan))

parentPort?.on('message', ({ index, task }: { index: number; task: LaneTask }) => {
  parentPort?.postMessage({ index, result: replayLanes(lanes, task) })
})
