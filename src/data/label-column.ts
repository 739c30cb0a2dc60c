import { readFraudWord } from '../detector/fraud-words.ts'
import { usualMissing } from './missing-words.ts'
import { parseDecimal } from './number-parser.ts'
import type { Column, Table } from './table.ts'

/** What a label may be, as the end of a sentence. */
export const labelsAllowed = 'a label is 0, 1, true, false, yes, no, fraud, legitimate or empty'

const encoder = new TextEncoder()

/** 1 fraud, 0 legitimate, NaN unknown, another number as it stands; null for a text that is none of them. */
export function labelOf(text: string, missing = usualMissing): number | null {
  const trimmed = text.trim()
  const isFraud = readFraudWord(trimmed)
  if (isFraud !== undefined) return isFraud ? 1 : 0
  const bytes = encoder.encode(trimmed)
  const value = parseDecimal(bytes, 0, bytes.length)
  return Number.isNaN(value) && !missing.has(bytes, 0, bytes.length) ? null : value
}

/** The label of a row; NaN where it is missing, or is none. */
export function labelAt(column: Column, row: number): number {
  if (column.kind !== 'text') return column.values[row]
  return column.codes[row] < 0 ? Number.NaN : (labelOf(column.dictionary[column.codes[row]]) ?? Number.NaN)
}

/** Words of a label's column that are not labels, with the number of their rows. */
export function otherWords(table: Table, name: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  const label = table.columns.find((column) => column.name === name)
  if (label?.kind !== 'text') return found
  const areLabels = label.dictionary.map((text) => labelOf(text) !== null)
  for (const code of label.codes) {
    if (code < 0 || areLabels[code]) continue
    found.set(label.dictionary[code], (found.get(label.dictionary[code]) ?? 0) + 1)
  }
  return found
}

/** The table with a label of texts as one of numbers; NaN where a text is not a label, which TransactionReader tells of. */
export function withNumericLabel(table: Table, name: string): Table {
  const label = table.columns.find((column) => column.name === name)
  if (label?.kind !== 'text') return table
  const values = Float64Array.from(label.codes, (_, row) => labelAt(label, row))
  const numeric: Column = { kind: 'number', name, values }
  return { ...table, columns: table.columns.map((column) => (column === label ? numeric : column)) }
}
