import { DatabaseSync } from 'node:sqlite'
import { FraudError } from '../../core/errors.ts'
import { damagedLog, isDamaged } from './damaged-log.ts'
import { whySqlite } from './why-sqlite.ts'

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
  // Under the log's key; null without one.
  `
  ALTER TABLE persons ADD COLUMN mac BLOB;
  `,
]

/** The version from which on rows of persons have a MAC where the log has a key. */
const macVersion = 2

/** SQLite's application id of a Shrike log: "SHRK" in ASCII. */
const applicationId = 0x53_48_52_4b

/** @throws FraudError DIRECTORY_UNUSABLE where there is no log that can be read, LOG_INVALID where it is damaged. */
export function openForReading(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { readOnly: true })
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16000')
    const found = version(database)
    if (found === 0 || found > migrations.length) throw new Error(describeVersion(found))
    return database
  } catch (cause) {
    throw unusable(path, cause)
  }
}

/** Whether rows of persons can bear a MAC: older logs have no room for it. */
export function hasPersonMacs(database: DatabaseSync): boolean {
  return version(database) >= macVersion
}

/**
 * What the database holds beside, or in place of, what a log of its version does: a trigger or a view changes what is
 * written or found, and without its unique index an id may stand twice. Undefined where all is as it was made.
 */
export function schemaProblem(database: DatabaseSync): string | undefined {
  const model = new DatabaseSync(':memory:')
  for (const migration of migrations.slice(0, version(database))) model.exec(migration)
  const expected = schemaOf(model)
  model.close()
  const found = schemaOf(database)
  for (const [name, sql] of found) {
    if (!expected.has(name)) return `it has an unknown ${name}`
    if (expected.get(name) !== sql) return `its ${name} was changed`
  }
  for (const name of expected.keys()) if (!found.has(name)) return `its ${name} is missing`
  return undefined
}

/**
 * SQL by kind and name, whatever the blanks. SQLite's own tables of statistics, as ANALYZE makes them, change no
 * answer.
 */
function schemaOf(database: DatabaseSync): ReadonlyMap<string, string> {
  const rows = database
    .prepare(
      `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE NOT (type = 'table' AND rootpage > 0
       AND name IN ('sqlite_stat1', 'sqlite_stat2', 'sqlite_stat3', 'sqlite_stat4'))`,
    )
    .all()
  return new Map(
    rows.map((row) => [`${row.type} ${row.name}`, `${row.tbl_name} ${row.sql}`.replaceAll(/\s+/g, ' ').trim()]),
  )
}

export function unusable(path: string, cause: unknown): FraudError {
  if (cause instanceof FraudError) return cause
  if (isDamaged(cause)) return damagedLog(cause, path)
  return new FraudError('DIRECTORY_UNUSABLE', `The log ${path} can't be used: ${whySqlite(cause)}`, { cause })
}

/**
 * Whether the database is a log, or nothing yet.
 *
 * @throws Error where it is something else, or of a newer version.
 */
export function checkIdentity(database: DatabaseSync, path: string): void {
  if (version(database) > migrations.length) throw new Error(describeVersion(version(database)))
  const id = pragma(database, 'application_id')
  const isEmpty = version(database) === 0 && pragma(database, 'schema_version') === 0
  if (id === applicationId || isEmpty) return
  throw new FraudError('DIRECTORY_UNUSABLE', `${path} is a database, but not a log of Shrike`)
}

/** Within a transaction, brings the schema up to date. */
export function migrate(database: DatabaseSync): void {
  const from = version(database)
  if (from === migrations.length) return
  for (const migration of migrations.slice(from)) database.exec(migration)
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`)
}

function describeVersion(found: number): string {
  return found === 0
    ? 'it has no log'
    : `its version is ${found}, and this Shrike knows versions up to ${migrations.length}`
}

export function version(database: DatabaseSync): number {
  return pragma(database, 'user_version')
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}
