import { createLink, firstLink } from '../../decisioning/chain.ts'
import { ValueWriter } from '../../decisioning/packed-values.ts'
import { decodeRecord, writeFrame } from '../../decisioning/record-format.ts'
import type { LogReader } from './log-reader.ts'
import { recordColumns, storedRecord } from './stored-record.ts'

/** What a log was found to be. */
export interface Verification {
  readonly records: number
  /** The first and the last record that are kept. */
  readonly first: number
  readonly last: number
  /** The hash of the last record that is sound, in hex. */
  readonly hash: string
  /** Whether the head lies among records that are no longer kept, so that nothing can be said of it. */
  readonly isHeadPruned: boolean
  /** The first thing that is wrong, if anything is. */
  readonly problem?: { readonly sequence: number; readonly reason: string }
}

/** A record that somebody noted elsewhere, so that a log that was cut short is found out. */
export interface Head {
  readonly sequence: number
  /** Hex. */
  readonly hash: string
}

/** Goes through the whole log and computes every hash anew; stops at the first record that is not as it was written. */
export function verifyLog(reader: LogReader, key: string | undefined, head?: Head): Verification {
  const link = createLink(key)
  const frame = new ValueWriter()
  const pruned = reader.prunedThrough()
  let hash = (pruned === 0 ? firstLink : reader.hashAt(pruned)) ?? firstLink
  let last = pruned
  let records = 0
  let seen = head?.sequence === pruned ? toHex(hash) : undefined
  const found = (problem?: Verification['problem']): Verification => ({
    records,
    first: pruned + 1,
    last,
    hash: toHex(hash),
    isHeadPruned: head !== undefined && head.sequence < pruned,
    ...(problem && { problem }),
  })
  const sql = `SELECT ${recordColumns} FROM records WHERE sequence > ? ORDER BY sequence`
  const rows = reader.database.prepare(sql).iterate(pruned)
  for (;;) {
    const sequence = last + 1
    let next: ReturnType<typeof rows.next>
    try {
      next = rows.next()
    } catch {
      return found({ sequence, reason: "can't be read: the file is damaged" })
    }
    if (next.done === true) break
    const row = next.value
    if (Number(row.sequence) !== sequence) return found({ sequence, reason: 'is missing' })
    try {
      const stored = storedRecord(row)
      frame.clear()
      writeFrame(stored, frame)
      const expected = link(hash, frame.bytes)
      if (toHex(expected) !== toHex(stored.hash))
        return found({ sequence, reason: 'was altered, or the key is another' })
      decodeRecord(stored)
      hash = stored.hash
    } catch {
      return found({ sequence, reason: "can't be read" })
    }
    last = sequence
    records += 1
    if (head?.sequence === sequence) seen = toHex(hash)
  }
  if (head === undefined) return found()
  if (seen === undefined && head.sequence > last) {
    return found({
      sequence: last + 1,
      reason: `is missing, as is everything up to ${head.sequence}: the log was cut short`,
    })
  }
  if (seen !== undefined && seen !== head.hash)
    return found({ sequence: head.sequence, reason: 'is not the one that was noted' })
  return found()
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
