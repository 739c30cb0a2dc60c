import { FraudError } from '../../core/errors.ts'
import { keyVariable, type NamedKey } from './log-key.ts'
import { openForWriting } from './open-for-writing.ts'
import { createPersonMac, macRows } from './person-mac.ts'
import { provePersons } from './prove-persons.ts'
import { refuseProblem } from './refuse-problem.ts'
import { repeatDefinition } from './repeat-definition.ts'
import { SqliteLogReader } from './sqlite-log-reader.ts'
import { verifyLog } from './verify-log.ts'

export interface KeyChange {
  readonly key: string | undefined
  /** The one before, then older ones; none where the log has no key. */
  readonly keysBefore: readonly NamedKey[]
  /** Where the key changed before, and that is known. */
  readonly keyChanges: readonly number[] | undefined
}

/**
 * Goes on with another key: appends the definition in force once more, as the first record that is written with it, and
 * gives every row of persons its MAC. Records before keep their hashes, which only the key before verifies, so the whole log
 * is verified before: what was forged must not be signed. The log must not be open elsewhere.
 *
 * @returns where the key changes, this time and before.
 * @throws FraudError LOG_KEY_MISMATCH where the key before is not the newest record's; LOG_INVALID.
 */
export function changeLogKey(
  path: string,
  { key, keysBefore: [before, ...older], keyChanges }: KeyChange,
): { readonly sequence: number; readonly keyChanges: readonly number[] } {
  if (before?.key === key) {
    throw new FraudError('OPTION_INVALID', `${keyVariable} and ${keyVariable}_BEFORE are the same`)
  }
  const database = openForWriting(path, before && { key: before.key, provePersons })
  const reader = new SqliteLogReader(path)
  try {
    database.exec('BEGIN IMMEDIATE')
    const others = key === undefined ? older : [{ name: keyVariable, key }, ...older]
    const found = verifyLog(reader, before?.key, { keyName: before?.name, otherKeys: others, keyChanges })
    refuseProblem(found)
    const sequence = repeatDefinition(database, reader, key, before === undefined ? 'from-here' : 'as-before')
    if (key === undefined) database.exec('UPDATE persons SET mac = NULL')
    else macRows(database, createPersonMac(key))
    database.exec('COMMIT')
    return { sequence, keyChanges: [...found.stretches.slice(1).map(({ first }) => first), sequence] }
  } finally {
    reader.close()
    database.close()
  }
}
