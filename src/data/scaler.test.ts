import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { golden } from '../../test/golden/preparation.ts'
import { fitScaler, type ScalerOptions, transformColumns, transformRow } from './scaler.ts'

const names = Object.keys(golden.columns)
const columns = Object.values(golden.columns).map((values) => Float64Array.from(values, (value) => value ?? Number.NaN))
const options: Record<string, ScalerOptions> = {
  'all rows': {},
  weights: { weights: Float64Array.from(golden.weights) },
  'rows 10 to 39': { rows: Uint32Array.from({ length: 30 }, (_, index) => index + 10) },
}

function assertClose(actual: Float64Array, expected: readonly (number | null)[], tolerance: number): void {
  for (const [index, name] of names.entries()) {
    const wanted = expected[index] ?? Number.NaN
    const isClose = Object.is(actual[index], wanted) || Math.abs(actual[index] - wanted) <= tolerance * Math.abs(wanted)
    assert.ok(isClose, `${name}: ${actual[index]} instead of ${wanted}`)
  }
}

for (const { name, mean, scale, transformedRow } of golden.scalers) {
  test(`scales as scikit-learn does: ${name}`, () => {
    const scaler = fitScaler(columns, options[name])
    assertClose(scaler.mean, mean, 1e-13)
    assertClose(scaler.scale, scale, 1e-9)
    const transformed = transformColumns(scaler, columns)
    const row = Float64Array.from(columns, (column) => column[0])
    transformRow(scaler, row)
    assert.deepEqual(
      row,
      Float64Array.from(transformed, (column) => column[0]),
    )
    // Far from zero and for constants, what is left of the value is scikit-learn's own rounding.
    for (const [index, column] of names.entries()) {
      if (/zero|constant/.test(column)) continue
      const wanted = transformedRow[index]
      assert.ok(wanted === null ? Number.isNaN(row[index]) : Math.abs(row[index] - wanted) < 1e-9, column)
    }
  })
}

test('takes a weight for so many copies of the row', () => {
  const value = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(Number.NaN))
  const rows = fc.array(fc.tuple(value, fc.integer({ min: 0, max: 4 })), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(rows, (pairs) => {
      const values = Float64Array.from(pairs, ([each]) => each)
      const weights = Uint32Array.from(pairs, ([, weight]) => weight)
      const copies = Float64Array.from(pairs.flatMap(([each, weight]) => Array<number>(weight).fill(each)))
      const weighted = fitScaler([values], { weights })
      const copied = fitScaler([copies])
      const close = (a: number, b: number) => Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b))
      assert.ok(close(weighted.mean[0], copied.mean[0]), `${weighted.mean[0]} and ${copied.mean[0]}`)
      assert.ok(close(weighted.scale[0], copied.scale[0]), `${weighted.scale[0]} and ${copied.scale[0]}`)
    }),
  )
})
