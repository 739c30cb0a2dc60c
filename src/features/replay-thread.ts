import type { Detector } from '../detector/detector.ts'
import { ToldTexts } from './chunk-texts.ts'
import type { SentChunk } from './replay-chunk.ts'
import type { Lane, LanePlan } from './replay-lanes.ts'

/** What a thread is begun with. */
export interface ThreadData {
  readonly detector: Detector
  readonly lanes: readonly LanePlan[]
}

/** A chunk, and where each of a thread's lanes writes its values. */
export interface LaneTask {
  readonly chunk: SentChunk
  readonly outs: readonly Float64Array[]
}

/** Makes a function that replays one chunk after the other in some lanes; it returns how many events the fullest of them carries. */
export function replayLanes(lanes: readonly Lane[]): (task: LaneTask) => number {
  const texts = new ToldTexts()
  return ({ chunk, outs }) => {
    const columns = { ...chunk, dictionaries: texts.take(chunk.added) }
    for (const [i, lane] of lanes.entries()) lane.replay(columns, outs[i])
    return Math.max(0, ...lanes.map(({ carried }) => carried))
  }
}
