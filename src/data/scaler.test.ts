import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { golden } from '../../test/golden/preparation.ts'
import { createRawScorer } from '../scoring/load-predictor.ts'
import { fitScaler, transformColumns } from './scaler.ts'

const names = Object.keys(golden.columns)
const columns = Object.values(golden.columns).map((values) => Float64Array.from(values, (value) => value ?? Number.NaN))
const fits: Record<string, () => ReturnType<typeof fitScaler>> = {
  'all rows': () => fitScaler(columns),
  weights: () => fitScaler(columns, { weights: Float64Array.from(golden.weights) }),
  'rows 10 to 39': () => fitScaler(columns.map((column) => column.slice(10, 40))),
}

function assertClose(actual: Float64Array, expected: readonly (number | null)[], tolerance: number): void {
  for (const [index, name] of names.entries()) {
    const wanted = expected[index] ?? Number.NaN
    const isClose = Object.is(actual[index], wanted) || Math.abs(actual[index] - wanted) <= tolerance * Math.abs(wanted)
    assert.ok(isClose, `${name}: ${actual[index]} instead of ${wanted}`)
  }
}

/** The first row as a model gets to see it when it serves. */
function servedRow(scaling: ReturnType<typeof fitScaler>): Float64Array {
  let seen = new Float64Array()
  const predictProba = (row: Float64Array) => {
    seen = Float64Array.from(row)
    return 0
  }
  createRawScorer({ model: { predictProba }, scaling })(Float64Array.from(columns, (column) => column[0]))
  return seen
}

for (const { name, mean, scale, transformedRow } of golden.scalers) {
  test(`scales as scikit-learn does: ${name}`, () => {
    const scaler = fits[name]()
    assertClose(scaler.mean, mean, 1e-13)
    assertClose(scaler.scale, scale, 1e-9)
    const row = Float64Array.from(transformColumns(scaler, columns), (column) => column[0])
    assert.deepEqual(row, servedRow(scaler))
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

test('scales values whose squares a double does not hold', () => {
  const usual = Float64Array.of(1, 2, Number.NaN, 4, -3.5)
  const { mean, scale } = fitScaler([usual])
  const expected = transformColumns({ mean, scale }, [usual])[0]
  for (const unit of [1e300, 1e160, 1e-160, 1e-300, 2e307]) {
    const odd = usual.map((value) => value * unit)
    const fitted = fitScaler([odd])
    transformColumns(fitted, [odd])[0].forEach((value, row) => {
      const wanted = expected[row]
      assert.ok(Number.isNaN(wanted) ? Number.isNaN(value) : Math.abs(value - wanted) < 1e-12, `${unit}: ${value}`)
    })
    assert.equal(fitScaler([new Float64Array(5).fill(unit)]).scale[0], 1, 'a constant')
  }
})
