import type { DataDirectory } from './data-directory.ts'
import { databaseWriter } from './postgres/database-writer.ts'
import { SqliteLog, type SqliteLogOptions } from './sqlite/sqlite-log.ts'

/**
 * Opens the log of a data directory for writing: where the directory is a copy of one in a database, in there first.
 *
 * @throws FraudError DIRECTORY_UNUSABLE, LOG_KEY_MISMATCH, LOG_INVALID; DATABASE_UNUSABLE, DIRECTORY_IN_USE of a database
 */
export function openLogOf(
  { logPath, database }: DataDirectory,
  { follows, ...options }: Omit<SqliteLogOptions, 'path' | 'writer'> & { readonly follows?: boolean },
): Promise<SqliteLog> {
  const writer = database && databaseWriter(database.url, follows)
  return SqliteLog.open({ ...options, path: logPath, writer })
}
