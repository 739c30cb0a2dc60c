import { FraudError } from '../core/errors.ts'
import { keepsAll } from '../core/kept-fields.ts'
import { textReader } from '../data/columns.ts'
import { labelAt } from '../data/label-column.ts'
import type { Column, Table } from '../data/table.ts'
import type { TransactionRecord } from '../decisioning/decision-log.ts'
import { LabelQueue } from '../features/label-queue.ts'
import type { LiveService } from '../scoring/live-service.ts'
import { ConflictList, type IdConflicts, tellConflicts } from './id-conflicts.ts'
import { RepeatedIds, shownId } from './repeated-ids.ts'
import type { ReplayedTransaction } from './replay-file.ts'
import { sendableRows } from './sendable-rows.ts'

export type ReplayedAs = 'history' | 'decisions'
export type OnConflict = 'fail' | 'skip'

/** Transactions that are on their way to the disk at once. */
const atOnce = 2048
const unlabelled = -1

type Labelled = Pick<ReplayedTransaction, 'index' | 'label' | 'knownAtMs'> & {
  readonly id: string
  readonly timestampMs: number
}

/** Takes the transactions of one table into a data directory, each once, with labels as they became known. */
export class Intake {
  readonly #service: LiveService
  readonly #as: ReplayedAs
  readonly #onConflict: OnConflict
  readonly #numberedAs: string | undefined
  readonly #labels = new LabelQueue()
  /** Ids of transactions whose labels are still to come, by their places among them. */
  readonly #ids = new Map<number, string>()
  readonly #repeats: RepeatedIds
  /** What each row of the table said that it was. */
  #given = new Int8Array(0)
  /** Rows that the log was seen to hold as they are, with nothing to add to it unless they are fraud. */
  #held = new Uint8Array(0)
  readonly #failures: unknown[] = []
  #underway: Promise<unknown>[] = []
  #table: Table | undefined
  #read: (row: number) => Readonly<Record<string, unknown>> = () => ({})
  #place = 0
  fresh = 0
  /** Transactions that the data directory held before. */
  known = 0
  /** Rows that say again what an earlier one of the file said. */
  repeated = 0
  labels = 0
  /** Transactions that are legitimate by the file, and fraud by a label of the log, which is kept. */
  overruled = 0
  readonly conflicts = new ConflictList()

  /** @param numberedAs the file's name, where its rows have no id and are known by it and their places. */
  constructor(service: LiveService, as: ReplayedAs, onConflict: OnConflict, numberedAs?: string) {
    this.#numberedAs = numberedAs
    const { detector, features } = service.live
    this.#service = service
    this.#as = as
    this.#onConflict = onConflict
    this.#repeats = new RepeatedIds(detector, features.layout)
  }

