import { durationMs } from '../core/duration.ts'
import type { FraudError } from '../core/errors.ts'
import { readAmount } from '../core/money.ts'
import { showValue } from '../core/show-value.ts'
import { timeBounds, whyOutOfBounds } from '../core/time-formats.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import { keptNames } from '../detector/kept-fields.ts'
import type { CodedTexts, Transaction, TransactionLayout } from '../detector/transaction.ts'
import { type BadPlace, BadRowLog, type BadRows } from './bad-rows.ts'
import {
  type CellReader,
  CellReaders,
  type CellReading,
  missingNumber,
  type RefuseCell,
  untold,
} from './cell-readers.ts'
import { ColumnChecks } from './column-checks.ts'
import type { ColumnKind } from './column-kind.ts'
import { declaredColumn, placeOf } from './declared-column.ts'
import { rowWordOf } from './file-format.ts'
import { labelsAllowed } from './label-column.ts'
import type { Column, Table } from './table.ts'

/** What a file's transactions are read with, beside the detector. */
export interface FileReading extends CellReading {
  readonly nowMs: number
  /** What to do with a row that is not a transaction: fail (the default), or leave it out and count it. */
  readonly badRows?: 'fail' | 'skip' | undefined
  readonly keepsBadRows?: boolean
}

/** A row by a detector's eyes; its transaction is valid until the next one is read. */
export interface FileTransaction {
  readonly transaction: Transaction
  /** 1 fraud, 0 legitimate, NaN unknown. */
  readonly label: number
  /** When the label became known; NaN where it did not. */
  readonly knownAtMs: number
}

/**
 * Reads a detector's transactions from tables, row by row, into one record that is used again. Refuses what is no
 * transaction with DATA_INVALID, which names the row, the field and the reason.
 */
export class TransactionReader {
  readonly #located: LocatedDetector
  readonly #layout: TransactionLayout
  readonly #reading: FileReading
  readonly #bounds: ReturnType<typeof timeBounds>
  readonly #cells: CellReaders
  readonly #checks: ColumnChecks
  readonly #delayMs: number
  /** When a legitimate transaction counts as one; NaN where the detector does not say. */
  readonly #maturityMs: number
  readonly #transaction: { timestampMs: number; amount: number; texts: (string | undefined)[]; numbers: Float64Array }
  readonly #badRows: BadRowLog
  #bad: { readonly place: BadPlace; readonly reason: string; readonly kind: string } | undefined
  #lineOf: (row: number) => number = (row) => row
  #rowsBefore = 0
  #columns: readonly Column[] = []
  #rowCount = 0
  #time: CellReader<number> = missingNumber
  #amount: CellReader<number> = missingNumber
  #rate: CellReader<number> = () => 1
  #label: CellReader<number> = missingNumber
  #knownAt: CellReader<number> = missingNumber
  #texts: CellReader<string | undefined>[] = []
  #codedTexts: (CodedTexts | undefined)[] = []
  /** Checks of columns that hold what is not an id or a key, what a service refuses, or possibly another currency. */
  #spoilt: CellReader<void>[] = []
  #numberCells: CellReader<number>[] = []

