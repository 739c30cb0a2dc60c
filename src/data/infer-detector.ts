import type { Detector } from '../core/detector.ts'
import { FraudError } from '../core/errors.ts'
import { findColumn } from './columns.ts'
import type { Column, NumberColumn, Table } from './table.ts'

const labelNames = ['Class', 'isFraud', 'is_fraud', 'fraud', 'TX_FRAUD']
const timeNames = ['Time', 'TX_DATETIME', 'timestamp', 'event_timestamp', 'transaction_time', 'datetime', 'date']
const amountNames = ['Amount', 'TX_AMOUNT', 'amt', 'transaction_amount', 'TransactionAmt']

export interface InferenceHints {
  /** The label's column; without it, it is found by name. */
  readonly label?: string
  /** The time's column; without it, it is found by name, or as the first column of ISO times. */
  readonly time?: string
  /** Columns that are no inputs: weights, say. */
  readonly ignore?: readonly string[]
  /** Names that mean something else among features, so that a column of that name is listed as a column. */
  readonly reserved?: readonly string[]
}

export interface InferredDetector {
  readonly detector: Detector
  /** The columns that are no inputs and no label, each with the reason. */
  readonly leftOut: readonly { readonly column: string; readonly reason: string }[]
}

/**
 * Guesses a detector for a flat table: the label, time and amount by name, and as inputs every column of numbers that
 * is none of them and no identifier, clock or restatement of the label.
 *
 * @throws FraudError DATA_INVALID where there is no label, a hint names no column, or no column is left as an input.
 */
export function inferDetector(table: Table, name: string, hints: InferenceHints = {}): InferredDetector {
  const label = hints.label ?? findByName(table, labelNames)?.name
  if (label === undefined) {
    const columns = table.columns.map((column) => column.name).join(', ')
    throw new FraudError(
      'DATA_INVALID',
      `No column is named like a label (${labelNames.join(', ')}); name it with --label. The columns are: ${columns}`,
    )
  }
  const time = hints.time === undefined ? findTime(table, label) : findColumn(table, hints.time)
  // A name mistyped here would leave in what was to stay out.
  for (const ignored of hints.ignore ?? []) findColumn(table, ignored)
  const amount = findByName(table, amountNames)
  const features: string[] = []
  const leftOut: { column: string; reason: string }[] = []
  for (const column of table.columns) {
    if (column.name === label) continue
    const reason = hints.ignore?.includes(column.name) ? 'as asked' : whyNoInput(column, label, time)
    if (reason === undefined) features.push(column.name)
    else leftOut.push({ column: column.name, reason })
  }
  if (features.length === 0) throw new FraudError('DATA_INVALID', 'No column of numbers is left as an input')
  const detector: Detector = {
    detector: name,
    transaction: {
      ...(time && { time: timeField(time) }),
      ...(amount?.kind === 'number' && { amount: { field: amount.name } }),
      label: { field: label },
    },
    features: features.map((column) => (hints.reserved?.includes(column) ? { column } : column)),
  }
  return { detector, leftOut }
}

/** How a detector names a column of times: ISO 8601, or numbers of which only the order is known. */
function timeField({ name, kind }: Column): NonNullable<Detector['transaction']['time']> {
  return { field: name, format: kind === 'time' ? 'iso' : 'seconds-since' }
}

function findByName(table: Table, names: readonly string[]): Column | undefined {
  for (const name of names) {
    const exact = table.columns.find((column) => column.name === name)
    if (exact !== undefined) return exact
  }
  const lower = names.map((name) => name.toLowerCase())
  return table.columns.find((column) => lower.includes(column.name.toLowerCase()))
}

function findTime(table: Table, label: string): NumberColumn | undefined {
  const named = findByName(table, timeNames)
  if (named !== undefined && named.kind !== 'text' && named.name !== label) return named
  return table.columns.find((column): column is NumberColumn => column.kind === 'time')
}

function whyNoInput(column: Column, label: string, time: Column | undefined): string | undefined {
  if (column === time) return 'the time'
  if (column.kind !== 'number') return column.kind === 'time' ? 'a time' : 'text'
  if (/(^|_)id$|[a-z]Id$|ID$/.test(column.name) || column.name.toLowerCase() === 'id')
    return 'an identifier, by its name'
  if (column.name.startsWith(`${label}_`) || /^(fraud_?)?scenario$/i.test(column.name)) {
    return 'says more about the label, by its name'
  }
  if (column.values.every((value) => Number.isNaN(value))) return 'empty'
  if (time !== undefined && isClock(column.values)) return 'only ever rises with the rows: a clock or a counter'
  return undefined
}

function isClock(values: Float64Array): boolean {
  for (let row = 1; row < values.length; row++) if (!(values[row] >= values[row - 1])) return false
  return values.length > 2 && values[values.length - 1] > values[0]
}
