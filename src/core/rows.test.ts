import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyRow, pickBytes, pickKnown, pickNumbers, rowsWhere } from './rows.ts'

test('rows are picked in the order that is given, as often as they are', () => {
  const rows = Uint32Array.of(3, 0, 3)
  assert.deepEqual(pickNumbers(Float64Array.of(0.5, 1.5, 2.5, Number.NaN), rows), Float64Array.of(NaN, 0.5, NaN))
  assert.deepEqual(pickBytes(Uint8Array.of(4, 5, 6, 7), rows), Uint8Array.of(7, 4, 7))
})

test('rows that a condition holds for stay in their order, in memory of their own size', () => {
  const found = rowsWhere(everyRow(5), (row) => row !== 2 && row > 0)
  assert.deepEqual(found, Uint32Array.of(1, 3, 4))
  assert.equal(found.buffer.byteLength, 12)
  assert.deepEqual(
    rowsWhere(Uint32Array.of(9, 7, 8), (row) => row > 7),
    Uint32Array.of(9, 8),
  )
})

test('known numbers of some rows stay in their order, and what they were taken from as it was', () => {
  const values = Float64Array.of(2, Number.NaN, -1, Number.POSITIVE_INFINITY, 0)
  assert.deepEqual(pickKnown(values, Uint32Array.of(3, 1, 0)), Float64Array.of(Number.POSITIVE_INFINITY, 2))
  assert.equal(values[0], 2)
  assert.deepEqual(pickKnown(Float64Array.of(Number.NaN), Uint32Array.of(0)), new Float64Array(0))
})
