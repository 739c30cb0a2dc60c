import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spanInDays } from '../console/src/policy/span-in-days.ts'

test('the console divides by the days that a backtest took, and not by the dates that it touched', () => {
  assert.equal(spanInDays({ from: '2026-03-01T14:00:00Z', to: '2026-03-08T14:00:00Z' }), 7)
  assert.equal(spanInDays({ from: '2026-03-01T23:00:00Z', to: '2026-03-02T01:00:00Z' }), 1)
  assert.equal(spanInDays({ from: null, to: null }), 1)
})
