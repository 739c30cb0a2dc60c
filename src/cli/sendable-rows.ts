import { formatIsoTime } from '../core/time-parser.ts'
import type { Column } from '../data/table.ts'

/** Reads rows of a table as a caller would send them: times as ISO texts, a missing value undefined. */
export function sendableRows(columns: readonly Column[]): (row: number) => Readonly<Record<string, unknown>> {
  const cells = columns.map((column): [string, (row: number) => unknown] => {
    if (column.kind === 'text') return [column.name, (row) => column.dictionary[column.codes[row]]]
    const { values, kind, name } = column
    const show = kind === 'time' ? formatIsoTime : (value: number) => value
    return [name, (row) => (Number.isNaN(values[row]) ? undefined : show(values[row]))]
  })
  return (row) => Object.fromEntries(cells.map(([name, cell]) => [name, cell(row)]))
}
