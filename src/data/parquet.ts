import { resolve } from 'node:path'
import type { DuckDBConnection, DuckDBVector } from '@duckdb/node-api'
import { FraudError } from '../core/errors.ts'
import type { BadRowLog } from './bad-rows.ts'
import { unreadable } from './byte-source.ts'
import { FormatEvidence, type Spelling } from './cell-format.ts'
import type { ColumnKind } from './column-kind.ts'
import { checkDeclaredColumns } from './columns.ts'
import { asPattern, listOf, openDuckDB } from './duckdb.ts'
import { LineNumbers } from './line-numbers.ts'
import type { MissingWords } from './missing-words.ts'
import { describeColumns, type ParquetColumn, refuseLongDecimals } from './parquet-columns.ts'
import type { PartLines } from './part-lines.ts'
import type { Table } from './table.ts'
import { TableBuilder } from './table-builder.ts'

export interface ParquetOptions {
  /** The file, or the folder of the parts. */
  readonly path: string
  readonly files: readonly string[]
  /** Of a folder. */
  readonly parts?: PartLines | undefined
  readonly columns: Readonly<Record<string, ColumnKind>>
  /** Columns without which the file is refused. */
  readonly required: readonly string[]
  readonly badRows: BadRowLog
  readonly missing: MissingWords
  /** How texts that are numbers and dates are written, where somebody says so. */
  readonly spelling?: Spelling
  /** Called between pieces of the file, with the rows so far and in all; it may throw to stop. */
  readonly onRows: (rows: number, rowsTotal: number) => void
  /** Takes the columns of types that can't be read, where nobody asks for them; told once, before the first table. */
  readonly onLeftOut: (columns: readonly string[]) => void
  /** A table is given out as soon as it has so many rows. */
  readonly rowsPerTable: number
}

/** The path tells where the file is, and nothing of what is in it: DuckDB would make columns of `/country=AT/`. */
function sourceOf(patterns: readonly string[]): string {
  return `read_parquet(${listOf(patterns)}, hive_partitioning = false, filename = false)`
}

/**
 * A Parquet file, read by DuckDB, as typed columns. Booleans are 0 and 1. Times without a zone are UTC, and as texts they
 * have no offset, so that whoever knows their zone can tell.
 */
export async function* readParquet(options: ParquetOptions): AsyncGenerator<Table, void> {
  const {
    path,
    files,
    parts,
    columns,
    required,
    badRows,
    missing,
    onRows,
    onLeftOut,
    rowsPerTable,
    spelling = {},
  } = options
  const { connection, close } = await openDuckDB()
  try {
    await connection.run("SET TimeZone = 'UTC'")
    const patterns = await patternsOf(connection, files)
    if (parts !== undefined) {
      await checkParts(connection, patterns, options.files, parts)
      badRows.tellLine = parts.tellLine
    }
    const source = sourceOf(patterns)
    const asked = new Set([...Object.keys(columns), ...required])
    await refuseLongDecimals(connection, path, patterns)
    const { described, leftOut, rowCount } = await describeColumns(
      connection,
      path,
      { source, patterns },
      columns,
      asked,
    )
    onLeftOut(leftOut)
    const names = described.map(({ name }) => name)
    checkDeclaredColumns(path, required, names)
    const builder = new TableBuilder(missing)
    builder.reserve(Math.min(rowCount, 2 * rowsPerTable))
    const format = new FormatEvidence().settle(spelling, {})
    for (const { name, stored } of described) {
      builder.addColumn(name, Object.hasOwn(columns, name) ? columns[name] : stored, false, format)
    }
    const select = described.map(({ sql }) => sql).join(', ')
    const result = await connection.stream(`SELECT ${select} FROM ${source}`)
    const lines = new LineNumbers()
    const tellLine = parts?.tellLine ?? ((line: number) => `row ${line}`)
    const placed = (table: Table): Table => {
      const lineOf = lines.take()
      return { ...table, lineOf, placeOf: (at) => lineOf(at) - 1, tellLine }
    }
    let row = 0
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const vectors = names.map((_, column) => chunk.getColumnVector(column))
      for (let index = 0; index < chunk.rowCount; index++) {
        if (builder.rowCount === builder.capacity) builder.reserve(2 * builder.capacity)
        const at = builder.rowCount
        const line = row + index + 1
        if (storeRow(builder, described, vectors, index, line, badRows)) lines.add(at, line)
        else missing.dropRow(at)
      }
      row += chunk.rowCount
      onRows(row, rowCount)
      if (builder.rowCount >= rowsPerTable) yield placed(builder.take())
    }
    yield placed(builder.finish())
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    throw notParquet(path, cause)
  } finally {
    close()
  }
}

