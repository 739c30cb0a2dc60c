import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import type { ColumnKind } from './column-kind.ts'
import { openTables, readTable } from './read-table.ts'
import type { Column, Table } from './table.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-batches-'))
  await writeFiles()
})
after(() => rm(folder, { recursive: true }))

const rowCount = 30_000
const kinds: Record<string, ColumnKind> = { card: 'text', time: 'time', amount: 'number' }

/** Keys that are whole numbers, that many rows share, that are missing; a column whose first value comes late. */
const rows = Array.from({ length: rowCount }, (_, i) => ({
  card: i % 11 === 0 ? undefined : String(((i * 7919) % 997) + (i > 20_000 ? 5000 : 0)),
  time: new Date(Date.UTC(2026, 0) + i * 61_000).toISOString(),
  amount: i % 13 === 0 ? undefined : ((i * 31) % 10_007) / 100,
  city: i % 5 === 0 ? undefined : `Zürich "${i % 40}", ${i > 29_000 ? 'late' : ''}`,
  late: i < 25_000 ? undefined : i,
}))

function cells(column: Column): unknown[] {
  if (column.kind === 'text')
    return Array.from(column.codes, (code) => (code < 0 ? undefined : column.dictionary[code]))
  return Array.from(column.values, (value) => (Number.isNaN(value) ? undefined : value))
}

/** The columns of all tables, each table written down before the next one is asked for. */
async function readBatches(path: string, rowsPerTable: number) {
  const read: Record<string, unknown[]> = {}
  const sizes: number[] = []
  let before = 0
  const { tables, badRows } = openTables(path, { columns: kinds, rowsPerTable, badRows: 'skip' })
  for await (const { columns, rowCount: size } of tables) {
    sizes.push(size)
    for (const column of columns) {
      // In a file of JSON lines a column begins with the first line that has it.
      read[column.name] ??= Array.from({ length: before }, () => undefined)
      read[column.name].push(...cells(column))
      if (column.kind === 'text') assert.ok(column.codes.every((code) => code >= -1 && code < column.dictionary.length))
    }
    before += size
  }
  return { read, sizes, badRows: badRows() }
}

/** Names the first cell that differs; the difference of so many would take minutes to show. */
function assertSame(actual: Record<string, unknown[]>, wanted: Record<string, unknown[]>, what: string): void {
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(wanted).sort())
  for (const [name, values] of Object.entries(wanted)) {
    assert.equal(actual[name].length, values.length, `${what}: rows of ${name}`)
    const row = values.findIndex((value, i) => !Object.is(value, actual[name][i]))
    assert.equal(actual[name][row], values[row], `${what}: ${name}, row ${row}`)
  }
}

const wholly = ({ columns }: Table) => Object.fromEntries(columns.map((column) => [column.name, cells(column)]))
const quoted = (text: string | undefined) => (text === undefined ? '' : `"${text.replaceAll('"', '""')}"`)

async function writeFiles(): Promise<void> {
  const lines = rows.map(({ card, time, amount, city, late }) =>
    [card ?? '', time, amount ?? '', quoted(city), late ?? ''].join(','),
  )
  const csv = `card,time,amount,city,late\n${lines.join('\n')}\n`
  const ndjson = rows.map(({ card, ...rest }) => JSON.stringify({ ...rest, card: card && Number(card) })).join('\n')
  const paths = ['csv', 'csv.gz', 'ndjson', 'parquet'].map((ending) => join(folder, `rows.${ending}`))
  await writeFile(paths[0], csv)
  await writeFile(paths[1], gzipSync(csv))
  await writeFile(paths[2], ndjson)
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const select = `SELECT * FROM read_csv('${paths[0]}', types = { 'card': 'INTEGER', 'late': 'INTEGER', 'city': 'VARCHAR' })`
  await connection.run(`COPY (${select}) TO '${paths[3]}' (FORMAT parquet, ROW_GROUP_SIZE 4096)`)
  connection.closeSync()
  instance.closeSync()
}

const expected = {
  card: rows.map(({ card }) => card),
  time: rows.map(({ time }) => Date.parse(time)),
  amount: rows.map(({ amount }) => amount),
  city: rows.map(({ city }) => city),
  late: rows.map(({ late }) => late),
}

