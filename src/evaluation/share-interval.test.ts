import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertClose } from '../../test/close.ts'
import { createRandom } from '../core/random.ts'
import { wilsonInterval } from '../core/wilson-interval.ts'
import { effectiveRows, shareInterval, type Weighed, withUnseen } from './share-interval.ts'

interface Golden {
  readonly cases: readonly { readonly hits: number; readonly rows: number; lower: number; upper: number }[]
}

const golden: Golden = JSON.parse(readFileSync(new URL('../../test/golden/wilson.json', import.meta.url), 'utf8'))

const equal = (rows: number, weight = 1): Weighed => ({ sum: rows * weight, squares: rows * weight * weight })

test('Wilson’s interval is scipy’s', () => {
  for (const { hits, rows, lower, upper } of golden.cases) {
    const ours = wilsonInterval(hits, rows)
    assertClose(ours.lower, lower, 1e-12, `${hits} of ${rows}, lower`)
    assertClose(ours.upper, upper, 1e-12, `${hits} of ${rows}, upper`)
  }
})

test('of all, none and of nothing at all an interval has a width', () => {
  const { lower, upper } = wilsonInterval(7, 7)
  assert.equal(lower.toFixed(4), '0.6457')
  assert.equal(upper, 1)
  assert.equal(wilsonInterval(0, 7).lower, 0)
  assert.equal(wilsonInterval(0, 7).upper.toFixed(4), '0.3543')
  assert.deepEqual(wilsonInterval(0, 0), { lower: 0, upper: 1 })
  assert.deepEqual(shareInterval(equal(0), equal(0)), { lower: 0, upper: 1 })
})

const weights = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { maxLength: 30 })

function weigh(values: readonly number[], scale = 1): Weighed {
  return {
    sum: values.reduce((sum, value) => sum + scale * value, 0),
    squares: values.reduce((sum, value) => sum + (scale * value) ** 2, 0),
  }
}

test('a weighted share lies in its interval, which lies in 0 to 1, is not a point and knows no unit of weight', () => {
  fc.assert(
    fc.property(weights, weights, fc.double({ min: 0.01, max: 100, noNaN: true }), (part, rest, scale) => {
      const [ours, theirs] = [weigh(part), weigh(rest)]
      const { lower, upper } = shareInterval(ours, theirs)
      assert.ok(0 <= lower && lower < upper && upper <= 1, `${lower} ${upper}`)
      const share = ours.sum / (ours.sum + theirs.sum)
      if (part.length + rest.length > 0) assert.ok(lower <= share && share <= upper, `${lower} ${share} ${upper}`)
      const scaled = shareInterval(weigh(part, scale), weigh(rest, scale), { part: scale, rest: scale })
      assertClose(scaled.lower, lower, 1e-9)
      assertClose(scaled.upper, upper, 1e-9)
    }),
  )
})

test('equal weights change nothing, and a row that is repeated k times tells as much as one', () => {
  const plain = wilsonInterval(30, 40)
  assertClose(shareInterval(equal(30, 3), equal(10, 3)).lower, plain.lower, 1e-12)
  assert.equal(effectiveRows(equal(40, 5)), 40)
  assert.equal(effectiveRows({ sum: 0, squares: 0 }), 0)
  assert.ok(Math.abs(effectiveRows(weigh([1, 1, 1, 97])) - 100 ** 2 / (3 + 97 ** 2)) < 1e-12)
})

test('a false alarm that did not come may stand for many rows', () => {
  const { lower, upper } = shareInterval(equal(900), equal(0), { part: 1, rest: 50 })
  assert.equal(upper, 1)
  const unweighted = wilsonInterval(900, 900).lower
  assertClose(lower, unweighted / (unweighted + 50 * (1 - unweighted)), 1e-12)
  assert.ok(lower < 0.84)
})

test('weighted shares are covered about 19 times in 20', () => {
  const random = createRandom(5)
  // Of 100 frauds (weight 1) and 8 of the false alarms (weight 10 to 30) that were kept, as a sampled table has them.
  const truth = 100 / (100 + 8 * 20)
  let covered = 0
  for (let trial = 0; trial < 1000; trial++) {
    const frauds = Array.from({ length: 200 }, () => random.uniform())
      .filter((draw) => draw < 0.5)
      .map(() => 1)
    const alarms = Array.from({ length: 80 }, () => random.uniform()).filter((draw) => draw < 0.1)
    const { lower, upper } = shareInterval(weigh(frauds), weigh(alarms.map(() => 10 + 20 * random.uniform())))
    if (lower <= truth && truth <= upper) covered++
  }
  // 950, less four standard errors.
  assert.ok(covered >= 922, `${covered}`)
})

test('rows that did not come move a mean as Wilson’s bound moves a share of none or all', () => {
  for (const rows of [1, 7, 1000]) {
    assertClose(withUnseen(1, rows, 0, 1).lower, wilsonInterval(rows, rows).lower, 1e-12)
    assertClose(withUnseen(0, rows, 0, 1).upper, wilsonInterval(0, rows).upper, 1e-12)
  }
})
