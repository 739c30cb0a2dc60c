import { FraudError } from '../../core/errors.ts'
import { createLink } from '../../decisioning/chain.ts'
import { ValueWriter } from '../../decisioning/packed-values.ts'
import { encodeFrame, splitFrames } from '../../decisioning/record-format.ts'
import { openForWriting } from './database.ts'
import { keyVariable } from './log-key.ts'
import { LogReader } from './log-reader.ts'
import { createPersonMac, macRows } from './person-mac.ts'
import { verifyLog } from './verify-log.ts'

/**
 * Goes on with another key: appends the definition in force once more, as the first record that is written with it, and
 * gives every row of persons its MAC. Records before keep their hashes, which only the key before verifies. The log must
 * not be open elsewhere.
 *
 * @returns where the key changes, this time and before.
 * @throws FraudError LOG_KEY_MISMATCH where the key before is not the newest record's; LOG_INVALID.
 */
export function changeLogKey(
  path: string,
  before: string | undefined,
  key: string | undefined,
): { readonly sequence: number; readonly keyChanges: readonly number[] } {
  if (before === key) throw new FraudError('OPTION_INVALID', `${keyVariable} and ${keyVariable}_BEFORE are the same`)
  const database = openForWriting(path, before)
  const reader = new LogReader(path)
  try {
    const last = reader.lastDefinition()
    const sequence = reader.lastSequence() + 1
    const hashBefore = reader.hashAt(sequence - 1)
    if (last === undefined || hashBefore === undefined)
      throw new FraudError('LOG_INVALID', 'The log holds no definition')
    const frames = new ValueWriter()
    encodeFrame({ ...last.definition, kind: 'definition' }, sequence, frames)
    database.exec('BEGIN IMMEDIATE')
    for (const { frame, record } of splitFrames(frames.bytes)) {
      const { kind, outcome, timestampMs, score, id, body } = record
      const hash = createLink(key)(hashBefore, frame)
      database
        .prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
        .run(sequence, kind, outcome, timestampMs, score, id, body, hash)
    }
    if (key === undefined) database.exec('UPDATE persons SET mac = NULL')
    else macRows(database, createPersonMac(key))
    database.exec('COMMIT')
    const { stretches } = verifyLog(reader, key, { keyBefore: before })
    return { sequence, keyChanges: stretches.slice(1).map(({ first }) => first) }
  } finally {
    reader.close()
    database.close()
  }
}