for (const ending of ['csv', 'csv.gz', 'ndjson', 'parquet']) {
  test(`a .${ending} file read piece by piece gives the rows that it gives as a whole`, async () => {
    const path = join(folder, `rows.${ending}`)
    const { table } = await readTable(path, { columns: kinds })
    assertSame(wholly(table), expected, 'as a whole')
    for (const rowsPerTable of [1, 1000, 16_384, rowCount, 1_000_000]) {
      const { read, sizes } = await readBatches(path, rowsPerTable)
      assertSame(read, expected, `${rowsPerTable} rows at once`)
      if (rowsPerTable === 1000) assert.ok(sizes.length > 3, `it came in ${sizes.length} tables`)
      if (rowsPerTable === 1_000_000) assert.equal(sizes.length, 1)
      for (const size of sizes.slice(0, -1)) assert.ok(size >= rowsPerTable, 'no table but the last is short')
    }
  })
}

test('rows that are left out are counted over all pieces', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => (i % 1000 === 7 ? `c,nonsense,1` : `c,2026-01-01,${i}`))
  const path = join(folder, 'bad.csv')
  await writeFile(path, `card,time,amount\n${lines.join('\n')}\n`)
  const { read, badRows } = await readBatches(path, 100)
  assert.equal(read.amount.length, 19_980)
  assert.deepEqual([badRows.count, badRows.first[1].line], [20, 1009])
  const { tables } = openTables(path, { columns: kinds, rowsPerTable: 100 })
  await assert.rejects(async () => {
    for await (const { rowCount: size } of tables) assert.ok(size > 0)
  }, /bad\.csv, line 9, column "time": "nonsense" is not an ISO 8601 time/)
})

/** Files whose column `n` says which row each is; of many the time is no time, among them the first two. */
async function writePlaced(): Promise<readonly string[]> {
  const placed = Array.from({ length: 20_000 }, (_, n) => ({ n, time: n < 2 || n % 700 < 3 ? 'never' : '2026-01-01' }))
  const paths = ['csv', 'ndjson', 'json', 'parquet'].map((ending) => join(folder, `placed.${ending}`))
  const [csv, ndjson, json, parquet] = paths
  // Lines that are not rows, and rows of several lines.
  const lines = placed.map(
    ({ n, time }) => `${n % 90 === 0 ? '\n' : ''}${n},${time},${n % 50 === 0 ? '"a\nb"' : 'a'}\n`,
  )
  await writeFile(csv, `n,time,text\n${lines.join('')}`)
  await writeFile(ndjson, placed.map((row) => `${JSON.stringify(row)}\n${row.n % 90 === 0 ? ' \n' : ''}`).join(''))
  await writeFile(json, JSON.stringify(placed))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (SELECT n, time FROM read_json('${ndjson}', columns = {n: 'BIGINT', time: 'VARCHAR'}))
    TO '${parquet}' (FORMAT parquet)`)
  connection.closeSync()
  instance.closeSync()
  return paths
}

test('each row knows its place among all of its file, those that were left out among them', async () => {
  for (const path of await writePlaced()) {
    for (const rowsPerTable of [500, Number.POSITIVE_INFINITY]) {
      let before = 0
      const options = { columns: { time: 'time', n: 'number' }, rowsPerTable, badRows: 'skip' } as const
      const { tables, badRows } = openTables(path, options)
      const places: number[] = []
      for await (const { columns, rowCount: size, placeOf } of tables) {
        const n = columns.find(({ name }) => name === 'n')
        assert.ok(n?.kind === 'number' && placeOf !== undefined)
        for (let row = 0; row < size; row++) places.push(placeOf(row))
        assert.deepEqual(places.slice(before), [...n.values], `${path}, from row ${before}`)
        before += size
      }
      assert.equal(before + badRows().count, 20_000)
      assert.ok(badRows().count > 80)
    }
  }
})

test('a file with a header alone is one table without rows', async () => {
  const path = join(folder, 'empty.csv')
  await writeFile(path, 'card,time,amount\n')
  const { read, sizes } = await readBatches(path, 100)
  assert.deepEqual([read, sizes], [{ card: [], time: [], amount: [] }, [0]])
})
