import { holdsCardNumber } from '../core/card-number.ts'
import type { Progress } from '../core/progress.ts'
import { showValue } from '../core/show-value.ts'
import { type Column, type Table, tellRow } from '../data/table.ts'
import { declaredFields } from '../detector/declared-fields.ts'
import type { Detector } from '../detector/detector.ts'
import type { TransactionLayout } from '../detector/transaction.ts'
import { FirstRows, firstRowOf } from './first-rows.ts'
import { hashRows } from './row-hash.ts'

/** A row whose id an earlier row has. */
export interface Repeat {
  /** The place of the first row with the id in the file, from 0. */
  readonly first: number
  /** That of an earlier one that is the same in all that the detector declares, label included. */
  readonly sameAs: number | undefined
}

/** What is shown of the rows of one id: never more of it than the log keeps. */
export interface RepeatExample {
  readonly id: string | undefined
  readonly row: number
  readonly first: number
  /** The columns that differ, where both rows are at hand. */
  readonly fields: readonly string[]
}

export const mostExamples = 5

/** The columns that make a row's content: two rows of one id and the same content are one transaction. */
export function contentColumns(detector: Detector, layout: TransactionLayout): ReadonlySet<string> {
  const { time, label } = detector.transaction
  const fields = declaredFields(detector, layout).map(({ column }) => column)
  return new Set([...(time ? [time.field] : []), ...(time?.clock ? [time.clock] : []), ...fields, label.field])
}

/** Finds the rows of a file whose id an earlier row has, with some 30 bytes of memory for each row. */
export class RepeatedIds {
  same = 0
  other = 0
  readonly examples: RepeatExample[] = []
  readonly #detector: Detector
  readonly #columns: ReadonlySet<string>
  readonly #firstRows = new FirstRows()
  /** Of rows that differ from the first one of their id, by id and content. */
  readonly #otherRows = new FirstRows()
  #areOthersOpen = false
  /** Tables so far: the file's row that each began with, and the lines of its rows. */
  readonly #tables: (Pick<Table, 'lineOf' | 'placeOf' | 'tellLine'> & { readonly start: number })[] = []
  #start = 0
  #next = 0
  #id: Column | undefined
  /** The first row with the id of a row, in a table that is the whole file. */
  #firstRow: ((row: number) => number) | undefined
  #cells: readonly Column[] = []
  #rowCount = 0

  constructor(detector: Detector, layout: TransactionLayout) {
    this.#detector = detector
    this.#columns = contentColumns(detector, layout)
  }

