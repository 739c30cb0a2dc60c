import { option } from '../core/option.ts'
import { showValue } from '../core/show-value.ts'
import { hintOfFormat, hintOfYear } from '../core/time-formats.ts'
import { whyNotKept } from '../detector/kept-text.ts'
import { ByteDictionary, notUtf8 } from './byte-dictionary.ts'
import { type CellFormat, decimalOf, lateComma, parseNumber, parseTime, textOf, whyAmbiguous } from './cell-format.ts'
import { type ColumnKind, isWholeButUnsafe, kindOfCell } from './column-kind.ts'
import type { MissingWords } from './missing-words.ts'
import { parseDecimal } from './number-parser.ts'
import type { Column, Table } from './table.ts'
import type { DateOrder } from './written-time.ts'

const noNumbers = new Float64Array(0)
const noCodes = new Int32Array(0)
const noDictionary = new ByteDictionary()
const encoder = new TextEncoder()

/** What is wrong with a text in a column of the kind; the readers say where. */
const mismatch: Record<ColumnKind, string> = {
  number: 'is not a number',
  time: 'is not an ISO 8601 time',
  text: `is not UTF-8; if the file is of another encoding, name it with ${option('encoding')}`,
}
/** Names of times, amounts and labels, which are of no use as text. */
const neverText =
  /time|date|amount|amt|fraud|class|label|chargeback|zeit|datum|fecha|heure|betrag|montant|import[eo]|bedrag|betrug|frode/i
const rounded =
  'is a whole number past 2^53, whose last digits a number loses; declare the column as text, or write a quantity with a point'
/** As many as 2^53 has. */
const unsafeDigits = 16
const tooLarge = 'is too large for a number'

/**
 * Columns that grow row by row. A column whose kind is still unknown keeps its spellings of "missing" as text, and takes
 * the kind of the first cell that says more. Columns are open to the reader whose loop fills them.
 */
export class TableBuilder {
  readonly names: string[] = []
  readonly kinds: (ColumnKind | undefined)[] = []
  readonly numbers: Float64Array[] = []
  readonly #formats: (CellFormat | undefined)[] = []
  readonly codes: Int32Array[] = []
  readonly dictionaries: ByteDictionary[] = []
  readonly #mayRound: boolean[] = []
  readonly #missing: MissingWords
  #capacity = 0
  /** What a file whose first rows have no decimals showed since; both at once leave its decimals in doubt. */
  #hasEither: boolean
  #hasComma = false
  rowCount = 0

