import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'

/** A database whose log a data directory holds a copy of. */
export interface Database {
  readonly url: string
  /** The address without its password, for messages. */
  readonly place: string
  /** Sends files that were changed here, such as bundles, and fetches what others changed; resolves once that is durable. */
  readonly share: () => Promise<void>
  readonly close: () => Promise<void>
}

/** The databases of this process's copies, by the paths of their directories. Addresses may hold passwords, so no file has them. */
const databases = new Map<string, Database>()

/** Says in a data directory that it is a copy of a database's log, so that nobody writes into it alone. */
export function noteCopy(path: string, database: Database): void {
  databases.set(resolve(path), database)
  writeFileSync(markPath(path), `${database.place}\n`, { mode: 0o600 })
}

export function databaseOf(path: string): Database | undefined {
  return databases.get(resolve(path))
}

/** @throws FraudError DIRECTORY_UNUSABLE where a directory is a copy, and the database was not named. */
export function refuseCopy(path: string): void {
  if (databaseOf(path) !== undefined || !existsSync(markPath(path))) return
  const place = readFileSync(markPath(path), 'utf8').trim()
  throw new FraudError(
    'DIRECTORY_UNUSABLE',
    `${path} is a copy of the log in ${place}, and what is written into it alone would be lost: name the database with ${option('data')}`,
  )
}

function markPath(path: string): string {
  return join(path, 'copy-of')
}
