import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { RowMaker } from '../deciding/detector-in-force.ts'
import { servingFingerprints } from '../features/fingerprint.ts'
import type { Snapshot } from '../log/snapshots.ts'
import { newestSnapshot } from '../stores/snapshot-files.ts'
import type { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'

/** Where snapshots are, and the key that they were made with. */
export interface SnapshotPlace {
  readonly snapshotsPath: string
  readonly logKey: string | undefined
}

/** The newest snapshot that serves; says of each that does not why it was left alone. */
export function findSnapshot(
  { snapshotsPath, logKey }: SnapshotPlace,
  { detector, features }: RowMaker,
  reading: SqliteLogReader,
  logger: Logger,
): Snapshot | undefined {
  return newestSnapshot(
    snapshotsPath,
    servingFingerprints(detector, features),
    (sequence) => reading.hashAt(sequence),
    (path, why) => {
      if (why === 'other-histories') logger.info({ path }, 'a snapshot has different histories and is not used')
      else if ('otherLog' in why) logOtherLog(path, why.otherLog, reading.lastSequence(), logger)
      else if (!(why.error instanceof FraudError)) throw why.error
      else logger.error({ code: why.error.code, reason: why.error.message }, "a snapshot can't be used")
    },
    logKey,
  )
}

function logOtherLog(path: string, snapshotAt: number, logEndsAt: number, logger: Logger): void {
  if (snapshotAt <= logEndsAt) logger.warn({ path, snapshotAt }, 'a snapshot belongs to another log and is not used')
  else {
    logger.warn(
      { path, snapshotAt, logEndsAt },
      `the log was cut short, restored from an older copy, or is a different one: a snapshot contains record ${snapshotAt}, and the log ends with ` +
        `${logEndsAt}. Decisions in between are missing from it; the snapshot is not used`,
    )
  }
}
