import { FraudError } from '../core/errors.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { readSnapshot, snapshotPaths } from '../stores/snapshot-files.ts'
import { keyVariable } from '../stores/sqlite/log-key.ts'
import type { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import type { Head, Stretch, Verification } from '../stores/sqlite/verify-log.ts'
import type { DataFlags } from './log-files.ts'

export interface KeyChangeFlags {
  readonly keyChanges?: readonly number[]
}

export interface SnapshotFound {
  readonly path: string
  /** Why a start leaves it alone; missing where it serves. */
  readonly problem?: string
}

export function describeStretch({ first, last, key }: Stretch): string {
  return `records ${first} to ${last} were written ${key === null ? 'without a key' : `with ${key}`}`
}

/** What a start would make of each snapshot. */
export function checkSnapshots({ data }: DataFlags, reader: SqliteLogReader, key: string | undefined): SnapshotFound[] {
  return snapshotPaths(dataDirectory(data).snapshotsPath).map((path) => {
    try {
      const { sequence, hash } = readSnapshot(path, key)
      if (Buffer.from(reader.hashAt(sequence) ?? []).toString('hex') === hash) return { path }
      const isAhead = sequence > reader.lastSequence()
      const ahead = `it contains record ${sequence}, and the log does not: the log was cut short, restored from an older copy, or is a different one`
      return { path, problem: isAhead ? ahead : 'it belongs to another log' }
    } catch (error) {
      if (!(error instanceof FraudError)) throw error
      return { path, problem: error.message }
    }
  })
}

/** What a log that is sound may have been through all the same. */
export function unsureOf(
  { isHeadPruned, stretches, persons }: Verification,
  key: string | undefined,
  head: Head | undefined,
  snapshots: readonly SnapshotFound[],
): readonly string[] {
  const unsure: string[] = []
  if (isHeadPruned) unsure.push('that the head is of another log: its record is no longer kept')
  if (key === undefined && head === undefined) {
    unsure.push(`that the whole log was rewritten with matching hashes (set ${keyVariable}, or give --head)`)
  } else if (key === undefined) unsure.push(`that records after the head were rewritten (set ${keyVariable})`)
  const open = stretches.at(-1)
  if (key !== undefined && open?.key === null) {
    unsure.push(`that records ${open.first} to ${open.last} were rewritten: nothing with the key comes after them`)
  }
  if (head === undefined) unsure.push('that records at the end were cut off (give --head, as log head printed it)')
  else unsure.push('that records after the head were cut off')
  if (persons !== undefined && persons.rows > 0 && !persons.areProven) {
    unsure.push(
      `that values of persons were altered: ${persons.rows.toLocaleString('en')} rows have no MAC ` +
        (key === undefined ? `(only with ${keyVariable})` : '(an older Shrike wrote them; the next start adds it)'),
    )
  }
  if (persons?.areProven && persons.macsFrom === undefined && persons.rows > 0) {
    unsure.push(
      'that values of persons were altered: the log does not say since when rows have MACs (the next start adds them)',
    )
  } else if (persons?.areProven && persons.macsFrom !== undefined && persons.macsFrom > 1 && persons.rows > 0) {
    unsure.push(`that values of persons were altered before record ${persons.macsFrom}, when their rows got their MACs`)
  }
  if (key === undefined && snapshots.some(({ problem }) => problem === undefined)) {
    unsure.push('that a snapshot was altered together with its digest (delete snapshots/*, then a start reads the log)')
  }
  unsure.push('anything about keys.json and model.safetensors, which are not part of the log')
  return unsure
}
