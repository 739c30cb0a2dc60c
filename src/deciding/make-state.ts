import type { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Steps } from '../core/time-slices.ts'
import type { Detector } from '../detector/detector.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { Snapshot } from '../log/snapshots.ts'
import type { HistoryMaker } from './detector-in-force.ts'
import { type ColumnCount, ColumnCounts } from './lost-histories.ts'
import type { ProjectionOptions } from './projections.ts'
import { Rebuild, startRebuild } from './rebuild.ts'
import { agrees } from './standing-part.ts'

/** What the log's records are to make for a detector. */
export interface StateOrder {
  /** The columns that no histories were made of before. */
  readonly freshColumns: readonly string[]
  readonly options: ProjectionOptions
  /** How many go in with a step; as many as a log gives at once where nobody waits. */
  readonly recordsAtOnce?: number
  readonly onProgress: (sequence: number) => void
  /** Called before each record goes in. */
  readonly onRecord?: () => void
}

/** What they made, up to the record that was the last one then. */
interface MadeState {
  readonly rebuild: Rebuild
  /** Those of the fresh columns in which no transaction has a value. */
  readonly empty: readonly ColumnCount[]
  /** Whether it agrees with what stands, where only some of it was made. */
  readonly agrees: boolean
}

/** What another thread made, to be put into projections here. */
export interface StateOfThread {
  readonly snapshot: Snapshot
  readonly empty: readonly ColumnCount[]
  /** Whether it agrees with what stands, where only some of it was made. */
  readonly agrees: boolean
  /** Records that it read which hold parts of a newer version, by part. */
  readonly unread: LogReading['unread']
}

/**
 * Does the same as `makeState` beside decisions, and hands over what came of it as a snapshot is.
 *
 * @throws FraudError as `makeState`; INTERRUPTED where `signal` ends it
 */
export type MakeElsewhere = (detector: Detector, order: StateOrder, signal: AbortSignal) => Promise<StateOfThread>

/**
 * Makes all that the log's records make, of the newest snapshot that serves and the records behind it.
 *
 * @throws FraudError as `Rebuild`
 */
export function* makeState(
  maker: HistoryMaker,
  reading: LogReading,
  snapshot: Snapshot | undefined,
  { freshColumns, options, onProgress, onRecord, recordsAtOnce }: StateOrder,
  logger: Logger,
): Steps<MadeState> {
  const rebuild = yield* startRebuild(
    snapshot,
    (held) => Rebuild.begin(maker, reading, held, options),
    (error) => tellRefused(error, logger),
  )
  tellParts(rebuild, logger)
  // Where histories come from a snapshot, no column is new.
  const counts = new ColumnCounts(rebuild.makesHistories ? freshColumns : [], reading, maker.detector)
  while (rebuild.step((record) => counts.see(record), onRecord, recordsAtOnce)) {
    onProgress(rebuild.sequence)
    yield
  }
  const { remake } = options
  return { rebuild, empty: counts.empty, agrees: remake === undefined || agrees(rebuild.projections, remake) }
}

function tellRefused({ code, message }: FraudError, logger: Logger): void {
  logger.error({ code, reason: message }, "a snapshot can't be used; the log is read instead")
}

function tellParts({ unknownParts, missingParts }: Rebuild, logger: Logger): void {
  if (unknownParts.length > 0)
    logger.warn({ parts: unknownParts }, 'the snapshot has parts from a newer Shrike, which are skipped')
  if (missingParts.length > 0)
    logger.info({ parts: missingParts }, 'the snapshot lacks parts, which are computed from the log')
}
