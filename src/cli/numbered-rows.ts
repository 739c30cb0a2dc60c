import { textReader } from '../data/columns.ts'
import type { Column, Table } from '../data/table.ts'
import type { FieldValue } from '../detector/field-value.ts'
import { fieldOf, type RecordShape } from '../detector/kept-fields.ts'
import { personalColumns } from '../detector/personal-columns.ts'
import type { TransactionRecord } from '../log/decision-log.ts'
import type { IntakeTarget } from './intake-target.ts'
import { sendableRows } from './sendable-rows.ts'

const mostCompared = 50

/** A table with the ids that a name and its lines give to rows without one. */
export function numberRows(table: Table, id: string, name: string): Table {
  const { rowCount, columns } = table
  const lineOf = linesOf(table)
  const given = columns.find((column) => column.name === id)
  if (given?.kind === 'time') return table
  if (given === undefined) {
    const dictionary = Array.from({ length: rowCount }, (_, row) => `${name}:${lineOf(row)}`)
    const numbers: Column = { kind: 'text', name: id, codes: Int32Array.from(dictionary.keys()), dictionary }
    return { ...table, columns: [...columns, numbers] }
  }
  const without = new Set(rowsWithoutId(table, id))
  if (without.size === 0) return table
  const idOf = textReader(table, id)
  const dictionary = Array.from({ length: rowCount }, (_, row) =>
    without.has(row) ? `${name}:${lineOf(row)}` : (idOf(row) ?? ''),
  )
  const filled: Column = { kind: 'text', name: id, codes: Int32Array.from(dictionary.keys()), dictionary }
  return { ...table, columns: columns.map((column) => (column === given ? filled : column)) }
}

/**
 * The name by which the rows of a file are in the log already, so that one that was renamed is not taken in twice: that of
 * which some of its lines are there, and all of those that are compared say the same. Else the file's own.
 */
export function nameInLog(table: Table, own: string, target: Pick<IntakeTarget, 'detector' | 'reading'>): string {
  const { reading, detector } = target
  const rows = sampleOf(rowsWithoutId(table, detector.transaction.id ?? ''))
  const lineOf = linesOf(table)
  const recordOf = (name: string, row: number) => reading.find(`${name}:${lineOf(row)}`)
  const isIn = (name: string) => rows.some((row) => recordOf(name, row) !== undefined)
  if (rows.length === 0 || isIn(own)) return own
  const comparing = plainRows(table, target)
  const isSame = (name: string) =>
    rows.every((row) => {
      const record = recordOf(name, row)
      return record === undefined || comparing(record, row)
    })
  const endings = [rows[0], rows[Math.floor(rows.length / 2)], rows[rows.length - 1]].map((row) => `:${lineOf(row)}`)
  const names = endings.flatMap((ending) => reading.idsEndingIn(ending).map((id) => id.slice(0, -ending.length)))
  return [...new Set(names)].find((name) => name !== own && isSame(name)) ?? own
}

function rowsWithoutId(table: Table, id: string): readonly number[] {
  const rows = Array.from({ length: table.rowCount }, (_, row) => row)
  if (!table.columns.some(({ name }) => name === id)) return rows
  const idOf = textReader(table, id)
  return rows.filter((row) => (idOf(row) ?? '').trim() === '')
}

function sampleOf(rows: readonly number[]): readonly number[] {
  const count = Math.min(rows.length, mostCompared)
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)])
}

/** Whether a record says what a row does, in the columns that are kept as they come. */
function plainRows(table: Table, { detector, reading }: Pick<IntakeTarget, 'detector' | 'reading'>) {
  const { id = '', amount, hashCardNumber = [] } = detector.transaction
  const changed = new Set([id, ...personalColumns(detector.transaction).keys(), ...hashCardNumber])
  if (amount?.minorUnits === true) changed.add(amount.field)
  const columns = table.columns.filter(({ name, kind }) => kind !== 'time' && !changed.has(name))
  const read = sendableRows(columns)
  return (record: TransactionRecord, row: number): boolean => {
    const shape: RecordShape = reading.definition(record.definition)
    const value = read(row)
    return columns.every(
      ({ name }) => !shape.columns.includes(name) || areAlike(fieldOf(shape, record.fields, name), value[name]),
    )
  }
}

/** Coordinates and amounts are kept rounded, and texts without the blanks around them. */
function areAlike(kept: FieldValue, given: unknown): boolean {
  const isMissing = given === undefined || given === ''
  if (kept === undefined || isMissing) return kept === undefined && isMissing
  if (typeof kept === 'number') return Math.abs(kept - Number(given)) <= 1e-6 * Math.max(1, Math.abs(kept))
  return kept === String(given).trim()
}

function linesOf({ lineOf = (row: number) => row + 1 }: Table): (row: number) => number {
  return lineOf
}
