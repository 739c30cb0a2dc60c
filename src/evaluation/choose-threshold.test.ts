import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assertClose } from '../../test/close.ts'
import { type LabelledRows, labelledRows } from '../../test/labelled-rows.ts'
import { FraudError } from '../core/errors.ts'
import { chooseThreshold, lowestThresholdAt, type ThresholdObjective } from './choose-threshold.ts'
import { confusion, predictLabels } from './metrics.ts'

const share = fc.double({ min: 0.01, max: 1, noNaN: true })

/** What every threshold that can differ does, from none alerted to all, the slow way. */
function everyChoice({ labels, scores, weights }: LabelledRows) {
  const thresholds = [2, ...new Set(scores)].sort((a, b) => b - a)
  return thresholds.map((threshold) => {
    const counts = confusion(labels, predictLabels(scores, { value: threshold, inclusive: true }), weights)
    const { tp, fp, fn } = counts
    return {
      ...counts,
      threshold,
      f1: (2 * tp) / (2 * tp + fp + fn),
      precision: tp + fp === 0 ? 0 : tp / (tp + fp),
      recall: tp / (tp + fn),
    }
  })
}

/** The choice with the confusion matrix of the threshold, and the proof that the threshold alerts on just these rows. */
function chosen(rows: LabelledRows, objective: ThresholdObjective) {
  const outcome = chooseThreshold(rows.labels, rows.scores, rows.weights, objective)
  const predictions = predictLabels(rows.scores, { value: outcome.threshold, inclusive: true })
  const counted = confusion(rows.labels, predictions, rows.weights)
  for (const cell of ['tn', 'fp', 'fn', 'tp'] as const) assertClose(outcome[cell], counted[cell], 1e-12, cell)
  return outcome
}

describe('of all thresholds', () => {
  test('none has a better F1 than the one chosen for it', () => {
    fc.assert(
      fc.property(labelledRows(), (rows) => {
        const { tp, fp, fn } = chosen(rows, { kind: 'f1' })
        const best = Math.max(...everyChoice(rows).map(({ f1 }) => f1))
        assertClose((2 * tp) / (2 * tp + fp + fn), best, 1e-12)
      }),
    )
  })

  test('none catches more at the wanted precision', () => {
    fc.assert(
      fc.property(labelledRows(), share, (rows, atLeast) => {
        const reaching = everyChoice(rows).filter(({ precision }) => precision >= atLeast)
        try {
          const outcome = chosen(rows, { kind: 'precision', atLeast })
          assert.ok(outcome.precision >= atLeast)
          assertClose(outcome.recall, Math.max(...reaching.map(({ recall }) => recall)), 1e-12)
          const lowest = Math.min(...reaching.map(({ threshold }) => threshold))
          assert.ok(outcome.threshold <= lowest)
        } catch (error) {
          assert.ok(error instanceof FraudError, String(error))
          assert.deepEqual(reaching, [])
        }
      }),
    )
  })

  test('from one up, none catches more at the wanted precision, and there is none where none reaches it', () => {
    fc.assert(
      fc.property(labelledRows(), share, fc.double({ min: 0, max: 1.1, noNaN: true }), (rows, atLeast, from) => {
        const { labels, scores, weights } = rows
        const lowest = lowestThresholdAt(labels, scores, weights, { atLeast, from })
        const reaching = everyChoice(rows).filter((choice) => choice.threshold >= from && choice.precision >= atLeast)
        const [expected] = reaching.toSorted((one, other) => one.threshold - other.threshold)
        assert.equal(lowest === undefined, expected === undefined)
        if (lowest === undefined) return
        assert.ok(lowest >= from)
        const alerts = (threshold: number) => predictLabels(scores, { value: threshold, inclusive: true })
        assert.deepEqual(alerts(lowest), alerts(expected.threshold))
      }),
    )
  })

  test('none is higher at the wanted recall', () => {
    fc.assert(
      fc.property(labelledRows(), share, (rows, atLeast) => {
        const outcome = chosen(rows, { kind: 'recall', atLeast })
        assert.ok(outcome.recall >= atLeast)
        const higher = everyChoice(rows).filter(({ threshold }) => threshold > outcome.threshold)
        const reaching = higher.filter(({ recall }) => recall >= atLeast)
        // The lowest probability alerted on is above the threshold, and it alone reaches the recall.
        assert.ok(reaching.length <= 1)
      }),
    )
  })

  test('none costs less than the one chosen for its cost', () => {
    const price = fc.double({ min: 0, max: 1000, noNaN: true })
    fc.assert(
      fc.property(labelledRows(), price, price, fc.boolean(), (rows, falsePositive, falseNegative, byAmount) => {
        const amounts = rows.scores.map((score, row) => ((row * 37) % 11) * falseNegative * (1.5 - score))
        const lossOf = (row: number) => (byAmount ? amounts[row] : falseNegative)
        const cost = { falsePositive, falseNegative: byAmount ? amounts : falseNegative }
        const costs = everyChoice(rows).map(({ threshold }) =>
          rows.scores.reduce((sum, score, row) => {
            const weight = rows.weights?.[row] ?? 1
            if (score >= threshold) return sum + (rows.labels[row] === 0 ? weight * falsePositive : 0)
            return sum + (rows.labels[row] === 1 ? weight * lossOf(row) : 0)
          }, 0),
        )
        assertClose(chosen(rows, { kind: 'cost', cost }).cost ?? Number.NaN, Math.min(...costs), 1e-9)
      }),
    )
  })
})

