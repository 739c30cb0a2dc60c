import { hashText } from '../../core/hash-text.ts'
import { DecisionReader } from '../../log/decision-reader.ts'
import type { HistoryRecord } from '../../log/log-record.ts'
import type { TransactionShapes } from '../../log/transaction-shapes.ts'
import type { SqliteLogReader } from './sqlite-log-reader.ts'
import { recordColumns, storedRecord } from './stored-record.ts'

/** Records whose keys are kept at a time, the newest ones; a power of two. */
const mostRecords = 2 ** 22
const recordsPerStep = 20_000
const bits = 2 ** 32
const noKey = 0

/**
 * The keys of the newest records as hashes of 32 bits, one array for each key with a place for each record, so that
 * finding the transactions of a value is one pass over numbers: 2 ms a million. A hash only says where to look; what is
 * there tells. It is made when somebody asks for the first time, from the newest record back, in steps.
 */
export class KeyIndex {
  readonly #reader: SqliteLogReader
  readonly #shapes: TransactionShapes
  readonly #decisions: DecisionReader
  readonly #hashes = new Map<string, Uint32Array>()
  readonly #capacity: number
  /** The numbers of the first and the last record that are in it. */
  #from = 0
  #through = 0

  constructor(reader: SqliteLogReader, shapes: TransactionShapes, capacity = mostRecords) {
    this.#reader = reader
    this.#shapes = shapes
    this.#capacity = capacity
    this.#decisions = new DecisionReader((definition) => reader.definition(definition).format)
  }

  get from(): number {
    return this.#from
  }

  /** Takes in what is new. */
  catchUp(): void {
    const newest = this.#reader.lastSequence()
    if (this.#through === 0 || newest - this.#through > this.#capacity) {
      this.#from = newest + 1
      this.#through = newest
      return
    }
    while (this.#through < newest) {
      const through = Math.min(newest, this.#through + recordsPerStep)
      this.#read(this.#through + 1, through)
      this.#through = through
    }
    this.#from = Math.max(this.#from, this.#through - this.#capacity + 1)
  }

  /** Takes in older records. @returns whether there are more. */
  reachBack(): boolean {
    const least = Math.max(1, this.#reader.prunedThrough() + 1, this.#through - this.#capacity + 1)
    if (this.#from <= least) return false
    const from = Math.max(least, this.#from - recordsPerStep)
    this.#read(from, this.#from - 1)
    this.#from = from
    return from > least
  }

  /** Whether no record that is kept is older than those in it. */
  get isWhole(): boolean {
    return this.#from <= this.#reader.prunedThrough() + 1
  }

  /** Numbers of records that may have one of the values of a key, newest first: for each value at most so many. */
  *find(key: string, values: ReadonlySet<string>, before: number): Generator<number> {
    const hashes = this.#hashes.get(key)
    if (hashes === undefined) return
    const wanted = new Set([...values].map(hashOf))
    const [only] = wanted
    // Most places are passed over by their lowest bits alone.
    const low = new Uint8Array(2 ** 16)
    for (const hash of wanted) low[hash & 0xffff] = 1
    const last = this.#capacity - 1
    for (let sequence = Math.min(before - 1, this.#through); sequence >= this.#from; sequence--) {
      const hash = hashes[sequence & last]
      if (low[hash & 0xffff] === 1 && (wanted.size === 1 ? hash === only : wanted.has(hash))) yield sequence
    }
  }

  #read(from: number, through: number): void {
    for (const hashes of this.#hashes.values()) this.#clear(hashes, from, through)
    const { database } = this.#reader
    const decisions = 'SELECT sequence, body FROM records WHERE sequence BETWEEN ? AND ? AND kind = 0'
    for (const { sequence, body } of database.prepare(decisions).iterate(from, through)) {
      if (body instanceof Uint8Array) this.#put(Number(sequence), this.#decisions.readFields(body))
    }
    const histories = `SELECT ${recordColumns} FROM records WHERE sequence BETWEEN ? AND ? AND kind = 1`
    for (const row of database.prepare(histories).iterate(from, through)) {
      const record = this.#reader.decode(storedRecord(row))
      if (record.kind === 'history') this.#put(record.sequence, record)
    }
  }

  #put(sequence: number, { definition, fields }: Pick<HistoryRecord, 'definition' | 'fields'>): void {
    for (const [key, at] of this.#shapes.of(definition).keys) {
      const value = fields[at]
      if (value !== undefined) this.#arrayOf(key)[sequence & (this.#capacity - 1)] = hashOf(String(value))
    }
  }

  #clear(hashes: Uint32Array, from: number, through: number): void {
    for (let sequence = from; sequence <= through; sequence++) hashes[sequence & (this.#capacity - 1)] = noKey
  }

  #arrayOf(key: string): Uint32Array {
    const known = this.#hashes.get(key)
    if (known !== undefined) return known
    const made = new Uint32Array(this.#capacity)
    this.#hashes.set(key, made)
    return made
  }
}

function hashOf(value: string): number {
  return hashText(value) % bits || 1
}
