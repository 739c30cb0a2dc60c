import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../core/random.ts'
import { binColumn, findEdges } from './binning.ts'

test('a long column has the bins that its parts have', () => {
  const random = createRandom(1)
  const special = [Number.NaN, 0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, -1e300]
  const column = Float64Array.from({ length: 1_000_000 }, (_, row) => special[row % 101] ?? random.normal())
  const edges = findEdges(
    column,
    Uint32Array.from({ length: 5000 }, (_, i) => 200 * i + (i % 7)),
  )
  const whole = new Uint16Array(column.length)
  binColumn(edges, column, whole)
  const parts = new Uint16Array(column.length)
  for (let from = 0; from < column.length; from += 100_000) {
    binColumn(edges, column.subarray(from, from + 100_000), parts.subarray(from, from + 100_000))
  }
  assert.ok(Buffer.from(whole.buffer).equals(Buffer.from(parts.buffer)))
  assert.ok(new Set(whole).size > 9000)
})
