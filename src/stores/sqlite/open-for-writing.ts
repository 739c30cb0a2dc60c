import { closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { FraudError } from '../../core/errors.ts'
import { makePrivate } from '../file-access.ts'
import { checkIdentity, hasPersonMacs, migrate, schemaProblem, unusable, version } from './database.ts'
import { checkLogKey } from './log-key.ts'
import type { ProvePersons } from './prove-persons.ts'

/** The key of a log, and what only a log with a key needs: it loads all that records are made of. */
export interface LogSigning {
  readonly key: string
  readonly provePersons: ProvePersons
}

/**
 * Opens the log's database, makes it where there is none, and brings it up to date. Its newest record must have been
 * written with the same key, so that no start without the right key breaks the chain. Other users can't read its files.
 *
 * @throws FraudError DIRECTORY_UNUSABLE where it can't be opened, is something else, or of a newer version;
 * LOG_KEY_MISMATCH; LOG_INVALID where it is damaged or holds what no log of Shrike does. Nothing was changed then.
 */
export function openForWriting(path: string, signing?: LogSigning): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    if (!existsSync(path)) createPrivate(path)
    makePrivate(path, `${path}-wal`, `${path}-shm`)
    database = new DatabaseSync(path)
    checkIdentity(database, path)
    const schema = schemaProblem(database)
    if (schema !== undefined) throw new FraudError('LOG_INVALID', `The log ${path} can't be trusted: ${schema}`)
    if (version(database) > 0) {
      checkBounds(database)
      checkLogKey(database, signing?.key)
    }
    // A commit is on disk when it returns; deleted content is overwritten, so that what was erased leaves no trace.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
    database.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16000; PRAGMA busy_timeout = 5000')
    database.exec('BEGIN IMMEDIATE')
    const isNew = version(database) === 0
    const isUnsigned = !hasPersonMacs(database)
    // The log as it was before anything is changed: this transaction keeps others from changing it meanwhile.
    if (!isNew && signing !== undefined) signing.provePersons(database, path, signing.key, isUnsigned)
    else migrate(database)
    database.exec('COMMIT')
    return database
  } catch (cause) {
    database?.close()
    throw unusable(path, cause)
  }
}

/** SQLite gives its other files the permissions of this one. */
function createPrivate(path: string): void {
  closeSync(openSync(path, 'wx', 0o600))
}

/** Numbers begin at 1. What is below is not looked for, and it would stand in the way of the transaction of its id. */
function checkBounds(database: DatabaseSync): void {
  const below = database.prepare('SELECT 1 FROM records WHERE sequence < 1 LIMIT 1').get()
  if (below === undefined) return
  throw new FraudError('LOG_INVALID', 'The log has records with numbers below 1, which only a forger writes')
}
