import { standingPlaces } from '../features/fingerprint.ts'
import type { LogReading } from '../log/decision-log.ts'
import { type DetectorInForce, RecordTransactions } from './detector-in-force.ts'
import { labelWaitMs } from './history-projection.ts'
import type { NamesCheck } from './lost-names.ts'
import type { Projections } from './projections.ts'
import { makesNone, type Remake } from './remake.ts'
import type { Standing } from './standing.ts'

/** What goes on in a takeover, and what is made. */
export interface StandingPart {
  readonly projections: Projections
  readonly remake: Remake
}

/**
 * What of a detector's histories has to be made of the log, so that all are those that it would make; undefined where all of
 * it has to: where transactions or labels count for something else, or keys were dropped for memory that all would have.
 */
export function findRemake(next: DetectorInForce, standing: Standing, reading: LogReading): Remake | undefined {
  const { inForce, projections } = standing
  if (projections.histories.histories.hasGaps) return undefined
  const places = standingPlaces(next, inForce)
  const standingWaitMs = labelWaitMs(inForce.features)
  // Labels that waited for too long now have taken effect in what stands.
  const waitMs = labelWaitMs(next.features)
  if (places === undefined || waitMs < standingWaitMs) return undefined
  const remake = { standingPlaces: places, standingWaitMs }
  // Those that wait for longer now are made beside histories: where no history is to be made, they would not be either.
  if (makesNone(remake) && waitMs !== standingWaitMs) return undefined
  const [wanted, there] = [next, inForce].map((each) => new RecordTransactions(each, reading))
  const isSame = reading.definitionSequences().every((each) => wanted.isHeld(each) === there.isHeld(each))
  return isSame ? remake : undefined
}

/** Whether no label took effect in what was made that did not in what stands. */
export function agrees({ pending }: Projections, { standingWaitMs }: Remake): boolean {
  return pending.longestMs <= standingWaitMs
}

/** From now on what stands goes on under the detector that other histories were made for, with these. */
export function goOnWith({ projections, remake }: StandingPart, made: Projections, names: NamesCheck): Projections {
  projections.histories.goOnAs(made.histories, remake.standingPlaces)
  projections.pending.goOnAs(made.pending)
  names.rename()
  return projections
}