  async take({ table, index, transaction, label, knownAtMs }: ReplayedTransaction): Promise<void> {
    if (table !== this.#table) this.#open(table)
    const { timestampMs } = transaction
    this.#sendLabels(timestampMs)
    const value = this.#read(index)
    const id = String(value[this.#idColumn])
    const first = this.#repeats.check(index)?.first
    const labelled = { id, index, label, knownAtMs, timestampMs }
    if (this.#held[index] === 1 && label !== 1 && first === undefined) {
      this.known += 1
      if (label === 0) this.#given[index] = 0
      return
    }
    if (this.#send(value, labelled, first)) await this.#takeLabel(labelled, first)
    if (this.#underway.length >= atOnce) await this.#settle()
  }

  /** Labels that were not known yet when the file ended are there from now on, but count only from when they are. */
  async finish(): Promise<void> {
    this.#sendLabels(Number.POSITIVE_INFINITY)
    await this.#settle()
  }

  get #idColumn(): string {
    return this.#service.live.detector.transaction.id ?? ''
  }

  /** Takes a transaction in, unless its id belongs to another one, which must not get this row's label. */
  #send(value: Readonly<Record<string, unknown>>, labelled: Labelled, first: number | undefined): boolean {
    const { id, index, label } = labelled
    const count = async (isNew: boolean) => {
      if (isNew) this.fresh += 1
      else if (first !== undefined) this.repeated += 1
      else {
        this.known += 1
        if (label === 0) await this.#sendLegitimate(labelled)
      }
    }
    try {
      const taken =
        this.#as === 'history'
          ? this.#service.bringIn(value, !Number.isNaN(label))
          : this.#service.decide(value, undefined, () => 0).then(({ duplicate }) => !duplicate)
      this.#watch(taken.then(count))
      return true
    } catch (error) {
      if (!(error instanceof FraudError) || error.code !== 'TRANSACTION_CONFLICT') throw error
      const fields = error.errors.map(({ field }) => field)
      this.#addConflict(this.#repeats, id, index, first, fields.length === 0 ? broughtIn : fields)
      if (this.#onConflict === 'fail') throw conflictError(this.conflicts, 'What comes before it was brought in')
      return false
    }
  }

  /** What a row says that its transaction was, unless an earlier row has said it. */
  async #takeLabel(labelled: Labelled, first: number | undefined): Promise<void> {
    const { index, id, label } = labelled
    const place = first ?? index
    const said = this.#given[place]
    if (Number.isNaN(label) || said === label) return
    if (said !== unlabelled) {
      this.#addConflict(this.#repeats, id, index, place, [this.#service.live.detector.transaction.label.field])
      return
    }
    this.#given[place] = label
    if (label === 1) this.#queueLabel(labelled)
    else if (first !== undefined) {
      await this.#settle()
      await this.#sendLegitimate(labelled)
    }
  }

  #queueLabel({ id, timestampMs, knownAtMs }: Labelled): void {
    const place = ++this.#place
    this.#ids.set(place, id)
    const event = { timestampMs, texts: [], sequence: place }
    this.#labels.add({ event, label: { isFraud: true, knownAtMs: Math.max(knownAtMs, timestampMs) } })
  }

  /** A transaction's own record says that it is legitimate, unless it came from a file that did not know it yet. */
  async #sendLegitimate({ id, timestampMs, knownAtMs }: Labelled): Promise<void> {
    const record = this.#service.reading.find(id)
    if (record === undefined) return
    const said = legitimateBy(record, this.#service.reading.lastLabel(id))
    if (said === 'overruled') this.overruled += 1
    else if (said === 'unsaid') await this.#sendLabel(id, false, Math.max(knownAtMs, timestampMs))
  }

  #sendLabels(timestampMs: number): void {
    for (let due = this.#labels.due(timestampMs); due !== undefined; due = this.#labels.due(timestampMs)) {
      const { event, label } = due
      const transactionId = this.#ids.get(event.sequence) ?? ''
      this.#ids.delete(event.sequence)
      this.#watch(this.#sendLabel(transactionId, true, label.knownAtMs))
    }
  }

  async #sendLabel(transactionId: string, isFraud: boolean, knownAtMs: number): Promise<void> {
    // A replay may be run again after somebody corrected the label.
    const isSaid = this.#service.reading
      .labelsOf(transactionId)
      .some((label) => label.isFraud === isFraud && label.knownAtMs === knownAtMs)
    if (isSaid) return
    const [answer] = await this.#service.decider.label([{ transactionId, isFraud, knownAtMs, source: undefined }])
    if (!answer.duplicate) this.labels += 1
  }

