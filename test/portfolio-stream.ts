import assert from 'node:assert/strict'
import { toMinorUnits } from '../src/core/money.ts'
import { simulatePortfolio } from '../src/data/simulate/portfolio.ts'
import type { Column, Table } from '../src/data/table.ts'
import { parseDetector } from '../src/detector/detector.ts'
import { compileDetector } from '../src/features/feature-set.ts'
import { MemoryHistories } from '../src/features/memory-histories.ts'
import { Replay } from '../src/features/replay.ts'
import { type LogRecord, recordFormat } from '../src/log/log-record.ts'

/** The handbook's features. */
export const portfolioDetector = parseDetector({
  detector: 'portfolio',
  transaction: {
    id: 'transaction_id',
    time: { field: 'time', format: 'iso' },
    amount: { field: 'amount', digits: 2 },
    keys: { customer: 'customer_id', terminal: 'terminal_id' },
    label: { field: 'is_fraud', delay: '7d' },
  },
  features: [
    'amount',
    'weekend',
    { night: { untilHour: 6 } },
    { count: { by: 'customer', over: ['1d', '7d', '30d'] } },
    { mean: { of: 'amount', by: 'customer', over: ['1d', '7d', '30d'] } },
    { count: { by: 'terminal', over: ['1d', '7d', '30d'], delay: '7d' } },
    { fraudRate: { by: 'terminal', over: ['1d', '7d', '30d'] } },
  ],
  policy: { review: 0.2, decline: 0.8 },
})

export const portfolioFeatures = compileDetector(portfolioDetector)

export interface PortfolioRow {
  readonly id: string
  readonly timestampMs: number
  readonly amount: number
  readonly isFraud: boolean
  /** Valid until the next one. */
  readonly row: Float64Array
}

export interface StreamOptions {
  readonly customers: number
  readonly days: number
  readonly seed: number
  /** What amounts become; by default what they are. */
  readonly amountAt?: (amount: number, day: number) => number
}

export const streamStartMs = Date.UTC(2026, 0, 1)
const dayMs = 86_400_000

/** A simulated portfolio's transactions with the rows that decisions on them have, labels known after seven days. */
export function* streamPortfolio({
  customers,
  days,
  seed,
  amountAt = (amount) => amount,
}: StreamOptions): Generator<PortfolioRow> {
  const replay = new Replay(portfolioFeatures, new MemoryHistories(portfolioFeatures.plan))
  for (const table of simulatePortfolio({ customers, terminals: 2 * customers, days, seed, startMs: streamStartMs })) {
    for (let i = 0; i < table.rowCount; i++) {
      const timestampMs = numberOf(table, 'time', i)
      const day = Math.floor((timestampMs - streamStartMs) / dayMs)
      const amount = Math.round(100 * amountAt(numberOf(table, 'amount', i), day)) / 100
      const texts = portfolioFeatures.layout.texts.map(({ column }) => textOf(table, column, i))
      const transaction = { timestampMs, amount: toMinorUnits(amount, 2), texts, numbers: [] }
      const row = replay.next(transaction)
      const isFraud = numberOf(table, 'is_fraud', i) === 1
      yield { id: String(textOf(table, 'transaction_id', i)), timestampMs, amount, isFraud, row }
      replay.label(transaction, { isFraud, knownAtMs: timestampMs + 7 * dayMs })
    }
  }
}

export const portfolioDefinition: Extract<LogRecord, { kind: 'definition' }> = {
  ...{ kind: 'definition', format: recordFormat, detector: portfolioDetector, model: 'portfolio@0', runtime: 'test' },
  ...{ columns: ['amount', 'customer_id', 'terminal_id'], features: portfolioFeatures.names },
  policy: { ...{ review: 0.2, decline: 0.8, whenUnavailable: 'review' }, version: 1 } as never,
}

/** A decision's record, whose row is the stream's. */
export function decisionOf({ id, timestampMs, amount, row }: PortfolioRow): Extract<LogRecord, { kind: 'decision' }> {
  const score = Math.min(1, amount / 500)
  return {
    ...{ kind: 'decision', id, timestampMs, decidedAtMs: timestampMs, score, definition: 1, degraded: [] },
    ...{ outcome: score > 0.5 ? 'review' : 'approve', fields: [amount, 'c', 't'], row },
  }
}

function columnOf({ columns }: Table, name: string): Column {
  return columns.find((column) => column.name === name) ?? assert.fail(`no column ${name}`)
}

function numberOf(table: Table, name: string, row: number): number {
  const column = columnOf(table, name)
  assert(column.kind !== 'text', name)
  return column.values[row]
}

function textOf(table: Table, name: string, row: number): string | undefined {
  const column = columnOf(table, name)
  if (column.kind !== 'text') return String(column.values[row])
  return column.dictionary[column.codes[row]]
}
