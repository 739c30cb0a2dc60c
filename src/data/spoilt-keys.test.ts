import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FractionKeys, whySpoilt } from './spoilt-keys.ts'

function column(...texts: readonly (string | undefined)[]) {
  const dictionary = [...new Set(texts.filter((text) => text !== undefined))]
  const codes = Int32Array.from(texts, (text) => (text === undefined ? -1 : dictionary.indexOf(text)))
  return { kind: 'text' as const, name: 'card', codes, dictionary }
}

test('tells a number that a spreadsheet has shortened from other texts', () => {
  for (const text of ['4.53E+15', '4,53E+15', '1E+12', '-4.5e+15', ' 4.53E+15 ']) {
    const [first, second] = whySpoilt(column('7', text)) ?? []
    assert.equal(first, undefined)
    assert.match(second ?? '', /^is a number that a spreadsheet has shortened/, text)
  }
  assert.equal(whySpoilt(column('4530000000000000', '1E10', 'E+15', '453E+15', '1E+1', 'card 1E+15')), undefined)
})

test('tells a key with U+0000', () => {
  assert.deepEqual(whySpoilt(column('7', 'a\0b')), [undefined, 'holds the character U+0000'])
})

test('tells of keys that are whole numbers with a fraction of nothing, in all rows of all tables', () => {
  const told = (...tables: readonly ReturnType<typeof column>[]) => {
    const keys = new FractionKeys()
    let rows = 1
    for (const table of tables) {
      const before = rows
      keys.add(table, (row) => `line ${before + row + 1}`)
      rows += table.codes.length
    }
    return keys.warnings('a.csv').map((warning) => warning.split(', as pandas')[0])
  }
  assert.deepEqual(told(column(undefined, '1.0'), column(undefined), column('1.0', '2.0')), [
    'a.csv: All 3 values of "card" end in .0, from line 3 on',
  ])
  assert.deepEqual(told(column('5.0')), ['a.csv: The one value of "card" ends in .0, from line 2 on'])
  for (const other of ['1', '1.5', '1.00', 'x1.0', 'A'])
    for (const tables of [[column('1.0', other)], [column(other), column('1.0')], [column('1.0'), column(other)]])
      assert.deepEqual(told(...tables), [], other)
  assert.deepEqual(told(column(undefined)), [])
})
