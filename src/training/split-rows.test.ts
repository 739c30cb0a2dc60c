import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { noBadRows } from '../data/bad-rows.ts'
import { parseDetector } from '../detector/detector.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { type SplitPlan, splitRows } from './split-rows.ts'

const detector = parseDetector({ detector: 'rows', transaction: { label: { field: 'fraud' } }, features: ['x'] })

/** Rows of a time, a label and the delay of that label each, in milliseconds. */
function rowsOf(made: readonly (readonly [time: number, label: number, delay?: number])[]): LabelledRows {
  const times = Float64Array.from(made, ([time]) => time)
  return {
    ...{ source: 'rows', detector, fingerprint: '', features: [], columns: [], badRows: noBadRows },
    ...{ labels: Uint8Array.from(made, ([, label]) => label), times, isoTimes: true },
    knownAt: Float64Array.from(made, ([time, , delay = 0]) => time + delay),
  }
}

const byTime: SplitPlan = { by: 'time', testShare: 0.3, seed: 1 }
const random: SplitPlan = { ...byTime, by: 'random' }
const union = (...parts: readonly (Uint32Array | undefined)[]) =>
  parts.flatMap((part) => [...(part ?? [])]).sort((a, b) => a - b)

/** Every third row is a fraud; the frauds of a row's own time are among them. */
const made = fc
  .array(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 40 })), { minLength: 60, maxLength: 120 })
  .map((rows) => rows.map(([time, delay], i): readonly [number, number, number] => [time, i % 3 === 0 ? 1 : 0, delay]))

describe('rows are split', () => {
  test('by time: labels of training rows were known when the test began, and each row is in one part', () => {
    fc.assert(
      fc.property(made, (given) => {
        const {
          train,
          fit,
          calibration,
          test,
          boundary = Number.NaN,
          unknownThen,
        } = splitRows(rowsOf(given), byTime, true)
        const timeOf = (row: number) => given[row][0]
        const knownAt = (row: number) => timeOf(row) + given[row][2]
        assert.deepEqual(union(fit, calibration), [...train])
        assert.ok(test.every((row) => timeOf(row) >= boundary))
        assert.ok(train.every((row) => timeOf(row) < boundary && knownAt(row) <= boundary))
        assert.equal(train.length + unknownThen + test.length, given.length)
        assert.equal(new Set(union(train, test)).size, train.length + test.length)
        const lastFit = Math.max(...[...fit].map(timeOf))
        assert.ok(calibration?.every((row) => timeOf(row) >= lastFit))
        // What is left out although its label was known is as late as the first that was not, or later.
        const lastLegitimate = Math.max(...[...train].filter((row) => given[row][1] === 0).map(timeOf))
        for (const [row, [time, , delay]] of given.entries()) {
          const isLeftOut = time < boundary && !train.includes(row)
          if (isLeftOut && time + delay <= boundary) assert.ok(time > lastLegitimate, `row ${row}`)
        }
      }),
    )
  })

  test('from a time on, which wins over a share, and into no calibration where none is held out', () => {
    const rows = rowsOf(Array.from({ length: 40 }, (_, i) => [i, i % 4 === 0 ? 1 : 0]))
    const { fit, calibration, test, boundary } = splitRows(rows, { ...byTime, testFrom: 10 }, false)
    assert.deepEqual([fit.length, calibration, test.length, boundary], [10, undefined, 30, 10])
  })

  test('at random: by the seed, both classes in each part, whatever the times', () => {
    fc.assert(
      fc.property(made, fc.nat(), (given, seed) => {
        const split = () => splitRows(rowsOf(given), { ...random, seed }, true)
        const { fit, calibration, test, train, unknownThen, boundary } = split()
        assert.deepEqual(split(), { fit, calibration, test, train, unknownThen })
        assert.deepEqual(union(fit, calibration, test), [...given.keys()])
        assert.deepEqual([unknownThen, boundary], [0, undefined])
        for (const part of [fit, calibration ?? [], test])
          assert.deepEqual(new Set([...part].map((row) => given[row][1])), new Set([0, 1]))
      }),
    )
  })

  const refused: readonly [string, LabelledRows, SplitPlan, RegExp][] = [
    ['frauds alone', rowsOf(Array.from({ length: 9 }, (_, i) => [i, 1])), byTime, /All 9 rows are fraud/],
    [
      'frauds that nobody knew in time',
      rowsOf(Array.from({ length: 40 }, (_, i) => [i, i % 4 === 0 ? 1 : 0, i % 4 === 0 ? 1000 : 0])),
      byTime,
      /No fraud before the test was known when it began/,
    ],
    [
      'a test from a time on that is drawn at random',
      rowsOf(Array.from({ length: 40 }, (_, i) => [i, i % 4 === 0 ? 1 : 0])),
      { ...random, testFrom: 10 },
      /test-?from/i,
    ],
  ]
  for (const [what, rows, plan, message] of refused) {
    test(`never with ${what}`, () => {
      assert.throws(() => splitRows(rows, plan, true), { code: 'OPTION_INVALID', message })
    })
  }
})
