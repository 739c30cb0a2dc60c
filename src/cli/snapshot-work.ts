import { FraudError } from '../core/errors.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { inSlices, type Steps } from '../core/time-slices.ts'
import { savedParts } from '../deciding/projections.ts'
import { findPrunable } from '../deciding/prunable.ts'
import { Rebuild, startRebuild } from '../deciding/rebuild.ts'
import { compileFeatures } from '../features/feature-set.ts'
import { historiesFingerprint, servingFingerprints } from '../features/fingerprint.ts'
import type { Snapshot } from '../log/snapshots.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { newestSnapshot, readSnapshot, snapshotPaths, writeSnapshot } from '../stores/snapshot-files.ts'
import { checkLogKey } from '../stores/sqlite/log-key.ts'
import { lastDetector } from '../training/find-detector.ts'
import { type DataFlags, logKey, openLog } from './log-files.ts'
import type { Run } from './run.ts'

export interface SnapshotFlags extends DataFlags {
  readonly pruneBefore?: number
}

/**
 * Makes histories of the newest snapshot and the log behind it, writes them down, reads them back, and prints what it did
 * as JSON. Reads beside a service that goes on.
 */
export async function takeSnapshot(flags: SnapshotFlags, { signal }: Run): Promise<void> {
  const { snapshotsPath } = dataDirectory(flags.data)
  const key = logKey()
  const reader = openLog(flags)
  try {
    checkLogKey(reader.database, key)
    const located = lastDetector(reader)
    const features = compileFeatures(located)
    const fingerprint = historiesFingerprint(located.detector, features)
    const live = { detector: located.detector, features }
    const start = (snapshot: Snapshot | undefined) =>
      Rebuild.begin(live, reader, snapshot, { maxBytes: Number.POSITIVE_INFINITY })
    const starting = startRebuild(
      // What is left alone the service says when it meets it; here the log makes up for it.
      newestSnapshot(
        snapshotsPath,
        servingFingerprints(located.detector, features),
        (at) => reader.hashAt(at),
        () => {},
        key,
      ),
      start,
      () => {},
    )
    const rebuild = await inSlices(rebuilding(starting), () => throwIfInterrupted(signal))
    const { sequence, projections } = rebuild
    const hash = Buffer.from(reader.hashAt(sequence) ?? []).toString('hex')
    const { path, bytes } = writeSnapshot(snapshotsPath, { fingerprint, sequence, hash }, savedParts(projections), key)
    // A snapshot that can't be read back must not be what the log is shortened on.
    new Rebuild(live, reader, readSnapshot(path, key), { maxBytes: Number.POSITIVE_INFINITY })
    const { keys, events } = projections.histories.histories.stats()
    const safeThrough = Math.min(...snapshotPaths(snapshotsPath).map((kept) => sequenceOf(kept, key)))
    const cutoffMs = flags.pruneBefore
    const prunable = cutoffMs === undefined ? undefined : findPrunable(reader, live, cutoffMs, safeThrough)
    process.stdout.write(`${JSON.stringify({ sequence, safeThrough, path, bytes, keys, events, prunable })}\n`)
  } finally {
    reader.close()
  }
}

function* rebuilding(starting: Steps<Rebuild>): Steps<Rebuild> {
  const rebuild = yield* starting
  while (rebuild.step()) yield
  return rebuild
}

/** Through which record a snapshot lets the log be shortened: one that can't be used holds nothing back. */
function sequenceOf(path: string, key: string | undefined): number {
  try {
    return readSnapshot(path, key).sequence
  } catch (error) {
    if (error instanceof FraudError) return Number.POSITIVE_INFINITY
    throw error
  }
}
