import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import type { Decision } from '../decisioning/decision.ts'
import { DayCounter } from './day-counts.ts'
import { createDecisionMetrics } from './decision-metrics.ts'

const at = (text: string) => Date.parse(text)
const decision: Decision = {
  transactionId: 't-1',
  outcome: 'review',
  score: 0.5,
  reasons: [],
  rules: [],
  model: 'm@0123456789ab',
  policy: 1,
  decidedAt: '2026-03-01T22:30:00Z',
  duplicate: false,
  degraded: ['model-failed'],
}

test('a day ends at midnight by UTC, and the last label is told whenever it came', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: at('2026-03-01T22:30:00Z') })
  const registry = new Registry()
  const metrics = createDecisionMetrics(registry)
  const decide = () => metrics.decided(decision, new Float64Array(0), [])
  const counter = new DayCounter(registry, Date.now)
  const counts = async () => {
    const { sinceMs, outcomes, degraded, labels, lastLabelMs } = await counter.counts()
    const told = [outcomes.get('review'), degraded.get('model-failed') ?? 0, labels, lastLabelMs]
    return [new Date(sinceMs).toISOString().slice(0, 16), ...told]
  }
  assert.deepEqual(await counts(), ['2026-03-01T22:30', 0, 0, 0, undefined])
  decide()
  decide()
  metrics.labelled(true, Date.now(), undefined)
  const labelledMs = at('2026-03-01T22:30:00Z')
  assert.deepEqual(await counts(), ['2026-03-01T22:30', 2, 2, 1, labelledMs])

  t.mock.timers.tick(90 * 60_000 - 1)
  await new Promise(setImmediate)
  assert.deepEqual(await counts(), ['2026-03-01T22:30', 2, 2, 1, labelledMs])
  t.mock.timers.tick(1)
  await new Promise(setImmediate)
  assert.deepEqual(await counts(), ['2026-03-02T00:00', 0, 0, 0, labelledMs])
  decide()
  assert.deepEqual(await counts(), ['2026-03-02T00:00', 1, 1, 0, labelledMs])

  t.mock.timers.tick(24 * 60 * 60_000)
  await new Promise(setImmediate)
  assert.deepEqual(await counts(), ['2026-03-03T00:00', 0, 0, 0, labelledMs])
  counter.close()
})
