import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closestName } from '../core/closest-name.ts'
import { findColumn, numberColumn } from './columns.ts'
import type { Table } from './table.ts'

const table: Table = {
  rowCount: 1,
  columns: [
    { kind: 'number', name: 'Amount', values: Float64Array.of(12.5) },
    { kind: 'time', name: 'Time', values: Float64Array.of(0) },
    { kind: 'text', name: 'Merchant', codes: Int32Array.of(0), dictionary: ['grocer'] },
  ],
}

test('finds a column by its exact name', () => {
  assert.equal(findColumn(table, 'Amount').kind, 'number')
  assert.deepEqual(numberColumn(table, 'Amount').values, Float64Array.of(12.5))
  assert.equal(numberColumn(table, 'Time').kind, 'time')
  assert.equal(findColumn(table, 'Merchant').kind, 'text')
})

test('suggests the nearest name for one that is not there', () => {
  assert.throws(() => numberColumn(table, 'amuont'), {
    code: 'DATA_INVALID',
    message: 'There is no column "amuont". Did you mean "Amount"?',
  })
  assert.throws(() => findColumn(table, 'country'), {
    message: 'There is no column "country". It has "Amount", "Time", "Merchant".',
  })
})

test('says what a column of another kind holds', () => {
  assert.throws(() => numberColumn(table, 'Merchant'), { code: 'DATA_INVALID', message: /holds text; numbers/ })
})

test('finds the closest name by edits, without regard to case, and none that is far', () => {
  assert.equal(closestName('isfraud', ['is_fraud', 'Class']), 'is_fraud')
  assert.equal(closestName('V2', ['V1', 'V28']), 'V1')
  assert.equal(closestName('label', ['Class', 'Amount']), undefined)
})
