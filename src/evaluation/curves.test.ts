import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assertAllClose } from '../../test/close.ts'
import { goldenDataSets, goldenQuantiles, sklearn } from '../../test/golden/metrics.ts'
import { labelledRows } from '../../test/labelled-rows.ts'
import { calibrationCurve, precisionRecallCurve, rocCurve, scoreHistogram } from './curves.ts'

describe(`curves agree with ${sklearn}`, () => {
  for (const { name, labels, scores, weights, roc, precisionRecall, calibrationCurve: bins } of goldenDataSets) {
    test(`on ${name}`, () => {
      const ours = rocCurve(labels, scores, weights)
      assertAllClose(ours.falsePositiveRate, roc.falsePositiveRate, 1e-12, 'false positive rate')
      assertAllClose(ours.truePositiveRate, roc.truePositiveRate, 1e-12, 'true positive rate')
      assert.deepEqual([...ours.thresholds], [Number.POSITIVE_INFINITY, ...roc.thresholds])

      const curve = precisionRecallCurve(labels, scores, weights)
      assertAllClose(curve.precision, precisionRecall.precision, 1e-12, 'precision')
      assertAllClose(curve.recall, precisionRecall.recall, 1e-12, 'recall')
      assert.deepEqual([...curve.thresholds], [Number.POSITIVE_INFINITY, ...precisionRecall.thresholds])

      const uniform = calibrationCurve(labels, scores, undefined, { bins: 10, strategy: 'uniform' })
      assertAllClose(uniform.observed, bins.observed, 1e-12, 'observed')
      assertAllClose(uniform.predicted, bins.predicted, 1e-12, 'predicted')
    })
  }

  test('on quantile bins of distinct scores', () => {
    const { labels, scores, observed, predicted } = goldenQuantiles
    const ours = calibrationCurve(labels, scores, undefined, { bins: 10, strategy: 'quantile' })
    assertAllClose(ours.observed, observed, 1e-12, 'observed')
    assertAllClose(ours.predicted, predicted, 1e-12, 'predicted')
  })
})

test('every point of a curve is what alerting from its threshold up gives', () => {
  fc.assert(
    fc.property(labelledRows(), ({ labels, scores, weights }) => {
      const { thresholds, tp, fp } = rocCurve(labels, scores, weights)
      const alerted = (label: number, threshold: number) =>
        scores.reduce(
          (sum, score, row) => sum + (labels[row] === label && score >= threshold ? (weights?.[row] ?? 1) : 0),
          0,
        )
      assertAllClose(
        tp,
        thresholds.map((threshold) => alerted(1, threshold)),
        1e-12,
        'tp',
      )
      assertAllClose(
        fp,
        thresholds.map((threshold) => alerted(0, threshold)),
        1e-12,
        'fp',
      )
    }),
  )
})

test('a calibration curve counts every row once, and keeps equal probabilities together', () => {
  fc.assert(
    fc.property(
      labelledRows(),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom('quantile' as const, 'uniform' as const),
      ({ labels, scores, weights }, bins, strategy) => {
        const { rows, predicted, observed, intervals } = calibrationCurve(labels, scores, weights, { bins, strategy })
        for (const [bin, { lower, upper }] of intervals.entries()) {
          assert.ok(lower < upper && lower <= observed[bin] + 1e-12 && observed[bin] <= upper + 1e-12)
        }
        assert.equal(
          rows.reduce((sum, count) => sum + count, 0),
          labels.length,
        )
        assert.ok(rows.length <= Math.min(bins, new Set(scores).size))
        // Ascending but for underflow: a weight times the least number above 0 is 0.
        assert.ok(predicted.every((mean, bin) => bin === 0 || mean > predicted[bin - 1] - 1e-300))
      },
    ),
  )
})

test('weights pull the quantile bins of a calibration curve', () => {
  const scores = Float64Array.of(0.1, 0.2, 0.3, 0.4)
  const labels = Uint8Array.of(0, 0, 1, 1)
  const curve = calibrationCurve(labels, scores, Float64Array.of(3, 1, 1, 1), { bins: 2, strategy: 'quantile' })
  assert.deepEqual([...curve.rows], [1, 3])
  assertAllClose(curve.observed, [0, 2 / 3], 1e-15)
})

test('a histogram puts a score at its lower edge, and 1 into the last bin', () => {
  const labels = Uint8Array.of(0, 0, 1, 1, 0)
  const scores = Float64Array.of(0, 0.5, 1, 0.49, 0.25)
  const histogram = scoreHistogram(labels, scores, Float64Array.of(1, 6.84, 1, 1, 2), { bins: 2 })
  assert.deepEqual(histogram, {
    edges: Float64Array.of(0, 0.5, 1),
    legitimate: Float64Array.of(3, 6.84),
    fraud: Float64Array.of(1, 1),
  })
})
