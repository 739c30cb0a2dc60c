import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createWriteStream, existsSync } from 'node:fs'
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

const rows = Array.from({ length: 250_000 }, (_, row) => `${row},${row / 8}`)
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
  assert.deepEqual(badRows, { count: 0, first: [], kinds: new Map() })
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
    assert.deepEqual((await readTable(packed)).table.columns, table.columns)
  }
})

test('says that a gzip file is cut short or damaged', async () => {
  const packed = gzipSync(content)
  const cut = await file('cut.csv.gz', packed.subarray(0, packed.length / 2))
  await assert.rejects(readTable(cut), { code: 'FILE_UNREADABLE', message: /damaged or cut short/ })
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
  await assert.rejects(readTable(folder), {
    code: 'FILE_UNREADABLE',
    message: /is a folder with files of more than one kind/,
  })
  await assert.rejects(readTable(await file('cards.doc', 'x')), {
    code: 'FILE_UNREADABLE',
    message: /its name must end in \.csv, \.tsv, .* or \.xlsx, or be a pipe or - for CSV/,
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
  assert.deepEqual(one.columns, other.columns)
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

const hasPipes = process.platform !== 'win32'

test('reads a pipe by its path, of any ending but Parquet', { skip: !hasPipes }, async () => {
  const first = (await readTable(await file('plain.csv', content))).table.columns
  const json = rows.slice(0, 10).map((_, row) => JSON.stringify({ Time: row }))
  for (const [name, bytes] of [
    ['pipe', content],
    ['pipe.csv', content],
    ['pipe.csv.gz', gzipSync(content)],
    ['pipe.ndjson', json.join('\n')],
  ] as const) {
    const path = join(folder, `a-${name}`)
    execFileSync('mkfifo', [path])
    const reading = readTable(path)
    createWriteStream(path).end(bytes)
    const { columns } = (await reading).table
    if (name === 'pipe.ndjson') assert.equal(columns[0].kind === 'number' && columns[0].values.length, 10)
    else assert.deepEqual(columns, first, name)
  }
  const path = join(folder, 'a-pipe.parquet')
  execFileSync('mkfifo', [path])
  await assert.rejects(readTable(path), { code: 'FILE_UNREADABLE', message: /which a pipe or device does not have/ })
})

test('ends a stream that holds no rows, or more than memory does', { skip: !hasPipes }, async () => {
  await assert.rejects(readTable('/dev/zero'), {
    code: 'DATA_INVALID',
    message: /\/dev\/zero, line 1: a row is longer/,
  })
  const endless = Readable.from(
    (function* () {
      yield 'a,b\n'
      for (;;) yield '1,2\n'.repeat(10_000)
    })(),
  )
  await assert.rejects(readTable('-', { stdin: endless, mostStreamedBytes: 2 ** 20 }), {
    code: 'DATA_INVALID',
    message: /^standard input: over \d+ bytes were read, more than memory holds; write a file$/,
  })
})

test('stops waiting for a pipe that nobody writes to when the signal aborts', { skip: !hasPipes }, async () => {
  const path = join(folder, 'silent')
  execFileSync('mkfifo', [path])
  const stop = new AbortController()
  const reading = readTable(path, { signal: stop.signal })
  setTimeout(() => stop.abort(), 50)
  await assert.rejects(reading, { code: 'INTERRUPTED' })
})

test('looks further than the first rows for what comes first in dates, and in numbers', async () => {
  const sorted = (late: string) => `at,n\n${'02/01/2024 08:00,"1,234"\n'.repeat(3000)}${late}\n`
  const first = async (path: string, options = {}) => {
    const { table, notes } = await readTable(path, { badRows: 'skip', ...options })
    const [at, n] = table.columns
    assert.ok(at.kind === 'time' && n.kind === 'number')
    return [new Date(at.values[0]).toISOString().slice(0, 10), n.values[0], table.rowCount, ...notes.slice(-1)]
  }
  const dayFirst = ['2024-01-02', 1234, 3001, 'dates with the day first']
  const content = sorted('"13/01/2024 09:00","1,234.50"')
  assert.deepEqual(await first(await file('day.csv', content)), dayFirst)
  assert.deepEqual(await first(await file('day.csv.gz', gzipSync(content))), dayFirst)
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(content, 'utf16le')])
  assert.deepEqual(await first(await file('day16.csv', utf16)), dayFirst)
  const monthFirst = await file('month.csv', sorted('01/13/2024,"1,5"'))
  assert.deepEqual(await first(monthFirst), ['2024-02-01', 1.234, 3001, 'dates with the month first'])
  // In a zone other than UTC times are texts at first.
  const { table } = await readTable(monthFirst, { columns: { at: 'text' } })
  assert.ok(table.columns[0].kind === 'text')
  assert.deepEqual(table.columns[0].format, { dates: 'month-first', areDatesBySight: true, decimal: 'comma' })
  const open = await file('open.csv', sorted('03/01/2024,"1,234"'))
  await assert.rejects(first(open), { message: /line 2, column "at": "02\/01\/2024 08:00" can mean two dates/ })
  assert.equal((await first(open, { spelling: { dates: 'day-first', decimal: 'point' } }))[0], '2024-01-02')
  // A pipe is read once.
  const stdin = Readable.from([Buffer.from(content)])
  await assert.rejects(readTable('-', { stdin }), { message: /can mean two dates/ })
})
