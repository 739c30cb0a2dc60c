import { readPlainTime } from '../core/time-parser.ts'
import { type BadPlace, BadRowLog } from './bad-rows.ts'
import { type CellFormat, type FormatEvidence, fileFormat, isColumnFault, type Spelling } from './cell-format.ts'
import type { ColumnKind } from './column-kind.ts'
import { checkDeclaredColumns } from './columns.ts'
import { CsvCell, longestRowBytes, scanCell, skipLineEnd } from './csv-cell.ts'
import { type CsvHeader, readHeader } from './csv-header.ts'
import { mayHoldSample, sampleColumns } from './csv-sample.ts'
import { LineNumbers } from './line-numbers.ts'
import { OpenColumns } from './look-further.ts'
import type { MissingWords } from './missing-words.ts'
import { NumberCells, plainNumber, readAheadBytes, undecidedNumber } from './number-cells.ts'
import type { PartLines } from './part-lines.ts'
import type { Table } from './table.ts'
import { TableBuilder } from './table-builder.ts'

const separatorNames = new Map([
  [0x3b, 'semicolons'],
  [0x09, 'tabs'],
  [0x7c, 'pipes'],
])
const lineFeed = 0x0a
const carriageReturn = 0x0d
const quote = 0x22
const anyWay = 0
const plainText = 1
const plainTime = 2
/** The value instead of a position where the bytes end inside the row, or the row was left out as bad. */
const neverClosed = 'a quote is opened here and never closed'
const textAfterQuote = 'has text after its closing quote'
const raggedQuote = 'has a quote over several lines, and then a different number of cells than the header'
const incomplete = -1
const leftOut = -2

export interface CsvOptions {
  readonly file: string
  readonly columns: Readonly<Record<string, ColumnKind>>
  /** The kind of all other columns, where it is not to be inferred. */
  readonly others?: ColumnKind | undefined
  /** Columns without which the file is refused. */
  readonly required: readonly string[]
  readonly badRows: BadRowLog
  /** How numbers and dates are written, where somebody says so. */
  readonly spelling?: Spelling
  /** Whether the file can be looked through first: OpenColumns is thrown where its rows leave something open. */
  readonly canLookFurther?: boolean
  /** Whether no row is handed on before all are read, so that looking through the file again is open to the end. */
  readonly isWhole?: boolean
  /** What whole columns say that were open. */
  readonly evidence?: ReadonlyMap<string, FormatEvidence> | undefined
  readonly missing: MissingWords
  /** Of a folder. */
  readonly parts?: PartLines | undefined
}

/**
 * CSV bytes, in pieces of any size, into typed columns. Bytes are kept from the start of the first row that is not
 * complete; that row is read again, from its start, once twice as many have come, so no cell is ever half read and a
 * row of any length costs time in proportion to it.
 */
export class CsvParser {
  readonly #options: CsvOptions
  readonly #builder: TableBuilder
  readonly #lines = new LineNumbers()
  readonly #places = new LineNumbers()
  /** How many rows came, left out or not. */
  #rows = 0
  readonly #cell = new CsvCell()
  readonly #numberCells = NumberCells.take()
  #bytes: Uint8Array = this.#numberCells.bytes
  #length = 0
  #parseAt = 0
  #bytesWritten = 0
  #shareWritten: number | undefined
  #header: CsvHeader | undefined
  /** The format of the parts before, which must have the same columns. */
  #names: readonly string[] | undefined
  #linesBefore = 0
  #kindsKnown = false
  #isTaken = false
  /** 1 for a byte that may end a cell of text. */
  readonly #stops = new Uint8Array(256)
  #line = 1
  #lineEndsInRow = 0
  #rowStart = 0
  #afterLeftOut = 0

  constructor(options: CsvOptions) {
    this.#options = options
    this.#builder = new TableBuilder(options.missing, options.canLookFurther === true && options.isWhole === true)
  }

