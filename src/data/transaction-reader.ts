import { cardNumberDigits, holdsCardNumber, type TextKind } from '../core/card-number.ts'
import { suggestion } from '../core/closest-name.ts'
import { durationMs } from '../core/duration.ts'
import { type FieldError, FraudError } from '../core/errors.ts'
import { readAmount } from '../core/money.ts'
import { showValue } from '../core/show-value.ts'
import { hintOfFormat, type TimeFormat, timeBounds, timeReader, whyOutOfBounds } from '../core/time-formats.ts'
import { readIsoTime } from '../core/time-parser.ts'
import { zoneOffset } from '../core/zone.ts'
import { declaredFields, type NumberLimit, numberLimits } from '../detector/declared-fields.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import { namesOfFile } from '../detector/field-names.ts'
import { fixedCurrency, whyOtherCurrency } from '../detector/fixed-currency.ts'
import { keptNames } from '../detector/kept-fields.ts'
import { longestId, longestText } from '../detector/kept-text.ts'
import type { CodedTexts, Transaction, TransactionLayout } from '../detector/transaction.ts'
import { type BadPlace, BadRowLog, type BadRows } from './bad-rows.ts'
import { type CardNumberShare, cardNumberShare } from './card-number-columns.ts'
import { type CellFormat, parseNumber, whyAmbiguous } from './cell-format.ts'
import type { ColumnKind } from './column-kind.ts'
import { joinedTimes } from './day-and-clock.ts'
import { rowWordOf } from './file-format.ts'
import { labelOf, labelsAllowed } from './label-column.ts'
import { formatOfTexts } from './look-further.ts'
import { MissingWords } from './missing-words.ts'
import { FractionKeys, whyRefused, whySpoilt } from './spoilt-keys.ts'
import type { Column, NumberColumn, Table } from './table.ts'
import { toIsoText } from './written-time.ts'

type TextColumn = Extract<Column, { kind: 'text' }>
type DeclaredTime = NonNullable<LocatedDetector['detector']['transaction']['time']>
type CellReader<Value> = (row: number) => Value

const missingText: CellReader<string | undefined> = () => undefined
const missingNumber: CellReader<number> = () => Number.NaN
const encoder = new TextEncoder()
const untold: DeclaredTime = { field: '', format: 'seconds-since' }

