import type { StatementSync } from 'node:sqlite'
import { FraudError } from '../../core/errors.ts'
import { atOnce, type Steps } from '../../core/time-slices.ts'
import { createLink, firstLink } from '../../log/chain.ts'
import { UnreadParts } from '../../log/unread-parts.ts'
import { schemaProblem } from './database.ts'
import { createFits, keyVariable, type NamedKey } from './log-key.ts'
import type { SqliteLogReader } from './sqlite-log-reader.ts'
import { isAsStored, recordColumns, type StoredRow, storedRecord } from './stored-record.ts'
import { PersonsCheck, type PersonsFound } from './verify-persons.ts'

/** What a log was found to be. */
export interface Verification {
  readonly records: number
  /** The first and the last record that are kept. */
  readonly first: number
  readonly last: number
  /** The hash of the last record that is sound, in hex. */
  readonly hash: string
  /** Whether the head lies among records that are no longer kept, so that nothing can be said of it. */
  readonly isHeadPruned: boolean
  /** Runs of records that were written with the same key: one, unless the key changed. */
  readonly stretches: readonly Stretch[]
  /** How many records hold each part that a newer version wrote and this one skips. */
  readonly unread: Readonly<Record<string, number>>
  /** Missing where a problem was found before rows of persons were looked at. */
  readonly persons?: PersonsFound
  /** The first thing that is wrong, if anything is; without a number where it is of no single record. */
  readonly problem?: Problem
}

interface Problem {
  readonly sequence?: number
  readonly reason: string
  /** All records are sound, each under one of the keys, but not under the one that they should be. */
  readonly isOfKey?: true
  /** The record is sound, but only a newer version can read it. */
  readonly isTooNew?: true
}

export interface Stretch {
  readonly first: number
  last: number
  /** The variable that held the key; null where the records were written without one. */
  readonly key: string | null
}

/** A record that somebody noted elsewhere, so that a log that was cut short is found out. */
export interface Head {
  readonly sequence: number
  /** Hex. */
  readonly hash: string
}

export interface VerifyOptions {
  readonly head?: Head | undefined
  /** Where the key was found: `SHRIKE_LOG_KEY` by default. */
  readonly keyName?: string | undefined
  /** What records may have been written with before the key was changed. */
  readonly otherKeys?: readonly NamedKey[]
  /** The first record of each stretch but the first, where it is known that and why the key changed there. */
  readonly keyChanges?: readonly number[] | undefined
}

/**
 * Goes through the whole log and computes every hash again; stops at the first record that is not as it was written.
 * Then looks for what else is in the database and changes what is served: indexes that lead elsewhere, triggers,
 * records outside the chain, rows of persons. All of it is read as of one instant, beside the process that writes.
 */
export function verifyLog(reader: SqliteLogReader, key: string | undefined, options: VerifyOptions = {}): Verification {
  return atOnce(verifying(reader, key, options))
}

/** As `verifyLog`, a record at a time, for who has to be able to stop it. */
export function* verifying(
  reader: SqliteLogReader,
  key: string | undefined,
  options: VerifyOptions = {},
): Steps<Verification> {
  reader.database.exec('BEGIN')
  try {
    const walk = new Walk(reader, key, options)
    yield* walk.run()
    if (walk.problem === undefined) walk.problem = structureProblem(reader)
    let persons: PersonsFound | undefined
    if (walk.problem === undefined) {
      persons = walk.persons.finish()
      if (persons.problem !== undefined) walk.problem = { reason: persons.problem }
    }
    const keyName = key === undefined ? undefined : (options.keyName ?? keyVariable)
    walk.problem ??= keyProblem(walk.stretches, keyName, options.keyChanges ?? [])
    return { ...walk.found(), ...(persons && { persons }) }
  } finally {
    reader.database.exec('ROLLBACK')
  }
}

/** One pass over the records, in order. */
class Walk {
  readonly stretches: Stretch[] = []
  readonly persons: PersonsCheck
  readonly #unread = new UnreadParts()
  problem: Problem | undefined
  readonly #reader: SqliteLogReader
  readonly #head: Head | undefined
  readonly #keys: readonly { readonly name: string | null; readonly fits: ReturnType<typeof createFits> }[]
  readonly #pruned: number
  readonly #idBytes: StatementSync
  #hash: Uint8Array
  #last: number
  #records = 0
  #headSeen: string | undefined

  constructor(
    reader: SqliteLogReader,
    key: string | undefined,
    { head, keyName = keyVariable, otherKeys = [] }: VerifyOptions,
  ) {
    this.#reader = reader
    this.#head = head
    this.#keys = [
      ...(key === undefined ? [] : [{ name: keyName, fits: createFits(createLink(key)) }]),
      { name: null, fits: createFits(createLink()) },
      ...otherKeys.map((other) => ({ name: other.name, fits: createFits(createLink(other.key)) })),
    ]
    this.persons = new PersonsCheck(reader, key)
    this.#pruned = reader.prunedThrough()
    this.#idBytes = reader.database.prepare('SELECT CAST(id AS BLOB) AS bytes FROM records WHERE sequence = ?')
    this.#hash = (this.#pruned === 0 ? firstLink : reader.hashAt(this.#pruned)) ?? firstLink
    this.#last = this.#pruned
    if (head?.sequence === this.#pruned) this.#headSeen = toHex(this.#hash)
  }

