import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assertClose } from '../../test/close.ts'
import { labelledRows } from '../../test/labelled-rows.ts'
import { createRandom, type Random } from '../core/random.ts'
import { calibrate, fitCalibration } from '../models/calibration.ts'
import { chooseThreshold, type ThresholdObjective } from './choose-threshold.ts'
import { expectedLabels } from './expected-labels.ts'
import { chooseOnHeld, fewestForLabels, fewestForOneFigure, thresholdInterval } from './held-choice.ts'

/** Scores of a model that finds most frauds, with 150 legitimate rows for each of them, some of which look like fraud. */
function draw(frauds: number, random: Random) {
  const labels = new Uint8Array(frauds * 151).fill(1, 0, frauds)
  const rawScores = Float64Array.from(labels, (label) => {
    const odd = random.uniform() < 0.02 ? 3 : 1
    return 1 / (1 + Math.exp(label === 1 ? -1 - 2.5 * random.normal() : 8 - 1.5 * odd * random.normal()))
  })
  const calibration = fitCalibration(labels, rawScores)
  const probabilities = rawScores.map((score) => calibrate(calibration, score))
  return { labels, rawScores, probabilities, calibration }
}

const costs = { falsePositive: 5, falseNegative: 100 }

describe('among fewer than twenty held frauds', () => {
  test('no threshold is expected to cost less than the one chosen for cost', () => {
    fc.assert(
      fc.property(labelledRows(18), fc.boolean(), ({ labels, scores, weights }, byAmount) => {
        const falseNegative = byAmount ? scores.map((score, row) => (row % 3) * 10 + score) : 20
        const held = { labels, probabilities: scores, weights }
        const { threshold, isExpected } = chooseOnHeld(held, {
          kind: 'cost',
          cost: { falsePositive: 3, falseNegative },
        })
        assert.ok(isExpected)
        const expectedCost = (from: number) =>
          scores.reduce((sum, probability, row) => {
            const missed = typeof falseNegative === 'number' ? falseNegative : falseNegative[row]
            const cost = probability >= from ? 3 * (1 - probability) : missed * probability
            return sum + cost * (weights?.[row] ?? 1)
          }, 0)
        const least = Math.min(...[2, ...scores].map(expectedCost))
        assertClose(expectedCost(threshold), least, 1e-9 * (1 + least))
      }),
    )
  })

  test('a threshold for cost costs less on other rows than one by their labels, in the mean of many tables', () => {
    const random = createRandom(5)
    const other = draw(400, random)
    const spent = (from: number, probabilities: Float64Array) =>
      other.labels.reduce((sum, label, row) => {
        if (probabilities[row] >= from) return sum + (label === 1 ? 0 : costs.falsePositive)
        return sum + (label === 1 ? costs.falseNegative : 0)
      }, 0) / 400
    for (const frauds of [2, 5, 10]) {
      let [byLabels, byExpectation] = [0, 0]
      for (let table = 0; table < 60; table++) {
        const held = draw(frauds, random)
        const elsewhere = other.rawScores.map((score) => calibrate(held.calibration, score))
        const objective: ThresholdObjective = { kind: 'cost', cost: costs }
        byExpectation += spent(chooseOnHeld(held, objective).threshold, elsewhere) / 60
        byLabels +=
          spent(chooseThreshold(held.labels, held.probabilities, undefined, objective).threshold, elsewhere) / 60
      }
      assert.ok(byExpectation < byLabels, `${frauds} frauds: ${byExpectation} by expectation, ${byLabels} by labels`)
    }
  })

  test('a precision that a prior expects of no score is refused with the reason', () => {
    const held = draw(4, createRandom(3))
    assert.throws(
      () => chooseOnHeld(held, { kind: 'precision', atLeast: 0.95 }),
      /can't be reached on these rows: .*; with 4 frauds to choose on, precision is what the calibrated probabilities/,
    )
  })
})

test('from twenty frauds on, and for F1 and recall always, labels decide', () => {
  const objectives: ThresholdObjective[] = [
    { kind: 'f1' },
    { kind: 'recall', atLeast: 0.6 },
    { kind: 'precision', atLeast: 0.5 },
    { kind: 'cost', cost: costs },
  ]
  for (const frauds of [3, fewestForLabels - 1, fewestForLabels]) {
    const held = draw(frauds, createRandom(frauds))
    for (const objective of objectives) {
      const { isExpected, threshold } = chooseOnHeld(held, objective)
      const mayExpect = objective.kind === 'cost' || objective.kind === 'precision'
      assert.equal(isExpected, mayExpect && frauds < fewestForLabels)
      if (!isExpected)
        assert.equal(threshold, chooseThreshold(held.labels, held.probabilities, undefined, objective).threshold)
    }
  }
})

test('a row counts in expectation as a fraud with its probability, and as a legitimate one with the rest', () => {
  const { labels, probabilities, weights } = expectedLabels(Float64Array.of(0.25, 1, 0), Float64Array.of(2, 1, 3))
  assert.deepEqual([...labels], [1, 1, 1, 0, 0, 0])
  assert.deepEqual([...probabilities], [0.25, 1, 0, 0.25, 1, 0])
  assert.deepEqual([...weights], [0.5, 1, 0, 1.5, 0, 3])
})

describe('the interval of a chosen threshold', () => {
  test('narrows as frauds come, and is not told of enough of them', () => {
    const meanWidth = (frauds: number) => {
      const widths = Array.from({ length: 6 }, (_, table) => {
        const held = draw(frauds, createRandom(table))
        const interval = thresholdInterval(held, { kind: 'f1' }, 1)
        assert.ok(interval !== undefined && interval.lower < interval.upper)
        if (table === 0) assert.deepEqual(thresholdInterval(held, { kind: 'f1' }, 1), interval, 'the same by seed')
        return Math.log(interval.upper / interval.lower)
      })
      return widths.reduce((sum, width) => sum + width, 0) / widths.length
    }
    assert.ok(meanWidth(4) > meanWidth(fewestForOneFigure - 1))
    assert.equal(thresholdInterval(draw(fewestForOneFigure, createRandom(9)), { kind: 'f1' }, 1), undefined)
  })

  test('holds the threshold that a thousand times as many rows would have chosen, more often than not', () => {
    const random = createRandom(11)
    const many = draw(2_000, random)
    const { threshold } = chooseThreshold(many.labels, many.rawScores, undefined, { kind: 'f1' })
    let held = 0
    for (let table = 0; table < 20; table++) {
      const rows = draw(20, random)
      const interval = thresholdInterval(rows, { kind: 'f1' }, table)
      const wanted = calibrate(rows.calibration, threshold)
      if (interval !== undefined && interval.lower <= wanted && wanted <= interval.upper) held++
    }
    assert.ok(held >= 14, `${held} of 20`)
  })
})
