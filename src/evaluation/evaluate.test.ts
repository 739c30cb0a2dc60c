import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertClose } from '../../test/close.ts'
import { createRandom } from '../core/random.ts'
import { rankScores, weighGroups } from '../models/ranking.ts'
import { evaluate } from './evaluate.ts'
import { averagePrecision, brier, calibrationRatio, precisionAtK, rocAuc } from './metrics.ts'

function simulate(rows: number) {
  const random = createRandom(11)
  const labels = Uint8Array.from({ length: rows }, (_, row) => (row % 20 === 0 ? 1 : 0))
  const scores = Float64Array.from(labels, (label) => 1 / (1 + Math.exp(2 - 3 * label - random.normal())))
  return { labels, rawScores: scores, probabilities: scores.map((score) => score / 4), seed: 3, replicates: 20 }
}

const threshold = { value: 0.125, inclusive: true }

test('ranking is judged on the raw scores, and everything else on the probabilities', () => {
  const input = simulate(600)
  const { labels, rawScores: scores, probabilities } = input
  const evaluation = evaluate({ ...input, probabilities: probabilities.toReversed(), threshold })
  assert.equal(evaluation.rows, 600)
  assert.equal(evaluation.frauds, 30)
  assert.equal(evaluation.rocAuc, rocAuc(labels, scores))
  assert.equal(evaluation.averagePrecision, averagePrecision(labels, scores))
  assert.equal(evaluation.brier, brier(labels, probabilities.toReversed()))
  assertClose(evaluation.calibrationRatio, calibrationRatio(labels, probabilities), 1e-12)
  assert.equal(evaluation.classificationReport.fraud.support, 30)
  assert.equal(evaluation.threshold, 0.125)
})

test('the threshold says whether a probability equal to it is an alert', () => {
  const input = simulate(40)
  const probabilities = new Float64Array(40).fill(0.5)
  const alerts = (inclusive: boolean) => {
    const { tp, fp } = evaluate({ ...input, probabilities, threshold: { value: 0.5, inclusive } }).confusion
    return tp + fp
  }
  assert.equal(alerts(false), 0)
  assert.equal(alerts(true), 40)
})

test('precision is given for the budgets that the rows, or their weights, can fill', () => {
  const input = simulate(300)
  const budgetsOf = (weights?: Float64Array) => evaluate({ ...input, weights, threshold }).precisionAt.map(({ k }) => k)
  assert.deepEqual(budgetsOf(), [50, 100])
  assert.deepEqual(budgetsOf(new Float64Array(300).fill(6.84)), [50, 100, 500, 1000])
  const [{ precision }] = evaluate({ ...input, threshold }).precisionAt
  assert.equal(precision, precisionAtK(weighGroups(rankScores(input.rawScores), input.labels), 50))
})

test('every figure is weighted but the counts of rows', () => {
  const input = simulate(400)
  const weights = new Float64Array(400).fill(2)
  const once = evaluate({ ...input, threshold })
  const twice = evaluate({ ...input, weights, threshold })
  assert.equal(twice.rows, 400)
  assert.equal(twice.frauds, 20)
  assert.equal(twice.confusion.tn, 2 * once.confusion.tn)
  assert.equal(twice.classificationReport.weightedAverage.support, 800)
  assert.deepEqual(twice.intervals.f1, once.intervals.f1)
})

test('rows of one class can not be evaluated, and columns of different lengths are a bug', () => {
  const input = simulate(20)
  assert.throws(() => evaluate({ ...input, labels: new Uint8Array(20), threshold }), {
    code: 'DATA_INVALID',
    message: 'An evaluation needs at least one fraud, and among the 20 rows there is none',
  })
  assert.throws(
    () => evaluate({ ...input, rawScores: input.rawScores.subarray(1), threshold }),
    /a raw score per label/,
  )
})
