import { closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { DataDirectory } from '../data-directory.ts'
import { copyAccess, openSqliteAccess } from '../sqlite/sqlite-access.ts'
import { BlockingClient, type SqlRow, type SqlValue } from './blocking-client.ts'
import type { Session } from './session.ts'

/** What moves of it: who was logged in logs in again. */
const tables = { users: 'name', settings: 'name', proposals: 'id', audit: 'id' } as const
const numbered = ['proposals', 'audit']
const rowsAtOnce = 1000

/** Sends users and what is kept of their doings into the database; nothing where there is no file. */
export async function sendAccess(client: Session, path: string): Promise<void> {
  if (!existsSync(path)) return
  openSqliteAccess(path).close()
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    for (const [table, key] of Object.entries(tables)) {
      for (const row of database.prepare(`SELECT * FROM ${table} ORDER BY ${key}`).iterate()) {
        const columns = Object.keys(row)
        const places = columns.map((_, i) => `$${i + 1}`)
        const values = Object.values(row).map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value))
        await client.query(`INSERT INTO shrike.${table} (${columns}) VALUES (${places})`, values)
      }
    }
    for (const table of numbered)
      await client.query(
        `SELECT setval(pg_get_serial_sequence('shrike.${table}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM shrike.${table}), false)`,
      )
  } finally {
    database.close()
  }
}

/** Copies users and what is kept of their doings to a new file, out of the database where the directory is a copy of one. */
export function copyAccessOf({ accessPath, database }: DataDirectory, to: string): void {
  if (database === undefined) copyAccess(accessPath, to)
  else fetchAccess(database.url, to)
}

function fetchAccess(url: string, to: string): void {
  const client = new BlockingClient(url)
  try {
    closeSync(openSync(to, 'wx', 0o600))
    openSqliteAccess(to).close()
    const file = new DatabaseSync(to)
    file.exec('PRAGMA synchronous = FULL; BEGIN')
    for (const [table, key] of Object.entries(tables)) fetchTable(client, file, table, key)
    file.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)')
    file.close()
  } finally {
    client.close()
  }
}

function fetchTable(client: BlockingClient, file: DatabaseSync, table: string, key: string): void {
  for (let after: SqlValue | undefined; ; ) {
    const where = after === undefined ? '' : `WHERE ${key} > $1`
    const rows = client.query(
      `SELECT * FROM shrike.${table} ${where} ORDER BY ${key} LIMIT ${rowsAtOnce}`,
      after === undefined ? [] : [after],
    )
    for (const row of rows) insert(file, table, row)
    if (rows.length < rowsAtOnce) return
    after = sqlValue(rows[rows.length - 1][key])
  }
}

function insert(file: DatabaseSync, table: string, row: SqlRow): void {
  const columns = Object.keys(row)
  const sql = `INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => '?')})`
  file.prepare(sql).run(...Object.values(row).map(sqlValue))
}

/** PostgreSQL's large numbers come as texts, which SQLite's strict columns take for what they are. */
function sqlValue(value: unknown): SqlValue {
  if (value === null || typeof value === 'number' || typeof value === 'string' || value instanceof Uint8Array)
    return value
  throw new TypeError(`a value of the type ${typeof value} can not be kept`)
}
