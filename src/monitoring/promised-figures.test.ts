import assert from 'node:assert/strict'
import { test } from 'node:test'
import { promisedFigures } from './promised-figures.ts'

const metrics = {
  averagePrecision: 0.85,
  calibrationRatio: 1.05,
  threshold: 0.6,
  confusion: { tn: 900, fp: 10, fn: 40, tp: 90 },
  intervals: { averagePrecision: { lower: 0.8, upper: 0.9 } },
  policy: {
    thresholds: { review: 0.2, decline: 0.8 },
    precision: { value: 0.68, lower: 0.6, upper: 0.74 },
    recall: { value: 0.81, lower: 0.74, upper: 0.87 },
  },
}

test('promises what the policy stops, not what the model calls fraud', () => {
  assert.deepEqual(promisedFigures(metrics, { review: 0.2, decline: 0.9 }), {
    precision: { value: 0.68, lower: 0.6, upper: 0.74 },
    recall: { value: 0.81, lower: 0.74, upper: 0.87 },
    averagePrecision: { value: 0.85, lower: 0.8, upper: 0.9 },
    calibration: { value: 1.05 },
  })
})

test("takes the model's own threshold where the policy has it, too", () => {
  const { precision, recall } = promisedFigures(metrics, { challenge: 0.6, decline: 0.8 })
  assert.deepEqual([precision, recall], [{ value: 0.9 }, { value: 90 / 130 }])
})

test('promises neither of thresholds that were not measured', () => {
  const { policy, ...older } = metrics
  const unmeasured: [Readonly<Record<string, unknown>>, Parameters<typeof promisedFigures>[1]][] = [
    [metrics, { review: 0.3 }],
    [metrics, {}],
    [metrics, undefined],
    [older, policy.thresholds],
    [{}, {}],
  ]
  for (const [known, thresholds] of unmeasured) {
    const { precision, recall } = promisedFigures(known, thresholds)
    assert.deepEqual([precision, recall], [null, null])
  }
})

test('promises nothing of a bundle without figures, or without frauds in its test', () => {
  assert.deepEqual(promisedFigures({}, { review: 0.2 }), {
    ...{ precision: null, recall: null, averagePrecision: null, calibration: null },
  })
  const confusion = { tn: 10, fp: 0, fn: 0, tp: 0 }
  assert.equal(promisedFigures({ ...metrics, confusion }, { review: 0.6 }).recall, null)
})