  *run(): Steps {
    const sql = `SELECT ${recordColumns} FROM records WHERE sequence > ? ORDER BY sequence`
    const rows = this.#reader.database.prepare(sql).iterate(this.#pruned)
    for (;;) {
      let next: ReturnType<typeof rows.next>
      try {
        next = rows.next()
      } catch {
        this.problem = { sequence: this.#last + 1, reason: "can't be read: the file is damaged" }
        return
      }
      if (next.done === true) break
      if (Number(next.value.sequence) === this.#last + 1) this.#take(next.value)
      else this.problem = { sequence: this.#last + 1, reason: 'is missing' }
      if (this.problem !== undefined) return
      yield
    }
    this.problem = this.#headProblem()
  }

  found(): Verification {
    return {
      records: this.#records,
      first: this.#pruned + 1,
      last: this.#last,
      hash: toHex(this.#hash),
      isHeadPruned: this.#head !== undefined && this.#head.sequence < this.#pruned,
      stretches: this.stretches,
      unread: this.#unread.counts,
      ...(this.problem && { problem: this.problem }),
    }
  }

  #take(row: Parameters<typeof storedRecord>[0]): void {
    const sequence = this.#last + 1
    try {
      const stored = storedRecord(row)
      if (!this.#isChained(stored)) {
        this.problem = { sequence, reason: 'was altered, or the key is a different one' }
        return
      }
      if (!isAsStored(stored.id, () => this.#idBytes.get(sequence)?.bytes)) {
        this.problem = { sequence, reason: "has an id whose bytes are not UTF-8, so look-ups can't find it" }
        return
      }
      const record = this.#reader.decode(stored)
      this.#unread.see(record)
      this.persons.see(record)
      this.#hash = stored.hash
    } catch (error) {
      const isTooNew = error instanceof FraudError && error.code === 'LOG_TOO_NEW'
      this.problem = isTooNew
        ? { sequence, reason: "was written by a newer Shrike and can't be read by this one", isTooNew }
        : { sequence, reason: "can't be read" }
      return
    }
    this.#last = sequence
    this.#records += 1
    if (this.#head?.sequence === sequence) this.#headSeen = toHex(this.#hash)
  }

  /** Checks with the key of the record before, else with another one, which begins a stretch. */
  #isChained(stored: StoredRow): boolean {
    const stretch = this.stretches.at(-1)
    const usual = this.#keys.find(({ name }) => name === stretch?.key)
    if (stretch !== undefined && usual?.fits(this.#hash, stored)) {
      stretch.last = stored.sequence
      return true
    }
    const other = this.#keys.find((each) => each !== usual && each.fits(this.#hash, stored))
    if (other === undefined) return false
    this.stretches.push({ first: stored.sequence, last: stored.sequence, key: other.name })
    return true
  }

  #headProblem(): Problem | undefined {
    const head = this.#head
    if (head === undefined) return undefined
    if (this.#headSeen === undefined && head.sequence > this.#last) {
      return {
        sequence: this.#last + 1,
        reason: `is missing, as is everything up to ${head.sequence}: the log was cut short`,
      }
    }
    if (this.#headSeen === undefined || this.#headSeen === head.hash) return undefined
    return { sequence: head.sequence, reason: 'is not the one that was noted' }
  }
}

/** What is in the database beside the chain, or in place of what finds records by their ids. */
function structureProblem({ database }: SqliteLogReader): Problem | undefined {
  try {
    const below = database.prepare('SELECT count(*) AS count FROM records WHERE sequence < 1').get()?.count
    if (below !== 0) return { reason: `The log has ${below} records outside the chain, with numbers below 1` }
    const schema = schemaProblem(database)
    if (schema !== undefined) return { reason: `The log can't be trusted: ${schema}` }
    const integrity = database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check
    if (integrity !== 'ok') return { reason: `The log's file is damaged, or its indexes were altered: ${integrity}` }
  } catch (error) {
    return { reason: `The log's file is damaged: ${error instanceof Error ? error.message : String(error)}` }
  }
  return undefined
}

/** Whether every stretch is under the key at hand, or changes where that is known. */
function keyProblem(
  stretches: readonly Stretch[],
  keyName: string | undefined,
  keyChanges: readonly number[],
): Problem | undefined {
  const changes = stretches.slice(1).map(({ first }) => first)
  const isKnown = changes.length === keyChanges.length && changes.every((first, i) => first === keyChanges[i])
  if (changes.length > 0) {
    if (isKnown) return undefined
    return {
      sequence: changes[0],
      reason: 'was written with a different key than the records before it',
      isOfKey: true,
    }
  }
  if (keyChanges.length > 0) {
    return { sequence: keyChanges[0], reason: 'was written with the same key as the records before it', isOfKey: true }
  }
  const [only] = stretches
  if (keyName === undefined || only === undefined || only.key === keyName) return undefined
  const how = only.key === null ? `without a key, and ${keyName} is set` : `with ${only.key}`
  return { sequence: only.first, reason: `was written ${how}, as were all records after it`, isOfKey: true }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
