import { formatIsoTime } from '../core/time-parser.ts'
import type { Column } from '../data/table.ts'

/**
 * Reads rows of a table as a caller would send them: times as ISO texts, a missing value undefined.
 *
 * @param time the column of the transactions' times, which in the file may be written in other ways.
 */
export function sendableRows(
  columns: readonly Column[],
  time?: { readonly field: string; timeOf(row: number): number },
): (row: number) => Readonly<Record<string, unknown>> {
  const cells = columns.map((column): [string, (row: number) => unknown] => {
    const { name } = column
    const plain = cellOf(column)
    if (name !== time?.field) return [name, plain]
    const written = (row: number) => {
      const timestampMs = time.timeOf(row)
      return Number.isNaN(timestampMs) ? plain(row) : formatIsoTime(timestampMs)
    }
    return [name, written]
  })
  return (row) => Object.fromEntries(cells.map(([name, cell]) => [name, cell(row)]))
}

function cellOf(column: Column): (row: number) => unknown {
  if (column.kind === 'text') return (row) => column.dictionary[column.codes[row]]
  const { values, kind } = column
  const show = kind === 'time' ? formatIsoTime : (value: number) => value
  return (row) => (Number.isNaN(values[row]) ? undefined : show(values[row]))
}
