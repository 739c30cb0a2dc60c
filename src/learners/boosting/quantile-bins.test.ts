import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fillBins, findBinEnds, sampleClasses } from './quantile-bins.ts'

describe('bins', () => {
  test('hold one value each where there are few, and never parts of one', () => {
    const value = fc.oneof(fc.constantFrom(Number.NaN, 0, -0, 1, Infinity, -Infinity), fc.double())
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 60 }), fc.integer({ min: 2, max: 80 }), (values, most) => {
        const column = Float64Array.from(values)
        const labels = Uint8Array.from(values, (_, row) => row % 2)
        const ends = findBinEnds(column, sampleClasses(labels), most)
        const bins = new Uint8Array(values.length)
        assert.equal(fillBins(ends, column, bins), values.some(Number.isNaN))
        assert.ok(ends.length <= most)
        const distinct = [...new Set(values.filter((each) => !Number.isNaN(each)).map((each) => each + 0))]
        if (distinct.length <= most && distinct.length > 0) assert.equal(ends.length, distinct.length)
        values.forEach((each, row) => {
          const expected = Number.isNaN(each) ? ends.length : ends.findIndex((end) => each <= end)
          assert.equal(bins[row], expected)
        })
      }),
    )
  })

  test('are cut where the rare class lies, however few rows are there', () => {
    // 100 frauds above everything else, among 20,000 rows: quantiles of all rows would give them one bin.
    const column = Float64Array.from({ length: 20_000 }, (_, row) => (row < 100 ? 1000 + row : row / 100))
    const labels = Uint8Array.from({ length: 20_000 }, (_, row) => (row < 100 ? 1 : 0))
    const ends = findBinEnds(column, sampleClasses(labels), 64)
    assert.equal(ends.length, 64)
    const above = ends.filter((end) => end >= 1000).length
    assert.ok(above >= 28 && above <= 36, String(above))
  })
})
