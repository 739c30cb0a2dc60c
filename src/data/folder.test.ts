import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { textReader } from './columns.ts'
import { openTables, readTable } from './read-table.ts'
import { type Table, tellRow } from './table.ts'
import { writeParquet } from './write-parquet.ts'

const root = mkdtempSync(join(tmpdir(), 'shrike-folder-'))
after(() => rmSync(root, { recursive: true }))

function write(name: string, content: string | Uint8Array = ''): string {
  const path = join(root, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

const rows = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `t${from + i}`, n: from + i }))

function tableOf(all: readonly { readonly id: string; readonly n: number }[], extra: Table['columns'] = []): Table {
  return {
    rowCount: all.length,
    columns: [
      { kind: 'text', name: 'id', codes: Int32Array.from(all.keys()), dictionary: all.map(({ id }) => id) },
      { kind: 'number', name: 'n', values: Float64Array.from(all, ({ n }) => n) },
      ...extra,
    ],
  }
}

async function writePart(name: string, table: Table): Promise<void> {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  await writeParquet([table], join(root, name))
}

const writers: Readonly<Record<string, (name: string, from: number, count: number) => unknown>> = {
  'snappy.parquet': (name, from, count) => writePart(name, tableOf(rows(from, count))),
  csv: (name, from, count) =>
    write(
      name,
      `id,n\n${rows(from, count)
        .map(({ id, n }) => `${id},${n}`)
        .join('\r\n')}`,
    ),
  'csv.gz': (name, from, count) =>
    write(
      name,
      gzipSync(
        `id,n\n${rows(from, count)
          .map(({ id, n }) => `${id},${n}\n`)
          .join('')}`,
      ),
    ),
  ndjson: (name, from, count) =>
    write(
      name,
      rows(from, count)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    ),
  json: (name, from, count) => write(name, JSON.stringify(rows(from, count), null, 1)),
}
const sizes = [700, 5, 1300]

for (const [ending, writer] of Object.entries(writers)) {
  test(`a folder of .${ending} files is one table, in the order of their names`, async () => {
    const folder = join(root, `sales-${ending}`)
    let from = 0
    for (const [i, count] of sizes.entries()) {
      // 8, 9 and 10 are in the order of numbers.
      await writer(`sales-${ending}/part-${i + 8}.${ending}`, from, count)
      from += count
    }
    for (const aside of ['_SUCCESS', '_metadata', '.part-8.crc', '_logs/x.txt']) write(`sales-${ending}/${aside}`, 'x')
    const { table, notes } = await readTable(folder)
    const { columns, rowCount } = table
    assert.deepEqual({ columns, rowCount }, tableOf(rows(0, from)))
    assert.deepEqual(notes, ['3 files'])
    const word = /parquet/.test(ending) ? 'row' : ending === 'json' ? 'item' : 'line'
    const header = /csv/.test(ending) ? 1 : 0
    const { tables } = openTables(folder, { rowsPerTable: 300 })
    let before = 0
    for await (const piece of tables) {
      for (let row = 0; row < piece.rowCount; row++) {
        const at = before + row
        const part = at < 700 ? 0 : at < 705 ? 1 : 2
        const own = at - [0, 700, 705][part] + header + 1
        const line = ending === 'json' ? ` (line ${2 + 4 * (own - 1)})` : ''
        assert.equal(tellRow(piece, row, before), `part-${part + 8}.${ending}, ${word} ${own}${line}`)
      }
      before += piece.rowCount
    }
    assert.equal(before, from)
    await assert.rejects(readTable(folder, { columns: { id: 'number' } }), ({ message }: Error) =>
      message.startsWith(`${folder}, part-8.${ending}, ${word} ${1 + header}`),
    )
  })
}

test('parts of other columns are refused by the names of both files', async () => {
  const wide = { kind: 'number', name: 'extra', values: new Float64Array(1) } as const
  await writePart('wider/a.parquet', tableOf(rows(0, 1)))
  await writePart('wider/b.parquet', tableOf(rows(1, 1), [wide]))
  await writePart('narrower/a.parquet', tableOf(rows(0, 1), [wide]))
  await writePart('narrower/b.parquet', tableOf(rows(1, 1)))
  const text = { kind: 'text', name: 'n', codes: Int32Array.of(0), dictionary: ['x'] } as const
  const { columns } = tableOf(rows(1, 1))
  await writePart('typed/a.parquet', tableOf(rows(0, 1)))
  await writePart('typed/b.parquet', { rowCount: 1, columns: [columns[0], text] })
  write('headers/1.csv', 'id,n\na,1\n')
  write('headers/2.csv', 'b,2\n')
  write('order/1.csv', 'id,n\na,1\n')
  write('order/2.csv', 'n,id\n2,b\n')
  for (const [name, expected] of [
    ['wider', 'b.parquet has the column "extra", and not so a.parquet'],
    ['narrower', 'b.parquet lacks the column "extra" of a.parquet'],
    ['typed', 'b.parquet has the column "n" as VARCHAR, which is DOUBLE in a.parquet'],
    ['headers', '2.csv lacks the column "id" of 1.csv'],
    ['order', '2.csv has its columns in another order, from "n" on, than 1.csv'],
  ]) {
    await assert.rejects(readTable(join(root, name)), {
      code: 'DATA_INVALID',
      message: `${join(root, name)}: ${expected}`,
    })
  }
})

