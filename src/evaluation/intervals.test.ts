import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { classificationReport } from './classification-report.ts'
import { averagePrecisionDifference, type BootstrapInput, bootstrapIntervals, intervalMetrics } from './intervals.ts'
import {
  averagePrecision,
  brier,
  calibrationRatio,
  logLoss,
  predictLabels,
  recallAtFalsePositiveRate,
  rocAuc,
} from './metrics.ts'

function simulate(rows: number, seed: number, fraudShare = 0.1): BootstrapInput {
  const random = createRandom(seed)
  const labels = new Uint8Array(rows)
  const scores = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    labels[row] = random.uniform() < fraudShare ? 1 : 0
    scores[row] = 1 / (1 + Math.exp(3 - 3 * labels[row] - random.normal()))
  }
  const predictions = predictLabels(scores, { threshold: 0.4, inclusive: true })
  return { labels, scores, probabilities: scores, predictions, seed, replicates: 200 }
}

function pointEstimates({ labels, scores, probabilities, predictions, weights }: BootstrapInput) {
  const { fraud } = classificationReport(labels, predictions, weights)
  return {
    rocAuc: rocAuc(labels, scores, weights),
    averagePrecision: averagePrecision(labels, scores, weights),
    recallAt1PercentFpr: recallAtFalsePositiveRate(labels, scores, 0.01, weights),
    brier: brier(labels, probabilities, weights),
    logLoss: logLoss(labels, probabilities, weights),
    calibrationRatio: calibrationRatio(labels, probabilities, weights),
    precision: fraud.precision,
    recall: fraud.recall,
    f1: fraud.f1,
  }
}

test('an interval covers the truth about 19 times in 20', () => {
  const truth = pointEstimates(simulate(200_000, 1))
  const trials = 100
  const covered = Object.fromEntries(intervalMetrics.map((metric) => [metric, 0]))
  for (let trial = 0; trial < trials; trial++) {
    const intervals = bootstrapIntervals(simulate(1000, 100 + trial))
    for (const metric of intervalMetrics) {
      const { lower, upper } = intervals[metric]
      if (lower <= truth[metric] && truth[metric] <= upper) covered[metric]++
    }
  }
  // 95 of 100, less four standard errors and the small bias that percentile intervals have.
  for (const metric of intervalMetrics) assert.ok(covered[metric] >= 84, `${metric}: ${covered[metric]}`)
})

test('every point estimate lies in its interval, with weights too', () => {
  const plain = simulate(3000, 3)
  const weighted = { ...plain, weights: Float64Array.from(plain.labels, (label) => (label === 1 ? 1 : 6.84)) }
  for (const input of [plain, weighted]) {
    const intervals = bootstrapIntervals(input)
    const estimates = pointEstimates(input)
    for (const metric of intervalMetrics) {
      const { lower, upper } = intervals[metric]
      assert.ok(lower < estimates[metric] && estimates[metric] < upper, `${metric} ${lower} ${upper}`)
    }
  }
})

test('an interval narrows as one over the root of the rows', () => {
  const width = (rows: number) => {
    const { lower, upper } = bootstrapIntervals({ ...simulate(rows, 5), replicates: 400 }).rocAuc
    return upper - lower
  }
  const ratio = width(1000) / width(16_000)
  assert.ok(ratio > 2.8 && ratio < 5.6, `${ratio}`)
})

test('one seed gives one interval', () => {
  const input = simulate(500, 8)
  assert.deepEqual(bootstrapIntervals(input), bootstrapIntervals(input))
  assert.notDeepEqual(bootstrapIntervals(input), bootstrapIntervals({ ...input, seed: 9 }))
})

test('one fraud is enough for intervals without NaN, none is an error', () => {
  const input = simulate(60, 2, 0)
  assert.throws(() => bootstrapIntervals(input), { code: 'DATA_INVALID' })
  const labels = input.labels.with(7, 1)
  for (const { lower, upper } of Object.values(bootstrapIntervals({ ...input, labels }))) {
    assert.ok(Number.isFinite(lower) && Number.isFinite(upper) && lower <= upper)
  }
})

test('a paired difference is narrower than the two intervals, and none where the scores rank alike', () => {
  const { labels, scores } = simulate(3000, 4)
  const random = createRandom(6)
  const baseline = scores.map((score) => score * (1 + 0.2 * random.uniform()))
  const { difference, lower, upper } = averagePrecisionDifference({
    labels,
    scores,
    baseline,
    seed: 1,
    replicates: 200,
  })
  assert.equal(difference, averagePrecision(labels, scores) - averagePrecision(labels, baseline))
  assert.ok(lower < difference && difference < upper)
  const alone = bootstrapIntervals({ ...simulate(3000, 4), replicates: 200 }).averagePrecision
  assert.ok(upper - lower < (alone.upper - alone.lower) / 2)

  const squared = scores.map((score) => score ** 2)
  const same = averagePrecisionDifference({ labels, scores, baseline: squared, seed: 1, replicates: 20 })
  assert.deepEqual(same, { difference: 0, lower: 0, upper: 0 })
})
