import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assertClose } from '../../test/close.ts'
import { goldenDataSets, sklearn } from '../../test/golden/metrics.ts'
import { type LabelledRows, labelledRows } from '../../test/labelled-rows.ts'
import { rankScores, weighGroups } from '../models/ranking.ts'
import {
  averagePrecision,
  brier,
  calibrationRatio,
  confusion,
  logLoss,
  precisionAtK,
  predictLabels,
  recallAtRate,
  rocAuc,
} from './metrics.ts'

const precision = (labels: Uint8Array, scores: Float64Array, k: number, weights?: Float64Array) =>
  precisionAtK(weighGroups(rankScores(scores), labels, weights), k)
const weightOf = (rows: LabelledRows, row: number) => rows.weights?.[row] ?? 1
const rowsOf = ({ labels }: LabelledRows, label: number) => [...labels.keys()].filter((row) => labels[row] === label)

describe(`metrics agree with ${sklearn}`, () => {
  for (const golden of goldenDataSets) {
    const { name, labels, scores, weights, threshold } = golden
    test(`on ${name}`, () => {
      assertClose(rocAuc(labels, scores, weights), golden.rocAuc, 1e-12, 'ROC AUC')
      assertClose(averagePrecision(labels, scores, weights), golden.averagePrecision, 1e-12, 'average precision')
      const recallAt = (rate: number) => recallAtRate(weighGroups(rankScores(scores), labels, weights), rate)
      assertClose(recallAt(0.01), golden.recallAt1PercentFpr, 1e-12, 'recall at 1 %')
      assertClose(recallAt(0.2), golden.recallAt20PercentFpr, 1e-12, 'recall at 20 %')
      assertClose(brier(labels, scores, weights), golden.brier, 1e-12, 'Brier')
      assertClose(logLoss(labels, scores, weights), golden.logLoss, 1e-12, 'log loss')
      const { tn, fp, fn, tp } = confusion(
        labels,
        predictLabels(scores, { value: threshold, inclusive: true }),
        weights,
      )
      assertClose(tn, golden.confusion.tn, 1e-12, 'tn')
      assertClose(fp, golden.confusion.fp, 1e-12, 'fp')
      assertClose(fn, golden.confusion.fn, 1e-12, 'fn')
      assertClose(tp, golden.confusion.tp, 1e-12, 'tp')
    })
  }
})

test('ROC AUC is the share of pairs in which the fraud scores higher, ties counting half', () => {
  fc.assert(
    fc.property(labelledRows(), (rows) => {
      let won = 0
      let pairs = 0
      for (const fraud of rowsOf(rows, 1)) {
        for (const legitimate of rowsOf(rows, 0)) {
          const weight = weightOf(rows, fraud) * weightOf(rows, legitimate)
          const ahead = rows.scores[fraud] - rows.scores[legitimate]
          won += weight * (ahead > 0 ? 1 : ahead === 0 ? 0.5 : 0)
          pairs += weight
        }
      }
      assertClose(rocAuc(rows.labels, rows.scores, rows.weights), won / pairs, 1e-12)
    }),
  )
})

test('average precision is the mean over frauds of the precision at their own score', () => {
  fc.assert(
    fc.property(labelledRows(), (rows) => {
      const weightFrom = (score: number, among: readonly number[]) =>
        among.filter((row) => rows.scores[row] >= score).reduce((sum, row) => sum + weightOf(rows, row), 0)
      const frauds = rowsOf(rows, 1)
      const everything = [...rows.labels.keys()]
      let precisions = 0
      for (const fraud of frauds) {
        const score = rows.scores[fraud]
        precisions += (weightOf(rows, fraud) * weightFrom(score, frauds)) / weightFrom(score, everything)
      }
      const expected = precisions / weightFrom(0, frauds)
      assertClose(averagePrecision(rows.labels, rows.scores, rows.weights), expected, 1e-12)
    }),
  )
})

