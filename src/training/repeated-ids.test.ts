import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Table } from '../data/table.ts'
import { parseDetector } from '../detector/detector.ts'
import { RepeatedIds } from './repeated-ids.ts'

const detector = parseDetector({
  detector: 'cards',
  transaction: { id: 'id', amount: { field: 'amount' }, keys: { card: 'card' }, label: { field: 'fraud' } },
  features: ['amount'],
})

interface Row {
  readonly id: number
  readonly amount: number
  readonly card: string
}

function tableOf(rows: readonly Row[]): Table {
  const dictionary = [...new Set(rows.map(({ card }) => card))]
  return {
    rowCount: rows.length,
    columns: [
      { kind: 'number', name: 'id', values: Float64Array.from(rows, ({ id }) => id) },
      { kind: 'number', name: 'amount', values: Float64Array.from(rows, ({ amount }) => amount) },
      { kind: 'text', name: 'card', codes: Int32Array.from(rows, ({ card }) => dictionary.indexOf(card)), dictionary },
    ],
  }
}

function findIn(tables: readonly (readonly Row[])[]) {
  const repeats = new RepeatedIds(detector, { texts: [], numbers: [] })
  return tables.flatMap((rows) => {
    repeats.open(tableOf(rows), { isWhole: tables.length === 1 })
    return rows.map((_, index) => repeats.check(index))
  })
}

test('finds what a comparison of all rows finds, in one table and in pieces', () => {
  const row = fc.record({
    id: fc.constantFrom(Number.NaN, 0, 1, 2, 3, 2 ** 40),
    amount: fc.constantFrom(Number.NaN, 0, 1.5),
    card: fc.constantFrom('a', 'b'),
  })
  const property = fc.property(fc.array(fc.array(row, { maxLength: 8 }), { minLength: 1, maxLength: 4 }), (tables) => {
    const all = tables.flat()
    const expected = all.map(({ id, amount, card }, i) => {
      const first = all.findIndex((other) => other.id === id)
      if (first < 0 || first === i) return undefined
      const isAlike = (other: Row) => other.id === id && Object.is(other.amount, amount) && other.card === card
      const alike = all.findIndex(isAlike)
      return { first, sameAs: alike < i ? alike : undefined }
    })
    assert.deepEqual(findIn([all]), expected)
    assert.deepEqual(findIn(tables), expected)
  })
  fc.assert(property, { numRuns: 500 })
})

test('takes no two of many ids for one', () => {
  const count = 200_000
  for (const id of [(i: number) => i, (i: number) => i / 100, (i: number) => i * 2 ** 32]) {
    const rows = Array.from({ length: count }, (_, i) => ({ id: id(i), amount: 1, card: 'a' }))
    const found = findIn([rows.slice(0, count / 2), rows.slice(count / 2)])
    assert.ok(found.every((repeat) => repeat === undefined))
  }
})
