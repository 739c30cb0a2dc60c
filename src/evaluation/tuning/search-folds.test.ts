import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FraudError } from '../../core/errors.ts'
import { planFolds, showSpan } from './search-folds.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

const rowsOf = (spanMs: number, delayMs?: number) => {
  const times = Float64Array.from({ length: 101 }, (_, i) => (i * spanMs) / 100)
  const labels = Uint8Array.from(times, (_, i) => Number(i % 10 === 0))
  return {
    times,
    labels,
    ...(delayMs !== undefined && { knownAt: times.map((time, i) => time + delayMs / (labels[i] + 1)) }),
  }
}

const asked = { folds: 3, removesKnown: true }

test('the usual folds use all that the delay leaves, in whole units', () => {
  assert.deepEqual(planFolds(rowsOf(48 * dayMs), asked), {
    trainMs: 24 * dayMs,
    delayMs: 0,
    testMs: 8 * dayMs,
    ...asked,
  })
  const late = planFolds(rowsOf(60 * dayMs, 30 * dayMs), asked)
  assert.deepEqual([late.trainMs, late.delayMs, late.testMs], [15 * dayMs, 30 * dayMs, 5 * dayMs])
  const hours = planFolds(rowsOf(40 * hourMs), asked)
  assert.deepEqual([hours.trainMs, hours.testMs], [22 * hourMs, 6 * hourMs])
})

test('what was asked for stays, and the rest follows', () => {
  const plan = planFolds(rowsOf(60 * dayMs), { ...asked, trainMs: 30 * dayMs, delayMs: 6 * dayMs })
  assert.deepEqual([plan.trainMs, plan.delayMs, plan.testMs], [30 * dayMs, 6 * dayMs, 8 * dayMs])
  const { trainMs } = planFolds(rowsOf(60 * dayMs), { ...asked, testMs: 7 * dayMs })
  assert.equal(trainMs, 39 * dayMs)
})

test('data that the delay swallows are refused with a cure', () => {
  assert.throws(
    () => planFolds(rowsOf(20 * dayMs, 30 * dayMs), asked),
    (error) =>
      error instanceof FraudError &&
      /cover 20 days, labels are known 30d later.*begin the test later/.test(error.message),
  )
})

test('a length of time is shown as flags take it', () => {
  assert.deepEqual([0, 1500, 5000, 36 * hourMs, 2 * dayMs].map(showSpan), ['0s', '1500ms', '5s', '36h', '2d'])
})
