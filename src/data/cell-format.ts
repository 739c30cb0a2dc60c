import { option } from '../core/option.ts'
import { parseIsoTime } from '../core/time-parser.ts'
import { parseDecimal } from './number-parser.ts'
import { type DecimalMark, type NumberEvidence, numberEvidence, readWrittenNumber } from './written-number.ts'
import { type DateOrder, timeEvidence, toIsoText } from './written-time.ts'

/** How a column's cells are written, where that is known. */
export interface CellFormat {
  /** `open`: cells that can mean only one number are read, others refused. */
  readonly decimal?: DecimalMark | 'open' | undefined
  /** A person said the mark: a cell of the other one is wrong, and puts no other cell in doubt. */
  readonly isDecimalSaid?: true
  readonly dates?: DateOrder | undefined
  /** Nobody said the order: cells did, so a cell of the other one puts all of them in doubt. */
  readonly areDatesBySight?: true
}

/** What a person says of a whole file; it wins over what the cells look like. */
export interface Spelling {
  readonly decimal?: DecimalMark | undefined
  readonly dates?: DateOrder | undefined
}

/** Plain numbers that only a decimal point can have: .5 and 1.5e3. */
const pointed = /^[-+]?(?:\.\d+|\d*\.\d*e[-+]?\d+)$/i
const encoder = new TextEncoder()
const ambiguousNumber = `can mean two numbers; state whether decimals follow a point or a comma: ${option('decimal')} point|comma`
const otherDecimal: Record<DecimalMark, string> = {
  point: mixedDecimals('point', 'comma'),
  comma: mixedDecimals('comma', 'point'),
}
/** A number such as 1.234 was taken for one with decimals before a decimal comma was met. */
export const lateComma = `has a decimal comma, and numbers such as 1.234, read before it, can mean two numbers; state whether decimals follow a point or a comma: ${option('decimal')} point|comma`
const ambiguousDate = `can mean two dates; state what comes first: ${option('dates')} day-first|month-first`
const unsettledDate = `is a date of a column that leaves open whether the day or the month comes first; state it: ${option('dates')} day-first|month-first`
const otherOrder: Record<DateOrder, string> = {
  'day-first': mixedDates('day', 'month'),
  'month-first': mixedDates('month', 'day'),
}
/**
 * One row of many may be wrong, but where many are, others of them were read with day and month in each other's place.
 */
const saidOtherwise: Record<DateOrder, string> = {
  'day-first': `has the day first, and ${option('dates')} says that the month is`,
  'month-first': `has the month first, and ${option('dates')} says that the day is`,
}
const columnFaults: ReadonlySet<string> = new Set([
  ambiguousNumber,
  lateComma,
  ...Object.values(otherDecimal),
  ambiguousDate,
  unsettledDate,
  ...Object.values(otherOrder),
])

function mixedDecimals(own: DecimalMark, others: DecimalMark): string {
  return `has a decimal ${own}, and other numbers have a decimal ${others}; say which is right: ${option('decimal')} point|comma`
}

function mixedDates(own: string, others: string): string {
  return `has the ${own} first, and other dates of the column have the ${others} first; say which is right: ${option('dates')} day-first|month-first`
}

/** Whether what is wrong with a cell is open for its whole column, so that leaving out the row would not help. */
export function isColumnFault(reason: string): boolean {
  return columnFaults.has(reason)
}

/** The number in bytes[start, end) in any spelling that the format allows; NaN where there is none. */
export function parseNumber(bytes: Uint8Array, start: number, end: number, format: CellFormat | undefined): number {
  const decimal = format?.decimal
  if (decimal === undefined || decimal === 'point') {
    const value = parseDecimal(bytes, start, end)
    if (!Number.isNaN(value)) return value
  }
  const text = textOf(bytes, start, end)
  const evidence = numberEvidence(text)
  if (evidence === undefined) return /[.,]/.test(text) ? Number.NaN : parseDecimal(bytes, start, end)
  if (decimal === 'point' || decimal === 'comma') return readWrittenNumber(text, decimal)
  return evidence === 'either' ? Number.NaN : readWrittenNumber(text, evidence === 'comma' ? 'comma' : 'point')
}

/** The time in bytes[start, end), in milliseconds since 1970 in UTC; NaN where there is none. */
export function parseTime(bytes: Uint8Array, start: number, end: number, format: CellFormat | undefined): number {
  const value = parseIsoTime(bytes, start, end)
  if (!Number.isNaN(value)) return value
  const iso = toIsoText(textOf(bytes, start, end), format?.dates)
  if (iso === undefined) return Number.NaN
  const isoBytes = encoder.encode(iso)
  return parseIsoTime(isoBytes, 0, isoBytes.length)
}

/** What a number says of the mark in a column without one, where it says anything that a plain number does not. */
export function decimalOf(bytes: Uint8Array, start: number, end: number): NumberEvidence | undefined {
  if (bytes[end - 4] !== 0x2e && !hasComma(bytes, start, end)) return undefined
  return numberEvidence(textOf(bytes, start, end))
}

function hasComma(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === 0x2c) return true
  return false
}

