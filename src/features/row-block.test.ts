import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openTransaction, ReplayChunk, readRow } from './replay-chunk.ts'
import { RowBlock } from './row-block.ts'

const field = (name: string) => ({ name, column: name })
const layout = { texts: [field('card'), field('shop')], numbers: [field('points')] }
const rowCount = 5000

function filledChunk() {
  const chunk = new ReplayChunk(layout, rowCount)
  for (let row = 0; row < rowCount; row++) {
    const texts = [`card-${row % 17}`, row % 5 === 0 ? undefined : `shop-${row % 101}`]
    chunk.add({ timestampMs: row, amount: row * 3, texts, numbers: Float64Array.of(-row) }, Number.NaN)
  }
  return chunk.columns(0)
}

test('rows are the same as the chunk has them, in any order, forward, back and over blocks', () => {
  const chunk = filledChunk()
  const block = new RowBlock(layout)
  const [read, expected] = [openTransaction(layout), openTransaction(layout)]
  const place = fc.nat({ max: rowCount - 1 })
  fc.assert(
    fc.property(fc.nat({ max: 6 }), fc.array(place, { minLength: 1 }), place, (stride, places, from) => {
      const order = Uint32Array.from({ length: rowCount }, (_, i) => (i * (2 * stride + 7)) % rowCount)
      block.open(chunk, order)
      const along = Array.from({ length: Math.min(1500, rowCount - from) }, (_, i) => from + i)
      for (const each of [...along, ...places]) {
        block.read(each, chunk.dictionaries, read)
        readRow(chunk, chunk.dictionaries, order[each], expected)
        assert.deepEqual(read, expected)
      }
    }),
    { numRuns: 20 },
  )
})
