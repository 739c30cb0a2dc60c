import assert from 'node:assert/strict'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { formatIsoTime } from '../core/time-parser.ts'
import type { Column, Table } from './table.ts'
import { type Place, writeFileAtomically } from './write-file.ts'

const rowsPerChunk = 2000

/** Writes a table, or one in batches, as CSV, compressed where the name ends in `.gz`, complete or not at all. */
export async function writeCsv(tables: Table | Iterable<Table>, path: string, place?: Place): Promise<void> {
  return writeChunks(formatCsv(tables), path, place)
}

/** Writes a file in pieces, compressed where its name ends in `.gz`, complete or not at all. */
export async function writeChunks(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  path: string,
  place?: Place,
): Promise<void> {
  const content = path.toLowerCase().endsWith('.gz') ? compressed(chunks) : chunks
  return writeFileAtomically(path, content, undefined, place)
}

async function* compressed(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gzip = createGzip()
  // A failure of the pipeline ends the stream with that failure, and so is thrown below.
  pipeline(chunks, gzip).catch(() => undefined)
  yield* gzip
}

/**
 * A table, or one in batches of the same columns, as CSV (RFC 4180 with LF), in pieces. A number is its shortest text
 * that reads back as the same double, a time ISO 8601 in UTC, a missing value nothing. An empty text can't be told from
 * a missing one.
 */
export function* formatCsv(tables: Table | Iterable<Table>): Generator<Buffer> {
  const format = csvFormatter()
  for (const table of 'columns' in tables ? [tables] : tables) yield* format(table)
}

/** Formats the batches of one table one after the other, the header before the first. */
export function csvFormatter(): (table: Table) => Generator<Buffer> {
  let header: string | undefined
  return function* format(table) {
    const own = `${table.columns.map(({ name }) => quoteName(name)).join(',')}\n`
    assert(own === (header ?? own), 'batches of one table have the same columns')
    if (header === undefined) yield Buffer.from(own)
    header = own
    yield* formatRows(table)
  }
}

function* formatRows({ rowCount, columns }: Table): Generator<Buffer> {
  const cells = columns.map(cellFormatter)
  // A lone missing value must not look like a blank line, which readers skip.
  const lone = columns.length === 1 ? '""' : ''
  for (let start = 0; start < rowCount; start += rowsPerChunk) {
    const end = Math.min(rowCount, start + rowsPerChunk)
    let text = ''
    for (let row = start; row < end; row++) {
      text += cells[0](row) || lone
      for (let column = 1; column < cells.length; column++) text += `,${cells[column](row)}`
      text += '\n'
    }
    yield Buffer.from(text)
  }
}

function cellFormatter(column: Column): (row: number) => string {
  if (column.kind === 'text') {
    const quoted = column.dictionary.map(quoteText)
    return (row) => (column.codes[row] < 0 ? '' : quoted[column.codes[row]])
  }
  const { values } = column
  if (column.kind === 'time') return (row) => (Number.isNaN(values[row]) ? '' : formatIsoTime(values[row]))
  return (row) => {
    const value = values[row]
    if (Number.isNaN(value)) return ''
    return value === 0 && Object.is(value, -0) ? '-0' : String(value)
  }
}

function quoteText(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A name is also quoted where a reader would trim it or take it for a mark at the start of the file. */
function quoteName(name: string): string {
  return name === '' || name !== name.trim() ? `"${name.replaceAll('"', '""')}"` : quoteText(name)
}
