import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inferDetector } from './infer-detector.ts'
import type { Column, Table } from './table.ts'

function numbers(name: string, ...values: number[]): Column {
  return { kind: 'number', name, values: Float64Array.from(values) }
}

function table(...columns: Column[]): Table {
  return { rowCount: 3, columns }
}

describe('a detector is inferred', () => {
  test('for the card table: Time is no input, V1 and Amount are', () => {
    const { detector, leftOut } = inferDetector(
      table(numbers('Time', 0, 1, 1), numbers('V1', 1, -1, 0), numbers('Amount', 9, 1, 5), numbers('Class', 0, 1, 0)),
      'creditcard',
    )
    assert.deepEqual(detector, {
      detector: 'creditcard',
      transaction: {
        time: { field: 'Time', format: 'seconds-since' },
        amount: { field: 'Amount' },
        label: { field: 'Class' },
      },
      features: ['V1', 'Amount'],
    })
    assert.deepEqual(leftOut, [{ column: 'Time', reason: 'the time' }])
  })

  test('without identifiers, clocks, texts and what restates the label', () => {
    const { detector, leftOut } = inferDetector(
      table(
        numbers('TRANSACTION_ID', 3, 1, 2),
        { kind: 'time', name: 'TX_DATETIME', values: Float64Array.of(1e12, 2e12, 3e12) },
        numbers('TX_TIME_DAYS', 0, 1, 1),
        numbers('TX_AMOUNT', 5, 9, 1),
        numbers('TX_FRAUD', 0, 1, 0),
        numbers('TX_FRAUD_SCENARIO', 0, 2, 0),
        { kind: 'text', name: 'country', codes: Int32Array.of(0, 0, 0), dictionary: ['BE'] },
      ),
      'handbook',
    )
    assert.deepEqual(detector.features, ['TX_AMOUNT'])
    assert.deepEqual(detector.transaction.time, { field: 'TX_DATETIME', format: 'iso' })
    assert.deepEqual(
      leftOut.map(({ column }) => column),
      ['TRANSACTION_ID', 'TX_DATETIME', 'TX_TIME_DAYS', 'TX_FRAUD_SCENARIO', 'country'],
    )
  })

  test('by the hints where names say nothing, and not at all where nothing is left', () => {
    const hinted = inferDetector(table(numbers('x', 1, 0, 3), numbers('bad', 0, 1, 0), numbers('w', 2, 1, 1)), 'x', {
      label: 'bad',
      ignore: ['w'],
    })
    assert.deepEqual(hinted.detector, { detector: 'x', transaction: { label: { field: 'bad' } }, features: ['x'] })
    for (const mistyped of [{ time: 'wenn' }, { ignore: ['w', 'X1'] }]) {
      const columns = [numbers('w', 2, 1, 1), numbers('x', 1, 0, 3), numbers('Class', 0, 1, 0)]
      assert.throws(() => inferDetector(table(...columns), 'x', mistyped), {
        code: 'DATA_INVALID',
        message: /no column/,
      })
    }
    assert.throws(() => inferDetector(table(numbers('x', 1, 0, 3)), 'x'), /--label.*x/)
    assert.throws(() => inferDetector(table(numbers('Class', 1, 0, 1)), 'x'), /input/)
  })
})
