import assert from 'node:assert/strict'
import { savedParts } from '../../src/deciding/projections.ts'
import { Rebuild } from '../../src/deciding/rebuild.ts'
import { compileDetector } from '../../src/features/feature-set.ts'
import { servingFingerprints } from '../../src/features/fingerprint.ts'
import { loadModel } from '../../src/scoring/load-predictor.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { readSnapshot, snapshotPaths } from '../../src/stores/snapshot-files.ts'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { verifyLog } from '../../src/stores/sqlite/verify-log.ts'
import { lastDetector } from '../../src/training/find-detector.ts'
import { replayLog } from '../../src/training/logged-rows.ts'

export function withLog<Result>(data: string, read: (reader: SqliteLogReader) => Result): Result {
  const reader = new SqliteLogReader(dataDirectory(data).logPath)
  try {
    return read(reader)
  } finally {
    reader.close()
  }
}

export function assertSound(data: string): number {
  return withLog(data, (reader) => {
    const { records, problem } = verifyLog(reader, undefined)
    assert.equal(problem, undefined)
    return records
  })
}

/**
 * Computes every row of the log from scratch, and its score, and fails unless those stored with the decisions are the
 * same in every bit. Returns how many were compared.
 */
export async function assertRowsAreReplayed(data: string, bundle: string, from = 0): Promise<number> {
  const { predictor } = await loadModel(bundle)
  return withLog(data, (reader) => {
    const located = lastDetector(reader)
    const features = compileDetector(located.detector)
    const always = { usesStored: () => false, signal: new AbortController().signal }
    let compared = 0
    for (const group of replayLog(located, features, reader, always)) {
      for (const { record, row } of group) {
        if (record.kind !== 'decision' || record.timestampMs < from) continue
        // Object.is tells every two numbers apart whose bits differ, but for NaNs, of which JavaScript knows one.
        const differing = features.names.filter((_, i) => !Object.is(record.row[i], row[i]))
        assert.deepEqual(differing, [], `record ${record.sequence} (${record.id})`)
        if (record.score !== null) assert.ok(Object.is(record.score, predictor.predict(row).probability))
        compared++
      }
    }
    return compared
  })
}

/**
 * What each kept snapshot and the records behind it make, which must be what the whole log makes.
 *
 * @param only the part that is compared: of records that were let go of, histories in a snapshot still have the last ones.
 */
export function assertSnapshotsLeadToSameState(data: string, only?: string): number {
  return withLog(data, (reader) => {
    const { detector } = lastDetector(reader)
    const features = compileDetector(detector)
    const rebuilt = (path?: string) => {
      const snapshot = path === undefined ? undefined : readSnapshot(path)
      if (snapshot !== undefined) assert.ok(servingFingerprints(detector, features).includes(snapshot.fingerprint))
      const rebuild = new Rebuild({ detector, features }, reader, snapshot, {})
      while (rebuild.step());
      return savedParts(rebuild.projections).map(({ name, chunks }) => ({ name, bytes: Buffer.concat([...chunks]) }))
    }
    const whole = rebuilt()
    const paths = snapshotPaths(dataDirectory(data).snapshotsPath)
    for (const path of paths) {
      rebuilt(path).forEach(({ name, bytes }, i) => {
        if (only !== undefined && name !== only) return
        assert.ok(whole[i].bytes.equals(bytes), `${path} and its tail lead elsewhere: ${name}`)
      })
    }
    return paths.length
  })
}
