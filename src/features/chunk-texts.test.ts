import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChunkTexts, ToldTexts } from './chunk-texts.ts'
import { OpenTransaction, ReplayChunk } from './replay-chunk.ts'

const layout = { texts: [{ name: 'card', column: 'card' }], numbers: [] }
const text = fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { nil: undefined })
/** Rows of a table whose texts have codes, or of one where each is a text of its own, and after which rows a chunk ends. */
const table = fc.record({
  texts: fc.array(text, { maxLength: 12 }),
  isCoded: fc.boolean(),
  cuts: fc.array(fc.boolean()),
})

test('whoever is told chunk by chunk what is new reads the texts that were put in', () => {
  fc.assert(
    fc.property(fc.array(table, { maxLength: 6 }), fc.nat({ max: 6 }), (tables, most) => {
      const told = new ToldTexts()
      const chunk = new ReplayChunk(layout, 100)
      const transaction = new OpenTransaction(layout)
      let texts = new ChunkTexts(layout)
      let expected: (string | undefined)[] = []
      const next = () => {
        const sent = chunk.toSend(0)
        const dictionaries = told.take(structuredClone(sent.added))
        for (const [row, each] of expected.entries()) {
          transaction.read(sent, dictionaries, row)
          assert.equal(transaction.texts[0], each)
          chunk.read(row, transaction)
          assert.equal(transaction.texts[0], each)
        }
        expected = []
        if (texts.dictionaries[0].length > most) texts = new ChunkTexts(layout)
        chunk.open(texts)
      }
      next()
      for (const { texts: column, isCoded, cuts } of tables) {
        const dictionary = ['unused', ...new Set(column.filter((each) => each !== undefined))].reverse()
        const codes = Int32Array.from(column, (each) => (each === undefined ? -1 : dictionary.indexOf(each)))
        const coded = [isCoded ? { codes, texts: dictionary } : undefined]
        chunk.openTable(coded)
        for (const [index, each] of column.entries()) {
          const numbers = new Float64Array(0)
          chunk.add({ timestampMs: 0, amount: 0, texts: [each], numbers }, Number.NaN, index)
          expected.push(each)
          if (cuts[index] !== true) continue
          next()
          chunk.openTable(coded)
        }
      }
      next()
    }),
  )
})
