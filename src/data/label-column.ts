import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import { usualMissing } from './missing-words.ts'
import { parseDecimal } from './number-parser.ts'
import type { Column, Table } from './table.ts'

/** What a label may be, as the end of a sentence. */
export const labelsAllowed = 'a label is 0, 1, true, false or empty'

const encoder = new TextEncoder()

/** 1 fraud, 0 legitimate, NaN unknown, another number as it stands; null for a text that is none of them. */
export function labelOf(text: string, missing = usualMissing): number | null {
  const trimmed = text.trim()
  if (/^true$/i.test(trimmed)) return 1
  if (/^false$/i.test(trimmed)) return 0
  const bytes = encoder.encode(trimmed)
  const value = parseDecimal(bytes, 0, bytes.length)
  return Number.isNaN(value) && !missing.has(bytes, 0, bytes.length) ? null : value
}

/** The label of a row; NaN where it is missing, or is none. */
export function labelAt(column: Column, row: number): number {
  if (column.kind !== 'text') return column.values[row]
  return column.codes[row] < 0 ? Number.NaN : (labelOf(column.dictionary[column.codes[row]]) ?? Number.NaN)
}

/**
 * The table with a label of texts, as pandas writes Booleans into CSV, as one of numbers.
 *
 * @throws FraudError DATA_INVALID where one of the texts is no label.
 */
export function withNumericLabel(table: Table, name: string, file: string): Table {
  const label = table.columns.find((column) => column.name === name)
  if (label?.kind !== 'text') return table
  const { codes, dictionary } = label
  const values = Float64Array.from(codes, (code, row) => {
    const value = code < 0 ? Number.NaN : labelOf(dictionary[code])
    if (value !== null) return value
    const place = table.lineOf === undefined ? `row ${row + 1}` : `line ${table.lineOf(row)}`
    const reason = `"${showValue(dictionary[code])}" is not a label: ${labelsAllowed}`
    throw new FraudError('DATA_INVALID', `${file}, ${place}, column "${showValue(name)}": ${reason}`, {
      errors: [{ field: showValue(name), reason }],
    })
  })
  const numeric: Column = { kind: 'number', name, values }
  return { ...table, columns: table.columns.map((column) => (column === label ? numeric : column)) }
}
