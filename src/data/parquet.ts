import { rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBStructType,
  type DuckDBType,
  type DuckDBVector,
} from '@duckdb/node-api'
import { FraudError } from '../core/errors.ts'
import { deepestNesting } from '../core/nested-fields.ts'
import { showValue } from '../core/show-value.ts'
import type { BadRowLog } from './bad-rows.ts'
import { unreadable } from './byte-source.ts'
import { FormatEvidence, type Spelling } from './cell-format.ts'
import type { ColumnKind } from './column-kind.ts'
import { checkDeclaredColumns, mostColumns } from './columns.ts'
import { LineNumbers } from './line-numbers.ts'
import type { MissingWords } from './missing-words.ts'
import type { PartLines } from './part-lines.ts'
import type { Table } from './table.ts'
import { TableBuilder } from './table-builder.ts'
import { writeCsv } from './write-csv.ts'

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

interface ParquetColumn {
  readonly name: string
  /** Reads the column as DOUBLE (times in milliseconds) or VARCHAR. */
  readonly sql: string
  readonly stored: 'number' | 'text' | 'time'
  /** Up to here a stored number's decimal text is the file's own; past it, two numbers may have become one. */
  readonly exactUpTo: number
}

/** The path tells where the file is, and nothing of what is in it: DuckDB would make columns of `/country=AT/`. */
function sourceOf(patterns: readonly string[]): string {
  return `read_parquet(${listOf(patterns)}, hive_partitioning = false, filename = false)`
}

function listOf(patterns: readonly string[]): string {
  return `[${patterns.map(literal).join(', ')}]`
}

const mostDecimalDigits = 38

/** A Parquet file, read by DuckDB, as typed columns. Booleans are 0 and 1; times without a zone are UTC. */
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
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
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
    const { described, leftOut, rowCount } = await describe(connection, path, source, columns, asked)
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
    connection.closeSync()
    instance.closeSync()
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

