import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openTables, type ReadOptions, readTable } from './read-table.ts'
import type { Table } from './table.ts'

const folder = mkdtempSync(join(tmpdir(), 'missing-words-'))

function fileOf(content: string, ending = 'csv'): string {
  const path = join(folder, `rows.${ending}`)
  writeFileSync(path, content)
  return path
}

function cellsOf({ rowCount, columns }: Table): Record<string, unknown[]> {
  const cells = columns.map((column) => [
    column.name,
    Array.from({ length: rowCount }, (_, row) => {
      if (column.kind === 'text') return column.codes[row] < 0 ? undefined : column.dictionary[column.codes[row]]
      return Number.isNaN(column.values[row]) ? undefined : column.values[row]
    }),
  ])
  return Object.fromEntries(cells)
}

async function read(content: string, options: ReadOptions = {}, ending = 'csv') {
  const { table, notes, badRows } = await readTable(fileOf(content, ending), options)
  return { cells: cellsOf(table), notes, badRows }
}

test('takes the words that people write for a missing value for one, in keys too, and says how often', async () => {
  const words = ['NA', 'N/A', 'NULL', 'null', 'None', 'nan', '\\N', '-', ' None ', '"null"']
  const rows = words.map((word) => `${word},${word},7`)
  const { cells, notes } = await read(`email,amount,n\na@b.c,1.5,1\n${rows.join('\n')}\nnone,2.5,2\n`)
  const holes = words.map(() => undefined)
  assert.deepEqual(cells.email, ['a@b.c', ...holes, 'none'])
  assert.deepEqual(cells.amount, [1.5, ...holes, 2.5])
  assert.equal(notes.length, 1)
  for (const said of [
    '"None" (email 2, amount 2)',
    '"-" (amount 1, email 1)',
    '"\\\\N" (',
    'option `missing` changes that',
  ]) {
    assert.ok(
      notes[0].includes(said) || notes[0].includes(said.replace(/\((\w+ \d), (\w+ \d)\)/, '($2, $1)')),
      notes[0],
    )
  }
})

test('takes a word with any number of blanks around it, as databases fill up their cells', async () => {
  const padded = ['NA', ' NA', 'NA ', `NA${' '.repeat(18)}`, `${' '.repeat(9)}NA`, '" NA  "']
  const { cells, notes } = await read(`email,amount\na@b.c,1.5\n${padded.map((na) => `${na},${na}\n`).join('')}`)
  assert.deepEqual(cells, {
    email: ['a@b.c', ...padded.map(() => undefined)],
    amount: [1.5, ...padded.map(() => undefined)],
  })
  assert.match(notes[0], /"NA" \((email|amount) 6, (email|amount) 6\)/)
  const named = await read(`{"email":"   none ${' '.repeat(9)}","n":1}\n`, { missing: ['none'] }, 'ndjson')
  assert.deepEqual(named.cells.email, [undefined])
})

test('says nothing where no cell is such a word', async () => {
  const { notes } = await read('email,amount\na@b.c,1.5\n,\n')
  assert.deepEqual(notes, [])
})

test('an empty word makes no zero missing', async () => {
  const { cells } = await read('id,n\na,0\nb,2.5\n', { missing: ['', ' '] })
  assert.deepEqual(cells.n, [0, 2.5])
})

test('takes other words where they are named, numbers among them, and leaves the usual ones', async () => {
  const content = 'country,amount,n\nNA,1.5,1\nunbekannt,-999,2\nAT,–,3\nAT,2,unbekannt\n'
  const { cells, notes } = await read(content, { missing: ['unbekannt', '-999', '–'] })
  assert.deepEqual(cells, {
    country: ['NA', undefined, 'AT', 'AT'],
    amount: [1.5, undefined, undefined, 2],
    n: [1, 2, 3, undefined],
  })
  assert.match(notes[0], /"unbekannt" \(n 1, country 1\).*/)
  await assert.rejects(read('n\n1\n2\nNA\n', { missing: [] }), /line 4, column "n": "NA" is not a number/)
})

test('counts a word once, however the file comes in pieces and whatever rows are left out', async () => {
  const row = (index: number) => `${index % 7 === 0 ? 'NA' : index},${'x'.repeat(index % 90)},None,1\n`
  const bad = 'NA,x,None,much\n'
  const rows = Array.from({ length: 20_000 }, (_, index) => row(index) + (index % 50 === 0 ? bad : ''))
  const path = fileOf(`n,text,key,amount\n${rows.join('')}`)
  const { tables, notes } = openTables(path, { columns: { amount: 'number' }, badRows: 'skip', rowsPerTable: 1000 })
  let count = 0
  for await (const { rowCount } of tables) count += rowCount
  assert.equal(count, 20_000)
  assert.match(notes()[0], new RegExp(`"NA" \\(n ${Math.ceil(20_000 / 7)}\\)`))
  assert.match(notes()[0], /"None" \(key 20000\)/)
})

test('leaves a text of JSON, which has null, as it is and tells of it', async () => {
  const content = '{"email":"None","n":1}\n{"email":null,"n":2}\n{"email":"a@b.c","n":3}\n'
  const usual = await read(content, {}, 'ndjson')
  assert.deepEqual(usual.cells.email, ['None', undefined, 'a@b.c'])
  assert.deepEqual(usual.notes, ['texts equal to "None" (email 1); option `missing` makes them missing'])
  const named = await read(content, { missing: ['None'] }, 'ndjson')
  assert.deepEqual(named.cells.email, [undefined, undefined, 'a@b.c'])
})