  get rowCount(): number {
    return this.#builder.rowCount
  }

  /** How the file is written where that is not the plain way, for people. */
  get notes(): readonly string[] {
    const separator = separatorNames.get(this.#cell.separator)
    const { commas, points, dates } = this.#builder.spellings
    const where = points ? ` in ${shorten(commas)}` : ''
    return [
      ...(separator === undefined ? [] : [`cells separated by ${separator}`]),
      ...(commas.length === 0 ? [] : [`decimals after a comma${where}`]),
      ...dates.map((order) => `dates with the ${order === 'day-first' ? 'day' : 'month'} first`),
    ]
  }

  /**
   * Takes the next bytes; `shareWritten`, the part of the file up to their end, lets the columns get their size at
   * once.
   */
  write(chunk: Uint8Array, shareWritten?: number): void {
    this.#shareWritten = shareWritten
    this.#bytesWritten += chunk.length
    this.#append(chunk)
    if (this.#length >= this.#parseAt) this.#parse(false)
  }

  /** Begins another file with the same header, whose lines count on; returns the number of its first one. */
  nextPart(): number {
    this.#parse(true)
    this.#names ??= this.#header?.names
    this.#header = undefined
    this.#length = 0
    this.#parseAt = 0
    this.#linesBefore = this.#line - 1
    return this.#line
  }

  /** The rows so far; they are forgotten here. */
  take(): Table {
    this.#isTaken = true
    return { ...this.#builder.take(), lineOf: this.#lines.take(), placeOf: this.#places.take() }
  }

  end(): Table {
    this.#parse(true)
    this.#numberCells.leave()
    return { ...this.#builder.finish(), lineOf: this.#lines.take(), placeOf: this.#places.take() }
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length + readAheadBytes
    if (needed > this.#bytes.length) this.#bytes = this.#numberCells.grow(needed)
    this.#bytes.set(chunk, this.#length)
    this.#length += chunk.length
    // Zeros end whatever is being read, so that the loops need not ask for the length.
    this.#bytes.fill(0, this.#length, this.#length + readAheadBytes)
  }

  #parse(isFinal: boolean): void {
    const end = this.#parseHeader(isFinal)
    if (end !== undefined && this.#decideKinds(end, isFinal)) this.#keepFrom(this.#parseRows(end, isFinal))
    else if (end !== undefined) this.#keepFrom(end)
    while (this.#length > longestRowBytes) {
      const reason = `a row is longer than ${longestRowBytes / 2 ** 20} MiB; is a quote opened here and never closed?`
      const next = this.#kindsKnown ? this.#afterLine(0) : incomplete
      if (next < 0) throw this.#options.badRows.error({ line: this.#line }, reason)
      this.#addBad({ line: this.#line++, isLineAlone: true }, reason)
      this.#keepFrom(this.#parseRows(next, isFinal))
    }
    this.#parseAt = 2 * this.#length
  }

  #keepFrom(start: number): void {
    this.#bytes.copyWithin(0, start, this.#length + readAheadBytes)
    this.#length -= start
  }

  /** Where the rows start among the bytes kept; undefined where the header is not complete. */
  #parseHeader(isFinal: boolean): number | undefined {
    if (this.#header !== undefined) return 0
    const { file, required, badRows, parts } = this.#options
    const log = parts === undefined ? badRows : new BadRowLog(parts.current, 'fail')
    this.#header = readHeader(this.#bytes, this.#length, isFinal, this.#cell, log)
    if (this.#header === undefined) return undefined
    checkDeclaredColumns(file, required, this.#header.names)
    if (this.#names !== undefined) parts?.refuseColumns(this.#header.names, this.#names)
    this.#line = this.#linesBefore + this.#header.nextLine
    // Each part of a folder may have a separator of its own.
    this.#stops.fill(0)
    for (const byte of [0, lineFeed, carriageReturn, this.#cell.separator]) this.#stops[byte] = 1
    return this.#header.next
  }

  #decideKinds(start: number, isFinal: boolean): boolean {
    if (this.#kindsKnown || this.#header === undefined) return this.#kindsKnown
    if (!isFinal && !mayHoldSample(this.#bytes, start, this.#length)) return false
    const { names } = this.#header
    const { columns, others, spelling = {}, missing } = this.#options
    const cell = this.#cell
    const sample = sampleColumns(this.#bytes, start, this.#length, isFinal, names.length, cell, missing)
    if (sample === undefined) return false
    const kinds = sample.map(({ kind }, column) => columnKind(columns, names[column], others ?? kind))
    const evidence = sample.map((sampled, column) => this.#options.evidence?.get(names[column]) ?? sampled.evidence)
    const file = fileFormat(evidence.flatMap(({ own }, column) => (kinds[column] === 'text' ? [] : own)))
    if (this.#options.canLookFurther === true) this.#refuseOpen(kinds, evidence, file)
    for (const [column, name] of names.entries()) {
      const format = evidence[column].settle(spelling, file)
      this.#builder.addColumn(name, kinds[column], Object.hasOwn(columns, name), format)
    }
    this.#numberCells.begin(names.length)
    this.#kindsKnown = true
    return true
  }

  /** Whether more rows than the first settle how a column is written is for others to find. */
  #refuseOpen(kinds: readonly (ColumnKind | undefined)[], evidence: readonly FormatEvidence[], file: CellFormat): void {
    const { columns, spelling = {} } = this.#options
    const open = new Map<string, 'number' | 'time'>()
    for (const [column, name] of (this.#header?.names ?? []).entries()) {
      // A time of another zone than UTC is declared as a text first.
      const kind = kinds[column] === 'text' && Object.hasOwn(columns, name) ? 'time' : kinds[column]
      if (this.#options.evidence?.has(name)) continue
      if ((kind === 'number' || kind === 'time') && evidence[column].isOpen(kind, spelling, file)) open.set(name, kind)
    }
    if (open.size > 0) throw new OpenColumns(open)
  }

  /** Numbers of a column that contradict each other are read right once whole columns have been looked through. */
  #refuseDoubt(column: number, reason: string): void {
    const { canLookFurther, evidence } = this.#options
    const { names, kinds } = this.#builder
    if (canLookFurther !== true || this.#isTaken || kinds[column] !== 'number' || !isColumnFault(reason)) return
    if (evidence?.has(names[column])) return
    const open = names.filter((_, at) => kinds[at] === 'number' || kinds[at] === undefined)
    throw new OpenColumns(new Map(open.map((name) => [name, 'number'])))
  }

  /** Reads all complete rows and returns where the first incomplete one starts. */
  #parseRows(start: number, isFinal: boolean): number {
    const builder = this.#builder
    let at = start
    this.#numberCells.use(this.#length, this.#cell.separator)
    this.#beginBlock()
    while (at < this.#length) {
      const first = this.#bytes[at]
      let next: number
      this.#rowStart = at
      if (first === lineFeed || first === carriageReturn) {
        next = skipLineEnd(this.#bytes, at, this.#length, isFinal)
        if (next !== incomplete) this.#line++
      } else {
        if (builder.rowCount === builder.capacity) builder.reserve(this.#rowsToExpect(at))
        if (this.#numberCells.isFull(builder.rowCount)) this.#beginBlock()
        next = this.#parseRow(at, isFinal)
        if (next < 0) this.#options.missing.dropRow(builder.rowCount)
        if (next === leftOut) next = this.#afterLeftOut
      }
      if (next === incomplete) {
        at = this.#rowStart
        break
      }
      at = next
    }
    this.#beginBlock()
    return at
  }

  /** Moves the rows read so far into their columns, and begins a block: those rows may have settled how columns are read. */
  #beginBlock(): void {
    const { numbers, rowCount, names } = this.#builder
    this.#numberCells.moveRows(numbers, rowCount)
    for (let column = 0; column < names.length; column++) this.#numberCells.ways[column] = this.#wayOf(column)
  }

  /** Reads a row, and rows of plain numbers behind it. Where the next one starts, `incomplete` or `leftOut`. */
  #parseRow(start: number, isFinal: boolean): number {
    const bytes = this.#bytes
    const stops = this.#stops
    const reader = this.#numberCells
    const { ways } = reader
    const { separator } = this.#cell
    const builder = this.#builder
    const { numbers, codes, dictionaries, capacity } = builder
    const last = dictionaries.length - 1
    this.#lineEndsInRow = 0
    let at = start
    for (let column = 0; column <= last; column++) {
      if (ways[column] >= undecidedNumber) {
        at = reader.read(at, column, builder.rowCount, capacity)
        column = reader.column
        if (reader.rowsEnded > 0) {
          this.#endRows(reader.rowsEnded)
          if (column === 0) return at
          this.#rowStart = reader.rowStart
        }
      }
      const way = ways[column]
      const row = builder.rowCount
      const wanted = column === last ? lineFeed : separator
      // Whatever is not plain is left to the function below; an empty cell is missing, and comes out of these as such.
      if (way === plainText && bytes[at] !== quote) {
        const code = dictionaries[column].codeOfCell(bytes, at, stops, wanted)
        if (code >= -1) {
          codes[column][row] = code
          at = dictionaries[column].cellEnd + 1
          continue
        }
      } else if (way === plainTime) {
        const end = readPlainTime(bytes, at, numbers[column], row)
        if (bytes[end] === wanted) {
          at = end + 1
          continue
        }
      }
      at = this.#parseCell(column, at, column === last, isFinal)
      if (at < 0) return at
    }
    this.#endRows(1)
    return at
  }

  /** Takes note of rows, all of which but the first are of one line. */
  #endRows(count: number): void {
    const { rowCount } = this.#builder
    this.#lines.add(rowCount, this.#line)
    this.#places.add(rowCount, this.#rows)
    this.#line += count + this.#lineEndsInRow
    this.#lineEndsInRow = 0
    this.#rows += count
    this.#builder.rowCount += count
    if (count > 1) this.#lines.add(rowCount + 1, this.#line - count + 1)
  }

  /** One cell of any form and kind. Returns where the next one starts, `incomplete` or `leftOut`. */
  #parseCell(column: number, at: number, isLastColumn: boolean, isFinal: boolean): number {
    const cell = this.#cell
    if (!this.#scan(at, isFinal)) return isFinal ? this.#leaveOutLine(neverClosed) : incomplete
    if (cell.isLast !== isLastColumn) {
      const isBlankLine = column === 0 && !cell.isQuoted && this.#isBlank(cell)
      return this.#leaveOut(column, at, isFinal, isBlankLine ? 'blank' : 'ragged')
    }
    const next = cell.isLast ? skipLineEnd(this.#bytes, cell.next, this.#length, isFinal) : cell.next + 1
    if (next < 0) return incomplete
    if (cell.hasTextAfterQuote) return this.#leaveOut(column, at, isFinal, textAfterQuote)
    const builder = this.#builder
    const reason = builder.storeBytes(column, builder.rowCount, cell.bytes, cell.start, cell.end)
    if (reason !== undefined) this.#refuseDoubt(column, reason)
    if (reason !== undefined) return this.#leaveOut(column, at, isFinal, reason)
    this.#numberCells.put(column, builder.rowCount, builder.numbers[column])
    this.#lineEndsInRow += cell.lineEnds
    return next
  }

  #wayOf(column: number): number {
    return this.#builder.notesDecimals(column) ? undecidedNumber : wayOf(this.#builder.plainKind(column))
  }

  /** Scans a cell; false where it is incomplete, or where a quote of it is never closed. */
  #scan(at: number, isFinal: boolean): boolean {
    return scanCell(this.#bytes, at, this.#length, isFinal, this.#cell)
  }

  /** Leaves out one line alone: a stray quote has taken those after it for a part of its cell. */
  #leaveOutLine(reason: string, place: Omit<BadPlace, 'line'> = {}): number {
    const { badRows } = this.#options
    const line = this.#line + (badRows.skips ? 0 : this.#lineEndsInRow)
    this.#addBad({ ...place, line, isLineAlone: true }, reason)
    this.#line++
    const next = this.#afterLine(this.#rowStart)
    this.#afterLeftOut = next < 0 ? this.#length : next
    return leftOut
  }

  /** Where the line after the one at `start` begins; `incomplete` where that is not known yet. */
  #afterLine(start: number): number {
    let at = start
    while (at < this.#length && this.#bytes[at] !== lineFeed && this.#bytes[at] !== carriageReturn) at++
    return at === this.#length ? incomplete : skipLineEnd(this.#bytes, at, this.#length, false)
  }

  #isBlank({ bytes, start, end }: CsvCell): boolean {
    for (let at = start; at < end; at++) if (bytes[at] !== 0x20 && bytes[at] !== 0x09) return false
    return true
  }

  /** Goes to the end of the row, first of all, since a row is reported once; then reports it. */
  #leaveOut(column: number, at: number, isFinal: boolean, reason: string): number {
    const { names } = this.#builder
    const cell = this.#cell
    let value: string | undefined
    let cells = column
    let lineEnds = 0
    for (let next = at; ; next = cell.next + 1) {
      if (!this.#scan(next, isFinal)) return isFinal ? this.#leaveOutLine(neverClosed) : incomplete
      // Only as much of a long cell is decoded as can be shown.
      value ??= Buffer.from(cell.bytes.subarray(cell.start, Math.min(cell.end, cell.start + 200))).toString()
      cells++
      lineEnds += cell.lineEnds
      if (cell.isLast) break
    }
    const next = skipLineEnd(this.#bytes, cell.next, this.#length, isFinal)
    if (next < 0) return incomplete
    const line = this.#line + this.#lineEndsInRow
    const isStray = reason === 'ragged' || reason === textAfterQuote
    if (isStray && this.#lineEndsInRow + lineEnds > 0 && this.#options.badRows.skips) {
      const isRagged = reason === 'ragged'
      return this.#leaveOutLine(isRagged ? raggedQuote : reason, isRagged ? {} : { column: names[column] })
    }
    if (reason === 'ragged') {
      const count = cells === 1 ? '1 cell' : `${cells} cells`
      this.#addBad({ line }, `has ${count} where the header has ${names.length}`)
    } else if (reason !== 'blank') {
      this.#addBad({ line, column: names[column], value: value ?? '' }, reason)
    }
    this.#line = line + lineEnds + 1
    this.#afterLeftOut = next
    return leftOut
  }

  #addBad(place: BadPlace, reason: string): void {
    this.#options.badRows.add(place, reason)
    this.#rows++
  }

  /** How many rows the file has, going by those so far, or half as many again. */
  #rowsToExpect(at: number): number {
    const { rowCount } = this.#builder
    if (rowCount === 0) return 1024
    const bytesRead = this.#bytesWritten - (this.#length - at)
    const bytesTotal = this.#shareWritten ? this.#bytesWritten / this.#shareWritten : 0
    return Math.ceil(Math.max(rowCount * 1.5, (rowCount / bytesRead) * bytesTotal * 1.02 + 16))
  }
}

function wayOf(kind: ColumnKind | undefined): number {
  return kind === 'number' ? plainNumber : kind === 'text' ? plainText : kind === 'time' ? plainTime : anyWay
}

function columnKind(
  declared: Readonly<Record<string, ColumnKind>>,
  name: string,
  inferred: ColumnKind | undefined,
): ColumnKind | undefined {
  return Object.hasOwn(declared, name) ? declared[name] : inferred
}

function shorten(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ')
}
