import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draftKnownAt } from './draft-known-at.ts'
import type { Table } from './table.ts'

const dayMs = 86_400_000
const startMs = Date.UTC(2026, 0, 1)
const time = { field: 'time', format: 'iso' } as const
const label = { field: 'fraud' }

/** Rows a day apart: 1, 0 or NaN, and after how many days that was known. */
function tableOf(name: string, rows: readonly (readonly [fraud: number, days: number])[]): Table {
  const of = (values: readonly number[]) => Float64Array.from(values)
  const times = rows.map((_, row) => startMs + row * dayMs)
  return {
    rowCount: rows.length,
    columns: [
      { kind: 'time', name: 'time', values: of(times) },
      { kind: 'number', name: 'fraud', values: of(rows.map(([fraud]) => fraud)) },
      { kind: 'time', name, values: of(rows.map(([, days], row) => times[row] + days * dayMs)) },
    ],
  }
}

const gap = Number.NaN

test('a column that says when each label became known is found by its name', () => {
  const rows = [[1, 3] as const, [0, 30] as const, [gap, gap] as const]
  for (const field of [
    'knownAt',
    'label_known_at',
    'reported_at',
    'fraud_reported_at',
    'chargeback_date',
    'dispute_opened_on',
  ])
    assert.deepEqual(draftKnownAt(tableOf(field, rows), { time, label }), { field })
  for (const field of ['time_known', 'confirmed_at', 'shipping_date', 'report_date'])
    assert.equal(draftKnownAt(tableOf(field, rows), { time, label }), undefined, field)
})

test('where only frauds have a time, others are legitimate once nearly all frauds were known', () => {
  const frauds = Array.from({ length: 100 }, (_, i) => [1, i < 95 ? (i % 19) + 0.5 : 60] as const)
  const drafted = draftKnownAt(tableOf('reported_at', [...frauds, [0, gap], [0, gap]]), { time, label })
  assert.deepEqual(drafted, { field: 'reported_at', maturity: '19d' })
})

test('a column is left out with the reason where frauds lack it, or it comes before the transaction', () => {
  const why = (...rows: readonly (readonly [number, number])[]) =>
    draftKnownAt(tableOf('reported_at', rows), { time, label })?.left
  assert.match(why([1, 3], [1, gap], [0, gap]) ?? '', /not of 1 frauds/)
  assert.match(why([1, 3], [0, -1]) ?? '', /in 1 rows it is before the transaction/)
})