test('parts with separators of their own are read by them, to the last cell', async () => {
  write('separators/part-0.csv', 'id,name\n1,a\n2,b\n')
  write('separators/part-1.csv', 'id;name\n3;c,d\n4;e\n')
  const { table } = await readTable(join(root, 'separators'))
  assert.deepEqual(textReader(table, 'name')(2), 'c,d')
  write('separators/part-2.csv', 'id|name\n5|f|more\n6|g\n')
  await assert.rejects(readTable(join(root, 'separators')), {
    message: /part-2\.csv, line 2: has 3 cells where the header has 2/,
  })
})

test('a part of a JSON folder may hold one object alone, as writers leave it', async () => {
  for (const [i, row] of rows(0, 3).entries()) write(`single/part-${i}.json`, `${JSON.stringify(row)}\n`)
  const { table } = await readTable(join(root, 'single'))
  assert.deepEqual(table.columns, tableOf(rows(0, 3)).columns)
  await assert.rejects(readTable(join(root, 'single/part-0.json')), { message: /the file is one object/ })
})

test('names that say the same number are in one order on every disk', async () => {
  const names = ['part-1', 'part-01', 'part-001', 'part-2']
  for (const order of [names, names.toReversed()]) {
    const folder = join(root, `alike-${order[0]}`)
    for (const name of order) write(`alike-${order[0]}/${name}.csv`, `id,n\n${name},1\n`)
    const { table } = await readTable(folder)
    const [ids] = table.columns
    assert.deepEqual(ids.kind === 'text' && ids.dictionary, ['part-001', 'part-01', 'part-1', 'part-2'])
  }
})

test('folders named key=value give no columns, and it is said', async () => {
  await writePart('hive/dt=2026-01-01/country=AT/part-0.parquet', tableOf(rows(0, 2)))
  await writePart('hive/dt=2026-01-02/country=DE/part-0.parquet', tableOf(rows(2, 2)))
  const { table, notes } = await readTable(join(root, 'hive'))
  assert.deepEqual(table.columns, tableOf(rows(0, 4)).columns)
  assert.match(notes.join(), /2 files,folders named dt=…, country=… are read without the columns in those names/)
})

test('a folder that may not be one table is refused, with the reason', async () => {
  await writePart('delta/part-0.parquet', tableOf(rows(0, 1)))
  write('delta/_delta_log/0.json', '{}')
  await writePart('running/part-0.parquet', tableOf(rows(0, 1)))
  write('running/_temporary/0/x')
  await writePart('nested/old/part-0.parquet', tableOf(rows(0, 1)))
  await writePart('mixed/a.parquet', tableOf(rows(0, 1)))
  write('mixed/b.csv', 'id,n\n')
  write('empty/_SUCCESS')
  write('odd/readme.md', 'x')
  write('gone/a.csv', 'id,n\n')
  symlinkSync(join(root, 'nowhere.csv'), join(root, 'gone/b.csv'))
  await writePart('broken/a.parquet', tableOf(rows(0, 1)))
  write('broken/b.parquet', 'id,n\n')
  for (const [name, expected] of [
    ['delta', /Delta Lake table, whose log says which of its files still count/],
    ['running', /a job is still writing it/],
    ['nested', /it holds the folder old, which may be another table/],
    ['mixed', /files of more than one kind, a\.parquet and b\.csv/],
    ['empty', /a folder without files/],
    ['gone', /gone can't be read: ENOENT.*b\.csv/],
    ['odd', /readme\.md in it does not end in/],
    ['broken', /b\.parquet can't be read: it holds text/],
  ] as const) {
    await assert.rejects(readTable(join(root, name)), { code: 'FILE_UNREADABLE', message: expected })
  }
})

test('looks through all parts for what comes first in their dates', async () => {
  write('months/1.csv', `at,n\n${'02/01/2024,1\n'.repeat(1200)}`)
  write('months/2.csv', 'at,n\n01/02/2024,2\n13/02/2024,3\n')
  const { table } = await readTable(join(root, 'months'))
  const [at] = table.columns
  assert.ok(at.kind === 'time')
  assert.deepEqual([at.values[0], at.values[1200]], [Date.UTC(2024, 0, 2), Date.UTC(2024, 1, 1)])
  assert.equal(tellRow(table, 1200), '2.csv, line 2')
})
