import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openTables, type ReadOptions, readTable } from './read-table.ts'
import { tellRow } from './table.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-json-'))
after(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

const rows = Array.from({ length: 20_000 }, (_, i) => ({
  id: `t${i}`,
  ...(i % 3 > 0 && { payment: { amount: i / 4, card: { token: i % 7 === 0 ? null : `c${i % 50}` } } }),
  at: new Date(Date.UTC(2026, 0, 1) + i * 1000).toISOString(),
  ...(i > 15_000 && { late: i }),
  isFraud: i % 10 === 0,
}))

/** What there is in a file, without where. */
async function contentOf(path: string, options: ReadOptions = {}) {
  const { table } = await readTable(path, options)
  return { rowCount: table.rowCount, columns: table.columns }
}

test('an array says what the same objects say as NDJSON, pretty or not, packed or not', async () => {
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  const expected = await contentOf(write('rows.ndjson', lines))
  assert.deepEqual(
    expected.columns.map(({ name }) => name),
    ['id', 'at', 'isFraud', 'payment.amount', 'payment.card.token', 'late'],
  )
  for (const path of [
    write('rows.json', JSON.stringify(rows)),
    write('pretty.json', JSON.stringify(rows, null, 2)),
    write('lines.json', lines),
    write('rows.json.gz', gzipSync(JSON.stringify(rows, null, '\t'))),
    write('rows.ndjson.gz', gzipSync(lines)),
    write('rows.jsonl', lines),
  ]) {
    assert.deepEqual(await contentOf(path), expected, path)
  }
})

test('rows come in tables, each known by its item and its line', async () => {
  const { tables } = openTables(write('pretty.json', JSON.stringify(rows, null, 1)), { rowsPerTable: 1000 })
  let before = 0
  let count = 0
  let line = 2
  for await (const table of tables) {
    for (let row = 0; row < table.rowCount; row++) {
      assert.equal(tellRow(table, row, before), `item ${before + row + 1} (line ${line})`)
      line += JSON.stringify(rows[before + row], null, 1).split('\n').length
    }
    before += table.rowCount
    count += 1
  }
  assert.equal(before, rows.length)
  assert.ok(count > 3)
})

test('a bad item is named by its number, its line and its field, or left out', async () => {
  const items = ['{"a":1}', '{"a":2,"a":3}', '[1]', '7', '{"a":"x"}', '{"a":', '{"a":{"b":1},"a.b":2}', '{"a":9}']
  const path = write('bad.json', `[\n${items.slice(0, 5).join(',\n')}]`)
  const options = { columns: { a: 'number' as const } }
  await assert.rejects(readTable(path, options), {
    code: 'DATA_INVALID',
    message: `${path}, item 2 (line 3), column "a": is given more than once`,
  })
  const { table, badRows } = await readTable(path, { ...options, badRows: 'skip' })
  assert.deepEqual(table.columns[0], { kind: 'number', name: 'a', values: Float64Array.of(1) })
  assert.deepEqual(
    badRows.first.map(({ line, place, reason }) => [line, place, reason]),
    [
      [2, 'item 2 (line 3)', 'column "a": is given more than once'],
      [3, 'item 3 (line 4)', 'is not a JSON object'],
      [4, 'item 4 (line 5)', 'is not a JSON object'],
      [5, 'item 5 (line 6)', 'column "a": "x" is not a number'],
    ],
  )
  const broken = write('broken.json', `[\n${items.join(',\n')}]`)
  await assert.rejects(readTable(broken, { badRows: 'skip' }), {
    code: 'DATA_INVALID',
    message: `${broken}, line 9: the file ends before its array does, whose last item begins on line 7`,
  })
  await assert.rejects(readTable(write('none.json', '[]')), { message: /none\.json: the file holds no objects/ })
})

test('a file is refused by its content where that is not what its name says', async () => {
  const csv = 'id,amount\n1,2\n'
  const parquet = Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(60), Buffer.from('PAR1')])
  for (const [name, content, expected] of [
    ['a.csv.gz', csv, 'it holds text, such as CSV, and is not gzip data; take .gz off its name'],
    ['b.csv.gz', parquet, 'it is a Parquet file, and is not gzip data; give it the ending .parquet'],
    ['c.parquet', csv, 'it holds text, such as CSV, and is not a Parquet file; give it the ending .csv if it is CSV'],
    ['d.parquet', gzipSync(csv), 'it is compressed with gzip, and is not a Parquet file; add .gz to its name'],
    ['e.csv', gzipSync(csv), 'it is compressed with gzip; add .gz to its name'],
    ['f.csv', parquet, 'it is a Parquet file; give it the ending .parquet'],
    [
      'g.csv',
      Buffer.from('PK\u0003\u0004\u0014\u0000', 'latin1'),
      'it is a zip archive or an Excel workbook; unpack it, or give it the ending .xlsx',
    ],
    ['h.csv', '[{"id":1}]', 'it holds a JSON array; give it the ending .json'],
    ['i.csv', '{"id":1}\n', 'it holds JSON; give it the ending .ndjson, or .json'],
    ['j.ndjson', ' [{"id":1}]', 'it holds a JSON array; give it the ending .json'],
    ['k.json', csv, /holds text, such as CSV, and is not JSON, .*; give it the ending \.csv if it is CSV/],
    ['l.json', Buffer.from('\ufeff[]', 'utf16le'), 'it is text in UTF-16, and JSON is in UTF-8; save it as UTF-8'],
    ['n.xlsx', csv, /holds text, such as CSV, and is not an Excel workbook \(\.xlsx\); give it the ending \.csv/],
    ['o.xlsx', Buffer.from([0xd0, 0xcf, 0x11, 0xe0]), /is an old Excel workbook \(\.xls\).*save the sheet as CSV/],
    ['m.ndjson.gz', gzipSync(gzipSync('{"a":1}')), 'it is compressed with gzip; add .gz to its name'],
  ] as const) {
    const path = write(name, content)
    const message = typeof expected === 'string' ? `${path} can't be read: ${expected}` : expected
    await assert.rejects(readTable(path), { code: 'FILE_UNREADABLE', message }, name)
  }
  // A column may be called so.
  assert.equal((await contentOf(write('orc.csv', 'ORC,PAR1\n1,2\n'))).rowCount, 1)
})
