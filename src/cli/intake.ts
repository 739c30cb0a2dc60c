import { FraudError } from '../core/errors.ts'
import { textReader } from '../data/columns.ts'
import { labelAt } from '../data/label-column.ts'
import type { Table } from '../data/table.ts'
import { keepsAll } from '../detector/kept-fields.ts'
import { LabelQueue } from '../features/label-queue.ts'
import type { TransactionRecord } from '../log/decision-log.ts'
import type { ReplayedTransaction } from '../training/file-replay.ts'
import { RepeatedIds, shownId } from '../training/repeated-ids.ts'
import { ConflictList, type IdConflicts, tellConflicts } from './id-conflicts.ts'
import type { IntakeTarget, ReplayedAs } from './intake-target.ts'
import { nameInLog, numberRows } from './numbered-rows.ts'
import { sendableRows } from './sendable-rows.ts'
import { wholeRow } from './service-target.ts'

export type OnConflict = 'fail' | 'skip'

/** Transactions that are on their way to the disk at once. */
const atOnce = 2048
const unlabelled = -1
const numbering = 'takes rows without an id in, too, known by the name of the file and their lines'

type Labelled = Pick<ReplayedTransaction, 'index' | 'label' | 'knownAtMs' | 'reader'> & {
  readonly skipsBadRows: boolean
  readonly id: string
  readonly hasId: boolean
  /** Whether no history holds it. */
  readonly isLate: boolean
  readonly timestampMs: number
}

/** Takes the transactions of one table into a data directory, each once, with labels as they became known. */
export class Intake {
  readonly #target: IntakeTarget
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
  /** Ids that belong to other transactions, which must not get the labels of the file's. */
  readonly #refused = new Set<string>()
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
  /** New ones that are so much older than the newest that no history holds them. */
  late = 0
  /** Transactions that are legitimate by the file, and fraud by a label of the log, which is kept. */
  overruled = 0
  /** The name by which rows without ids are known; undefined where they have some. */
  knownAs: string | undefined
  readonly conflicts = new ConflictList()
  /** Rows that the log or the service did not take. */
  #turnedAway = 0

  /** @param numberedAs the file's name, where its rows have no id and are known by it and their places. */
  constructor(target: IntakeTarget, as: ReplayedAs, onConflict: OnConflict, numberedAs?: string) {
    this.#numberedAs = numberedAs
    const { detector, features } = target
    this.#target = target
    this.#as = as
    this.#onConflict = onConflict
    this.#repeats = new RepeatedIds(detector, features.layout)
  }

  /** With `skipsBadRows`, a row that the service refuses is left out as a bad row of the file. */
  async take(replayed: ReplayedTransaction, skipsBadRows: boolean): Promise<void> {
    const { table, index, transaction, label, knownAtMs, reader } = replayed
    if (table !== this.#table) this.#open(table, reader)
    const { timestampMs } = transaction
    await this.#sendLabels(timestampMs)
    const value = this.#read(index)
    const given = value[this.#idColumn]
    const id = String(given)
    const first = this.#repeats.check(index)?.first
    const isLate = timestampMs < this.#target.keptFromMs()
    const labelled = {
      ...{ id, hasId: given !== undefined, index, label },
      knownAtMs,
      timestampMs,
      isLate,
      reader,
      skipsBadRows,
    }
    if (this.#held[index] === 1 && label !== 1 && first === undefined) {
      this.known += 1
      if (label === 0) this.#given[index] = 0
      return
    }
    // What an earlier row of the id came to decides over this one's label.
    if (first !== undefined && this.#target.answersLater) await this.#settle()
    if (await this.#send(value, labelled, first)) await this.#takeLabel(labelled, first)
    if (this.#underway.length >= atOnce) await this.#settle()
  }

  /** Labels that were not known yet when the file ended are there from now on, but count only from when they are. */
  async finish(): Promise<void> {
    await this.#sendLabels(Number.POSITIVE_INFINITY)
    await this.#settle()
  }

  get #idColumn(): string {
    return this.#target.detector.transaction.id ?? ''
  }

  /**
   * Takes a transaction in, unless its id belongs to another one, which must not get this row's label. Only where an
   * earlier row has its id is a later answer waited for.
   */
  async #send(
    value: Readonly<Record<string, unknown>>,
    labelled: Labelled,
    first: number | undefined,
  ): Promise<boolean> {
    const turnedAway = this.#turnedAway
    try {
      const taken = this.#target.send(value, !Number.isNaN(labelled.label))
      this.#watch(
        taken.then(
          (isNew) => this.#count(isNew, labelled, first),
          (error: unknown) => this.#refuse(error, labelled, first),
        ),
      )
    } catch (error) {
      this.#refuse(error, labelled, first)
    }
    await this.#target.placed()
    if (first !== undefined && this.#target.answersLater) await this.#settle()
    return this.#turnedAway === turnedAway
  }

  async #count(isNew: boolean, labelled: Labelled, first: number | undefined): Promise<void> {
    this.#refused.delete(labelled.id)
    if (isNew) {
      this.fresh += 1
      if (labelled.isLate) this.late += 1
    } else if (first !== undefined) this.repeated += 1
    else {
      this.known += 1
      if (labelled.label === 0) await this.#sendLegitimate(labelled)
    }
  }

  /** Lists a conflict and counts a bad row, of which the file's label is not to be sent; any other error goes on. */
  #refuse(error: unknown, labelled: Labelled, first: number | undefined): void {
    const { id, index } = labelled
    const refusal = ofRow(error)
    if (refusal !== undefined) this.#leaveOut(refusal, labelled)
    else this.#noteConflict(error, labelled, first)
    this.#turnedAway += 1
    if (first !== undefined) return
    this.#refused.add(id)
    this.#given[index] = unlabelled
  }

  /** What the service refuses in a row is a bad row of the file: it is left out, or told with its line. */
  #leaveOut(refusal: FraudError, { reader, index, skipsBadRows, hasId }: Labelled): void {
    const [{ field: given, reason }] = refusal.errors
    const field = given === wholeRow ? undefined : given
    const cure = hasId || field !== this.#idColumn ? undefined : `--number-rows ${numbering}`
    if (!skipsBadRows) {
      const { message, hint } = reader.refusal(index, field, reason)
      const hints = cure === undefined ? hint : `${cure}\n  ${hint}`
      throw new FraudError(refusal.code, message, { cause: refusal, errors: refusal.errors, hint: hints })
    }
    reader.leaveOut(index, field, reason, cure && `${reason}; ${cure}`)
  }

