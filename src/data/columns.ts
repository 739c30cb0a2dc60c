import { suggestion } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import type { Column, NumberColumn, Table } from './table.ts'

/** A wider table is a mistake, or an attack on the memory: every column takes room for its rows. */
export const mostColumns = 16_384

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

const mostListed = 20

/** The first of many names, for a message. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, mostListed).map(showValue).join(', ')
  return names.length > mostListed ? `${shown} and ${(names.length - mostListed).toLocaleString('en')} more` : shown
}

/** Refuses a declaration of columns that the file does not have. */
export function checkDeclaredColumns(file: string, declared: readonly string[], names: readonly string[]): void {
  const known = new Set(names)
  for (const name of declared) {
    if (known.has(name)) continue
    throw new FraudError('OPTION_INVALID', `${file} has no column "${showValue(name)}"${suggestion(name, names)}`)
  }
}

/** Reads a column as text, row by row; undefined where it is missing. */
export function textReader(table: Table, name: string): (row: number) => string | undefined {
  const column = findColumn(table, name)
  if (column.kind === 'text') return (row) => column.dictionary[column.codes[row]]
  return (row) => (Number.isNaN(column.values[row]) ? undefined : String(column.values[row]))
}
