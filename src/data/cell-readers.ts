import { cardNumberDigits, holdsCardNumber, type TextKind } from '../core/card-number.ts'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import { hintOfFormat, type TimeFormat, timeReader } from '../core/time-formats.ts'
import { readIsoTime } from '../core/time-parser.ts'
import { zoneOffset } from '../core/zone.ts'
import { type NumberLimit, numberLimits } from '../detector/declared-fields.ts'
import type { Detector } from '../detector/detector.ts'
import type { CodedTexts } from '../detector/transaction.ts'
import { type CellFormat, parseNumber, whyAmbiguous } from './cell-format.ts'
import { joinedTimes } from './day-and-clock.ts'
import { labelOf, labelsAllowed } from './label-column.ts'
import { formatOfTexts } from './look-further.ts'
import { MissingWords } from './missing-words.ts'
import type { Column, NumberColumn, TextColumn } from './table.ts'
import { toIsoText } from './written-time.ts'

const encoder = new TextEncoder()

/** Gives what a row's cell holds. */
export type CellReader<Value> = (row: number) => Value
export type DeclaredTime = NonNullable<Detector['transaction']['time']>

const missingText: CellReader<string | undefined> = () => undefined
/** Of a column that is not there. */
export const missingNumber: CellReader<number> = () => Number.NaN
/** How times are written where no detector says so. */
export const untold: DeclaredTime = { field: '', format: 'seconds-since' }

/** What cells are read with, beside the detector. */
export interface CellReading {
  /** What to call the file in errors. */
  readonly file: string
  /** Hashes the bare digits of a card number; undefined where the key of hashes is not known. */
  readonly hashCardNumber?: (digits: string) => string
  /** The words that stand for a missing value, where they are not the usual ones. */
  readonly missing?: readonly string[] | undefined
}

/** The error of a row that a cell makes bad. @param kind what such rows are counted by; the reason by default. */
export type RefuseCell = (row: number, field: string, reason: string, kind?: string) => FraudError

/** How the cells of a column are read by a detector's eyes. What is made of a column once serves all of its rows. */
export class CellReaders {
  readonly #detector: Detector
  readonly #reading: CellReading
  readonly #fail: RefuseCell
  readonly #missing: MissingWords
  readonly #offsetAt: (timestampMs: number) => number
  readonly #limits: ReadonlyMap<string, NumberLimit>

  constructor(detector: Detector, reading: CellReading, fail: RefuseCell) {
    this.#detector = detector
    this.#reading = reading
    this.#fail = fail
    this.#missing = new MissingWords(reading.missing)
    this.#offsetAt = zoneOffset(detector.transaction.zone ?? 'UTC')
    this.#limits = numberLimits(detector)
  }

  /** Times in milliseconds. @param clock has the times of day, where the other column has the days alone. */
  times(column: Column, time: DeclaredTime, clock?: Column): CellReader<number> {
    if (clock === undefined) return this.#times(column, time)
    return joinedTimes(column, clock, {
      missing: this.#missing,
      offsetAt: this.#offsetAt,
      parsed: (...given) => this.#parsed(...given),
      fail: this.#fail,
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

  /** The texts of a column where each distinct one has a code, and keeps it. */
  codedTexts(column: Column): CodedTexts | undefined {
    const { hashCardNumber = [] } = this.#detector.transaction
    if (column.kind !== 'text' || hashCardNumber.includes(column.name)) return undefined
    // The service trims texts, too.
    return { codes: column.codes, texts: column.dictionary.map((text) => text.trim() || undefined) }
  }

  /** Texts as the service keeps them. @param coded as `codedTexts` gave it. */
  texts(column: Column, coded: CodedTexts | undefined): CellReader<string | undefined> {
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
    return Object.values(this.#detector.transaction.keys ?? {}).includes(column) ? 'id' : 'text'
  }

  /** Numbers that the detector's limits let pass. */
  numbers(column: Column): CellReader<number> {
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

  /** 1 fraud, 0 legitimate, NaN unknown; of a column of numbers whatever it holds. */
  labels(column: Column): CellReader<number> {
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
}

/** The cure for a column of times that are not written as the detector says. */
export function otherTimes({ kind, name, values }: NumberColumn, format: TimeFormat | undefined): FraudError {
  const found = kind === 'time' ? 'ISO times' : 'numbers'
  const first = kind === 'time' ? undefined : values.find((value) => !Number.isNaN(value))
  const hint = first === undefined ? '' : hintOfFormat(first)
  return new FraudError('DATA_INVALID', `The times in ${showValue(name)} are ${found}, not ${format}${hint}`)
}

function numbersAsTexts({ kind, values }: NumberColumn): CellReader<string | undefined> {
  return kind === 'number' && values.every((value) => Number.isNaN(value))
    ? missingText
    : (row) => (Number.isNaN(values[row]) ? undefined : String(values[row]))
}
