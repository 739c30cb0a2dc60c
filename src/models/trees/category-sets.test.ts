import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { categoriesIn, createSet, isInSet, mostCategories } from './category-sets.ts'

const categories = fc.uniqueArray(fc.oneof(fc.nat(70), fc.nat(mostCategories - 1)), { maxLength: 20 })

test('a set holds its categories and no other number', () => {
  fc.assert(
    fc.property(
      categories,
      categories,
      fc.array(fc.oneof(fc.double(), fc.integer({ min: -40, max: 80 }))),
      (own, before, others) => {
        const sets = Int32Array.from([...createSet(before), ...createSet(own)])
        const at = createSet(before).length
        for (const value of [...own, ...others, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, mostCategories]) {
          assert.equal(isInSet(sets, at, value), value >= 0 && own.includes(Math.trunc(value)), `${value}`)
        }
        assert.deepEqual(
          categoriesIn(sets, at),
          own.toSorted((a, b) => a - b),
        )
      },
    ),
  )
})
