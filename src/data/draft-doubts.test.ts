import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draftDetector } from './draft-detector.ts'
import type { Column, Table } from './table.ts'

const count = 200
const text = (name: string, textOf: (row: number) => string | undefined): Column => {
  const values = Array.from({ length: count }, (_, row) => textOf(row))
  const dictionary = [...new Set(values.filter((value) => value !== undefined))]
  const codes = Int32Array.from(values, (value) => (value === undefined ? -1 : dictionary.indexOf(value)))
  return { kind: 'text', name, codes, dictionary }
}
const times = (stepMs: number): Column => ({
  ...{ kind: 'time', name: 'date' },
  values: Float64Array.from({ length: count }, (_, row) => Date.UTC(2026, 0, 1) + row * stepMs),
})
const label: Column = {
  ...{ kind: 'number', name: 'is_fraud' },
  values: Float64Array.from({ length: count }, (_, row) => (row % 20 === 0 ? 1 : 0)),
}
const customer = text('customer_id', (row) => `c${row % 9}`)
const draftOf = (...columns: readonly Column[]) => {
  const table: Table = { rowCount: count, columns: [...columns, label] }
  return draftDetector(table, 'own', Date.UTC(2026, 11, 1))
}

test('an id that some rows lack stays the id, and how many lack it is told', () => {
  const draft = draftOf(
    text('tx_id', (row) => (row % 4 === 0 ? undefined : `t${row}`)),
    times(3_600_000),
    customer,
  )
  assert.equal(draft.detector.transaction.id, 'tx_id')
  assert.equal(draft.isNumbered, true)
  assert.ok(draft.unsure.some((doubt) => doubt.startsWith('id: 50 rows have no tx_id')))
})

test('a table whose keys are not found by name says that no histories are kept', () => {
  const told = (...columns: readonly Column[]) => draftOf(...columns).unsure.find((doubt) => doubt.startsWith('keys: '))
  const hours = times(3_600_000)
  const party = text('Partie', (row) => `k${row % 40}`)
  assert.match(told(hours, party) ?? '', /Partie may be one, since its values come again$/)
  assert.equal(told(hours, customer), undefined)
})

test('days have their times of day from the column that has those, and are told without one', () => {
  const told = (draft: ReturnType<typeof draftOf>) => draft.unsure.find((doubt) => doubt.startsWith('time: '))
  const clock = text('Uhrzeit', (row) => `${row % 24}:05:00`)
  const joined = draftOf(times(86_400_000), clock, customer)
  assert.deepEqual(joined.detector.transaction.time, { field: 'date', format: 'iso', clock: 'Uhrzeit' })
  assert.match(told(joined) ?? '', /^time: date has the day and Uhrzeit the time of day/)
  assert.ok(joined.detector.features.includes('hour'))
  const days = draftOf(times(86_400_000), customer)
  assert.match(told(days) ?? '', /date has only days.*no feature looks at hours$/)
  assert.doesNotMatch(JSON.stringify(days.detector.features), /"hour"|"1h"/)
  assert.equal(told(draftOf(times(3_600_000), clock, customer)), undefined)
  // Digits alone are hours only by their column's name.
  const codes = text('code', (row) => `0${1 + (row % 9)}30`)
  assert.equal(draftOf(times(86_400_000), codes, customer).detector.transaction.time?.clock, undefined)
})

test('references of which each row has its own are the id where no name says so, which is told', () => {
  const hours = times(3_600_000)
  const references = text('booking', (row) => `bk-${1000 + row}`)
  const draft = draftOf(references, hours, customer)
  assert.equal(draft.detector.transaction.id, 'booking')
  assert.equal(draft.isNumbered, false)
  assert.ok(draft.unsure.some((doubt) => doubt.startsWith('id: booking is taken for it')))
  const repeated = text('booking', (row) => `bk-${1000 + (row >> 1)}`)
  const told = text('remark', (row) => `a remark of ${row} words`)
  const incomplete = text('booking', (row) => (row === 7 ? undefined : `bk-${row}00`))
  for (const column of [repeated, told, incomplete, text('ip_address', (row) => `10.0.0.${row}`)])
    assert.equal(draftOf(column, hours, customer).detector.transaction.id, 'transaction_id', column.name)
  assert.equal(
    draftOf(
      references,
      text('tx_id', (row) => `t${row}`),
      hours,
    ).detector.transaction.id,
    'tx_id',
  )
})

test('amounts are found by what shops and exports call them', () => {
  const column = (name: string): Column => ({
    ...{ kind: 'number', name },
    values: Float64Array.from({ length: count }, (_, row) => row + 0.25),
  })
  const hours = times(3_600_000)
  for (const name of ['value', 'order_total', 'purchaseValue', 'payment_amount', 'Total'])
    assert.deepEqual(draftOf(column(name), hours).detector.transaction.amount, { field: name, digits: 2 })
  assert.equal(draftOf(column('value'), column('amount'), hours).detector.transaction.amount?.field, 'amount')
  assert.equal(draftOf(column('distance'), hours).detector.transaction.amount, undefined)
})

test('times that are yet to come are told, since a service takes none', () => {
  const doubts = (nowMs: number) =>
    draftDetector({ rowCount: count, columns: [times(3_600_000), customer, label] }, 'own', nowMs)
  const told = doubts(Date.UTC(2026, 0, 2))
  assert.ok(
    told.unsure.some((doubt) => doubt.startsWith('time: the newest date is of 2026-01-09, which is yet to come')),
  )
  assert.equal(told.newestMs, Date.UTC(2026, 0, 2))
  assert.ok(!doubts(Date.UTC(2026, 11, 1)).unsure.some((doubt) => doubt.startsWith('time: ')))
})
