import { DatabaseSync } from 'node:sqlite'
import { FraudError } from '../../core/errors.ts'

/** What brings a database from the version of its position to the next one. Flags and kinds are small whole numbers. */
const migrations = [
  `
  CREATE TABLE records (
    sequence INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    score REAL,
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    hash BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX records_transaction ON records (id) WHERE kind <= 1;
  CREATE INDEX records_label ON records (id) WHERE kind = 2;
  CREATE INDEX records_outcome ON records (outcome, sequence) WHERE outcome > 0;
  CREATE INDEX records_other ON records (kind, sequence) WHERE kind > 2;
  CREATE TABLE persons (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    token TEXT NOT NULL,
    PRIMARY KEY (key, value)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX persons_token ON persons (token);
  `,
]

/** SQLite's application id of a Shrike log: "SHRK" in ASCII. */
const applicationId = 0x53_48_52_4b

/**
 * Opens the log's database, makes it where there is none, and brings it up to date.
 *
 * @throws FraudError DIRECTORY_UNUSABLE where it can't be opened, is something else, or of a newer version.
 */
export function openForWriting(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path)
    checkIdentity(database, path)
    // A commit is on disk when it returns; deleted content is overwritten, so that what was erased leaves no trace.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
    database.exec('PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000; PRAGMA busy_timeout = 5000')
    migrate(database)
    return database
  } catch (cause) {
    throw unusable(path, cause)
  }
}

/** @throws FraudError DIRECTORY_UNUSABLE where there is no log that can be read. */
export function openForReading(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { readOnly: true })
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16000')
    if (version(database) !== migrations.length) throw new Error(describeVersion(version(database)))
    return database
  } catch (cause) {
    throw unusable(path, cause)
  }
}

function unusable(path: string, cause: unknown): FraudError {
  if (cause instanceof FraudError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new FraudError('DIRECTORY_UNUSABLE', `The log ${path} can't be used: ${reason}`, { cause })
}

function checkIdentity(database: DatabaseSync, path: string): void {
  const id = pragma(database, 'application_id')
  const isEmpty = version(database) === 0 && pragma(database, 'schema_version') === 0
  if (id === applicationId || isEmpty) return
  throw new FraudError('DIRECTORY_UNUSABLE', `${path} is a database, but no log of Shrike`)
}

function migrate(database: DatabaseSync): void {
  const from = version(database)
  if (from > migrations.length) throw new Error(describeVersion(from))
  if (from === migrations.length) return
  database.exec('BEGIN IMMEDIATE')
  for (const migration of migrations.slice(from)) database.exec(migration)
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}; COMMIT`)
}

function describeVersion(found: number): string {
  return found === 0
    ? 'it holds no log'
    : `its version is ${found}, and this Shrike knows versions up to ${migrations.length}`
}

function version(database: DatabaseSync): number {
  return pragma(database, 'user_version')
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}