  /** Takes up the file's next table; one that is the whole file needs no hashes of rows that are gone. */
  open(table: Table, { isWhole }: { readonly isWhole: boolean }): void {
    const { id } = this.#detector.transaction
    this.#start = this.#next
    this.#next += table.rowCount
    const { lineOf, placeOf, tellLine } = table
    const places = { ...(lineOf && { lineOf }), ...(placeOf && { placeOf }), ...(tellLine && { tellLine }) }
    this.#tables.push({ ...places, start: this.#start })
    this.#id = table.columns.find(({ name }) => name === id)
    this.#cells = table.columns.filter(({ name }) => this.#columns.has(name))
    this.#rowCount = table.rowCount
    this.#areOthersOpen = false
    if (this.#id === undefined) return
    if (isWhole) this.#firstRow = firstRowOf(this.#id)
    else {
      const { rowCount } = table
      this.#firstRows.open(this.#start, hashRows([this.#id], rowCount), hashRows(this.#cells, rowCount))
    }
  }

  /** Whether an earlier one of the rows that were asked about has the id of a row of this table. */
  check(index: number): Repeat | undefined {
    if (this.#id === undefined || isMissing(this.#id, index)) return undefined
    const first = this.#firstRow === undefined ? this.#firstRows.add(index) : this.#firstRow(index)
    return first < 0 || this.#isOtherId(index, first) ? undefined : this.#repeat(index, first)
  }

  #repeat(index: number, first: number): Repeat {
    const isLikeFirst =
      this.#firstRow === undefined
        ? this.#firstRows.areSame(this.#start + index, first)
        : this.differing(index, first).length === 0
    const sameAs = isLikeFirst ? first : this.#sameAsOther(index)
    if (sameAs !== undefined) this.same += 1
    else {
      this.other += 1
      if (this.examples.length < mostExamples) {
        const fields = this.differing(index, first)
        this.examples.push({ id: this.#shownId(index), row: this.#start + index, first, fields })
      }
    }
    return { first, sameAs }
  }

  #sameAsOther(index: number): number | undefined {
    if (!this.#areOthersOpen && this.#id !== undefined) {
      const hashes = hashRows([this.#id, ...this.#cells], this.#rowCount)
      this.#otherRows.open(this.#start, hashes, hashes)
      this.#areOthersOpen = true
    }
    const found = this.#otherRows.add(index)
    return found < 0 ? undefined : found
  }

  /**
   * The columns in which a row of this table differs from an earlier row of it; none where that is in another table.
   */
  differing(index: number, first: number): readonly string[] {
    const other = first - this.#start
    if (other < 0) return []
    return this.#cells.filter((column) => !isSameCell(column, index, other)).map(({ name }) => name)
  }

  /** Where people find a row of the file: `line 5`, or `row 4` where it has no lines. */
  placeOf(row: number): string {
    const table = this.#tableOf(row)
    return tellRow(table, row - table.start, table.start)
  }

  /** Which of the file's rows it is, from 0, those that were left out counted, too. */
  fileRowOf(row: number): number {
    const { placeOf, start } = this.#tableOf(row)
    return placeOf?.(row - start) ?? row
  }

  #tableOf(row: number) {
    return this.#tables.findLast(({ start }) => start <= row) ?? this.#tables[0]
  }

  /** Whether two ids only share their hash, where both are at hand. */
  #isOtherId(index: number, first: number): boolean {
    const other = first - this.#start
    return this.#id !== undefined && other >= 0 && !isSameCell(this.#id, index, other)
  }

  /** The id as the log keeps it; undefined where it is not to be shown. */
  #shownId(index: number): string | undefined {
    return this.#id === undefined ? undefined : shownId(this.#detector, textOf(this.#id, index) ?? '')
  }
}

/** An id as people may see it; undefined where it is a person's value or holds a card number. */
export function shownId({ transaction }: Detector, text: string): string | undefined {
  const { id, keys = {}, personal = [] } = transaction
  const isPersonal = personal.some((name) => keys[name] === id)
  return isPersonal || holdsCardNumber(text) ? undefined : showValue(text)
}

/**
 * Says which rows of a file have the id of an earlier one, and what became of them.
 *
 * @param done what was done with those of the same content, as the rest of a sentence.
 */
export function warnOfRepeats(
  repeats: Pick<RepeatedIds, 'same' | 'other' | 'examples' | 'placeOf'>,
  { id }: Detector['transaction'],
  done: string,
  run: Progress,
): void {
  const { same, other, examples } = repeats
  const count = (rows: number) => `${rows.toLocaleString('en')} ${rows === 1 ? 'row has' : 'rows have'}`
  if (same > 0) run.warn(`${count(same)} the ${id} and the content of an earlier row: ${done}`)
  if (other === 0) return
  const shown = examples.map(({ id: value, row, first, fields }) => {
    const named = value === undefined ? '' : ` ("${value}")`
    const differ = fields.length === 0 ? '' : `, and differs in ${fields.join(', ')}`
    return `${repeats.placeOf(row)} has the ${id} of ${repeats.placeOf(first)}${named}${differ}`
  })
  run.warn(
    `${count(other)} the ${id} of an earlier row, but different content: each is used as a separate transaction, which a ` +
      `service refuses (TRANSACTION_CONFLICT), so its log would not hold it. Is ${id} the id of a transaction?\n  ${shown.join('\n  ')}`,
  )
}

function isMissing(column: Column, row: number): boolean {
  return column.kind === 'text' ? column.codes[row] < 0 : Number.isNaN(column.values[row])
}

function isSameCell(column: Column, one: number, other: number): boolean {
  if (column.kind === 'text') return column.codes[one] === column.codes[other]
  const { values } = column
  return values[one] === values[other] || (Number.isNaN(values[one]) && Number.isNaN(values[other]))
}

function textOf(column: Column, row: number): string | undefined {
  return column.kind === 'text' ? column.dictionary[column.codes[row]] : String(column.values[row])
}