  /** Where the file can be read again, each late comma is a reason to, and cells such as 1.234 need not be noted. */
  constructor(missing: MissingWords, canReadAgain = false) {
    this.#missing = missing
    this.#hasEither = canReadAgain
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Adds a column, missing in all rows so far. Numbers may be rounded only where somebody declared them as such. */
  addColumn(name: string, kind: ColumnKind | undefined, isDeclared = false, format?: CellFormat): void {
    const column = this.names.push(name) - 1
    this.#formats.push(format)
    this.numbers.push(noNumbers)
    this.codes.push(noCodes)
    this.dictionaries.push(noDictionary)
    this.kinds.push(undefined)
    this.#mayRound.push(isDeclared)
    this.#setKind(column, kind)
  }

  /** The kind of a column whose cells a reader may put there itself: not of numbers with a decimal comma. */
  plainKind(column: number): ColumnKind | undefined {
    const decimal = this.#formats[column]?.decimal ?? 'point'
    return this.kinds[column] === 'number' && decimal !== 'point' ? undefined : this.kinds[column]
  }

  /** Whether a plain number of the column with three decimals, such as 1.234, is for `noteDecimals`. */
  notesDecimals(column: number): boolean {
    return this.kinds[column] === 'number' && this.#isUndecided(column) && !this.#hasEither
  }

  /** Takes note of what a number of a column without a decimal mark says of it; returns why that leaves it in doubt. */
  noteDecimals(column: number, bytes: Uint8Array, start: number, end: number): string | undefined {
    const evidence = decimalOf(bytes, start, end)
    if (evidence === 'comma') {
      this.#hasComma = true
      return this.#hasEither ? lateComma : undefined
    }
    if (evidence === 'either') {
      this.#hasEither = true
      return this.#hasComma ? whyAmbiguous('number', textOf(bytes, start, end), undefined) : undefined
    }
    if (evidence === 'point' && !this.#hasComma) this.#formats[column] = { ...this.#formats[column], decimal: 'point' }
    return undefined
  }

  #isUndecided(column: number): boolean {
    return this.#formats[column]?.decimal === undefined
  }

  /** How numbers and dates are written: the columns with decimal commas, whether others have points, and dates' orders. */
  get spellings(): {
    readonly commas: readonly string[]
    readonly points: boolean
    readonly dates: readonly DateOrder[]
  } {
    const withDecimal = (decimal: string) =>
      this.names.filter((_, column) => this.kinds[column] === 'number' && this.#formats[column]?.decimal === decimal)
    const orders = this.#formats.flatMap((format, column) =>
      this.kinds[column] === 'time' ? (format?.dates ?? []) : [],
    )
    return { commas: withDecimal('comma'), points: withDecimal('point').length > 0, dates: [...new Set(orders)] }
  }

  reserve(rows: number): void {
    if (rows <= this.#capacity) return
    this.#capacity = rows
    for (let column = 0; column < this.kinds.length; column++) {
      if (isNumeric(this.kinds[column])) this.numbers[column] = longer(this.numbers[column], new Float64Array(rows))
      else this.codes[column] = longer(this.codes[column], new Int32Array(rows))
    }
  }

  storeMissing(column: number, row: number): void {
    if (isNumeric(this.kinds[column])) this.numbers[column][row] = Number.NaN
    else this.codes[column][row] = -1
  }

  /** Puts a cell, given as UTF-8, into its column; returns what is wrong with it, or undefined. */
  storeBytes(column: number, row: number, bytes: Uint8Array, start: number, end: number): string | undefined {
    const kind = this.kinds[column]
    if (kind === 'text') {
      if (start === end) this.storeMissing(column, row)
      else return this.#storeCode(column, row, this.dictionaries[column].codeOf(bytes, start, end))
      return undefined
    }
    let from = start
    let to = end
    while (from < to && isBlank(bytes[from])) from++
    while (to > from && isBlank(bytes[to - 1])) to--
    if (kind === undefined) return this.#storeFirst(column, row, bytes, start, end, from, to)
    const format = this.#formats[column]
    const value = (kind === 'number' ? parseNumber : parseTime)(bytes, from, to, format)
    if (Number.isNaN(value) && !this.#isMissing(column, row, bytes, from, to))
      return (
        whyAmbiguous(kind, textOf(bytes, from, to), format) ??
        whyOtherTime(kind, bytes, from, to) ??
        this.#mismatch(column, kind)
      )
    const doubt =
      kind === 'number' && this.#isUndecided(column) ? this.noteDecimals(column, bytes, from, to) : undefined
    if (doubt !== undefined) return doubt
    if (
      to - from >= unsafeDigits &&
      kind === 'number' &&
      !this.#mayRound[column] &&
      isWholeButUnsafe(value, bytes, from, to)
    )
      return rounded
    return this.storeNumber(column, row, value)
  }

  /** Puts a text into its column. One that UTF-8 can't have would become equal to others: it is refused, as a service does. */
  storeText(column: number, row: number, text: string): string | undefined {
    if (!text.isWellFormed()) return whyNotKept(text, Number.POSITIVE_INFINITY)
    const bytes = encoder.encode(text)
    return this.storeBytes(column, row, bytes, 0, bytes.length)
  }

  /** Puts a number (or, in a column of times, milliseconds since 1970) into its column. */
  storeNumber(column: number, row: number, value: number): string | undefined {
    if (this.kinds[column] === 'text') return this.storeText(column, row, String(value))
    if (this.kinds[column] === undefined) this.#decide(column, 'number', row)
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return tooLarge
    this.numbers[column][row] = value
    return undefined
  }

  /** The table of the rows so far. A column that never showed a value is one of missing numbers. */
  finish(): Table {
    const { rowCount } = this
    this.#missing.keepRow()
    const columns = this.names.map((_, column): Column => {
      if (this.kinds[column] === undefined) this.#decide(column, 'number', rowCount)
      return this.#columnOf(column, withoutUnused)
    })
    return { rowCount, columns }
  }

  /** The rows so far as a table; the next rows begin another, in arrays of its own. */
  take(): Table {
    const { rowCount } = this
    this.#missing.keepRow()
    const columns = this.names.map((name, column): Column => {
      const kind = this.kinds[column]
      if (kind === undefined) this.#countMissing(column, rowCount)
      const taken =
        kind === undefined ? undefined : this.#columnOf(column, (codes, dictionary) => ({ codes, dictionary }))
      if (isNumeric(kind)) this.numbers[column] = new Float64Array(this.#capacity)
      else {
        this.codes[column] = new Int32Array(this.#capacity)
        this.dictionaries[column] = new ByteDictionary()
      }
      // Nothing but missing ones so far: its kind stays open.
      return taken ?? { kind: 'number', name, values: new Float64Array(rowCount).fill(Number.NaN) }
    })
    this.rowCount = 0
    return { rowCount, columns }
  }

  /** The rows of a column so far; words for a missing value are taken out here, each text looked at once. */
  #columnOf(column: number, compact: typeof withoutUnused): Column {
    const { rowCount } = this
    const name = this.names[column]
    const kind = this.kinds[column] ?? 'text'
    if (kind !== 'text') {
      const values = this.numbers[column].subarray(0, rowCount)
      if (kind === 'number') this.#missing.blankNumbers(name, values)
      return { kind, name, values }
    }
    const format = this.#formats[column]
    const { codes, dictionary } = compact(this.codes[column].subarray(0, rowCount), this.dictionaries[column].texts)
    return { kind, name, ...(isSaid(format) && { format }), ...this.#missing.blankTexts(name, codes, dictionary) }
  }

  #countMissing(column: number, rows: number): void {
    const { texts } = this.dictionaries[column]
    this.#missing.countTexts(this.names[column], this.codes[column].subarray(0, rows), texts)
  }

  #isMissing(column: number, row: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#missing.has(bytes, start, end)) return false
    this.#missing.note(this.names[column], row, bytes, start, end)
    return true
  }

  #storeFirst(column: number, row: number, bytes: Uint8Array, start: number, end: number, from: number, to: number) {
    const kind = kindOfCell(bytes, from, to, this.#missing)
    if (kind === undefined) {
      return this.#storeCode(column, row, start === end ? -1 : this.dictionaries[column].codeOf(bytes, start, end))
    }
    this.#decide(column, kind, row)
    return this.storeBytes(column, row, bytes, start, end)
  }

  /** What is wrong with a cell of another kind. A column that nobody declared may have been taken for what it is not. */
  #mismatch(column: number, kind: ColumnKind): string {
    const name = this.names[column]
    if (this.#mayRound[column] || neverText.test(name)) return mismatch[kind]
    return `${mismatch[kind]}; if the column holds text, use ${option('text')} ${showValue(name)}`
  }

  #storeCode(column: number, row: number, code: number): string | undefined {
    if (code === notUtf8) return mismatch.text
    this.codes[column][row] = code
    return undefined
  }

  /** Gives a column of unknown kind its kind; in a numeric one all that was missing in any spelling becomes NaN. */
  #decide(column: number, kind: ColumnKind, rows: number): void {
    this.kinds[column] = kind
    if (kind === 'text') return
    this.#countMissing(column, rows)
    this.codes[column] = noCodes
    this.dictionaries[column] = noDictionary
    this.numbers[column] = new Float64Array(this.#capacity).fill(Number.NaN, 0, rows)
  }

  #setKind(column: number, kind: ColumnKind | undefined): void {
    this.kinds[column] = kind
    if (isNumeric(kind)) {
      this.numbers[column] = new Float64Array(this.#capacity).fill(Number.NaN, 0, this.rowCount)
    } else {
      this.codes[column] = new Int32Array(this.#capacity).fill(-1, 0, this.rowCount)
      this.dictionaries[column] = new ByteDictionary()
    }
  }
}

/** What is wrong with a number in a column of times, where it is one of another format. */
function whyOtherTime(kind: ColumnKind, bytes: Uint8Array, start: number, end: number): string | undefined {
  if (kind !== 'time') return undefined
  const text = Buffer.from(bytes.subarray(start, Math.min(end, start + 40))).toString('latin1')
  const hint = hintOfFormat(parseDecimal(bytes, start, end)) || hintOfYear(text)
  return hint === '' ? undefined : `is not an ISO 8601 time${hint}`
}

/** Whether numbers or dates are written in another way than most. */
function isSaid(format: CellFormat | undefined): format is CellFormat {
  return format?.dates !== undefined || (format?.decimal ?? 'point') !== 'point'
}

function isNumeric(kind: ColumnKind | undefined): boolean {
  return kind === 'number' || kind === 'time'
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09
}

function longer<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** Codes and dictionary without the texts that only rows left out as bad had. */
function withoutUnused(
  codes: Int32Array,
  texts: readonly string[],
): { codes: Int32Array; dictionary: readonly string[] } {
  const newCodes = new Int32Array(texts.length).fill(-1)
  for (const code of codes) if (code >= 0) newCodes[code] = 0
  const dictionary = texts.filter((_, code) => newCodes[code] === 0)
  if (dictionary.length === texts.length) return { codes, dictionary: texts }
  let next = 0
  for (let code = 0; code < texts.length; code++) if (newCodes[code] === 0) newCodes[code] = next++
  return { codes: codes.map((code) => (code < 0 ? code : newCodes[code])), dictionary }
}
