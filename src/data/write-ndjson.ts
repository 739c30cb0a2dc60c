import { FraudError } from '../core/errors.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { Column, Table } from './table.ts'
import { writeChunks } from './write-csv.ts'
import type { Place } from './write-file.ts'

const rowsPerChunk = 2000

/** Writes a table, or one in batches, as NDJSON, compressed where the name ends in `.gz`, complete or not at all. */
export async function writeNdjson(tables: Table | Iterable<Table>, path: string, place?: Place): Promise<void> {
  return writeChunks(formatNdjson(tables), path, place)
}

/**
 * A table, or one in batches, as one JSON object per line, in pieces. A number is its shortest text that reads back as
 * the same double, a time a string of ISO 8601 in UTC, and a missing value is left out. Throws DATA_INVALID for an
 * infinite number, which JSON has no text for.
 */
export function* formatNdjson(tables: Table | Iterable<Table>): Generator<Buffer> {
  for (const { rowCount, columns } of 'columns' in tables ? [tables] : tables) {
    const fields = columns.map(fieldFormatter)
    for (let start = 0; start < rowCount; start += rowsPerChunk) {
      const end = Math.min(rowCount, start + rowsPerChunk)
      let text = ''
      for (let row = start; row < end; row++) {
        let line = ''
        for (const field of fields) line += field(row)
        text += `{${line.slice(1)}}\n`
      }
      yield Buffer.from(text)
    }
  }
}

/** Gives a row's name and value behind a comma; nothing where the value is missing. */
function fieldFormatter(column: Column): (row: number) => string {
  const name = `,${JSON.stringify(column.name)}:`
  if (column.kind === 'text') {
    const fields = column.dictionary.map((text) => name + JSON.stringify(text))
    return (row) => (column.codes[row] < 0 ? '' : fields[column.codes[row]])
  }
  const { values } = column
  if (column.kind === 'time')
    return (row) => (Number.isNaN(values[row]) ? '' : `${name}"${formatIsoTime(values[row])}"`)
  return (row) => {
    const value = values[row]
    if (Number.isNaN(value)) return ''
    if (!Number.isFinite(value)) {
      throw new FraudError('DATA_INVALID', `A value of column "${column.name}" is infinite, which JSON can't express`)
    }
    return name + (Object.is(value, -0) ? '-0' : String(value))
  }
}
