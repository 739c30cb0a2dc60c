import type { Detector } from '../detector/detector.ts'
import type { ChunkColumns } from './replay-chunk.ts'
import type { Lane, LanePlan } from './replay-lanes.ts'

/** What a thread is begun with. */
export interface ThreadData {
  readonly detector: Detector
  readonly lanes: readonly LanePlan[]
}

/** A chunk, and where each of a thread's lanes writes its values. */
export interface LaneTask {
  readonly chunk: ChunkColumns
  readonly outs: readonly Float64Array[]
}

/** Replays a chunk in some lanes; returns how many events the fullest of them carries to the next. */
export function replayLanes(lanes: readonly Lane[], { chunk, outs }: LaneTask): number {
  for (const [i, lane] of lanes.entries()) lane.replay(chunk, outs[i])
  return Math.max(0, ...lanes.map(({ carried }) => carried))
}
