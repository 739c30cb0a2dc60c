import type { Definition } from '../log/log-record.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import type { Projections } from './projections.ts'

/** The detector that decides, what the log says of it, and what its records have made so far. */
export interface Standing {
  readonly inForce: DetectorInForce
  readonly definition: Definition
  /** The sequence number under which the log has it. */
  readonly definitionSequence: number
  readonly projections: Projections
  /** The time of the oldest transaction that is kept; undefined where there is none. */
  readonly coveredSinceMs: number | undefined
  /** The event time from which no history lacks what transactions of the log did not declare. */
  readonly lostUntilMs: number
}
