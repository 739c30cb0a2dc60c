import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tellBetween, tellMoney } from './words.ts'

test('money is told with the decimals of its currency, and an estimate with two', () => {
  const told = [1234.567, 12_345.67, 1_234_567, 0, 0.001, 1234.5678912, 1 / 3].map(tellMoney)
  assert.deepEqual(told, ['1,234.567', '12,345.67', '1,234,567', '0', '0.001', '1,234.57', '0.33'])
  // Two that differ are not told as one.
  assert.equal(tellBetween(0.001, 0.002), 'between 0.001 and 0.002')
})
