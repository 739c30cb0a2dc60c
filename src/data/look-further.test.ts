import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { FraudError } from '../core/errors.ts'
import { formatOfTexts } from './look-further.ts'
import { openTables, type ReadOptions, readTable } from './read-table.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-look-'))
})
after(() => rm(folder, { recursive: true }))

type Rows = readonly (readonly [string, string])[]

/** What each cell means where decimals follow a point, and where they follow a comma; undefined where it means none. */
const meanings: Readonly<Record<string, readonly [number | undefined, number | undefined]>> = {
  '7': [7, 7],
  '1.234': [1.234, 1234],
  '1,234': [1234, 1.234],
  '12.50': [12.5, undefined],
  '0.234': [0.234, undefined],
  '1,234.56': [1234.56, undefined],
  '0,5': [undefined, 0.5],
  '1.234,56': [undefined, 1234.56],
}

/** The two columns as one who sees all of the file reads them; undefined where a cell stays open. */
function readWhole(rows: Rows): (number | undefined)[][] | undefined {
  const marksOf = (cells: readonly string[]) =>
    [0, 1].filter((mark) => cells.some((cell) => meanings[cell][1 - mark] === undefined))
  const ofFile = marksOf(rows.flat())
  const columns = [0, 1].map((column) => {
    const cells = rows.map((row) => row[column])
    const own = marksOf(cells)
    const marks = own.length > 0 ? own : ofFile
    if (marks.length === 1) return cells.map((cell) => meanings[cell][marks[0]])
    const isPoint = marks.length === 0 && !cells.includes('1,234')
    return cells.map((cell) => {
      const [point, comma] = meanings[cell]
      return point === undefined ? comma : comma === undefined || point === comma || isPoint ? point : undefined
    })
  })
  return columns.flat().includes(undefined) ? undefined : columns
}

const csvOf = (rows: Rows) => `a;b\n${rows.map((cells) => `${cells.join(';')}\n`).join('')}`

/** The two columns, or undefined where the file is refused by line and column with the option that helps. */
async function read(rows: Rows, how: 'file' | 'pipe', options: ReadOptions): Promise<number[][] | undefined> {
  const path = join(folder, 'rows.csv')
  await writeFile(path, csvOf(rows))
  try {
    const stdin = Readable.from([Buffer.from(csvOf(rows))])
    const { table, badRows } = await (how === 'file' ? readTable(path, options) : readTable('-', { ...options, stdin }))
    assert.equal(badRows.count, 0)
    return table.columns.map((column) => (column.kind === 'number' ? [...column.values] : []))
  } catch (error) {
    assert.ok(error instanceof FraudError)
    assert.match(error.message, /, line \d+, column "[ab]": "[\d.,]+" (can mean two|has a decimal).*option `decimal`/)
    return undefined
  }
}

test('reads numbers alike whatever order the rows come in, or refuses them', async () => {
  const cell = fc.constantFrom(...Object.keys(meanings))
  const first = fc.constantFrom('7', '7', '1.234', '0,5', '12.50')
  const special = fc.tuple(fc.nat(1100), cell, cell)
  const given = fc.tuple(first, first, fc.array(special, { maxLength: 4 }), fc.constantFrom('fail', 'skip'))
  await fc.assert(
    fc.asyncProperty(given, async ([a, b, specials, badRows]) => {
      const rows: (readonly [string, string])[] = Array.from({ length: 1100 }, () => [a, b])
      for (const [at, ...cells] of specials) rows.splice(at, 0, cells)
      const expected = readWhole(rows)
      assert.deepEqual(await read(rows, 'file', { badRows }), expected)
      // A pipe, which is read once, may be refused where a file is not.
      const piped = await read(rows, 'pipe', { badRows })
      if (piped !== undefined) assert.deepEqual(piped, expected)
    }),
    { numRuns: 60 },
  )
})

test('settles decimals that come after the first rows', async () => {
  const later = (firsts: string, ...cells: readonly string[]) => [
    ...Array.from({ length: 1500 }, () => [firsts, '7'] as const),
    ...cells.map((cell) => [cell, '7'] as const),
  ]
  const values = async (rows: Rows, options: ReadOptions = {}) => {
    const [column] = (await read(rows, 'file', options)) ?? []
    return column && [column[0], ...column.slice(1500)]
  }
  assert.deepEqual(await values(later('1.234', '1.234,56')), [1234, 1234.56])
  assert.deepEqual(await values(later('7', '0,5', '1.234')), [7, 0.5, 1234])
  assert.deepEqual(await values(later('7', '1,234', '1,234.56')), [7, 1234, 1234.56])
  const mixed = later('12.50', '0,5', '1.234')
  assert.equal(await values(mixed, { badRows: 'skip' }), undefined)
  assert.deepEqual(await values(later('1.234', '0,5'), { spelling: { decimal: 'comma' } }), [1234, 0.5])
  await assert.rejects(values(mixed, { spelling: { decimal: 'point' } }), { message: /"0,5" is not a number/ })
  // Where no cell is open, a pipe is read as before.
  assert.equal((await read(later('7', '0,5', '12.50'), 'pipe', {}))?.[0].at(-2), 0.5)
  assert.equal(await read(later('1.234', '0,5'), 'pipe', { badRows: 'skip' }), undefined)
})

test('tells once of bad rows, and refuses what contradicts rows that were handed out', async () => {
  const path = join(folder, 'twice.csv')
  await writeFile(path, `a;b\n${'1.234;7\n'.repeat(1500)}bad;7\n0,5;7\n`)
  const { table, badRows } = await readTable(path, { badRows: 'skip' })
  assert.deepEqual([table.rowCount, badRows.count, badRows.first[0].line], [1501, 1, 1502])
  const long = join(folder, 'long.csv')
  await writeFile(long, `a;b\n${'1.234;7\n'.repeat(100_000)}0,5;7\n`)
  const { tables } = openTables(long, { rowsPerTable: 1000, badRows: 'skip' })
  const readAll = async () => {
    for await (const { rowCount } of tables) assert.ok(rowCount > 0)
  }
  await assert.rejects(readAll, { message: /line 100002, column "a": "0,5" has a decimal comma.*can mean two numbers/ })
})

test('refuses texts of NDJSON whose decimals contradict each other', async () => {
  const path = join(folder, 'texts.ndjson')
  await writeFile(path, `${'{"a":"1.234"}\n'.repeat(1500)}{"a":"0,5"}\n`)
  const columns = { a: 'number' } as const
  await assert.rejects(readTable(path, { columns, badRows: 'skip' }), { message: /line 1501, column "a": "0,5" has/ })
  const { table } = await readTable(path, { columns, spelling: { decimal: 'comma' } })
  assert.ok(table.columns[0].kind === 'number')
  assert.deepEqual([table.columns[0].values[0], table.columns[0].values[1500]], [1234, 0.5])
})

test('reads numbers in a column of texts by all of its texts', () => {
  const column = (...dictionary: readonly string[]) =>
    ({ kind: 'text', name: 'a', codes: new Int32Array(0), dictionary }) as const
  assert.equal(formatOfTexts(column('1.234', '0,5')).decimal, 'comma')
  assert.equal(formatOfTexts(column('1.234', '12.50')).decimal, 'point')
  assert.equal(formatOfTexts(column('1.234', '12.50', '0,5')).decimal, 'open')
  assert.equal(formatOfTexts({ ...column('0,5'), format: { decimal: 'point' } }).decimal, 'point')
})
