import type { DatabaseSync } from 'node:sqlite'
import { FraudError } from '../../core/errors.ts'
import { isRecord } from '../../core/json-value.ts'
import { createLink, firstLink, type Link } from '../../log/chain.ts'
import { type StoredRecord, writeFrame } from '../../log/frames.ts'
import { recordKinds } from '../../log/log-record.ts'
import { ValueReader, ValueWriter } from '../../log/packed-values.ts'
import { recordColumns, type StoredRow, storedRecord } from './stored-record.ts'

/** The environment variable, which messages name: what is wrong is put right there. */
export const keyVariable = 'SHRIKE_LOG_KEY'

/** A key, and where it was found, for messages. */
export interface NamedKey {
  readonly name: string
  readonly key: string
}

/** Whether a record's stored hash is the one that a link makes of the hash before it. */
export function createFits(link: Link): (before: Uint8Array, stored: StoredRow) => boolean {
  const frame = new ValueWriter()
  return (before, stored) => {
    frame.clear()
    writeFrame(stored, frame)
    return Buffer.from(link(before, frame.bytes)).equals(stored.hash)
  }
}

/**
 * Checks that the newest record was written with the key at hand: one record under another key, and the whole log is
 * neither verified with the one nor with the other.
 *
 * @throws FraudError LOG_KEY_MISMATCH; LOG_INVALID where the newest records are damaged.
 */
export function checkLogKey(database: DatabaseSync, key: string | undefined): void {
  const sql = `SELECT ${recordColumns} FROM records ORDER BY sequence DESC LIMIT 2`
  const [newest, second] = database.prepare(sql).all().map(storedRecord)
  if (newest === undefined) return
  const before = hashBefore(database, newest, second)
  if (createFits(createLink(key))(before, newest)) return
  const at = `The log's newest record (${newest.sequence})`
  if (key === undefined) {
    throw new FraudError(
      'LOG_KEY_MISMATCH',
      `${at} was written with a key: set ${keyVariable} to it. If this log never had a key, the record was altered`,
    )
  }
  throw new FraudError(
    'LOG_KEY_MISMATCH',
    createFits(createLink())(before, newest)
      ? `${at} was written without a key, and ${keyVariable} is set: unset it, or change the key with \`shrike log rekey\``
      : `${at} was written with a different key than ${keyVariable}, or it was altered`,
  )
}

/** What the newest record's hash rests on. */
function hashBefore(database: DatabaseSync, { sequence }: StoredRecord, second: StoredRow | undefined): Uint8Array {
  if (sequence === 1) return firstLink
  if (second?.sequence === sequence - 1) return second.hash
  const kind = recordKinds.indexOf('checkpoint')
  const sql = `SELECT ${recordColumns} FROM records WHERE kind = ? AND kind > 2 ORDER BY sequence DESC LIMIT 1`
  const row = database.prepare(sql).get(kind)
  const { prunedThrough, hash } = row === undefined ? {} : jsonOf(storedRecord(row))
  if (prunedThrough === sequence - 1 && typeof hash === 'string') return Buffer.from(hash, 'hex')
  throw new FraudError('LOG_INVALID', `Record ${sequence - 1} of the log is missing`)
}

/** A checkpoint's record, of which no more is known here: what knows the rest takes a thread longer to load than all else. */
function jsonOf({ sequence, body }: StoredRecord): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(new ValueReader(body).text())
    return isRecord(json) ? json : {}
  } catch (cause) {
    throw new FraudError('LOG_INVALID', `Record ${sequence} of the log can't be read`, { cause })
  }
}