export function asPattern(file: string): string {
  return file.replace(/[*?[]/g, '[$&]')
}

/** Names and types of the columns, and for each the SQL that turns it into one of the two types that are read. */
async function describe(
  connection: DuckDBConnection,
  path: string,
  source: string,
  declared: ParquetOptions['columns'],
  asked: ReadonlySet<string>,
) {
  const empty = await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`)
  const types = empty.columnTypes()
  const { columns, twice } = byPath(
    empty.columnNames().flatMap((name, i) => flatten(name, quoted(name), types[i], asked)),
  )
  if (columns.length > mostColumns) {
    throw new FraudError('DATA_INVALID', `${path} has ${columns.length} columns; at most ${mostColumns} can be read`)
  }
  const blobs = columns.filter(({ type }) => type === 'BLOB')
  const wide = columns.filter(({ type }) => /^U?BIGINT$|^U?HUGEINT$|^DECIMAL/.test(type))
  // Numbers past 2^53 are identifiers, as in a CSV file: as doubles they would become one with their neighbours.
  const bound = `BETWEEN -${Number.MAX_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}`
  const checks = wide.map(({ value }) => `coalesce(bool_and(${value} ${bound}), true)`)
  // Older writers (Impala, Hive, Spark) don't mark bytes as text.
  const texts = blobs.map(
    ({ value }) => `coalesce(bool_and(${value} IS NULL OR try(decode(${value})) IS NOT NULL), true)`,
  )
  const figures = ['count(*)', ...checks, ...texts].join(', ')
  const summary = await connection.runAndReadAll(`SELECT ${figures} FROM ${source}`)
  const [rowCount, ...fits] = summary.getRowsJS()[0]
  const unsafe = new Set(wide.filter((_, index) => fits[index] !== true).map(({ name }) => name))
  const binary = new Set(blobs.filter((_, index) => fits[wide.length + index] !== true).map(({ name }) => name))
  const described: ParquetColumn[] = []
  const leftOut: string[] = []
  for (const name of twice) {
    if (asked.has(name)) throw givenTwice(path, name)
    leftOut.push(`${showValue(name)} (both flat and nested)`)
  }
  for (const { name, type, value } of columns) {
    const isText = unsafe.has(name) || (Object.hasOwn(declared, name) && declared[name] === 'text')
    const column = binary.has(name) ? undefined : describeColumn(name, value, type, isText)
    if (column !== undefined) described.push(column)
    else if (asked.has(name)) throw unreadableColumn(path, name, type)
    else leftOut.push(`${showValue(name)} (${type.slice(0, 40)})`)
  }
  if (described.length === 0 && columns.length > 0) throw unreadableColumn(path, columns[0].name, columns[0].type)
  return { described, leftOut, rowCount: Number(rowCount) }
}

interface StoredColumn {
  readonly name: string
  readonly type: string
  /** The SQL of its values. */
  readonly value: string
}

/** A column, or those within it by their paths: `payment.card.token`. */
function flatten(
  name: string,
  value: string,
  type: DuckDBType,
  asked: ReadonlySet<string>,
  depth = 1,
): readonly StoredColumn[] {
  if (!(type instanceof DuckDBStructType) || asked.has(name) || depth === deepestNesting) {
    return [{ name, type: String(type), value }]
  }
  return type.entryNames.flatMap((entry, i) =>
    flatten(`${name}.${entry}`, `struct_extract(${value}, ${literal(entry)})`, type.entryTypes[i], asked, depth + 1),
  )
}

/** The columns whose path is theirs alone, and the paths of the others. */
function byPath(all: readonly StoredColumn[]) {
  const groups = Map.groupBy(all, ({ name }) => name)
  const twice = [...groups].filter(([, columns]) => columns.length > 1).map(([name]) => name)
  return { columns: all.filter(({ name }) => groups.get(name)?.length === 1), twice }
}

function givenTwice(path: string, name: string): FraudError {
  const field = showValue(name)
  const reason = `the column "${field}" is given in two ways, as a flat column and nested in another`
  return new FraudError('DATA_INVALID', `${path}: ${reason}`, { errors: [{ field, reason }] })
}

/** DuckDB 1.5 reads decimals of more digits than it has a type for as wrong numbers (duckdb/duckdb 25058). */
async function refuseLongDecimals(
  connection: DuckDBConnection,
  path: string,
  patterns: readonly string[],
): Promise<void> {
  const found = await connection.runAndReadAll(
    `SELECT name, precision FROM parquet_schema(${listOf(patterns)}) WHERE precision > ${mostDecimalDigits} LIMIT 1`,
  )
  const [row] = found.getRowsJS()
  if (row === undefined) return
  const name = showValue(String(row[0]))
  const reason = `the column "${name}" has decimals of ${row[1]} digits; at most ${mostDecimalDigits} can be read`
  throw new FraudError('DATA_INVALID', `${path}: ${reason}`, { errors: [{ field: name, reason }] })
}

/** Undefined for a type that can't be read. */
function describeColumn(name: string, column: string, type: string, isText: boolean): ParquetColumn | undefined {
  const exactUpTo = type === 'FLOAT' ? 2 ** 24 - 1 : Number.MAX_SAFE_INTEGER
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL\(.*)$/.test(type) && isText) {
    return { name, sql: decimalText(column, type), stored: 'text', exactUpTo }
  }
  // 19.99 in single precision is 19.989999771118164 in double: its shortest decimal is what was meant.
  if (type === 'FLOAT') {
    return { name, sql: `CAST(CAST(${column} AS VARCHAR) AS DOUBLE)`, stored: 'number', exactUpTo }
  }
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DOUBLE|BOOLEAN|DECIMAL\(.*)$/.test(type)) {
    return { name, sql: `CAST(${column} AS DOUBLE)`, stored: 'number', exactUpTo }
  }
  if (/^(DATE|TIMESTAMP.*)$/.test(type)) {
    return { name, sql: `CAST(epoch_ms(CAST(${column} AS TIMESTAMP)) AS DOUBLE)`, stored: 'time', exactUpTo }
  }
  if (/^(VARCHAR|UUID|TIME|ENUM.*)$/.test(type)) {
    return { name, sql: `CAST(${column} AS VARCHAR)`, stored: 'text', exactUpTo }
  }
  if (type === 'BLOB') return { name, sql: `decode(${column})`, stored: 'text', exactUpTo }
  return undefined
}

function unreadableColumn(path: string, name: string, type: string): FraudError {
  const field = showValue(name)
  const what = type === 'BLOB' ? 'holds bytes that are not UTF-8' : `has the type ${type.slice(0, 40)}`
  const reason = `the column "${field}" ${what}, which is neither number, text nor time`
  return new FraudError('DATA_INVALID', `${path}: ${reason}`, { errors: [{ field, reason }] })
}

/** Every digit of a whole or decimal number, and no zeros behind its point: 7 is the same key in every type. */
function decimalText(column: string, type: string): string {
  const text = `CAST(${column} AS VARCHAR)`
  return /^DECIMAL\(\d+,0\)$/.test(type) || !type.startsWith('DECIMAL') ? text : `rtrim(rtrim(${text}, '0'), '.')`
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
  { stored, exactUpTo }: ParquetColumn,
): string | undefined {
  const kind = builder.kinds[column]
  if (kind === 'time' && stored !== 'time') return 'is a number, not a time'
  if (kind === 'text' && stored === 'time') return builder.storeText(column, row, new Date(value).toISOString())
  if (kind === 'text' && Math.abs(value) > exactUpTo) {
    return 'is a number whose last digits may be lost; write it as a text, or as a whole number or decimal'
  }
  if (kind !== 'text' || !Number.isNaN(value)) return builder.storeNumber(column, row, value)
  builder.storeMissing(column, row)
  return undefined
}

/** Rows of a Parquet file by their numbers, from 1, as JSON with all their columns. */
export async function readJsonRows(path: string, rows: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
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
    connection.closeSync()
    instance.closeSync()
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

const typeOf = { number: 'DOUBLE', time: 'TIMESTAMP', text: 'VARCHAR' } as const

/** Writes a table in batches as Parquet, complete or not at all; a missing value is null. DuckDB makes it of CSV. */
export async function writeParquet(tables: Iterable<Table>, path: string): Promise<void> {
  const rows = resolve(`${path}.${process.pid}.csv`)
  const target = resolve(`${path}.${process.pid}.partial`)
  const columns = new Map<string, string>()
  function* noted(): Generator<Table> {
    for (const table of tables) {
      for (const { name, kind } of table.columns) columns.set(name, typeOf[kind])
      yield table
    }
  }
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await writeCsv(noted(), rows)
    const types = [...columns].map(([name, type]) => `${literal(name)}: ${literal(type)}`).join(', ')
    await connection.run(
      `COPY (SELECT * FROM read_csv(${literal(asPattern(rows))}, hive_partitioning = false, header = true, nullstr = '', delim = ',', quote = '"', escape = '"',
        auto_detect = false, columns = {${types}})) TO ${literal(target)} (FORMAT parquet)`,
    )
    await rename(target, path)
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(rows, { force: true })
    await rm(target, { force: true })
  }
}
