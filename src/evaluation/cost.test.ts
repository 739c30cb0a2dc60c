import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertClose } from '../../test/close.ts'
import { labelledRows } from '../../test/labelled-rows.ts'
import { outcomeAt, sweepThresholds, thresholdTable } from './cost.ts'
import { confusion, predictLabels } from './metrics.ts'

const labels = Uint8Array.of(1, 0, 1, 0)
const probabilities = Float64Array.of(0.9, 0.8, 0.8, 0.1)
const from = (threshold: number) => ({ value: threshold, inclusive: true })

test('a false alert has a price, a missed fraud its amount, and doing nothing misses them all', () => {
  const falseNegative = Float64Array.of(100, 999, 40, 999)
  const sweep = sweepThresholds(labels, probabilities, undefined, { falsePositive: 5, falseNegative })
  const { alerts, precision, recall, cost, savings } = outcomeAt(sweep, from(0.85))
  assert.deepEqual(
    { alerts, precision, recall, cost, savings },
    { alerts: 1, precision: 1, recall: 0.5, cost: 40, savings: 100 },
  )
  assert.equal(outcomeAt(sweep, from(0.8)).cost, 5)
  assert.equal(outcomeAt(sweep, from(0)).cost, 10)
  assert.equal(outcomeAt(sweep, from(0.95)).cost, 140)
  assert.equal(outcomeAt(sweep, from(0.95)).savings, 0)
})

test('a weighted row costs what its weight says', () => {
  const weights = Float64Array.of(1, 6.84, 2, 6.84)
  const sweep = sweepThresholds(labels, probabilities, weights, { falsePositive: 10, falseNegative: 50 })
  assertClose(outcomeAt(sweep, from(0.5)).cost ?? Number.NaN, 68.4, 1e-12)
  assertClose(outcomeAt(sweep, from(0.85)).cost ?? Number.NaN, 100, 1e-12)
})

test('a refund costs nothing to miss, and an amount that is missing is an error', () => {
  const cost = (...amounts: number[]) => ({ falsePositive: 1, falseNegative: Float64Array.from(amounts) })
  const sweep = sweepThresholds(labels, probabilities, undefined, cost(-100, 0, 7, 0))
  assert.equal(outcomeAt(sweep, from(1)).cost, 7)
  assert.throws(() => sweepThresholds(labels, probabilities, undefined, cost(1, 0, Number.NaN, 0)), {
    code: 'DATA_INVALID',
    message: /amount of row 2 is NaN/,
  })
  // Only a fraud can be missed.
  sweepThresholds(labels, probabilities, undefined, cost(1, Number.NaN, 1, 0))
})

test('a cost below zero is refused by its name', () => {
  const sweep = (falsePositive: number, falseNegative: number) => () =>
    sweepThresholds(labels, probabilities, undefined, { falsePositive, falseNegative })
  assert.throws(sweep(-1, 5), { code: 'OPTION_INVALID', message: /falsePositive is -1/ })
  assert.throws(sweep(1, Number.POSITIVE_INFINITY), { code: 'OPTION_INVALID', message: /falseNegative/ })
})

test('without costs there is no cost', () => {
  const outcome = outcomeAt(sweepThresholds(labels, probabilities), from(0.5))
  assert.ok(!('cost' in outcome) && !('savings' in outcome))
})

test('an outcome is the confusion matrix of the threshold', () => {
  fc.assert(
    fc.property(
      labelledRows(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      fc.boolean(),
      (rows, any, onRow, inclusive) => {
        const threshold = { value: onRow ? rows.scores[0] : any, inclusive }
        const outcome = outcomeAt(sweepThresholds(rows.labels, rows.scores, rows.weights), threshold)
        const predictions = predictLabels(rows.scores, threshold)
        const expected = confusion(rows.labels, predictions, rows.weights)
        for (const cell of ['tn', 'fp', 'fn', 'tp'] as const) assertClose(outcome[cell], expected[cell], 1e-12, cell)
      },
    ),
  )
})

test('a table holds every threshold where they are few, and else as many as asked, from first to last', () => {
  fc.assert(
    fc.property(labelledRows(), fc.integer({ min: 2, max: 30 }), ({ labels, scores, weights }, count) => {
      const sweep = sweepThresholds(labels, scores, weights)
      const table = thresholdTable(sweep, count)
      const thresholds = table.map(({ threshold }) => threshold)
      assert.ok(table.length <= Math.max(count, 0))
      assert.deepEqual(
        thresholds,
        [...new Set(thresholds)].sort((a, b) => b - a),
      )
      assert.equal(thresholds[0], Math.max(...scores))
      assert.equal(thresholds.at(-1), Math.min(...scores))
      if (sweep.probabilities.length <= count) assert.deepEqual(thresholds, [...sweep.probabilities])
    }),
  )
})

test('a table of many thresholds looks closely where alerts are few', () => {
  const many = Float64Array.from({ length: 100_000 }, (_, row) => row / 100_000)
  const alternating = Uint8Array.from({ length: 100_000 }, (_, row) => row % 2)
  const table = thresholdTable(sweepThresholds(alternating, many), 51)
  assert.ok(table.length > 40 && table.length <= 51)
  assert.ok(table.filter(({ alerts }) => alerts <= 1000).length > 25)
})
