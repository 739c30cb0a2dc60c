import { timeReader } from '../core/time-formats.ts'
import { zoneOffset } from '../core/zone.ts'
import type { LabelledRows } from './labelled-rows.ts'

/** In milliseconds: a flat table's times may be anything that orders its rows. */
export function timesInMs(
  { isoTimes, detector }: Pick<LabelledRows, 'isoTimes' | 'detector'>,
  times: Float64Array,
): Float64Array {
  const { time, zone = 'UTC' } = detector.transaction
  return isoTimes || time === undefined ? times : times.map(timeReader(time, zoneOffset(zone)))
}