/**
 * The pattern that only this file fits. DuckDB takes every path for a pattern, `~` for the home directory and `s3://` for
 * an address; so it gets an absolute path with its wildcards in brackets, and has to find exactly the file that is meant.
 */
async function patternOf(connection: DuckDBConnection, path: string): Promise<string> {
  const file = resolve(path)
  const pattern = asPattern(file)
  const found = await connection.runAndReadAll('SELECT file FROM glob($pattern)', { pattern })
  const files = found.getRowsJS().map(([name]) => String(name))
  if (files.length === 1 && resolve(files[0]) === file) return pattern
  throw unreadable(path, "a Parquet file can't have a backslash beside *, ? or [ in its path; rename it")
}

async function patternsOf(connection: DuckDBConnection, files: readonly string[]): Promise<readonly string[]> {
  const patterns: string[] = []
  for (const file of files) patterns.push(await patternOf(connection, file))
  return patterns
}

/** Takes note of how many rows each part has, and refuses parts that do not have the columns of the first one. */
async function checkParts(
  connection: DuckDBConnection,
  patterns: readonly string[],
  files: readonly string[],
  parts: PartLines,
): Promise<void> {
  let rows = 0
  let first: ReadonlyMap<string, string> | undefined
  for (const [i, pattern] of patterns.entries()) {
    const source = sourceOf([pattern])
    const empty = await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`).catch((cause: unknown) => {
      throw notParquet(files[i], cause)
    })
    const types = empty.columnTypes()
    const columns = new Map(empty.columnNames().map((name, column) => [name, String(types[column])] as const))
    parts.add(files[i], rows + 1)
    if (first !== undefined) parts.refuseTypes(columns, first)
    first ??= columns
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${source}`)
    rows += Number(counted.getRowsJS()[0][0])
  }
}

function notParquet(path: string, cause: unknown): FraudError {
  return unreadable(path, cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause), cause)
}

function storeRow(
  builder: TableBuilder,
  columns: readonly ParquetColumn[],
  vectors: readonly DuckDBVector[],
  index: number,
  line: number,
  badRows: BadRowLog,
): boolean {
  const row = builder.rowCount
  for (let column = 0; column < columns.length; column++) {
    const value = vectors[column].getItem(index)
    let reason: string | undefined
    if (typeof value === 'number') reason = storeNumber(builder, column, row, value, columns[column])
    else if (typeof value === 'string') reason = builder.storeText(column, row, value)
    else builder.storeMissing(column, row)
    if (reason !== undefined) {
      badRows.add({ line, column: columns[column].name, value: String(value) }, reason)
      return false
    }
  }
  builder.rowCount = row + 1
  return true
}

function storeNumber(
  builder: TableBuilder,
  column: number,
  row: number,
  value: number,
  { stored, exactUpTo, isOfClocks }: ParquetColumn,
): string | undefined {
  const kind = builder.kinds[column]
  if (kind === 'time' && stored !== 'time') return 'is a number, not a time'
  if (kind === 'text' && stored === 'time') {
    const text = new Date(value).toISOString()
    return builder.storeText(column, row, isOfClocks ? text.slice(0, -1) : text)
  }
  if (kind === 'text' && Math.abs(value) > exactUpTo) {
    return 'is a number whose last digits may be lost; write it as a text, or as a whole number or decimal'
  }
  if (kind !== 'text' || !Number.isNaN(value)) return builder.storeNumber(column, row, value)
  builder.storeMissing(column, row)
  return undefined
}

/** Rows of a Parquet file by their numbers, from 1, as JSON with all their columns. */
export async function readJsonRows(path: string, rows: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const { connection, close } = await openDuckDB()
  try {
    await connection.run("SET TimeZone = 'UTC'")
    const pattern = await patternOf(connection, path)
    const source = 'read_parquet($path, hive_partitioning = false, filename = false, file_row_number = true)'
    const found = await connection.runAndReadAll(
      `SELECT file_row_number + 1, CAST(to_json(found) AS VARCHAR) FROM ${source} AS found
        WHERE file_row_number + 1 IN (SELECT unnest([${rows.join(', ')}]::BIGINT[]))`,
      { path: pattern },
    )
    // DuckDB's own number of the row is the last field.
    const ownField = /,"file_row_number":\d+\}$/
    return new Map(found.getRowsJS().map(([row, json]) => [Number(row), String(json).replace(ownField, '}')]))
  } finally {
    close()
  }
}
