import type { SQLOutputValue } from 'node:sqlite'
import { FraudError } from '../../core/errors.ts'
import type { StoredRecord } from '../../log/frames.ts'

export type Row = Readonly<Record<string, SQLOutputValue>>

export const recordColumns = 'sequence, kind, outcome, timestamp_ms, score, id, body, hash'

/** What a record is read from: without the hash, which costs as much as the record where all are read. */
export const contentColumns = 'sequence, kind, outcome, timestamp_ms, score, id, body'

export type StoredRow = StoredRecord & { readonly hash: Uint8Array }

/**
 * Whether a text that was read is what look-ups compare. Bytes that are not UTF-8 read as U+FFFD, so a hash can fit a text
 * that nobody finds.
 */
export function isAsStored(text: string, readBytes: () => SQLOutputValue | undefined): boolean {
  if (!text.includes('\uFFFD')) return true
  const bytes = readBytes()
  return bytes instanceof Uint8Array && Buffer.from(text).equals(bytes)
}

/** A row of the records as the record format takes it, and the hash that stands with it. */
export function storedRecord(row: Row): StoredRow {
  const { sequence, kind, outcome, timestamp_ms, score, id, body, hash } = row
  if (!(hash instanceof Uint8Array)) throw unreadable(sequence)
  return { ...recordOf([sequence, kind, outcome, timestamp_ms, score, id, body]), hash }
}

/** A row of the content's columns, which comes as an array. */
export function recordOf(row: unknown): StoredRecord {
  const [sequence, kind, outcome, timestampMs, score, id, body]: readonly unknown[] = Array.isArray(row) ? row : []
  const isSound =
    typeof kind === 'number' &&
    typeof outcome === 'number' &&
    typeof timestampMs === 'number' &&
    typeof id === 'string' &&
    body instanceof Uint8Array &&
    (score === null || typeof score === 'number')
  if (!isSound) throw unreadable(sequence)
  return { sequence: Number(sequence), kind, outcome, timestampMs, score, id, body }
}

function unreadable(sequence: unknown): FraudError {
  return new FraudError('LOG_INVALID', `Record ${sequence} of the log can't be read`)
}