  #noteConflict(error: unknown, { id, index }: Labelled, first: number | undefined): void {
    if (!(error instanceof FraudError) || error.code !== 'TRANSACTION_CONFLICT') throw error
    const fields = error.errors.map(({ field }) => field)
    this.#addConflict(this.#repeats, id, index, first, fields.length === 0 ? broughtIn : fields)
    if (this.#onConflict === 'fail')
      throw conflictError(this.conflicts, this.#target.answersLater ? sentAlong : broughtInBefore)
  }

  /** What a row says that its transaction was, unless an earlier row has said it. */
  async #takeLabel(labelled: Labelled, first: number | undefined): Promise<void> {
    const { index, id, label } = labelled
    const place = first ?? index
    const said = this.#given[place]
    if (Number.isNaN(label) || said === label) return
    if (said !== unlabelled) {
      this.#addConflict(this.#repeats, id, index, place, [this.#target.detector.transaction.label.field])
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
    const event = { timestampMs, amount: Number.NaN, texts: [], numbers: [], sequence: place }
    this.#labels.add({ event, label: { isFraud: true, knownAtMs: Math.max(knownAtMs, timestampMs) } })
  }

  /** A transaction's own record says that it is legitimate, unless it came from a file that did not know it yet. */
  async #sendLegitimate({ id, timestampMs, knownAtMs }: Labelled): Promise<void> {
    const record = this.#target.reading.find(id)
    if (record === undefined) return
    const said = legitimateBy(record, this.#target.reading.lastLabel(id))
    if (said === 'overruled') this.overruled += 1
    else if (said === 'unsaid') await this.#sendLabel(id, false, Math.max(knownAtMs, timestampMs))
  }

  async #sendLabels(timestampMs: number): Promise<void> {
    let due = this.#labels.due(timestampMs)
    if (due === undefined) return
    await this.#target.flush()
    for (; due !== undefined; due = this.#labels.due(timestampMs)) {
      const { event, label } = due
      const transactionId = this.#ids.get(event.sequence) ?? ''
      this.#ids.delete(event.sequence)
      if (!this.#refused.has(transactionId)) this.#watch(this.#sendLabel(transactionId, true, label.knownAtMs))
    }
    // Before the transactions that come after them.
    await this.#target.flush()
  }

  async #sendLabel(transactionId: string, isFraud: boolean, knownAtMs: number): Promise<void> {
    // A replay may be run again after somebody corrected the label.
    const isSaid = this.#target.reading
      .labelsOf(transactionId)
      .some((label) => label.isFraud === isFraud && label.knownAtMs === knownAtMs)
    if (isSaid) return
    if (await this.#target.sendLabel({ transactionId, isFraud, knownAtMs, source: undefined })) this.labels += 1
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
    await this.#target.flush()
    await Promise.all(underway)
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  /** Rows of a table as a caller would send them. */
  #open(read: Table, reader: Labelled['reader']): void {
    this.#table = read
    const { detector } = this.#target
    const { id = '', time } = detector.transaction
    const table = this.#number(read, id)
    const wanted = new Set([id, time?.field ?? '', ...this.#target.columns])
    const present = table.columns.filter(({ name }) => wanted.has(name) || (keepsAll(detector) && name !== time?.clock))
    if (!present.some(({ name }) => name === id)) {
      const cure = "or use --number-rows, which makes ids from the file's name and the line"
      throw new FraudError('DATA_INVALID', `The file has no column ${id}, the transactions' id: add it, ${cure}`)
    }
    this.#read = sendableRows(
      present,
      time?.format === 'iso' ? { field: time.field, timeOf: (row) => reader.timeOf(row) } : undefined,
    )
    this.#given = new Int8Array(table.rowCount).fill(unlabelled)
    this.#held = new Uint8Array(table.rowCount)
    this.#repeats.open(table, { isWhole: true })
    if (this.#onConflict === 'fail') this.#target.reading.atOneInstant(() => this.#refuseConflicts(table))
  }

  #number(read: Table, id: string): Table {
    if (this.#numberedAs === undefined) return read
    this.knownAs ??= this.#target.reading.atOneInstant(() => nameInLog(read, this.#numberedAs ?? '', this.#target))
    return numberRows(read, id, this.knownAs)
  }

  /** Looks for all conflicts before anything is taken in, and for what is in already. */
  #refuseConflicts(table: Table): void {
    const { detector, features } = this.#target
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
        'Nothing was brought in. Correct the file, or leave these rows out (replay --on-conflict skip)',
      )
    }
  }

