import type { StatementSync } from 'node:sqlite'
import { isRecord } from '../../core/json-value.ts'
import { personalColumns } from '../../detector/personal-columns.ts'
import type { Definition, Sequenced } from '../../log/log-record.ts'
import { hasPersonMacs } from './database.ts'
import { createPersonMac, type PersonMac } from './person-mac.ts'
import type { SqliteLogReader } from './sqlite-log-reader.ts'
import { isAsStored } from './stored-record.ts'

/** What the rows of persons were found to be. */
export interface PersonsFound {
  readonly rows: number
  /** Whether each bears a MAC under the key at hand. */
  readonly areProven: boolean
  /** The record from which on each bore one, as the newest definition says. */
  readonly macsFrom?: number
  readonly problem?: string
}

const mostRemembered = 200_000

/**
 * Holds rows of persons, which are not in the chain, since an erasure takes them out, against the records: a token that a
 * record holds has a row until an erasure says otherwise, and none after that; and each row bears its MAC.
 */
export class PersonsCheck {
  readonly #reader: SqliteLogReader
  readonly #mac: PersonMac | undefined
  readonly #hasToken: StatementSync
  /** Places of personal values among a definition's columns. */
  readonly #places = new Map<number, readonly number[]>()
  /** Tokens that have a row; forgotten all at once when they are many. */
  readonly #present = new Set<string>()
  /** Tokens without a row, and the first record that holds each, until their erasure is seen. */
  readonly #missing = new Map<string, number>()
  #risen: number | undefined

  constructor(reader: SqliteLogReader, key: string | undefined) {
    this.#reader = reader
    this.#mac = key === undefined ? undefined : createPersonMac(key)
    this.#hasToken = reader.database.prepare('SELECT 1 FROM persons WHERE token = ?')
  }

  see(record: Sequenced): void {
    if (record.kind === 'erasure') {
      this.#missing.delete(record.token)
      if (this.#hasToken.get(record.token) !== undefined) this.#risen ??= record.sequence
    }
    if ('tokens' in record) for (const token of record.tokens ?? []) this.#see(token, record.sequence)
    if (record.kind !== 'decision' && record.kind !== 'history') return
    for (const place of this.#personalPlaces(record.definition)) {
      const token = record.fields[place]
      if (typeof token === 'string') this.#see(token, record.sequence)
    }
  }

  #see(token: string, sequence: number): void {
    if (this.#present.has(token) || this.#missing.has(token)) return
    if (this.#hasToken.get(token) === undefined) this.#missing.set(token, sequence)
    else this.#remember(token)
  }

  finish(): PersonsFound {
    const { database } = this.#reader
    const bearMacs = hasPersonMacs(database)
    const columns = `key, value, token, CAST(key || value || token AS BLOB) AS bytes${bearMacs ? ', mac' : ''}`
    let rows = 0
    const last = this.#reader.lastDefinition()
    const macsFrom = last?.definition.personMacsFrom
    let problem = this.#recordProblem()
    if (macsFrom !== undefined && !bearMacs) {
      problem ??= `The log was set back: its file has a version whose rows of persons have no MACs, but since record ${macsFrom} they have`
    }
    for (const row of database.prepare(`SELECT ${columns} FROM persons`).iterate()) {
      rows += 1
      const token = String(row.token)
      if (problem !== undefined) continue
      if (!isAsStored(`${row.key}${row.value}${row.token}`, () => row.bytes)) {
        problem = `The row of persons with the token ${token} has bytes that are not UTF-8, so look-ups can't find it`
      }
      if (this.#mac === undefined || !bearMacs || problem !== undefined) continue
      const expected = this.#mac({ key: String(row.key), value: String(row.value), token })
      if (row.mac instanceof Uint8Array && Buffer.from(expected).equals(row.mac)) continue
      problem = `The row of persons with the token ${token} was altered or added: its MAC does not match the log's key`
    }
    if (rows > 0 && last === undefined)
      problem ??= 'The log has rows of persons, but no record that they could belong to'
    return {
      rows,
      areProven: this.#mac !== undefined && bearMacs,
      ...(macsFrom !== undefined && { macsFrom }),
      ...(problem && { problem }),
    }
  }

  #recordProblem(): string | undefined {
    if (this.#risen !== undefined) return `Record ${this.#risen} erased a person who is still in the log`
    for (const [token, sequence] of this.#missing) {
      return `The row of persons with the token ${token} of record ${sequence} is missing, and no record erased it`
    }
    return undefined
  }

  #remember(token: string): void {
    if (this.#present.size >= mostRemembered) this.#present.clear()
    this.#present.add(token)
  }

  #personalPlaces(sequence: number): readonly number[] {
    const known = this.#places.get(sequence)
    if (known !== undefined) return known
    const places = personalPlaces(this.#reader.definition(sequence))
    this.#places.set(sequence, places)
    return places
  }
}

function personalPlaces({ detector, columns }: Definition): readonly number[] {
  const transaction = isRecord(detector) ? detector.transaction : undefined
  const named = [...personalColumns(transaction).keys()]
  return named.map((column) => columns.indexOf(column)).filter((place) => place >= 0)
}
