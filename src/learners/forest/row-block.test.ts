import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom } from '../../core/random.ts'
import { arrangeByRow, type NumberedRows, placesByRow, RowBlock, strideOf } from './row-block.ts'
import type { ClassRows } from './splitting.ts'

const random = createRandom(1)
const features = 17
const rows = 1000
const bins = Array.from({ length: features }, () => Uint16Array.from({ length: rows }, () => random.integer(65_536)))
const byRow = new Uint16Array(rows * strideOf(features))
// As two threads do it.
arrangeByRow(bins, byRow, 0, 499)
arrangeByRow(bins, byRow, 499, rows)

function draw(count: number, start: number, end: number): ClassRows {
  return {
    rows: Uint32Array.from({ length: count }, () => random.integer(count)),
    weights: Float64Array.from({ length: count }, () => random.uniform()),
    start,
    end,
    weight: random.uniform(),
  }
}

interface Node {
  readonly among: NumberedRows
  readonly legitimate: ClassRows
  readonly fraud: ClassRows
}

/** All that is told of a node's rows, in their order. */
function told({ among, legitimate, fraud }: Node) {
  return [legitimate, fraud].map(({ rows, weights, start, end, weight }) => ({
    weight,
    rows: Array.from(rows.subarray(start, end), (row, i) => ({
      number: among.numbers === undefined ? row : among.numbers[row],
      weight: weights[start + i],
      bins: among.bins.map((column) => column[row]),
    })),
  }))
}

describe('a block of rows', () => {
  for (const [name, given] of [
    ['by row', byRow],
    ['by column alone', new Uint16Array(0)],
  ] as const) {
    test(`says of copies, and of copies of copies, what was said of the rows, which it knows ${name}`, () => {
      const among: NumberedRows = { bins, byRow: given, count: rows, numbers: undefined, level: 0 }
      const node: Node = { among, legitimate: draw(rows, 100, 400), fraud: draw(rows, 3, 70) }
      const copied = new RowBlock(features, 367).copy(node)
      assert.deepEqual(told(copied), told(node))
      assert.deepEqual([copied.among.count, copied.among.level], [367, 1])

      const below = { ...copied, legitimate: { ...copied.legitimate, start: 10, end: 90 } }
      const again = new RowBlock(features, 200).copy(below)
      assert.deepEqual(told(again), told(below))
    })
  }
})

test('no bins are laid out row by row where a place would be past 32 bits', () => {
  assert.equal(placesByRow(11_000_000, 384), 11_000_000 * 384)
  assert.equal(placesByRow(11_000_000, 385), 0)
})
