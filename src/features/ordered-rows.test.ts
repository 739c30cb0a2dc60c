import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ToldTexts } from './chunk-texts.ts'
import { OrderedRows } from './ordered-rows.ts'
import { OpenTransaction, ReplayChunk } from './replay-chunk.ts'

const field = (name: string) => ({ name, column: name })
const layout = { texts: [field('card'), field('shop')], numbers: [field('points')] }
const rowCount = 500

function filledChunk(first: number) {
  const chunk = new ReplayChunk(layout, rowCount)
  for (let row = 0; row < rowCount; row++) {
    const texts = [`card-${(first + row) % 17}`, row % 5 === 0 ? undefined : `shop-${row % 101}`]
    const numbers = Float64Array.of(-row)
    chunk.add(
      { timestampMs: first + row, amount: row * 3, texts, numbers },
      row % 3 === 0 ? first + row + 9 : Number.NaN,
    )
  }
  const sent = chunk.toSend(first)
  return { ...sent, dictionaries: new ToldTexts().take(sent.added) }
}

test('rows are the same as the chunk has them, in any order, whatever was looked at before', () => {
  const rows = new OrderedRows(layout)
  const expected = new OpenTransaction(layout)
  const look = fc.record({
    place: fc.nat({ max: rowCount - 1 }),
    texts: fc.boolean(),
    numbers: fc.boolean(),
    fraud: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.nat({ max: 1000 }), fc.nat({ max: 6 }), fc.array(look), (first, stride, looks) => {
      const chunk = filledChunk(first)
      const order = Uint32Array.from({ length: rowCount }, (_, i) => (i * (2 * stride + 7)) % rowCount)
      rows.open(chunk, order)
      for (const { place, texts, numbers, fraud } of looks) {
        rows.read(place)
        expected.read(chunk, chunk.dictionaries, order[place])
        assert.deepEqual([rows.timestampMs, rows.amount], [expected.timestampMs, expected.amount])
        if (texts) assert.deepEqual(rows.texts, expected.texts)
        if (numbers) assert.deepEqual(rows.numbers, expected.numbers)
        if (fraud) assert.equal(rows.fraudKnownAtMs, chunk.fraudKnownAtMs[order[place]])
      }
    }),
    { numRuns: 50 },
  )
})