test('a whole weight is so many copies of the row', () => {
  fc.assert(
    fc.property(
      labelledRows(20),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 20, maxLength: 20 }),
      (rows, n) => {
        const copied = [...rows.labels.keys()].flatMap((row) => Array<number>(n[row]).fill(row))
        const labels = Uint8Array.from(copied, (row) => rows.labels[row])
        const scores = Float64Array.from(copied, (row) => rows.scores[row])
        const weights = Float64Array.from(rows.labels, (_, row) => n[row])
        assertClose(rocAuc(rows.labels, rows.scores, weights), rocAuc(labels, scores), 1e-12)
        assertClose(averagePrecision(rows.labels, rows.scores, weights), averagePrecision(labels, scores), 1e-12)
        assertClose(brier(rows.labels, rows.scores, weights), brier(labels, scores), 1e-12)
        assertClose(logLoss(rows.labels, rows.scores, weights), logLoss(labels, scores), 1e-12)
        const k = Math.ceil(labels.length / 3)
        assertClose(precision(rows.labels, rows.scores, k, weights), precision(labels, scores, k), 1e-12)
      },
    ),
  )
})

test('precision at k is the mean over every order of the tied rows', () => {
  const orders = (rows: readonly number[]): number[][] =>
    rows.length === 0
      ? [[]]
      : rows.flatMap((row) => orders(rows.filter((other) => other !== row)).map((o) => [row, ...o]))
  fc.assert(
    fc.property(labelledRows(6), fc.nat(), ({ labels, scores }, seed) => {
      const k = 1 + (seed % labels.length)
      const sorted = orders([...labels.keys()]).filter((order) =>
        order.every((row, place) => place === 0 || scores[order[place - 1]] >= scores[row]),
      )
      const precisions = sorted.map((order) => order.slice(0, k).filter((row) => labels[row] === 1).length / k)
      const expected = precisions.reduce((sum, precision) => sum + precision, 0) / precisions.length
      assertClose(precision(labels, scores, k), expected, 1e-12)
    }),
    { numRuns: 50 },
  )
})

test('precision at k counts weight, and refuses a k that the rows do not have', () => {
  const labels = Uint8Array.of(1, 0, 0)
  const scores = Float64Array.of(0.9, 0.8, 0.1)
  const weights = Float64Array.of(1, 6.84, 6.84)
  assertClose(precision(labels, scores, 2, weights), 1 / 2, 1e-15)
  assertClose(precision(labels, scores, 14.68, weights), 1 / 14.68, 1e-12)
  assert.throws(() => precision(labels, scores, 15, weights), { code: 'OPTION_INVALID' })
  assert.throws(() => precision(labels, scores, 0), { code: 'OPTION_INVALID' })
})

test('the calibration ratio is 1 where the mean prediction is the fraud rate', () => {
  const labels = Uint8Array.of(1, 0, 0, 0)
  assert.equal(calibrationRatio(labels, Float64Array.of(0.25, 0.25, 0.25, 0.25)), 1)
  assert.equal(calibrationRatio(labels, Float64Array.of(0.5, 0.5, 0.5, 0.5)), 2)
  assertClose(calibrationRatio(labels, Float64Array.of(1, 0.1, 0.1, 0.1), Float64Array.of(1, 2, 2, 2)), 1.6, 1e-15)
  assert.throws(() => calibrationRatio(Uint8Array.of(0), Float64Array.of(0.5)), { code: 'DATA_INVALID' })
})

test('a ranking metric of one class is an error that says which class is missing', () => {
  const scores = Float64Array.of(0.1, 0.2)
  for (const metric of [rocAuc, averagePrecision]) {
    assert.throws(() => metric(Uint8Array.of(0, 0), scores), { code: 'DATA_INVALID', message: /at least one fraud/ })
    assert.throws(() => metric(Uint8Array.of(1, 1), scores), { code: 'DATA_INVALID', message: /one legitimate/ })
    const withoutWeight = Float64Array.of(0, 1)
    assert.throws(() => metric(Uint8Array.of(1, 0), scores, withoutWeight), { code: 'DATA_INVALID' })
    assert.throws(() => metric(Uint8Array.of(1, 0), scores, Float64Array.of(1, -1)), {
      code: 'DATA_INVALID',
      message: /weight of row 1 is -1/,
    })
  }
})

test('a score that is NaN is a bug, not a rank', () => {
  assert.throws(() => rocAuc(Uint8Array.of(1, 0, 1), Float64Array.of(0.1, Number.NaN, 0.3)), /a score is NaN/)
})
