import { type DuckDBConnection, DuckDBStructType, type DuckDBType } from '@duckdb/node-api'
import { FraudError } from '../core/errors.ts'
import { deepestNesting } from '../core/nested-fields.ts'
import { showValue } from '../core/show-value.ts'
import type { ColumnKind } from './column-kind.ts'
import { mostColumns } from './columns.ts'
import { listOf, literal, quoted } from './duckdb.ts'

export interface ParquetColumn {
  readonly name: string
  /** Reads the column as DOUBLE (times in milliseconds) or VARCHAR. */
  readonly sql: string
  readonly stored: 'number' | 'text' | 'time'
  /** Up to here a stored number's decimal text is the file's own; past it, two numbers may have become one. */
  readonly exactUpTo: number
  /** Whether its times are what clocks showed, of no zone. */
  readonly isOfClocks: boolean
}

const mostDecimalDigits = 38

/** Names and types of the columns, and for each the SQL that turns it into one of the two types that are read. */
export async function describeColumns(
  connection: DuckDBConnection,
  path: string,
  { source, patterns }: { readonly source: string; readonly patterns: readonly string[] },
  declared: Readonly<Record<string, ColumnKind>>,
  asked: ReadonlySet<string>,
) {
  const empty = await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`)
  const types = empty.columnTypes()
  const own = await readNames(connection, patterns[0])
  const { columns, twice } = byPath(
    empty.columnNames().flatMap((name, i) => flatten(own[i], '', quoted(name), types[i], asked)),
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
    leftOut.push(`${showValue(name)} (given more than once)`)
  }
  for (const { name, type, physical, value } of columns) {
    const isText = unsafe.has(name) || (Object.hasOwn(declared, name) && declared[name] === 'text')
    const column = binary.has(name) ? undefined : describeColumn(name, value, type, isText)
    // Spark's INT96 are instants, though nothing of the file says so.
    const isOfClocks = /^(DATE|TIMESTAMP(_S|_MS|_NS)?)$/.test(type) && physical !== 'INT96'
    if (column !== undefined) described.push({ ...column, isOfClocks })
    else if (asked.has(name)) throw unreadableColumn(path, name, type)
    else leftOut.push(`${showValue(name)} (${type.slice(0, 40)})`)
  }
  if (described.length === 0) {
    throw columns.length > 0 ? unreadableColumn(path, columns[0].name, columns[0].type) : givenTwice(path, twice[0])
  }
  return { described, leftOut, rowCount: Number(rowCount) }
}

interface StoredColumn {
  readonly name: string
  readonly type: string
  /** As the file stores it. */
  readonly physical: string
  /** The SQL of its values. */
  readonly value: string
}

/** A column by the name that the file has it by, and those within it. */
interface NamedColumn {
  readonly name: string
  readonly physical: string
  readonly within: readonly NamedColumn[]
}

/** DuckDB tells no two names apart by their case, and gives the second one a number, which may be the name of a third. */
async function readNames(connection: DuckDBConnection, pattern: string): Promise<readonly NamedColumn[]> {
  const sql = `SELECT name, type, num_children FROM parquet_schema(${literal(pattern)})`
  const found = await connection.runAndReadAll(sql)
  const nodes = found.getRowsJS().values()
  const next = (): NamedColumn => {
    const [name, physical, children] = nodes.next().value ?? []
    const within = Array.from({ length: Number(children ?? 0) }, next)
    return { name: String(name), physical: String(physical), within }
  }
  return next().within
}

/** A column, or those within it by their paths: `payment.card.token`. */
function flatten(
  { name: own, physical, within }: NamedColumn,
  prefix: string,
  value: string,
  type: DuckDBType,
  asked: ReadonlySet<string>,
  depth = 1,
): readonly StoredColumn[] {
  const name = prefix + own
  if (!(type instanceof DuckDBStructType) || asked.has(name) || depth === deepestNesting) {
    return [{ name, type: String(type), physical, value }]
  }
  return type.entryNames.flatMap((entry, i) =>
    flatten(within[i], `${name}.`, `struct_extract(${value}, ${literal(entry)})`, type.entryTypes[i], asked, depth + 1),
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
  const reason = `the column "${field}" is given more than once, by its name or nested in another`
  return new FraudError('DATA_INVALID', `${path}: ${reason}`, { errors: [{ field, reason }] })
}

/** DuckDB 1.5 reads decimals of more digits than it has a type for as wrong numbers (duckdb/duckdb 25058). */
export async function refuseLongDecimals(
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
function describeColumn(
  name: string,
  column: string,
  type: string,
  isText: boolean,
): Omit<ParquetColumn, 'isOfClocks'> | undefined {
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
