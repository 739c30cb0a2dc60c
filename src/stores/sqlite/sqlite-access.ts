import { closeSync, constants, existsSync, openSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { AccessStore, StoredSession, StoredUser } from '../../access/access-store.ts'
import { type Role, roles } from '../../access/roles.ts'
import { isDiskFull } from '../../core/disk-full.ts'
import { FraudError } from '../../core/errors.ts'
import { makePrivate, refuseLinks, syncFile } from '../file-access.ts'
import { openSqliteAudit } from './sqlite-audit.ts'
import { createProposals, createSettings } from './sqlite-proposals.ts'
import { whySqlite } from './why-sqlite.ts'

const { O_CREAT, O_NOFOLLOW = 0, O_RDWR } = constants

/** What brings a file from the version of its position to the next one. */
const migrations = [
  `
  CREATE TABLE users (
    name TEXT PRIMARY KEY,
    roles TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    credential TEXT NOT NULL,
    salt BLOB NOT NULL,
    hash BLOB NOT NULL,
    n INTEGER NOT NULL,
    r INTEGER NOT NULL,
    p INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    credential TEXT,
    roles TEXT,
    created_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_name ON sessions (name);
  `,
  `
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE proposals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    by TEXT NOT NULL,
    person TEXT NOT NULL,
    why TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    base INTEGER,
    hash TEXT NOT NULL,
    state TEXT NOT NULL,
    decided_by TEXT,
    decided_ms INTEGER,
    decided_why TEXT
  ) STRICT;
  CREATE INDEX proposals_state ON proposals (state, id);
  `,
  `
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    target TEXT,
    address TEXT,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_who ON audit (who, id);
  CREATE INDEX audit_what ON audit (what, id);
  `,
]

/** SQLite's application id of these files: "SHAC" in ASCII. */
const applicationId = 0x53_48_41_43

/**
 * Users and sessions in a file of their own, which a service and commands may have open at once. Made where there is none,
 * for its owner alone.
 *
 * @throws FraudError DIRECTORY_UNUSABLE
 */
export function openSqliteAccess(path: string): AccessStore {
  const database = openDatabase(path)
  const { audit, close } = openSqliteAudit(path)
  return {
    audit,
    users: createUsers(database),
    sessions: createSessions(database),
    proposals: createProposals(database),
    settings: createSettings(database),
    close() {
      close()
      database.close()
    },
  }
}

function openDatabase(path: string): DatabaseSync {
  const files = [path, `${path}-wal`, `${path}-shm`]
  refuseLinks(...files)
  const isNew = !existsSync(path)
  try {
    closeSync(openSync(path, O_CREAT | O_NOFOLLOW | O_RDWR, 0o600))
    makePrivate(...files)
    const database = new DatabaseSync(path)
    try {
      database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE')
      migrate(database)
      database.exec('COMMIT; PRAGMA secure_delete = ON')
      return database
    } catch (error) {
      database.close()
      throw error
    }
  } catch (cause) {
    if (isNew && isDiskFull(cause)) for (const file of files) rmSync(file, { force: true })
    const why = whySqlite(cause)
    throw new FraudError('DIRECTORY_UNUSABLE', `${path}, which holds users, can't be used: ${why}`, { cause })
  }
}

function migrate(database: DatabaseSync): void {
  const from = pragma(database, 'user_version')
  const isOurs = pragma(database, 'application_id') === applicationId
  if (!isOurs && (from > 0 || pragma(database, 'schema_version') > 0)) throw new Error('it is another database')
  if (from > migrations.length) throw new Error(`its version is ${from}, and this Shrike knows ${migrations.length}`)
  for (const migration of migrations.slice(from)) database.exec(migration)
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`)
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}

function createUsers(database: DatabaseSync): AccessStore['users'] {
  const all = database.prepare('SELECT * FROM users ORDER BY name')
  const one = database.prepare('SELECT * FROM users WHERE name = ?')
  const some = database.prepare('SELECT 1 FROM users LIMIT 1')
  const columns = 'name, roles, disabled, created_ms, credential, salt, hash, n, r, p'
  const insert = database.prepare(
    `INSERT INTO users (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  )
  const replace = database.prepare(`REPLACE INTO users (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const values = ({ name, roles, isDisabled, createdMs, credential, password }: StoredUser) => {
    const { salt, hash, n, r, p } = password
    return [name, JSON.stringify(roles), Number(isDisabled), createdMs, credential, salt, hash, n, r, p] as const
  }
  return {
    list: () => all.all().map(readUser),
    find(name) {
      const row = one.get(name)
      return row && readUser(row)
    },
    any: () => some.get() !== undefined,
    add: (user) => insert.run(...values(user)).changes === 1,
    put: (user) => void replace.run(...values(user)),
  }
}

function createSessions(database: DatabaseSync): AccessStore['sessions'] {
  const one = database.prepare('SELECT * FROM sessions WHERE hash = ?')
  const insert = database.prepare(
    'INSERT INTO sessions (hash, name, credential, roles, created_ms, seen_ms) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const seen = database.prepare('UPDATE sessions SET seen_ms = max(seen_ms, ?) WHERE hash = ?')
  const remove = database.prepare('DELETE FROM sessions WHERE hash = ?')
  const removeOf = database.prepare('DELETE FROM sessions WHERE name = ?')
  const removeOlder = database.prepare('DELETE FROM sessions WHERE created_ms < ? OR seen_ms < ?')
  return {
    find(hash) {
      const row = one.get(hash)
      return row && readSession(row)
    },
    add: ({ hash, name, credential, roles, createdMs, seenMs }) =>
      void insert.run(hash, name, credential, roles && JSON.stringify(roles), createdMs, seenMs),
    touch(times) {
      if (times.size === 0) return
      database.exec('BEGIN IMMEDIATE')
      try {
        for (const [hash, seenMs] of times) seen.run(seenMs, hash)
        database.exec('COMMIT')
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    remove: (hash) => void remove.run(hash),
    removeOf: (name) => void removeOf.run(name),
    removeOlder: (createdMs, seenMs) => void removeOlder.run(createdMs, seenMs),
  }
}

export function readUser(row: Readonly<Record<string, unknown>>): StoredUser {
  const { name, disabled, created_ms, credential, salt, hash, n, r, p } = row
  return {
    name: String(name),
    roles: readRoles(row.roles),
    isDisabled: disabled === 1,
    createdMs: Number(created_ms),
    credential: String(credential),
    password: { salt: readBytes(salt), hash: readBytes(hash), n: Number(n), r: Number(r), p: Number(p) },
  }
}

export function readSession({
  hash,
  name,
  credential,
  roles,
  created_ms,
  seen_ms,
}: Readonly<Record<string, unknown>>): StoredSession {
  return {
    hash: String(hash),
    name: String(name),
    credential: credential === null ? null : String(credential),
    roles: roles === null ? null : readRoles(roles),
    createdMs: Number(created_ms),
    seenMs: Number(seen_ms),
  }
}

/** A role that a newer version knows gives nothing here. */
function readRoles(text: unknown): readonly Role[] {
  const names: unknown = JSON.parse(String(text))
  return Array.isArray(names) ? roles.filter((role) => names.includes(role)) : []
}

function readBytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array()
}

/** Copies users and what is kept of their doings, as it stands, to a new file; sessions end with the copy. Nothing where there is no file. */
export function copyAccess(from: string, to: string): void {
  if (!existsSync(from)) return
  const database = openDatabase(from)
  try {
    database.prepare('VACUUM INTO ?').run(to)
  } finally {
    database.close()
  }
  makePrivate(to)
  const copy = new DatabaseSync(to)
  copy.exec('PRAGMA secure_delete = ON; DELETE FROM sessions')
  copy.close()
  syncFile(to)
}
