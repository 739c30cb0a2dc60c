import { FraudError } from '../core/errors.ts'
import { suggestion } from './closest-name.ts'
import type { Column, NumberColumn, Table } from './table.ts'

/** The column of that name, or DATA_INVALID with the nearest name there is. */
export function findColumn(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name)
  if (column !== undefined) return column
  const names = table.columns.map((candidate) => candidate.name)
  throw new FraudError('DATA_INVALID', `There is no column "${name}"${suggestion(name, names)}`)
}

/** The column of that name, of numbers or times, or DATA_INVALID. */
export function numberColumn(table: Table, name: string): NumberColumn {
  const column = findColumn(table, name)
  if (column.kind !== 'text') return column
  throw new FraudError('DATA_INVALID', `The column "${name}" holds text; numbers are needed`)
}
