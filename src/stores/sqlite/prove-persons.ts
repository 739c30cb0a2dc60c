import type { DatabaseSync } from 'node:sqlite'
import { migrate } from './database.ts'
import { createPersonMac, macRows } from './person-mac.ts'
import { refuseProblem } from './refuse-problem.ts'
import { repeatDefinition } from './repeat-definition.ts'
import { SqliteLogReader } from './sqlite-log-reader.ts'
import { verifyLog } from './verify-log.ts'

export type ProvePersons = typeof provePersons

/**
 * Gives rows of persons the MACs that an older Shrike did not write, once: the whole log is verified before, and says in its
 * chain that it was done. Where it says so already, rows without MACs are a forger's.
 */
export function provePersons(database: DatabaseSync, path: string, key: string, isUnsigned: boolean): void {
  const reader = new SqliteLogReader(path)
  try {
    const last = reader.lastDefinition()
    const isDone = last?.definition.personMacsFrom !== undefined
    if (isUnsigned || (last !== undefined && !isDone)) {
      const found = verifyLog(reader, key)
      // A log that an older Shrike mixed is whole all the same, and its newest record bears the key.
      if (found.problem?.isOfKey !== true) refuseProblem(found)
    }
    migrate(database)
    if (isUnsigned) macRows(database, createPersonMac(key))
    if (last !== undefined && !isDone) repeatDefinition(database, reader, key, 'from-here')
  } finally {
    reader.close()
  }
}
