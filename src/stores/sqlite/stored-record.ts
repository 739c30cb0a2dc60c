import type { SQLOutputValue } from 'node:sqlite'
import { FraudError } from '../../core/errors.ts'
import type { StoredRecord } from '../../log/frames.ts'

export type Row = Readonly<Record<string, SQLOutputValue>>

export const recordColumns = 'sequence, kind, outcome, timestamp_ms, score, id, body, hash'

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
  const isSound =
    typeof kind === 'number' &&
    typeof outcome === 'number' &&
    typeof timestamp_ms === 'number' &&
    typeof id === 'string' &&
    body instanceof Uint8Array &&
    hash instanceof Uint8Array &&
    (score === null || typeof score === 'number')
  if (!isSound) throw new FraudError('LOG_INVALID', `Record ${sequence} of the log can't be read`)
  return { sequence: Number(sequence), kind, outcome, timestampMs: timestamp_ms, score, id, body, hash }
}
