import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Detector, formatDetector, parseDetectorFile } from '../detector/detector.ts'
import { calibrate, fitCalibration } from '../models/calibration.ts'
import { choosePolicy } from './choose-policy.ts'

const detector: Detector = {
  detector: 'cards',
  transaction: { label: { field: 'Class' } },
  features: ['V1'],
}
// From 0.8 up all are fraud, from 0.6 up 20 of 22, from 0.4 up 22 of 28.
const twice = (values: readonly number[]) => [...values, ...values]
const fraud = twice([0.4, 0.6, ...Array(9).fill(0.8)])
const legitimate = twice([0.1, 0.2, 0.3, 0.45, 0.5, 0.6])
const held = {
  labels: Uint8Array.from([...fraud.map(() => 1), ...legitimate.map(() => 0)]),
  probabilities: Float64Array.from([...fraud, ...legitimate]),
}
const thresholdAt = (value: number, inclusive = true) => ({ value, inclusive })

describe('the policy of a detector that names no thresholds', () => {
  test('reviews what is predicted as fraud, and declines from where nine of ten are', () => {
    assert.deepEqual(choosePolicy(detector, thresholdAt(0.35), held).policy, { review: 0.35, decline: 0.55 })
  })

  test('declines nothing under the threshold of review', () => {
    assert.deepEqual(choosePolicy(detector, thresholdAt(0.58), held).policy, { review: 0.58, decline: 0.58 })
    assert.deepEqual(choosePolicy(detector, thresholdAt(0.6), held).policy, { review: 0.6, decline: 0.6 })
    // Precision does not grow with the threshold everywhere: what counts is that from there up.
    const uneven = {
      labels: Uint8Array.from([...Array(20).fill(1), 0, 1]),
      probabilities: Float64Array.from([...Array(20).fill(0.5), 0.7, 0.9]),
    }
    assert.deepEqual(choosePolicy(detector, thresholdAt(0.6), uneven).policy, { review: 0.6, decline: 0.8 })
  })

  test('declines nothing where that precision cannot be reached, or where no rows were held out', () => {
    const poor = {
      labels: Uint8Array.from(Array(25).fill([1, 0]).flat()),
      probabilities: new Float64Array(50).fill(0.9),
    }
    assert.deepEqual(choosePolicy(detector, thresholdAt(0.25), poor).policy, { review: 0.25 })
    assert.deepEqual(choosePolicy(detector, thresholdAt(0.25), undefined).policy, { review: 0.25 })
  })

  test('declines from few frauds only what their prior lets be expected, and nothing with under eight', () => {
    for (const frauds of [1, 3, 7, 12, 19]) {
      const labels = new Uint8Array(1_000).fill(1, 0, frauds)
      const scores = Float64Array.from(labels, (label, row) => (label === 1 ? 0.999 : (row % 100) / 1000))
      const calibration = fitCalibration(labels, scores)
      const probabilities = scores.map((score) => calibrate(calibration, score))
      // By labels alone all that the threshold of review stops would be declined: every one of them was fraud.
      const { decline } = choosePolicy(detector, thresholdAt(0.3), { labels, probabilities }).policy ?? {}
      assert.equal(decline !== undefined, frauds > 8, `${frauds} frauds`)
    }
  })

  test('reviews strictly above where the prediction is strict', () => {
    const { review = 0 } = choosePolicy(detector, thresholdAt(0.5, false), undefined).policy ?? {}
    assert.ok(review > 0.5)
    assert.equal((review + 0.5) / 2, 0.5)
  })

  test('is none where the choice was to alert on nothing', () => {
    assert.equal(choosePolicy(detector, thresholdAt(1 + Number.EPSILON), held), detector)
    assert.equal(choosePolicy(detector, thresholdAt(1, false), held), detector)
    assert.deepEqual(choosePolicy(detector, thresholdAt(1), held).policy, { review: 1 })
  })

  test('keeps what happens without a score, and reads back from a file', () => {
    const given: Detector = { ...detector, policy: { whenUnavailable: 'challenge', deadlineMs: 20 } }
    const chosen = choosePolicy(given, thresholdAt(0.35), held)
    assert.deepEqual(chosen.policy, { whenUnavailable: 'challenge', deadlineMs: 20, review: 0.35, decline: 0.55 })
    assert.deepEqual(parseDetectorFile(formatDetector(chosen), 'chosen.yaml').detector, chosen)
  })
})

test('a detector that names any threshold is left as it is', () => {
  for (const policy of [{ challenge: 0.1 }, { review: 0.2 }, { decline: 0 }]) {
    const given: Detector = { ...detector, policy }
    assert.equal(choosePolicy(given, thresholdAt(0.35), held), given)
  }
})
