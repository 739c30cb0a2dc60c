import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { FraudError } from '../../core/errors.ts'
import { TransientMap } from '../../core/transient-map.ts'
import type { LogReading, TransactionRecord } from '../../log/decision-log.ts'
import type { StoredRecord } from '../../log/frames.ts'
import {
  type CarriedPart,
  type ChangeRecord,
  type CheckpointRecord,
  type Definition,
  type DefinitionRecord,
  type LabelRecord,
  recordKinds,
  type Sequenced,
} from '../../log/log-record.ts'
import { decodeRecord, type FormatOf } from '../../log/record-format.ts'
import { UnreadParts } from '../../log/unread-parts.ts'
import { identityOf } from '../file-access.ts'
import { openForReading } from './database.ts'
import type { KnownIds } from './known-ids.ts'
import { contentColumns, recordColumns, recordOf, storedRecord } from './stored-record.ts'

/** So few that a group has gone before what is left of it is collected: of more, the collector copies most. */
const recordsAtOnce = 100
/** A third of a millisecond. Until all are read each new id is looked up, which is most of what a decision takes then. */
const idsAtOnce = 2000
const bytesAtOnce = 16 * 2 ** 20
/** As many as some requests of labels at once have, a megabyte or less. */
const mostFound = 1024
const labelKind = recordKinds.indexOf('label')
const withdrawnKind = recordKinds.indexOf('label-withdrawn')
const definitionKind = recordKinds.indexOf('definition')
const changingKinds = (['definition', 'rule', 'list', 'policy'] as const).map((kind) => recordKinds.indexOf(kind))
const checkpointKind = recordKinds.indexOf('checkpoint')

/**
 * Reads a log beside the process that writes it. Each call sees what is durable at that instant, and nothing that the
 * chain does not hold: records that a checkpoint let go, and are not deleted yet, and what bears numbers below 1, are
 * not found.
 */
export class SqliteLogReader implements LogReading {
  readonly #path: string
  #opened: Opened
  /** Ids of all transactions, once they have been read; until then every id is asked for. */
  #ids: KnownIds | undefined
  readonly #definitions = new Map<number, Definition>()
  readonly #unread = new UnreadParts()
  readonly #formatOf: FormatOf = (definition) => this.definition(definition).format
  /** The newest checkpoint, which is looked at before many reads. What it carries may be large, and is asked for once. */
  #lastCheckpoint: Checkpoint | undefined
  /** Transactions that were found by `findTwice`, and will be once more. */
  readonly #found = new TransientMap<string, TransactionRecord>()
  readonly #withdrawn = new Map<number, Withdrawal>()
  #withdrawnThrough = 0
  /** While all reads see the same instant. */
  #instant: { readonly checkpoint: Checkpoint | undefined; withdrawn: Withdrawals | undefined } | undefined

  /** @throws FraudError DIRECTORY_UNUSABLE */
  constructor(path: string) {
    this.#path = path
    this.#opened = open(path)
  }

  get database(): DatabaseSync {
    return this.#opened.database
  }

