import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type ReadProgress, readTable } from './read-table.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-read-'))
})
after(() => rm(folder, { recursive: true }))

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

const rows = Array.from({ length: 60_000 }, (_, row) => `${row},${row / 8}`)
const content = `Time,Amount\n${rows.join('\n')}\n`

test('reads a CSV file larger than a piece, and reports how far it is', async () => {
  const path = await file('cards.csv', content)
  const seen: ReadProgress[] = []
  const { table, badRows } = await readTable(path, { onProgress: (progress) => seen.push(progress) })
  assert.equal(table.rowCount, rows.length)
  assert.deepEqual(table.columns[1], {
    kind: 'number',
    name: 'Amount',
    values: Float64Array.from(rows, (_, row) => row / 8),
  })
  assert.deepEqual(badRows, { count: 0, first: [] })
  assert.ok(seen.length > 2)
  assert.deepEqual(seen.at(-1)?.bytesRead, content.length)
  assert.ok(seen.every(({ bytesTotal }) => bytesTotal === content.length))
  assert.ok(seen.every(({ rows: count }, index) => index === 0 || count >= seen[index - 1].rows))
})

test('reads a gzip file of one member or of several', async () => {
  const { table } = await readTable(await file('whole.csv', content))
  const half = content.length / 2
  const members = Buffer.concat([gzipSync(content.slice(0, half)), gzipSync(content.slice(half))])
  for (const packed of [await file('one.csv.gz', gzipSync(content)), await file('two.CSV.GZ', members)]) {
    assert.deepEqual({ ...(await readTable(packed)).table, lineOf: undefined }, { ...table, lineOf: undefined })
  }
})

test('says that a gzip file is cut short or damaged', async () => {
  const packed = gzipSync(content)
  const cut = await file('cut.csv.gz', packed.subarray(0, packed.length / 2))
  await assert.rejects(readTable(cut), { code: 'FILE_UNREADABLE', message: /damaged or cut short/ })
  const plain = await file('plain.csv.gz', content)
  await assert.rejects(readTable(plain), { code: 'FILE_UNREADABLE', message: /damaged or cut short/ })
})

test('reads CSV from standard input', async () => {
  const stdin = Readable.from([Buffer.from('a,b\n1,'), Buffer.from('2\n3,x\n')])
  const { table, badRows } = await readTable('-', { stdin, badRows: 'skip', columns: { b: 'number' } })
  assert.equal(table.rowCount, 1)
  assert.equal(badRows.count, 1)
  await assert.rejects(readTable('-', { stdin: Readable.from(['a\n1\n2\nx']) }), {
    message: /^standard input, line 4, /,
  })
})

test('says what is wrong with a name', async () => {
  const path = await file('transactions.csv', content)
  await assert.rejects(readTable(join(folder, 'transaction.csv')), {
    code: 'FILE_UNREADABLE',
    message: /transaction\.csv can't be read: there is no such file\. Did you mean "transactions\.csv"\?$/,
  })
  await assert.rejects(readTable(join(folder, 'absent.parquet')), { code: 'FILE_UNREADABLE' })
  await assert.rejects(readTable(join(folder, 'absent')), { code: 'FILE_UNREADABLE', message: /no such file/ })
  await assert.rejects(readTable(join(path, 'cards.csv')), { code: 'FILE_UNREADABLE', message: /no such file/ })
  await assert.rejects(readTable(folder), { code: 'FILE_UNREADABLE', message: /is a directory/ })
  await assert.rejects(readTable(await file('cards.xlsx', 'x')), {
    code: 'FILE_UNREADABLE',
    message: /its name must end in \.csv, \.csv\.gz, \.parquet or \.ndjson, or be - for CSV/,
  })
})

test('stops when the signal aborts, before or while it reads', async () => {
  const path = await file('stop.csv', content)
  await assert.rejects(readTable(path, { signal: AbortSignal.abort() }), { code: 'INTERRUPTED' })
  const stop = new AbortController()
  const reading = readTable(path, { signal: stop.signal, onProgress: () => stop.abort() })
  await assert.rejects(reading, { code: 'INTERRUPTED' })
})

test('reads the same table from the same rows in every format', async () => {
  const csv = await file('same.csv', 'n,t,s\n1.5,2018-04-01T00:00:31Z,a\n,,\n-2,2018-04-02T00:00:00Z,b\n')
  const lines = ['{"n":1.5,"t":"2018-04-01T00:00:31Z","s":"a"}', '{"n":null}', '{"n":-2,"t":"2018-04-02","s":"b"}']
  const ndjson = await file('same.ndjson', lines.join('\n'))
  const [one, other] = await Promise.all([ndjson, csv].map(async (path) => (await readTable(path)).table))
  assert.deepEqual({ ...one, lineOf: undefined }, { ...other, lineOf: undefined })
})

const ulb = '../shared/data/ulb-creditcard.csv.gz'

test('reads the ULB rows', { skip: existsSync(ulb) ? false : `${ulb} is not there` }, async () => {
  const { table } = await readTable(ulb)
  assert.equal(table.rowCount, 43_023)
  assert.deepEqual(
    table.columns.map(({ name, kind }) => [name, kind]),
    ['Time', ...Array.from({ length: 28 }, (_, v) => `V${v + 1}`), 'Amount', 'Class'].map((name) => [name, 'number']),
  )
  const [time, v1] = table.columns
  const label = table.columns[30]
  assert.ok(time.kind === 'number' && v1.kind === 'number' && label.kind === 'number')
  assert.equal(
    label.values.reduce((sum, value) => sum + value, 0),
    417,
  )
  assert.equal(v1.values[0], -1.3598071336738)
  assert.equal(time.values[43_022], 145_247)
})
