import { parentPort, workerData } from 'node:worker_threads'
import { compileDetector } from './feature-set.ts'
import { openLane } from './replay-lanes.ts'
import { type LaneTask, replayLanes, type ThreadData } from './replay-thread.ts'

const { detector, lanes: plans }: ThreadData = workerData
const features = compileDetector(detector)
const replay = replayLanes(plans.map((plan) => openLane(features, plan)))

parentPort?.on('message', ({ index, task }: { index: number; task: LaneTask }) => {
  parentPort?.postMessage({ index, result: replay(task) })
})