/** What a file's transactions are read with, beside the detector. */
export interface FileReading {
  /** What to call the file in errors. */
  readonly file: string
  readonly nowMs: number
  /** Hashes the bare digits of a card number; undefined where the key of hashes is not known. */
  readonly hashCardNumber?: (digits: string) => string
  /** What to do with a row that is not a transaction: fail (the default), or leave it out and count it. */
  readonly badRows?: 'fail' | 'skip' | undefined
  readonly keepsBadRows?: boolean
  /** The words that stand for a missing value, where they are not the usual ones. */
  readonly missing?: readonly string[] | undefined
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
  readonly #offsetAt: (timestampMs: number) => number
  readonly #delayMs: number
  /** When a legitimate transaction counts as one; NaN where the detector does not say. */
  readonly #maturityMs: number
  readonly #transaction: { timestampMs: number; amount: number; texts: (string | undefined)[]; numbers: Float64Array }
  readonly #limits: ReadonlyMap<string, NumberLimit>
  readonly #badRows: BadRowLog
  readonly #ids: ReadonlySet<string>
  /** The columns whose texts are taken. */
  readonly #taken: ReadonlySet<string>
  readonly #missing: MissingWords
  readonly #fractionKeys = new FractionKeys()
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
    this.#missing = new MissingWords(reading.missing)
    this.#bounds = timeBounds(located.detector.transaction.time ?? untold, reading.nowMs)
    this.#offsetAt = zoneOffset(located.detector.transaction.zone ?? 'UTC')
    const { delay = '0s', maturity } = located.detector.transaction.label
    this.#delayMs = durationMs(delay)
    this.#maturityMs = maturity === undefined ? Number.NaN : durationMs(maturity)
    this.#limits = numberLimits(located.detector)
    const { badRows = 'fail', keepsBadRows = false } = reading
    this.#badRows = new BadRowLog(reading.file, badRows, {
      rowWord: rowWordOf(reading.file),
      keepsAll: keepsBadRows,
    })
    const { id = '', keys = {} } = located.detector.transaction
    this.#ids = new Set([id, ...Object.values(keys)])
    const { texts, numbers } = layout
    this.#taken = new Set([...this.#ids, ...texts.map(({ column }) => column)])
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
    this.#refuseCardNumbers(table)
    this.#lookAtTexts(table)
    this.#lookAtCurrency(table)
    const { time, amount, label } = this.#located.detector.transaction
    const at = (name: string, ...path: string[]) => this.#column(table, name, ['transaction', ...path])
    this.#time = time ? this.#timesOf(table, time) : missingNumber
    this.#amount = amount ? this.#numbers(at(amount.field, 'amount', 'field')) : missingNumber
    if (amount?.conversion !== undefined) this.#rate = this.#numbers(at(amount.conversion, 'amount', 'conversion'))
    this.#columns = table.columns
    const hasLabel = table.columns.some(({ name }) => name === label.field)
    this.#label = hasLabel ? this.#labels(at(label.field, 'label', 'field')) : missingNumber
    if (label.knownAt !== undefined && hasLabel) {
      this.#knownAt = this.#times(at(label.knownAt, 'label', 'knownAt'), time ?? { ...untold, format: 'iso' })
    }
    const texts = this.#layout.texts.map(({ name, column }) =>
      this.#column(table, column, placeOf(name, this.#located)),
    )
    this.#codedTexts = texts.map((column) => this.#codedTextsOf(column))
    this.#texts = texts.map((column, i) => this.#textsOf(column, this.#codedTexts[i]))
    this.#numberCells = this.#layout.numbers.map(({ name, column, orElse }) =>
      this.#numbers(this.#column(table, column, placeOf(name, this.#located), orElse)),
    )
    this.#refuseMisspelt(table)
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
    return this.#fractionKeys.warnings(this.#reading.file)
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

  /** Reads the times of the table; the log's own exports have days and times of day in one column again. */
  #timesOf(table: Table, time: DeclaredTime): CellReader<number> {
    const column = this.#column(table, time.field, ['transaction', 'time', 'field'])
    const clock = table.columns.find(({ name }) => name === time.clock)
    if (clock === undefined) return this.#times(column, time)
    return joinedTimes(column, clock, {
      missing: this.#missing,
      offsetAt: this.#offsetAt,
      parsed: (...given) => this.#parsed(...given),
      fail: (...given) => this.#fail(...given),
    })
  }

  #times(column: Column, time: DeclaredTime): CellReader<number> {
    const { format } = time
    if (column.kind === 'text') {
      const times = column.dictionary.map((text) => this.#parseTime(text, column.format))
      return this.#parsed(
        column,
        times,
        (text) =>
          whyAmbiguous('time', text.trim(), column.format) ??
          'is not a time that can be read: write it as 2026-01-31T08:00:00',
      )
    }
    const { values, kind } = column
    if ((kind === 'time') !== (format === 'iso')) throw otherTimes(column, format)
    if (format === 'iso') return (row) => values[row]
    const read = timeReader(time, this.#offsetAt)
    return (row) => read(values[row])
  }

  /** A column of card numbers is refused as a whole, unless the detector says what to do about them. */
  #refuseCardNumbers({ columns }: Table): void {
    const { id, amount, hashCardNumber = [], notCardNumber = [] } = this.#located.detector.transaction
    const handled = new Set([...notCardNumber, ...hashCardNumber, amount?.field, amount?.conversion])
    if (id !== undefined && hashCardNumber.includes(id)) handled.delete(id)
    const declared = new Set([id, ...declaredFields(this.#located.detector, this.#layout).map(({ column }) => column)])
    for (const column of columns) {
      if (!declared.has(column.name) || handled.has(column.name)) continue
      const share = cardNumberShare(column)
      if (share !== undefined) throw cardNumbersRefused(this.#reading.file, column, share)
    }
  }

  #lookAtTexts({ columns }: Table): void {
    const { id } = this.#located.detector.transaction
    this.#spoilt = []
    for (const column of columns) {
      if (column.kind !== 'text' || !this.#taken.has(column.name)) continue
      const isKey = this.#ids.has(column.name)
      if (isKey) this.#fractionKeys.add(column, (row) => this.#badRows.tell(this.#lineOf(row)))
      const longest = column.name === id ? longestId : longestText
      const reasons = isKey ? whySpoilt(column, longest) : whyRefused(column)
      if (reasons === undefined) continue
      const { codes, dictionary } = column
      this.#spoilt.push((row) => {
        const reason = reasons[codes[row]]
        if (reason === undefined) return
        throw this.#fail(row, column.name, `"${showValue(dictionary[codes[row]])}" ${reason}`, reason)
      })
    }
  }

  /** A column that says of an amount that it is of another currency than the detector says. */
  #lookAtCurrency({ columns }: Table): void {
    const { detector } = this.#located
    const fixed = fixedCurrency(detector, namesOfFile(detector, this.#layout).declared)
    if (fixed === undefined) return
    for (const column of columns) {
      if (!fixed.fields.has(column.name)) continue
      const why = (given: unknown) => whyOtherCurrency(fixed.code, given)
      const reasons = column.kind === 'text' ? column.dictionary.map(why) : []
      this.#spoilt.push((row) => {
        const reason =
          column.kind === 'text'
            ? reasons[column.codes[row]]
            : Number.isNaN(column.values[row])
              ? undefined
              : why(column.values[row])
        if (reason !== undefined) throw this.#fail(row, column.name, reason)
      })
    }
  }

  /** A column that no feature reads may be missing, but not under a name that is like its own. */
  #refuseMisspelt({ columns }: Table): void {
    const errors: FieldError[] = []
    const header = Object.fromEntries(columns.map(({ name }) => [name, true]))
    namesOfFile(this.#located.detector, this.#layout).refuse('misspelt', header, errors)
    if (errors.length === 0) return
    const [{ field, reason }] = errors
    throw new FraudError('DATA_INVALID', `${this.#reading.file}: the column "${field}" ${reason}`, { errors })
  }

  #codedTextsOf(column: Column): CodedTexts | undefined {
    const { hashCardNumber = [] } = this.#located.detector.transaction
    if (column.kind !== 'text' || hashCardNumber.includes(column.name)) return undefined
    // The service trims texts, too.
    return { codes: column.codes, texts: column.dictionary.map((text) => text.trim() || undefined) }
  }

  #textsOf(column: Column, coded: CodedTexts | undefined): CellReader<string | undefined> {
    if (coded !== undefined) return (row) => coded.texts[coded.codes[row]]
    if (column.kind !== 'text') return numbersAsTexts(column)
    const kept = column.dictionary.map((text) => this.#conceal(column.name, text.trim()))
    return (row) => {
      const text = kept[column.codes[row]]
      if (text === '') return undefined
      if (text === null)
        throw this.#fail(row, column.name, 'holds a card number and other text; only a card number alone can be hashed')
      return text
    }
  }

  /** As the service keeps a text: a keyed hash in place of a card number; null where it would refuse it. */
  #conceal(column: string, text: string): string | null {
    const digits = cardNumberDigits(text)
    if (digits === undefined) return holdsCardNumber(text, this.#textKindOf(column)) ? null : text
    const { file, hashCardNumber } = this.#reading
    if (hashCardNumber !== undefined) return hashCardNumber(digits)
    const reason = `the column "${showValue(column)}" holds card numbers, and the detector requires their hashes`
    throw new FraudError('OPTION_INVALID', `${file}: ${reason}: set SHRIKE_CARD_KEY to the key of the service`)
  }

  #textKindOf(column: string): TextKind {
    return Object.values(this.#located.detector.transaction.keys ?? {}).includes(column) ? 'id' : 'text'
  }

  #numbers(column: Column): CellReader<number> {
    const limit = this.#limits.get(column.name)
    const read = this.#plainNumbers(column)
    if (limit === undefined) return read
    return (row) => {
      const value = read(row)
      if (Math.abs(value) > limit.most) throw this.#fail(row, column.name, limit.reason)
      if (limit.keep === undefined) return value
      const kept = limit.keep(value)
      if (!Number.isNaN(kept) || Number.isNaN(value)) return kept
      const reason = limit.whyNotKept ?? ''
      throw this.#fail(row, column.name, `is ${showValue(String(value))}: it ${reason}`, reason)
    }
  }

  #labels(column: Column): CellReader<number> {
    if (column.kind !== 'text') return this.#plainNumbers(column)
    return this.#parsed(
      column,
      column.dictionary.map((text) => labelOf(text, this.#missing)),
      () => `is not a label: ${labelsAllowed}`,
    )
  }

  #plainNumbers(column: Column): CellReader<number> {
    if (column.kind === 'text') {
      const format = formatOfTexts(column)
      const numbers = column.dictionary.map((text) => this.#parseNumber(text, format))
      return this.#parsed(column, numbers, (text) => whyAmbiguous('number', text.trim(), format) ?? 'is not a number')
    }
    const { values } = column
    return (row) => values[row]
  }

  /** What each text of a column of text stands for; null for one that stands for nothing, which is refused. */
  #parsed(
    { name, codes, dictionary }: TextColumn,
    values: readonly (number | null)[],
    whyNot: (text: string) => string,
  ): CellReader<number> {
    return (row) => {
      if (codes[row] < 0) return Number.NaN
      const value = values[codes[row]]
      if (value !== null) return value
      const text = dictionary[codes[row]]
      const reason = whyNot(text)
      throw this.#fail(row, name, `"${showValue(text)}" ${reason}`, reason)
    }
  }

  /** A time without an offset is one of the detector's zone. */
  #parseTime(text: string, format: CellFormat | undefined): number | null {
    const trimmed = text.trim()
    const bytes = encoder.encode(trimmed)
    if (this.#missing.has(bytes, 0, bytes.length)) return Number.NaN
    const timestampMs = readIsoTime(trimmed, this.#offsetAt)
    if (!Number.isNaN(timestampMs)) return timestampMs
    const iso = toIsoText(trimmed, format?.dates)
    return iso === undefined ? null : readIsoTime(iso, this.#offsetAt)
  }

  #parseNumber(text: string, format: CellFormat | undefined): number | null {
    const bytes = encoder.encode(text.trim())
    const value = parseNumber(bytes, 0, bytes.length, format)
    return Number.isNaN(value) && !this.#missing.has(bytes, 0, bytes.length) ? null : value
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

  #column(table: Table, name: string, path: readonly PropertyKey[], orElse?: string): Column {
    const column = table.columns.find((candidate) => candidate.name === name)
    if (column !== undefined) return column
    const names = table.columns.map((candidate) => candidate.name)
    const cure = orElse === undefined ? suggestion(name, names) : `. Did you mean the kind of feature "${orElse}"?`
    const reason = `the file has no column "${showValue(name)}"${cure}`
    throw new FraudError('DATA_INVALID', `${this.#located.locate(path)}: ${path.join('.')}: ${reason}`, {
      errors: [{ field: path.join('.'), reason }],
    })
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

/** The cure for a column of times that are not written as the detector says. */
export function otherTimes({ kind, name, values }: NumberColumn, format: TimeFormat | undefined): FraudError {
  const found = kind === 'time' ? 'ISO times' : 'numbers'
  const first = kind === 'time' ? undefined : values.find((value) => !Number.isNaN(value))
  const hint = first === undefined ? '' : hintOfFormat(first)
  return new FraudError('DATA_INVALID', `The times in ${showValue(name)} are ${found}, not ${format}${hint}`)
}

function cardNumbersRefused(file: string, { name }: Column, { candidates, found }: CardNumberShare): FraudError {
  const field = showValue(name)
  const reason = `the column "${field}" holds card numbers, by ${found} of its ${candidates} different long numbers`
  const cure =
    'list it in transaction.hashCardNumber if it is a key or a field (a keyed hash takes their place), leave it out of the features, or list it in transaction.notCardNumber if they are something else'
  return new FraudError('CARD_NUMBER_REFUSED', `${file}: ${reason}; ${cure}`, { errors: [{ field, reason }] })
}

/** Where a detector says which column a name stands for. */
function placeOf(name: string, { detector }: LocatedDetector): readonly PropertyKey[] {
  const { keys = {}, fields = {} } = detector.transaction
  if (Object.hasOwn(keys, name)) return ['transaction', 'keys', name]
  if (Object.hasOwn(fields, name)) return ['transaction', 'fields', name]
  if (name === 'latitude' || name === 'longitude') return ['transaction', 'position', name]
  if (name === 'currency') return ['transaction', 'amount', 'currency', 'field']
  const entry = detector.features.findIndex(
    (given) => given === name || (typeof given === 'object' && given.column === name),
  )
  return ['features', Math.max(0, entry)]
}

function numbersAsTexts({ kind, values }: NumberColumn): CellReader<string | undefined> {
  return kind === 'number' && values.every((value) => Number.isNaN(value))
    ? missingText
    : (row) => (Number.isNaN(values[row]) ? undefined : String(values[row]))
}