  constructor(located: LocatedDetector, layout: TransactionLayout, reading: FileReading) {
    this.#located = located
    this.#layout = layout
    this.#reading = reading
    this.#bounds = timeBounds(located.detector.transaction.time ?? untold, reading.nowMs)
    const { delay = '0s', maturity } = located.detector.transaction.label
    this.#delayMs = durationMs(delay)
    this.#maturityMs = maturity === undefined ? Number.NaN : durationMs(maturity)
    const { badRows = 'fail', keepsBadRows = false } = reading
    this.#badRows = new BadRowLog(reading.file, badRows, {
      rowWord: rowWordOf(reading.file),
      keepsAll: keepsBadRows,
    })
    const fail = (...given: Parameters<RefuseCell>) => this.#fail(...given)
    this.#cells = new CellReaders(located.detector, reading, fail)
    const tellRow = (row: number) => this.#badRows.tell(this.#lineOf(row))
    this.#checks = new ColumnChecks(located, layout, { file: reading.file, fail, tellRow })
    const { texts, numbers } = layout
    this.#transaction = {
      timestampMs: Number.NaN,
      amount: Number.NaN,
      texts: texts.map(() => undefined),
      numbers: new Float64Array(numbers.length),
    }
  }

  /** How the file's reader has to take the columns. */
  get kinds(): Readonly<Record<string, ColumnKind>> {
    const { transaction } = this.#located.detector
    const { time, amount, label, zone = 'UTC' } = transaction
    const timeKind = time?.format !== 'iso' ? 'number' : zone === 'UTC' ? 'time' : 'text'
    const isDayApart = time?.clock !== undefined
    const kinds: Record<string, ColumnKind> = { [label.field]: 'text' }
    // As it stands there: nobody knows yet whether 007 is a number.
    for (const column of keptNames(transaction)) kinds[column] = 'text'
    for (const { column } of this.#layout.numbers) kinds[column] = 'number'
    for (const { column } of this.#layout.texts) kinds[column] = 'text'
    if (amount !== undefined) kinds[amount.field] = 'number'
    if (amount?.conversion !== undefined) kinds[amount.conversion] = 'number'
    if (time !== undefined) kinds[time.field] = isDayApart ? 'text' : timeKind
    if (time?.clock !== undefined) kinds[time.clock] = 'text'
    if (label.knownAt !== undefined) kinds[label.knownAt] = timeKind
    return kinds
  }

  /** Takes up the next table. Its label may be missing: then nothing is known of its rows. */
  open(table: Table): void {
    this.#rowsBefore += this.#rowCount
    this.#rowCount = table.rowCount
    const { lineOf } = table
    this.#badRows.tellLine = table.tellLine
    const before = this.#rowsBefore
    this.#lineOf = lineOf === undefined ? (row) => before + row + 1 : lineOf
    this.#checks.refuseCardNumbers(table)
    this.#spoilt = this.#checks.rowChecks(table)
    const { time, amount, label } = this.#located.detector.transaction
    const cells = this.#cells
    const at = (name: string, ...path: string[]) => declaredColumn(table, this.#located, name, ['transaction', ...path])
    const named = (name: string, column: string, orElse?: string) =>
      declaredColumn(table, this.#located, column, placeOf(name, this.#located), orElse)
    const clock = table.columns.find(({ name }) => name === time?.clock)
    this.#time = time ? cells.times(at(time.field, 'time', 'field'), time, clock) : missingNumber
    this.#amount = amount ? cells.numbers(at(amount.field, 'amount', 'field')) : missingNumber
    if (amount?.conversion !== undefined) this.#rate = cells.numbers(at(amount.conversion, 'amount', 'conversion'))
    this.#columns = table.columns
    const hasLabel = table.columns.some(({ name }) => name === label.field)
    this.#label = hasLabel ? cells.labels(at(label.field, 'label', 'field')) : missingNumber
    if (label.knownAt !== undefined && hasLabel) {
      this.#knownAt = cells.times(at(label.knownAt, 'label', 'knownAt'), time ?? { ...untold, format: 'iso' })
    }
    const texts = this.#layout.texts.map(({ name, column }) => named(name, column))
    this.#codedTexts = texts.map((column) => cells.codedTexts(column))
    this.#texts = texts.map((column, i) => cells.texts(column, this.#codedTexts[i]))
    this.#numberCells = this.#layout.numbers.map(({ name, column, orElse }) =>
      cells.numbers(named(name, column, orElse)),
    )
    this.#checks.refuseMisspelt(table)
  }

  /** The texts of the open table, by their places in the layout, where each distinct one has a code. */
  codedTexts(): readonly (CodedTexts | undefined)[] {
    return this.#codedTexts
  }

  /** A row with its label; undefined where the row is bad and left out. */
  take(row: number): FileTransaction | undefined {
    return this.#orLeaveOut(() => {
      const transaction = this.read(row)
      const label = this.readLabel(row)
      return { transaction, label, knownAtMs: Number.isNaN(label) ? Number.NaN : this.readKnownAt(row) }
    })
  }

  /** A row's label alone; undefined where it is none and the row is left out. */
  takeLabel(row: number): number | undefined {
    return this.#orLeaveOut(() => this.readLabel(row))
  }

  /** A row that cannot be taken for another reason, which a later reader found; `kind` as in `BadRowLog.add`. */
  leaveOut(row: number, field: string | undefined, reason: string, kind = reason): void {
    this.#badRows.add(this.#placeOf(row, field), reason, kind)
  }

  /** The same where nothing is left out. */
  refusal(row: number, field: string | undefined, reason: string): FraudError {
    return this.#badRows.refusal(this.#placeOf(row, field), reason)
  }

  /**
   * Whether a row of a flat table, whose columns are taken as they are, is a transaction; undefined where it is left
   * out.
   */
  check(row: number): true | undefined {
    return this.#orLeaveOut(() => {
      const { time, label } = this.#located.detector.transaction
      if (time !== undefined) {
        this.#transaction.timestampMs = this.readTime(row)
        if (label.knownAt !== undefined && !Number.isNaN(this.#label(row))) this.readKnownAt(row)
      }
      for (let i = 0; i < this.#numberCells.length; i++) this.#numberCells[i](row)
      for (const check of this.#spoilt) check(row)
      return true
    })
  }

  /** What is to be said of keys that a program has written as fractions; whole once all tables were taken up. */
  spoiltKeys(): readonly string[] {
    return this.#checks.spoiltKeys()
  }

  /** The rows that were left out so far. */
  badRows(): BadRows {
    return this.#badRows.report()
  }

  /** The transaction of a row, valid until the next one is read. */
  read(row: number): Transaction {
    const transaction = this.#transaction
    for (const check of this.#spoilt) check(row)
    transaction.timestampMs = this.readTime(row)
    transaction.amount = this.#readAmount(row)
    for (let i = 0; i < this.#texts.length; i++) transaction.texts[i] = this.#texts[i](row)
    for (let i = 0; i < this.#numberCells.length; i++) transaction.numbers[i] = this.#numberCells[i](row)
    return transaction
  }

  /** When a row's transaction took place; 0 where the detector declares no time, and so no feature that looks at it. */
  readTime(row: number): number {
    const { time } = this.#located.detector.transaction
    if (time === undefined) return 0
    const timestampMs = this.#time(row)
    const { field } = time
    if (Number.isNaN(timestampMs)) throw this.#fail(row, field, 'has no time')
    this.#checkBounds(row, field, timestampMs)
    return timestampMs
  }

  /** The same; NaN where it can't be read. */
  timeOf(row: number): number {
    try {
      return this.#time(row)
    } catch {
      return Number.NaN
    }
  }

  /** 1 fraud, 0 legitimate, NaN unknown. */
  readLabel(row: number): number {
    const label = this.#label(row)
    if (label === 0 || label === 1 || Number.isNaN(label)) return label
    throw this.#fail(
      row,
      this.#located.detector.transaction.label.field,
      `is ${label}; ${labelsAllowed}`,
      labelsAllowed,
    )
  }

  /** When the label of the row that was read last became known. */
  readKnownAt(row: number): number {
    const { timestampMs } = this.#transaction
    const { knownAt } = this.#located.detector.transaction.label
    if (knownAt === undefined) return timestampMs + this.#delayMs
    const time = this.#knownAt(row)
    if (Number.isNaN(time)) {
      // Nobody reports that a transaction was legitimate.
      if (this.#label(row) === 0 && !Number.isNaN(this.#maturityMs)) return timestampMs + this.#maturityMs
      throw this.#fail(row, knownAt, 'does not say when the label became known')
    }
    this.#checkBounds(row, knownAt, time)
    if (this.#located.detector.transaction.time === undefined) return time
    if (time < timestampMs) throw this.#fail(row, knownAt, "is before the transaction's own time")
    return time
  }

  #readAmount(row: number): number {
    const { amount } = this.#located.detector.transaction
    if (amount === undefined) return Number.NaN
    const given = this.#amount(row)
    const { conversion } = amount
    const rate = conversion === undefined ? 1 : this.#rate(row)
    const read = readAmount(amount, given, rate)
    if (typeof read === 'number') return read
    const isValue = read.field === amount.field && !Number.isNaN(given)
    const reason = isValue ? `is ${showValue(String(given))}, which ${read.reason}` : read.reason
    throw this.#fail(row, read.field, reason, read.reason)
  }

  #checkBounds(row: number, field: string, timestampMs: number): void {
    const { earliestMs, latestMs } = this.#bounds
    if (timestampMs >= earliestMs && timestampMs <= latestMs) return
    const { time = untold } = this.#located.detector.transaction
    const column = this.#columns.find(({ name }) => name === field)
    const value = column?.kind === 'number' ? column.values[row] : undefined
    const date = new Date(timestampMs)
    const year = Number.isNaN(date.getTime()) ? 'beyond the calendar' : `in the year ${date.getUTCFullYear()}`
    const reason = `is ${year}: it ${whyOutOfBounds(time, value, this.#reading.nowMs)}`
    throw this.#fail(row, field, reason, 'is not a time of a transaction')
  }

  #fail(row: number, field: string, reason: string, kind = reason): FraudError {
    const place = this.#placeOf(row, field)
    this.#bad = { place, reason, kind }
    return this.#badRows.refusal(place, reason, kind)
  }

  #placeOf(row: number, column: string | undefined): BadPlace {
    return { line: this.#lineOf(row), ...(column !== undefined && { column }) }
  }

  /** What is wrong with a row ends the reading, or is counted. */
  #orLeaveOut<Read>(read: () => Read): Read | undefined {
    if (this.#reading.badRows !== 'skip') return read()
    this.#bad = undefined
    try {
      return read()
    } catch (error) {
      // Anything else is wrong with the file, not with the row.
      if (this.#bad === undefined) throw error
      const { place, reason, kind } = this.#bad
      this.#badRows.add(place, reason, kind)
      return undefined
    }
  }
}
