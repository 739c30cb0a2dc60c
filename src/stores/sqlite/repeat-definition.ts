import type { DatabaseSync } from 'node:sqlite'
import { FraudError } from '../../core/errors.ts'
import { createLink } from '../../log/chain.ts'
import { splitFrames } from '../../log/frames.ts'
import type { Definition } from '../../log/log-record.ts'
import { ValueWriter } from '../../log/packed-values.ts'
import { encodeFrame } from '../../log/record-format.ts'
import type { SqliteLogReader } from './sqlite-log-reader.ts'

/**
 * Within a transaction, appends the definition in force once more, to say something of the log itself: with a key, from
 * where on rows of persons bear MACs.
 *
 * @param macs whether they are new, or only bear others now.
 * @returns its number.
 */
export function repeatDefinition(
  database: DatabaseSync,
  reader: SqliteLogReader,
  key: string | undefined,
  macs: 'from-here' | 'as-before',
): number {
  const last = reader.lastDefinition()
  const sequence = reader.lastSequence() + 1
  const hashBefore = reader.hashAt(sequence - 1)
  if (last === undefined || hashBefore === undefined) {
    throw new FraudError('LOG_INVALID', 'The log has no definition')
  }
  const { personMacsFrom, ...definition }: Definition = last.definition
  const from = macs === 'from-here' ? sequence : (personMacsFrom ?? sequence)
  const frames = new ValueWriter()
  encodeFrame(
    { ...definition, ...(key !== undefined && { personMacsFrom: from }), kind: 'definition' },
    sequence,
    frames,
  )
  for (const { frame, record } of splitFrames(frames.bytes)) {
    const { kind, outcome, timestampMs, score, id, body } = record
    const hash = createLink(key)(hashBefore, frame)
    database
      .prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
      .run(sequence, kind, outcome, timestampMs, score, id, body, hash)
  }
  return sequence
}