  /** A failure is thrown at the next point where all is waited for. */
  #watch(work: Promise<void>): void {
    this.#underway.push(
      work.catch((error: unknown) => {
        this.#failures.push(error)
      }),
    )
  }

  async #settle(): Promise<void> {
    const underway = this.#underway
    this.#underway = []
    await Promise.all(underway)
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  /** Rows of a table as a caller would send them. */
  #open(read: Table): void {
    this.#table = read
    const { detector } = this.#service.live
    const { id = '', time } = detector.transaction
    const table = this.#numberedAs === undefined ? read : withNumbers(read, id, this.#numberedAs)
    const wanted = new Set([id, time?.field ?? '', ...(this.#service.decider.state?.definition.columns ?? [])])
    const present = table.columns.filter(({ name }) => wanted.has(name) || keepsAll(detector))
    if (!present.some(({ name }) => name === id)) {
      const cure = 'or say --number-rows to know its rows by the name of the file and their lines'
      throw new FraudError('DATA_INVALID', `The file has no column ${id}, the transactions' id: add it, ${cure}`)
    }
    this.#read = sendableRows(present)
    this.#given = new Int8Array(table.rowCount).fill(unlabelled)
    this.#held = new Uint8Array(table.rowCount)
    this.#repeats.open(table, { isWhole: true })
    if (this.#onConflict === 'fail') this.#service.reading.atOneInstant(() => this.#refuseConflicts(table))
  }

  /** Looks for all conflicts before anything is taken in, and for what is in already. */
  #refuseConflicts(table: Table): void {
    const { detector, features } = this.#service.live
    const repeats = new RepeatedIds(detector, features.layout)
    const idOf = textReader(table, this.#idColumn)
    repeats.open(table, { isWhole: true })
    for (let index = 0; index < table.rowCount; index++) {
      const id = idOf(index) ?? ''
      const repeat = repeats.check(index)
      const fields = repeat === undefined ? this.#lookUp(id, index) : this.#differing(repeats, index, repeat.first)
      if (fields.length > 0) this.#addConflict(repeats, id, index, repeat?.first, fields)
    }
    if (this.conflicts.count > 0) {
      throw conflictError(
        this.conflicts,
        'Nothing was brought in. Mend the file, or leave them out with --on-conflict skip',
      )
    }
  }

  /** Two rows do not contradict each other where only one knows the label. */
  #differing(repeats: RepeatedIds, index: number, first: number): readonly string[] {
    const { field } = this.#service.live.detector.transaction.label
    const label = this.#table?.columns.find(({ name }) => name === field)
    const [own, other] = [index, first].map((row) => (label === undefined ? Number.NaN : labelAt(label, row)))
    const contradict = !Number.isNaN(own) && !Number.isNaN(other) && own !== other
    return repeats.differing(index, first).filter((name) => name !== field || contradict)
  }

  /** In what a row differs from the transaction of its id in the log. */
  #lookUp(id: string, index: number): readonly string[] {
    const { reading } = this.#service
    const record = reading.find(id)
    if (record === undefined) return []
    const fields = this.#service.differences(this.#read(index))?.map(({ field }) => field) ?? []
    if (fields.length > 0) return fields
    if (this.#as === 'decisions' && record.kind === 'history') return broughtIn
    if (legitimateBy(record, reading.lastLabel(id)) === 'said') this.#held[index] = 1
    return []
  }

  #addConflict(
    repeats: RepeatedIds,
    id: string,
    index: number,
    first: number | undefined,
    fields: readonly string[],
  ): void {
    const shown = shownId(this.#service.live.detector, id)
    this.conflicts.add({
      ...(shown !== undefined && { id: shown }),
      at: repeats.placeOf(index),
      with: first === undefined ? this.#recordOf(id) : repeats.placeOf(first),
      fields,
    })
  }

  #recordOf(id: string): string {
    return `record ${this.#service.reading.find(id)?.sequence} of the log`
  }
}

/** A table without ids, with those that the file's name and its lines give. */
function withNumbers(table: Table, id: string, file: string): Table {
  const { rowCount, columns, lineOf = (row: number) => row + 1 } = table
  if (columns.some(({ name }) => name === id)) return table
  const dictionary = Array.from({ length: rowCount }, (_, row) => `${file}:${lineOf(row)}`)
  const numbers: Column = { kind: 'text', name: id, codes: Int32Array.from(dictionary.keys()), dictionary }
  return { ...table, columns: [...columns, numbers] }
}

/** Whether the log says of a transaction that it is legitimate, says nothing, or says that it is fraud. */
function legitimateBy(record: TransactionRecord, last: { readonly isFraud: boolean } | undefined) {
  if (last !== undefined) return last.isFraud ? 'overruled' : 'said'
  return record.kind === 'history' && !record.isLabelled ? 'unsaid' : 'said'
}

/** In place of fields, where nothing but this differs. */
const broughtIn = ['that it was brought in as history, without a decision']

function conflictError(conflicts: IdConflicts, outcome: string): FraudError {
  return new FraudError('TRANSACTION_CONFLICT', `${tellConflicts(conflicts)}\n${outcome}`)
}