  /** Whether the file that is read is the one that its name leads to. */
  get isInPlace(): boolean {
    return identityOf(this.#path) === this.#opened.identity
  }

  /** Reads the file that the name leads to now. */
  reopen(): void {
    const before = this.#opened
    this.#opened = open(this.#path)
    this.#lastCheckpoint = undefined
    this.#definitions.clear()
    this.#found.clear()
    this.#withdrawn.clear()
    this.#withdrawnThrough = 0
    before.database.close()
  }

  atOneInstant<Result>(read: () => Result): Result {
    // Each statement that is not in a transaction takes the file's lock for itself.
    this.database.exec('BEGIN')
    try {
      this.#instant = { checkpoint: this.#checkpoint(), withdrawn: undefined }
      return read()
    } finally {
      this.#instant = undefined
      this.database.exec('COMMIT')
    }
  }

  /** False only of an id of which the log holds no transaction. */
  mayHold(id: string): boolean {
    return this.#ids?.mayHave(id) !== false
  }

  find(id: string): TransactionRecord | undefined {
    if (!this.mayHold(id)) return undefined
    const row = this.#opened.find.get(id)
    const record = row && this.#isKept(Number(row.sequence)) ? this.decode(storedRecord(row)) : undefined
    return record?.kind === 'decision' || record?.kind === 'history' ? record : undefined
  }

  /** As `find`, of an id that is asked for twice in a row: what was found is remembered, for records never change. */
  findTwice(id: string): TransactionRecord | undefined {
    const before = this.#found.get(id)
    if (before !== undefined) this.#found.delete(id)
    if (before !== undefined && this.#isKept(before.sequence)) return before
    const record = this.find(id)
    if (this.#found.size === mostFound) this.#found.clear()
    if (record !== undefined) this.#found.set(id, record)
    return record
  }

  idsEndingIn(ending: string): readonly string[] {
    // Node 22 binds no numbered parameters.
    const sql = 'SELECT id FROM records WHERE kind <= 1 AND sequence > ? AND substr(id, -length(?)) = ?'
    return this.database
      .prepare(sql)
      .all(this.prunedThrough(), ending, ending)
      .map(({ id }) => String(id))
  }

  at(sequence: number): Sequenced | undefined {
    const row = this.#opened.at.get(sequence)
    return row && this.#isKept(sequence) ? this.decode(storedRecord(row)) : undefined
  }

  labelsOf(id: string, most = -1): readonly Sequenced<LabelRecord>[] {
    const withdrawn = this.withdrawn()
    // Some of the newest may not stand any more.
    const asked = withdrawn.size === 0 ? most : -1
    const rows = this.#opened.labels.all(id, this.prunedThrough(), asked).reverse()
    const labels = rows.flatMap((row) => {
      const record = this.decode(storedRecord(row))
      return record.kind === 'label' && !withdrawn.has(record.sequence) && !this.#isOfAnother(record) ? [record] : []
    })
    return most < 0 ? labels : labels.slice(Math.max(0, labels.length - most))
  }

  /** An id may come again once its transaction is let go of, whose labels are not those of the later one. */
  #isOfAnother({ id, of }: LabelRecord): boolean {
    return of > 0 && !this.#isKept(of) && this.find(id) !== undefined
  }

  /** Labels that do not stand any more, by their numbers, with who said so when. There are few, so all are remembered. */
  withdrawn(): Withdrawals {
    if (this.#instant?.withdrawn !== undefined) return this.#instant.withdrawn
    for (const row of this.#opened.withdrawnAfter.iterate(this.#withdrawnThrough)) {
      const record = this.decode(storedRecord(row))
      if (record.kind !== 'label-withdrawn') continue
      this.#withdrawn.set(record.label, { sequence: record.sequence, atMs: record.withdrawnAtMs })
      this.#withdrawnThrough = record.sequence
    }
    if (this.#instant !== undefined) this.#instant.withdrawn = this.#withdrawn
    return this.#withdrawn
  }

  lastLabel(id: string): Sequenced<LabelRecord> | undefined {
    return this.labelsOf(id, 1)[0]
  }

  /** Once this has finished, `find` asks the database only for ids that are in `ids`, or may be. */
  *readIds(ids: KnownIds): Generator<void> {
    for (let last = ''; ; ) {
      const rows = this.#opened.idsAfter.all(last)
      if (rows.length === 0) break
      for (const { 0: id } of rows) ids.add(String(id))
      last = String(rows[rows.length - 1][0])
      yield
    }
    this.#ids = ids
  }

  /** Adds the ids of transactions after a number. @returns the number of the last record that was looked at. */
  addIds(ids: KnownIds, after: number): number {
    const through = this.lastSequence()
    const sql = 'SELECT id FROM records WHERE sequence > ? AND sequence <= ? AND kind <= 1'
    for (const { id } of this.database.prepare(sql).iterate(after, through)) ids.add(String(id))
    return through
  }

  next(after: number, most = recordsAtOnce): readonly Sequenced[] {
    const read = () => this.#storedAfter(Math.max(after, this.prunedThrough()), most)
    const stored = this.#instant === undefined ? this.atOneInstant(read) : read()
    const records = stored.map((each) => this.decode(each))
    for (const record of records) this.#unread.see(record)
    return records
  }

  /**
   * Changes and checkpoints may be large: of those there are fewer at once, since a group of them is held in memory.
   */
  #storedAfter(after: number, most: number): readonly StoredRecord[] {
    const { bytesAfter, after: select } = this.#opened
    if (Number(bytesAfter.get(after, most)?.bytes) <= bytesAtOnce) return select.all(after, most).map(recordOf)
    const all: StoredRecord[] = []
    let bytes = 0
    for (const row of select.iterate(after, most)) {
      const stored = recordOf(row)
      all.push(stored)
      bytes += stored.body.length
      if (bytes > bytesAtOnce) break
    }
    return all
  }

  *allLabels(): Generator<Sequenced<LabelRecord>> {
    const withdrawn = this.withdrawn()
    const sql = `SELECT ${recordColumns} FROM records WHERE kind = ${labelKind} AND sequence > ? ORDER BY sequence`
    for (const row of this.database.prepare(sql).iterate(this.prunedThrough())) {
      const record = this.decode(storedRecord(row))
      const stands = record.kind === 'label' && !withdrawn.has(record.sequence)
      if (stands && (record.of === 0 || this.#isKept(record.of))) yield record
    }
  }

  /** Every change of a kind that is kept, in order. */
  *ofKind(kind: ChangeRecord['kind']): Generator<Sequenced> {
    const sql = `SELECT ${recordColumns} FROM records WHERE kind = ? AND kind > 2 AND sequence > ? ORDER BY sequence`
    const rows = this.database.prepare(sql).iterate(recordKinds.indexOf(kind), this.prunedThrough())
    for (const row of rows) yield this.decode(storedRecord(row))
  }

  get unread(): Readonly<Record<string, number>> {
    return this.#unread.counts
  }

  lastSequence(): number {
    return Number(this.#opened.last.get()?.sequence ?? 0)
  }

  transactionsIn(after: number, through: number): { readonly count: number; readonly newestMs: number } {
    const sql =
      'SELECT count(*) AS count, max(timestamp_ms) AS newest FROM records WHERE sequence > ? AND sequence <= ? AND kind <= 1'
    const { count, newest } = this.database.prepare(sql).get(after, through) ?? {}
    return { count: Number(count), newestMs: newest === null ? Number.NEGATIVE_INFINITY : Number(newest) }
  }

  decidesWithin(after: number, through: number): boolean {
    const sql = 'SELECT 1 FROM records WHERE sequence > ? AND sequence <= ? AND kind = 0 LIMIT 1'
    return this.database.prepare(sql).get(Math.max(after, this.prunedThrough()), through) !== undefined
  }

  firstTransactionMs(): number | undefined {
    const sql = 'SELECT timestamp_ms FROM records WHERE sequence > ? AND kind <= 1 ORDER BY sequence LIMIT 1'
    const found = this.database.prepare(sql).get(this.prunedThrough())
    return found === undefined ? undefined : Number(found.timestamp_ms)
  }

  prunedThrough(): number {
    return this.#checkpoint()?.prunedThrough ?? 0
  }

  carried(): Readonly<Record<string, CarriedPart>> {
    const checkpoint = this.#checkpoint()
    return (checkpoint && this.#checkpointAt(checkpoint.sequence).carried) ?? {}
  }

  /** A record in the format that its definition names. */
  decode(stored: StoredRecord): Sequenced {
    return decodeRecord(stored, this.#formatOf)
  }

  /** The hash of a record, or of the last one that is no longer kept. */
  hashAt(sequence: number): Uint8Array | undefined {
    const checkpoint = this.#checkpoint()
    if (checkpoint?.prunedThrough === sequence) return Buffer.from(checkpoint.hash, 'hex')
    const row = this.#isKept(sequence) ? this.#opened.at.get(sequence) : undefined
    return row && storedRecord(row).hash
  }

  /** The definition that stands under a number. */
  definition(sequence: number): Definition {
    const known = this.#definitions.get(sequence)
    if (known !== undefined) return known
    const record = this.at(sequence)
    const found = record?.kind === 'definition' ? contentOf(record) : this.#checkpoint()?.definitions[sequence]
    if (found === undefined)
      throw new FraudError('LOG_INVALID', `Record ${sequence} of the log, a definition, is missing`)
    this.#definitions.set(sequence, found)
    return found
  }

  /** The newest definition and its number. */
  lastDefinition(): { readonly sequence: number; readonly definition: Definition } | undefined {
    const row = this.#opened.lastOfKind.get(definitionKind)
    const record = row && this.#isKept(Number(row.sequence)) ? this.decode(storedRecord(row)) : undefined
    if (record?.kind === 'definition') return { sequence: record.sequence, definition: contentOf(record) }
    const kept = Object.entries(this.#checkpoint()?.definitions ?? {}).sort(([a], [b]) => Number(b) - Number(a))
    return kept.length === 0 ? undefined : { sequence: Number(kept[0][0]), definition: kept[0][1] }
  }

  definitionSequences(): readonly number[] {
    const sql = `SELECT sequence FROM records WHERE kind = ${definitionKind} AND kind > 2 AND sequence > ? ORDER BY sequence`
    const kept = this.database.prepare(sql).all(this.prunedThrough())
    const pruned = Object.keys(this.#checkpoint()?.definitions ?? {})
    return [...pruned.map(Number), ...kept.map(({ sequence }) => Number(sequence))]
  }

  changesBefore(sequence: number): readonly number[] {
    const sql = `SELECT sequence FROM records WHERE kind IN (${changingKinds}) AND kind > 2 AND sequence > ? AND sequence < ? ORDER BY sequence`
    return this.database
      .prepare(sql)
      .all(this.prunedThrough(), sequence)
      .map((row) => Number(row.sequence))
  }

  /** The number of the last record before the first transaction that is not older. */
  lastBefore(timestampMs: number): number {
    const sql =
      'SELECT sequence FROM records WHERE sequence > ? AND kind <= 1 AND timestamp_ms >= ? ORDER BY sequence LIMIT 1'
    const first = this.database.prepare(sql).get(this.prunedThrough(), timestampMs)
    return first === undefined ? this.lastSequence() : Number(first.sequence) - 1
  }

  close(): void {
    this.database.close()
  }

  #isKept(sequence: number): boolean {
    return sequence > this.prunedThrough()
  }

  #checkpoint(): Sequenced<CheckpointRecord> | undefined {
    if (this.#instant !== undefined) return this.#instant.checkpoint
    const sequence = Number(this.#opened.lastNumberOfKind.get(checkpointKind)?.sequence ?? 0)
    if (sequence < 1) return undefined
    if (sequence !== this.#lastCheckpoint?.sequence) {
      const { carried, ...checkpoint } = this.#checkpointAt(sequence)
      this.#lastCheckpoint = checkpoint
    }
    return this.#lastCheckpoint
  }

  #checkpointAt(sequence: number): Sequenced<CheckpointRecord> {
    const row = this.#opened.at.get(sequence)
    const record = row && this.decode(storedRecord(row))
    if (record?.kind !== 'checkpoint') {
      throw new FraudError('LOG_INVALID', `Record ${sequence} of the log, a checkpoint, is missing`)
    }
    return record
  }
}

type Checkpoint = Omit<Sequenced<CheckpointRecord>, 'carried'>

function contentOf({ kind, sequence, ...definition }: Sequenced<DefinitionRecord>): Definition {
  return definition
}

/** The record by which a label was withdrawn, and when. */
interface Withdrawal {
  readonly sequence: number
  readonly atMs: number
}

type Withdrawals = ReadonlyMap<number, Withdrawal>

/** A database that is open, with what is asked of it often. */
interface Opened {
  readonly database: DatabaseSync
  readonly identity: string | undefined
  readonly find: StatementSync
  readonly at: StatementSync
  readonly labels: StatementSync
  readonly withdrawnAfter: StatementSync
  readonly after: StatementSync
  readonly bytesAfter: StatementSync
  readonly last: StatementSync
  readonly lastOfKind: StatementSync
  readonly lastNumberOfKind: StatementSync
  readonly idsAfter: StatementSync
}

function open(path: string): Opened {
  const database = openForReading(path)
  const select = `SELECT ${recordColumns} FROM records`
  // Where a plan may rest on a value that is bound, as a limit or what a partial index asks, SQLite prepares the statement
  // again for each run, which takes ten times as long as the run. On a sum no plan rests.
  const bound = '? + 0'
  const after = database.prepare(
    `SELECT ${contentColumns} FROM records WHERE sequence > ? ORDER BY sequence LIMIT ${bound}`,
  )
  const idsAfter = database.prepare(`SELECT id FROM records WHERE kind <= 1 AND id > ? ORDER BY id LIMIT ${idsAtOnce}`)
  // Of millions of rows arrays take half of the time that objects take.
  for (const statement of [after, idsAfter]) statement.setReturnArrays(true)
  return {
    database,
    identity: identityOf(path),
    find: database.prepare(`${select} WHERE id = ? AND kind <= 1`),
    at: database.prepare(`${select} WHERE sequence = ?`),
    labels: database.prepare(
      `${select} WHERE id = ? AND kind = 2 AND sequence > ? ORDER BY sequence DESC LIMIT ${bound}`,
    ),
    withdrawnAfter: database.prepare(
      `${select} WHERE kind = ${withdrawnKind} AND kind > 2 AND sequence > ? ORDER BY sequence`,
    ),
    after,
    bytesAfter: database.prepare(
      `SELECT total(length(body)) AS bytes FROM (SELECT body FROM records WHERE sequence > ? ORDER BY sequence LIMIT ${bound})`,
    ),
    idsAfter,
    last: database.prepare('SELECT max(sequence) AS sequence FROM records'),
    lastNumberOfKind: database.prepare(
      `SELECT sequence FROM records WHERE kind = ${bound} AND kind > 2 ORDER BY sequence DESC LIMIT 1`,
    ),
    lastOfKind: database.prepare(`${select} WHERE kind = ${bound} AND kind > 2 ORDER BY sequence DESC LIMIT 1`),
  }
}
