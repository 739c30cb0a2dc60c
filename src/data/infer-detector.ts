import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import type { TimeFormat } from '../core/time-formats.ts'
import type { Detector } from '../detector/detector.ts'
import { amountNames, amountWords, labelWords, plainNames, timeWords } from './column-names.ts'
import { findColumn, listNames } from './columns.ts'
import { inferTimeField, mayBeNanoseconds } from './infer-time.ts'
import { sortOut } from './no-input.ts'
import type { Column, Table } from './table.ts'

const usualLabels = ['Class', 'isFraud', 'is_fraud', 'fraud', 'TX_FRAUD', 'fraudulent', 'fraud_label', 'is_chargeback']
const laterLabel = 'is_fraud'
const usualTimes = [
  'Time',
  'TX_DATETIME',
  'timestamp',
  'event_timestamp',
  'transaction_time',
  'datetime',
  'date',
  'TransactionDT',
  'trans_date_trans_time',
]
const usualAmounts = ['Amount', 'TX_AMOUNT', 'amt', 'transaction_amount', 'TransactionAmt']
/** Columns of well-known tables by which their `step` is told: PaySim's counts hours, BankSim's days. */
const stepTables = [
  { columns: ['step', 'nameOrig', 'nameDest'], format: 'hours-since' },
  { columns: ['step', 'zipcodeOri', 'zipMerchant'], format: 'days-since' },
] as const

export interface InferenceHints {
  /** The label's column; without it, it is found by name. */
  readonly label?: string
  /** Whether the table may lack a label; then the detector says the usual name, by which labels may come later. */
  readonly mayLackLabel?: boolean
  /** The time's column; without it, it is found by name, or as the first column of ISO times. */
  readonly time?: string
  /** What the time's numbers count; without it, their range says. */
  readonly timeFormat?: TimeFormat
  /** Columns that are not inputs: weights, say. */
  readonly ignore?: readonly string[]
  /** Names that mean something else among features, so that a column of that name is listed as a column. */
  readonly reserved?: readonly string[]
  /** Whether other parts of a detector may make up for columns that are inputs. */
  readonly mayLackInputs?: boolean
  /** Whether rows without an amount are left out where they are read. */
  readonly isSkippingBadRows?: boolean
}

export interface InferredDetector {
  readonly detector: Detector
  /** The columns that are neither inputs nor the label, each with the reason. */
  readonly leftOut: readonly { readonly column: string; readonly reason: string }[]
}

/**
 * Guesses a detector for a flat table: the label, time and amount by name, and as inputs every column of numbers that
 * is none of them and no identifier, index, clock, card number or restatement of the label.
 *
 * @throws FraudError DATA_INVALID where there is no label, a hint names no column, or no column is left as an input.
 */
export function inferDetector(table: Table, name: string, nowMs: number, hints: InferenceHints = {}): InferredDetector {
  const { ignore = [] } = hints
  const label = findLabel(table, hints.label) ?? (hints.mayLackLabel === true ? laterLabel : undefined)
  if (label === undefined) {
    const columns = listNames(table.columns.map((column) => column.name))
    throw new FraudError(
      'DATA_INVALID',
      `No column looks like a label (${usualLabels.join(', ')}, Betrug, fraude, frode); name it with ${option('label')}. The columns are: ${columns}`,
      { hint: `without labels an isolation forest can learn what is usual: ${option('learner')} isolation-forest` },
    )
  }
  // A name mistyped here would leave in what was to stay out.
  for (const ignored of ignore) findColumn(table, ignored)
  const time = hints.time === undefined ? findTime(table, [label, ...ignore]) : findColumn(table, hints.time)
  const amount = findByName(table, usualAmounts) ?? findByWord(table, amountWords, amountNames)
  const labelColumn = table.columns.find((column) => column.name === label)
  const { features, leftOut } = sortOut(table, { label, labelColumn, time, amount }, ignore)
  if (features.length === 0 && hints.mayLackInputs !== true)
    throw new FraudError('DATA_INVALID', 'There is no column of numbers left as an input')
  const detector: Detector = {
    detector: name,
    transaction: {
      ...(time && { time: inferTimeField(time, hints.timeFormat ?? stepFormat(table, time), nowMs) }),
      ...(amount?.kind === 'number' && { amount: { field: amount.name } }),
      label: { field: label },
    },
    features: features.map((column) => (hints.reserved?.includes(column) ? { column } : column)),
  }
  return { detector, leftOut }
}

/** The label's column by name; as it was given, where it was. */
export function findLabel(table: Table, given: string | undefined): string | undefined {
  return given ?? (findByName(table, usualLabels) ?? findByWord(table, labelWords))?.name
}

/** Whether a column's name says that it is the label, an amount or a time, whose digits are a number's. */
export function isNumberByName(name: string): boolean {
  const lower = name.toLowerCase()
  const usual = [...usualLabels, ...usualAmounts, ...usualTimes].some((each) => each.toLowerCase() === lower)
  return usual || amountNames(name).some((each) => [...labelWords, ...amountWords, ...timeWords].includes(each))
}

function findByName(table: Table, names: readonly string[]): Column | undefined {
  for (const name of names) {
    const exact = table.columns.find((column) => column.name === name)
    if (exact !== undefined) return exact
  }
  const lower = names.map((name) => name.toLowerCase())
  return table.columns.find((column) => lower.includes(column.name.toLowerCase()))
}

/** The column of the first word by which one is known. */
function findByWord(
  { columns }: Table,
  words: readonly string[],
  namesOf: (column: string) => readonly string[] = plainNames,
): Column | undefined {
  const named = columns.map((column) => ({ column, names: namesOf(column.name) }))
  for (const word of words) {
    const found = named.find(({ names }) => names.includes(word))
    if (found !== undefined) return found.column
  }
  return undefined
}

function findTime(table: Table, others: readonly string[]): Column | undefined {
  const columns = table.columns.filter(({ name }) => !others.includes(name))
  const named = findByName({ ...table, columns }, usualTimes)
  if (named !== undefined && (named.kind !== 'text' || mayBeNanoseconds(named))) return named
  const times = columns.filter(({ kind }) => kind === 'time')
  return (
    columns.find((column) => stepFormat(table, column) !== undefined) ??
    findByWord({ ...table, columns: times }, timeWords) ??
    times[0]
  )
}

/** What the step of a well-known table counts. */
function stepFormat(table: Table, { name, kind }: Column): TimeFormat | undefined {
  if (name !== 'step' || kind !== 'number') return undefined
  const has = (wanted: string) => table.columns.some((column) => column.name === wanted)
  return stepTables.find(({ columns }) => columns.every(has))?.format
}
