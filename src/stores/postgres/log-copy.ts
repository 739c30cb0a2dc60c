import { closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { FraudError } from '../../core/errors.ts'
import { firstLink } from '../../log/chain.ts'
import { recordKinds } from '../../log/log-record.ts'
import { decodeRecord } from '../../log/record-format.ts'
import { makePrivate } from '../file-access.ts'
import { checkIdentity, migrate, schemaProblem, unusable } from '../sqlite/database.ts'
import type { HashedRecord, Rows } from './log-table.ts'

const erasureKind = recordKinds.indexOf('erasure')
const checkpointKind = recordKinds.indexOf('checkpoint')
const prunedAtOnce = 2000
const noFormat = () => {
  throw new RangeError('neither an erasure nor a checkpoint rests on a definition')
}

/**
 * A log of this machine that holds what the one in the database does: everything that reads, reads here. What is lost of
 * it is fetched again, so that its commits need not wait for the disk.
 */
export class LogCopy {
  readonly database: DatabaseSync
  readonly #insert: StatementSync
  readonly #insertPerson: StatementSync
  readonly #deletePerson: StatementSync
  readonly #forgetId: StatementSync
  readonly #prune: StatementSync
  readonly #last: StatementSync

  /** @throws FraudError DIRECTORY_UNUSABLE, LOG_INVALID */
  constructor(path: string) {
    this.database = openCopy(path)
    const { database } = this
    this.#insert = database.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    this.#insertPerson = database.prepare('INSERT OR REPLACE INTO persons VALUES (?, ?, ?, ?)')
    this.#deletePerson = database.prepare('DELETE FROM persons WHERE key = ? AND token = ?')
    this.#forgetId = database.prepare('DELETE FROM records WHERE id = ? AND kind <= 1 AND sequence BETWEEN 1 AND ?')
    this.#prune = database.prepare(
      `DELETE FROM records WHERE sequence IN (SELECT sequence FROM records WHERE sequence <= ? LIMIT ${prunedAtOnce})`,
    )
    this.#last = database.prepare('SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1')
  }

  /** The newest record that it has; number 0 where it has none. */
  last(): Pick<HashedRecord, 'sequence' | 'hash'> {
    const row = this.#last.get()
    const hash = row?.hash instanceof Uint8Array ? row.hash : firstLink
    return { sequence: Number(row?.sequence ?? 0), hash }
  }

  /** Records through this number were let go. */
  prunedThrough(): number {
    const first = this.database.prepare('SELECT sequence FROM records ORDER BY sequence LIMIT 1').get()
    return Number(first?.sequence ?? 1) - 1
  }

  /** What the leader has just committed. */
  append({ records, persons, forgotten, prunedThrough }: Rows): void {
    this.#together(() => {
      for (const { key, token } of forgotten) this.#deletePerson.run(key, token)
      for (const { key, value, token, mac } of persons) this.#insertPerson.run(key, value, token, mac)
      for (const record of records) {
        if (record.kind <= 1 && prunedThrough > 0) this.#forgetId.run(record.id, prunedThrough)
        this.#put(record)
      }
    })
  }

  /** What others have committed: what an erasure or a checkpoint let go is let go here, too. */
  follow({ records, persons }: Pick<Rows, 'records' | 'persons'>): void {
    let hasErased = false
    this.#together(() => {
      for (const { key, value, token, mac } of persons) this.#insertPerson.run(key, value, token, mac)
      for (const record of records) {
        hasErased = this.#letGo(record) || hasErased
        this.#put(record)
      }
    })
    if (hasErased) this.leaveNoTraces()
  }

  /** Deletes some of the records through a number. @returns whether there may be more of them. */
  prune(through: number): boolean {
    return Number(this.#prune.run(through).changes) === prunedAtOnce
  }

  /** Whether nothing of what was erased is left in the write-ahead log; false while somebody reads. */
  leaveNoTraces(): boolean {
    return this.database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy === 0
  }

  close(): void {
    this.database.close()
  }

  #put({ sequence, kind, outcome, timestampMs, score, id, body, hash }: HashedRecord): void {
    this.#insert.run(sequence, kind, outcome, timestampMs, score, id, body, hash)
  }

  #letGo(stored: HashedRecord): boolean {
    if (stored.kind !== erasureKind && stored.kind !== checkpointKind) return false
    const record = decodeRecord(stored, noFormat)
    if (record.kind === 'checkpoint') while (this.prune(record.prunedThrough));
    if (record.kind === 'erasure') this.#deletePerson.run(record.key, record.token)
    return record.kind === 'erasure'
  }

  #together(write: () => void): void {
    this.database.exec('BEGIN IMMEDIATE')
    try {
      write()
      this.database.exec('COMMIT')
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK')
      throw error
    }
  }
}

function openCopy(path: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600))
    makePrivate(path, `${path}-wal`, `${path}-shm`)
    database = new DatabaseSync(path)
    // Another process may be making good what one that was killed had not finished.
    database.exec('PRAGMA busy_timeout = 5000')
    checkIdentity(database, path)
    const schema = schemaProblem(database)
    if (schema !== undefined)
      throw new FraudError('LOG_INVALID', `The copy of the log ${path} can't be trusted: ${schema}`)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON')
    database.exec('PRAGMA cache_size = -16000; BEGIN IMMEDIATE')
    migrate(database)
    database.exec('COMMIT')
    return database
  } catch (cause) {
    database?.close()
    throw unusable(path, cause)
  }
}