const labels = Uint8Array.of(1, 1, 0, 1, 0)
const scores = Float64Array.of(0.9, 0.7, 0.5, 0.3, 0.2)
const choose = (objective: ThresholdObjective) => chooseThreshold(labels, scores, undefined, objective)

test('the threshold lies half-way to the next probability below, to 0 at the end', () => {
  assertClose(choose({ kind: 'precision', atLeast: 0.9 }).threshold, 0.6, 1e-15)
  assertClose(choose({ kind: 'recall', atLeast: 1 }).threshold, 0.25, 1e-15)
  assertClose(choose({ kind: 'precision', atLeast: 0.1 }).threshold, 0.1, 1e-15)
})

test('of equally good thresholds the highest is taken', () => {
  const outcome = chooseThreshold(Uint8Array.of(1, 0, 1, 1), Float64Array.of(0.9, 0.6, 0.4, 0.4), undefined, {
    kind: 'cost',
    cost: { falsePositive: 2, falseNegative: 1 },
  })
  assert.equal(outcome.alerts, 1)
})

test('neighbouring doubles are told apart', () => {
  const high = 0.3 + Number.EPSILON / 4
  const outcome = chooseThreshold(Uint8Array.of(1, 0), Float64Array.of(high, 0.3), undefined, { kind: 'f1' })
  assert.deepEqual([outcome.threshold, outcome.tp, outcome.fp], [high, 1, 0])
})

test('where every alert costs more than it saves, nothing is alerted on, not even 1', () => {
  const cost = { falsePositive: 100, falseNegative: 1 }
  const choice = (top: number) =>
    chooseThreshold(Uint8Array.of(1, 0), Float64Array.of(top, top), undefined, { kind: 'cost', cost })
  assert.equal(choice(0.5).threshold, 0.75)
  assert.ok(choice(1).threshold > 1)
  assert.deepEqual([choice(1).alerts, choice(1).cost], [0, 1])
})

test('a precision out of reach is an error that says what can be had', () => {
  const unlucky = Uint8Array.of(0, 1, 1, 0, 0)
  const wanted = (atLeast: number) => () => chooseThreshold(unlucky, scores, undefined, { kind: 'precision', atLeast })
  assert.throws(wanted(0.9), {
    code: 'OPTION_INVALID',
    message: "A precision of 0.9 can't be reached on these rows: the best is 0.6666, at a recall of 1",
  })
  assert.doesNotThrow(wanted(0.6666))
})

test('a share outside of (0, 1] and rows of one class are refused', () => {
  assert.throws(() => choose({ kind: 'precision', atLeast: 0 }), {
    code: 'OPTION_INVALID',
    message: /wanted precision/,
  })
  assert.throws(() => choose({ kind: 'recall', atLeast: 1.01 }), { code: 'OPTION_INVALID', message: /wanted recall/ })
  assert.throws(() => chooseThreshold(Uint8Array.of(0, 0), Float64Array.of(0, 1), undefined, { kind: 'f1' }), {
    code: 'DATA_INVALID',
    message: /at least one fraud/,
  })
})
