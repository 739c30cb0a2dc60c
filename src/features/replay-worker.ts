import { parentPort, workerData } from 'node:worker_threads'
import { compileDetector } from './feature-set.ts'
import { openLanes } from './replay-lanes.ts'
import { type LaneTask, replayLanes, type ThreadData } from './replay-thread.ts'

const { detector, lanes: plans }: ThreadData = workerData
const replay = replayLanes(openLanes(compileDetector(detector), detector, plans))

parentPort?.on('message', ({ index, task }: { index: number; task: LaneTask }) => {
  parentPort?.postMessage({ index, result: replay(task) })
})
