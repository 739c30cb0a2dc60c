import { option } from '../core/option.ts'
import { cardNumberShare } from './card-number-columns.ts'
import type { Column, NumberColumn, Table } from './table.ts'

/** What a guess about a column goes by, beside the column itself. */
export interface ColumnContext {
  readonly label: string
  readonly labelColumn: Column | undefined
  readonly time: Column | undefined
  readonly amount: Column | undefined
}

const indexName = /^(unnamed(: ?|_)\d+|index|row_?(id|name|names|num|number)?|level_0|)$/i

/** Why a column of a flat table is left out of a model's inputs; undefined where it is one. */
function whyNoInput(column: Column, context: ColumnContext): string | undefined {
  const { label, labelColumn, time, amount } = context
  const { name } = column
  if (column === time) return 'the time'
  if (cardNumberShare(column) !== undefined) {
    return 'card numbers; to keep histories by card, declare it as a key, and under hashCardNumber'
  }
  if (column.kind !== 'number') return column.kind === 'time' ? 'a time' : 'text'
  if (/(^|_)id$|[a-z]Id$|ID$/.test(name) || name.toLowerCase() === 'id') return 'an identifier, by its name'
  if (name.startsWith(`${label}_`) || /^(fraud_?)?scenario$/i.test(name) || isFlagOf(label, column)) {
    return 'has more about the label, by its name'
  }
  if (column.values.every((value) => Number.isNaN(value))) return 'empty'
  if (labelColumn !== undefined && repeats(column, labelColumn)) return 'equals the label in every row'
  if (/^(unix_?time|epoch|timestamp)$/i.test(name)) return 'another time, by its name'
  if (indexName.test(name)) return 'an index, by its name'
  if (isIndex(column.values)) return 'a running number of the rows'
  // A file may well be sorted by its amounts.
  if (column !== amount && isClock(column.values)) {
    const hint = time === undefined ? `; if it is the time, use ${option('time')} ${name}` : ''
    return `only ever rises or falls with the rows: a clock or a counter${hint}`
  }
  return undefined
}

/** Whether it is a column of 0 and 1 whose name has a word of the label's, as isFlaggedFraud has of isFraud. */
function isFlagOf(label: string, { name, values }: NumberColumn): boolean {
  const words = new Set(['fraud', 'fraudulent', ...wordsOf(label).filter((word) => word.length > 3)])
  return (
    wordsOf(name).some((word) => words.has(word)) &&
    values.every((value) => !(value !== 0 && value !== 1) || Number.isNaN(value))
  )
}

function wordsOf(name: string): readonly string[] {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
  return spaced.split(/[^a-z]+/)
}

/** Whether a column is the label over again, or its opposite, wherever both are known. */
function repeats({ values }: NumberColumn, label: Column): boolean {
  if (label.kind !== 'number') return false
  let same = true
  let opposite = true
  let known = 0
  for (let row = 0; row < values.length && (same || opposite); row++) {
    if (Number.isNaN(values[row]) || Number.isNaN(label.values[row])) continue
    known++
    if (values[row] !== label.values[row]) same = false
    if (values[row] !== 1 - label.values[row]) opposite = false
  }
  return known > 2 && (same || opposite)
}

const fewestRows = 10

/** Whether the values are whole numbers, each once, without gaps to speak of (rows may be left out), in any order. */
function isIndex(values: Float64Array): boolean {
  const { length } = values
  if (length < fewestRows) return false
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (!Number.isInteger(value)) return false
    if (value < least) least = value
    if (value > most) most = value
  }
  if (most - least + 1 > Math.ceil(1.01 * length)) return false
  const seen = new Uint8Array(most - least + 1)
  for (const value of values) {
    if (seen[value - least] === 1) return false
    seen[value - least] = 1
  }
  return true
}

function isClock(values: Float64Array): boolean {
  let rises = false
  let falls = false
  let known = 0
  let before = Number.NaN
  for (const value of values) {
    if (Number.isNaN(value)) continue
    if (value > before) rises = true
    if (value < before) falls = true
    if (rises && falls) return false
    before = value
    known++
  }
  return known > 2 && (rises || falls)
}

/** The columns that are inputs, and the others, each with the reason. */
export function sortOut(table: Table, context: ColumnContext, ignored: readonly string[]) {
  const features: string[] = []
  const leftOut: { column: string; reason: string }[] = []
  for (const column of table.columns) {
    if (column.name === context.label) continue
    const reason = ignored.includes(column.name) ? 'as asked' : whyNoInput(column, context)
    if (reason === undefined) features.push(column.name)
    else leftOut.push({ column: column.name, reason })
  }
  return { features, leftOut }
}