  /** Two rows do not contradict each other where only one knows the label. */
  #differing(repeats: RepeatedIds, index: number, first: number): readonly string[] {
    const { field } = this.#target.detector.transaction.label
    const label = this.#table?.columns.find(({ name }) => name === field)
    const [own, other] = [index, first].map((row) => (label === undefined ? Number.NaN : labelAt(label, row)))
    const contradict = !Number.isNaN(own) && !Number.isNaN(other) && own !== other
    return repeats.differing(index, first).filter((name) => name !== field || contradict)
  }

  /** The fields in which a row differs from the transaction with its id in the log. */
  #lookUp(id: string, index: number): readonly string[] {
    const { reading } = this.#target
    const record = reading.find(id)
    if (record === undefined) return []
    const fields = this.#target.differences(this.#read(index), record)
    if (fields !== undefined && fields.length > 0) return fields
    if (this.#as === 'decisions' && record.kind === 'history') return broughtIn
    if (fields !== undefined && legitimateBy(record, reading.lastLabel(id)) === 'said') this.#held[index] = 1
    return []
  }

  #addConflict(
    repeats: RepeatedIds,
    id: string,
    index: number,
    first: number | undefined,
    fields: readonly string[],
  ): void {
    const shown = shownId(this.#target.detector, id)
    this.conflicts.add({
      ...(shown !== undefined && { id: shown }),
      at: repeats.placeOf(index),
      with: first === undefined ? this.#recordOf(id) : repeats.placeOf(first),
      fields,
    })
  }

  #recordOf(id: string): string {
    return `record ${this.#target.reading.find(id)?.sequence} of the log`
  }
}

/** Whether the log says of a transaction that it is legitimate, says nothing, or says that it is fraud. */
function legitimateBy(record: TransactionRecord, last: { readonly isFraud: boolean } | undefined) {
  if (last !== undefined) return last.isFraud ? 'overruled' : 'said'
  return record.kind === 'history' && !record.isLabelled ? 'unsaid' : 'said'
}

/** What the service refuses in a row; undefined where the error is of something else. */
function ofRow(error: unknown): FraudError | undefined {
  const isOfRow = error instanceof FraudError && /^(CARD_NUMBER_REFUSED|INPUT_INVALID|BODY_TOO_LARGE)$/.test(error.code)
  return isOfRow && error.errors.length > 0 ? error : undefined
}

const broughtInBefore = 'Everything before it was brought in'
const sentAlong = 'Everything before it was brought in, and some rows after it that were sent together with it'

/** The text that replaces fields where only this differs. */
const broughtIn = ['that it was brought in as history, without a decision']

function conflictError(conflicts: IdConflicts, outcome: string): FraudError {
  return new FraudError('TRANSACTION_CONFLICT', `${tellConflicts(conflicts)}\n${outcome}`)
}