/** Why a cell that is neither a number nor missing can't be read as one where its column's format is unknown. */
export function whyAmbiguous(
  kind: 'number' | 'time',
  text: string,
  format: CellFormat | undefined,
): string | undefined {
  if (kind === 'time') return whyAmbiguousDate(text, format)
  const evidence = numberEvidence(text)
  if (format?.decimal === undefined || format.decimal === 'open')
    return evidence === 'either' ? ambiguousNumber : undefined
  const isOther = (evidence === 'point' || evidence === 'comma') && evidence !== format.decimal
  return isOther && format.isDecimalSaid !== true ? otherDecimal[evidence] : undefined
}

function whyAmbiguousDate(text: string, format: CellFormat | undefined): string | undefined {
  const evidence = timeEvidence(text)
  if (evidence === undefined || evidence === 'plain' || evidence === 'same') return undefined
  if (format?.dates === undefined) return evidence === 'either' ? ambiguousDate : unsettledDate
  const isOther = evidence !== 'either' && evidence !== format.dates
  if (!isOther) return undefined
  return format.areDatesBySight === true ? otherOrder[evidence] : saidOtherwise[evidence]
}

/** What the first cells of a column say about how it is written. */
export class FormatEvidence {
  /** Whether more plain numbers with a point would say nothing new. */
  knowsPoint = false
  #comma = false
  #eitherComma = false
  #openDate = false
  readonly #dates = { 'day-first': false, 'month-first': false }

  /** Takes a cell; the kind that it has in this spelling, where it has one. */
  add(bytes: Uint8Array, start: number, end: number): 'number' | 'time' | undefined {
    return this.addText(textOf(bytes, start, end))
  }

  addText(text: string): 'number' | 'time' | undefined {
    // Digits alone are here because there are too many of them for a number.
    const number = pointed.test(text) ? 'point' : /^[-+]?\d+$/.test(text) ? undefined : numberEvidence(text)
    if (number !== undefined) {
      if (number === 'point') this.knowsPoint = true
      else if (number === 'comma') this.#comma = true
      else if (number === 'either' && text.includes(',')) this.#eitherComma = true
      return 'number'
    }
    const time = timeEvidence(text)
    if (time === undefined) return undefined
    if (time === 'day-first' || time === 'month-first') this.#dates[time] = true
    else if (time !== 'plain') this.#openDate = true
    return 'time'
  }

  /** Does the same for a plain number's bytes, as cheaply as possible: most columns hold nothing else. */
  addPlain(bytes: Uint8Array, start: number, end: number): void {
    let point = start
    while (point < end && bytes[point] !== 0x2e) point++
    if (point === end) return
    const whole = point - start
    if (end - point - 1 !== 3 || whole > 4 || whole === 0) this.knowsPoint = true
    else this.add(bytes, start, end)
  }

  /** What the column's own cells settle. */
  get own(): CellFormat {
    const point = this.knowsPoint
    const comma = this.#comma
    const { 'day-first': dayFirst, 'month-first': monthFirst } = this.#dates
    return {
      ...((point || comma) && { decimal: point && comma ? 'open' : comma ? 'comma' : 'point' }),
      ...(dayFirst !== monthFirst && { dates: dayFirst ? 'day-first' : 'month-first' }),
    }
  }

  /** Whether cells further down may settle what these and the rest of the file leave open. */
  isOpen(kind: 'number' | 'time', said: Spelling, file: CellFormat): boolean {
    if (this.isSettled(kind)) return false
    if (kind === 'number') return (said.decimal ?? file.decimal) === undefined && this.#eitherComma
    return (said.dates ?? file.dates) === undefined && this.#openDate
  }

  /** Whether more cells would say nothing new, be it that they contradict each other. */
  isExhausted(kind: 'number' | 'time'): boolean {
    return kind === 'number' ? this.knowsPoint && this.#comma : this.isSettled(kind)
  }

  isSettled(kind: 'number' | 'time'): boolean {
    return kind === 'number' ? this.knowsPoint || this.#comma : Object.values(this.#dates).includes(true)
  }

  get #hasBothOrders(): boolean {
    return this.#dates['day-first'] && this.#dates['month-first']
  }

  /** Decides the format of the column; the file's other columns decide what it leaves open. */
  settle(said: Spelling, file: CellFormat): CellFormat {
    const { own } = this
    const decimal = said.decimal ?? own.decimal ?? this.#inherit(file.decimal)
    const dates = said.dates ?? own.dates ?? (this.#hasBothOrders ? undefined : file.dates)
    return {
      ...(decimal !== undefined && { decimal }),
      ...(said.decimal !== undefined && { isDecimalSaid: true }),
      ...(dates !== undefined && { dates }),
      ...(dates !== undefined && said.dates === undefined && { areDatesBySight: true }),
    }
  }

  /** In a file without a single decimal comma 1.234 is what it looks like; 1,234 could be either. */
  #inherit(file: CellFormat['decimal']): CellFormat['decimal'] {
    return file ?? (this.#eitherComma ? 'open' : undefined)
  }
}

/** What the columns that settle something agree on; decimals are `open` where they disagree. */
export function fileFormat(formats: readonly CellFormat[]): CellFormat {
  const decimals = new Set(formats.flatMap(({ decimal }) => decimal ?? []))
  const dates = new Set(formats.flatMap(({ dates }) => dates ?? []))
  const [decimal] = decimals
  const [order] = dates
  return {
    ...(decimal !== undefined && { decimal: decimals.size === 1 ? decimal : 'open' }),
    ...(dates.size === 1 && { dates: order }),
  }
}

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}
