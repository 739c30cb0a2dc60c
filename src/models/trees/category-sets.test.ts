import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { categoriesIn, createSet, isInSet, mostCategories, readingOf } from './category-sets.ts'

const categories = fc.uniqueArray(fc.oneof(fc.nat(70), fc.nat(mostCategories - 1)), { maxLength: 20 })

const numbers = fc.oneof(fc.double(), fc.integer({ min: -40, max: 80 }), fc.double({ min: -1.5, max: 3 }))
/** What LightGBM 4.7 and XGBoost 3.2 take a number for. */
const read = {
  shrike: (value: number) => (value >= 0 ? Math.trunc(value) : -1),
  lightgbm: (value: number) => (value > -1 ? Math.abs(Math.trunc(value)) : -1),
  xgboost: (value: number) => (Math.fround(value) >= 0 ? Math.abs(Math.trunc(Math.fround(value))) : -1),
}

test('a set holds its categories and no other number', () => {
  for (const reading of ['shrike', 'lightgbm', 'xgboost'] as const) {
    fc.assert(
      fc.property(categories, categories, fc.array(numbers), (own, before, others) => {
        const sets = Int32Array.from([...createSet(before), ...createSet(own, reading)])
        const at = createSet(before).length
        const odd = [-1, -0.5, -1e-310, 38.999_999_999, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, mostCategories]
        for (const value of [...own, ...own.map((each) => each - 1e-9), ...others, ...odd]) {
          assert.equal(isInSet(sets, at, value), own.includes(read[reading](value)), `${reading} ${value}`)
        }
        assert.deepEqual(
          categoriesIn(sets, at),
          own.toSorted((a, b) => a - b),
        )
        assert.equal(readingOf(sets, at), reading)
      }),
    )
  }
})
