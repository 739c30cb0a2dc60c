import type { CellFormat } from './cell-format.ts'

/** A column of numbers; a missing value is NaN. A column of times holds milliseconds since 1970 in UTC. */
export interface NumberColumn {
  readonly kind: 'number' | 'time'
  readonly name: string
  readonly values: Float64Array
}

/** A column of text: a code per row into the dictionary of distinct values; a missing value is -1. */
export interface TextColumn {
  readonly kind: 'text'
  readonly name: string
  /** How its cells are written where they are numbers or dates, as far as they or the file's others say so. */
  readonly format?: CellFormat
  readonly codes: Int32Array
  readonly dictionary: readonly string[]
}

export type Column = NumberColumn | TextColumn

/** Rows as typed columns, all of them `rowCount` long, in file order. */
export interface Table {
  readonly rowCount: number
  readonly columns: readonly Column[]
  /** The line of its file that a row begins on, from 1; in a Parquet file the row. Missing where a table is of no file. */
  readonly lineOf?: (row: number) => number
  /** Which of the file's rows it is, from 0, those that were left out counted, too; missing where a table is of no file. */
  readonly placeOf?: (row: number) => number
  /** Where that line is, for people, if there is more to say than its number; or the row, where the file has no lines. */
  readonly tellLine?: TellLine
}

export type TellLine = (line: number) => string

/** Where people find a row: `line 5`, or `row 4` where the file has no lines; `before` counts the rows of earlier tables. */
export function tellRow({ lineOf, tellLine }: Pick<Table, 'lineOf' | 'tellLine'>, row: number, before = 0): string {
  const line = lineOf?.(row) ?? before + row + 1
  return tellLine?.(line) ?? `${lineOf === undefined ? 'row' : 'line'} ${line}`
}
