import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usualAlerts } from './alert.ts'
import { conditionsOf, type Observations, type ServiceState } from './conditions.ts'
import type { Performance } from './performance.ts'

const calm: ServiceState = { fuses: [], rolledBack: undefined, shadows: [], notDeciding: undefined }

test('precision is told of the newest mature week, not of one before it that has labels', () => {
  const weekOf = (week: number, value: number | null): Performance => ({
    ...{ week, model: 'm@1', maturesAtMs: week, isMature: true, decisions: 100, frauds: 10 },
    precision: value === null ? null : { value, lower: value - 0.05, upper: value + 0.05 },
    ...{ recall: null, recallBy: 'labels', averagePrecision: null, calibration: null },
    money: { stoppedMinor: 0, lostMinor: 0, heldMinor: 0 },
    ...{ notKnown: {}, rules: [] },
  })
  const told = (...newestFirst: readonly (number | null)[]) => {
    const weeks = newestFirst.map((value, i) => weekOf(10 - i, value))
    const observed: Observations = {
      drift: {
        ...{ throughMs: undefined, model: null, features: [], notCompared: {}, late: 0 },
        ...{ unmonitored: [], sampledOneIn: 1 },
      },
      rates: { decisions: 0, pastDecisions: 0, weeks: 0, rates: [] },
      lags: [],
      weeks,
    }
    return conditionsOf(usualAlerts, calm, observed).map(({ alert, from, to }) => [alert, from, to])
  }
  assert.deepEqual(told(0.3, 0.8, 0.8), [['precision', 0.8, 0.3]])
  assert.deepEqual(told(0.8, 0.3, 0.8), [])
  assert.deepEqual(told(null, 0.3, 0.8, 0.8), [])
  assert.deepEqual(told(0.3, null, 0.8), [['precision', 0.8, 0.3]])
})
