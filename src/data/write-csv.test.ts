import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { ByteDictionary } from './byte-dictionary.ts'
import { fingerprint } from './fingerprint.ts'
import { readTable } from './read-table.ts'
import type { Column, Table } from './table.ts'
import { formatCsv, writeCsv } from './write-csv.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-write-'))
})
after(() => rm(folder, { recursive: true }))

const year9999 = Date.parse('9999-12-31T23:59:59.999Z')
const number = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.integer(), fc.constant(-0))
const time = fc.oneof(fc.integer({ min: 0, max: year9999 }), fc.constant(Number.NaN))
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }).filter((value) => value.isWellFormed()),
  fc.constantFrom('a,b', '"', 'two\nlines', '\r', ' ', 'NA', '12', '\ufeff'),
)

function textColumn(name: string, texts: readonly string[]): Column {
  const dictionary = new ByteDictionary()
  // An empty text can't be told from a missing one.
  const codes = Int32Array.from(texts, (each) => (each === '' ? -1 : dictionary.codeOfText(each)))
  return { kind: 'text', name, codes, dictionary: dictionary.texts }
}

const table: fc.Arbitrary<Table> = fc
  .tuple(
    fc.integer({ min: 0, max: 12 }),
    fc.uniqueArray(
      text.filter((name) => name !== ''),
      { minLength: 1, maxLength: 5 },
    ),
  )
  .chain(([rowCount, names]) => {
    const size = { minLength: rowCount, maxLength: rowCount }
    const columns = names.map((name) =>
      fc.oneof(
        fc.array(number, size).map((values): Column => ({ kind: 'number', name, values: Float64Array.from(values) })),
        fc.array(time, size).map((values): Column => ({ kind: 'time', name, values: Float64Array.from(values) })),
        fc.array(text, size).map((texts) => textColumn(name, texts)),
      ),
    )
    return fc.tuple(...columns).map((made) => ({ rowCount, columns: made }))
  })

test('writes every table so that it reads back the same', async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom('round.csv', 'round.csv.gz'), async (written, name) => {
      const path = join(folder, name)
      await writeCsv(written, path)
      const columns = Object.fromEntries(written.columns.map((column) => [column.name, column.kind]))
      // A word for missing values is a text like others here.
      const { table: read } = await readTable(path, { columns, missing: [] })
      assert.deepEqual({ rowCount: read.rowCount, columns: read.columns }, written)
      assert.equal(fingerprint(read), fingerprint(written))
    }),
    { numRuns: 100 },
  )
})

test('writes plain text that people and other programs read', async () => {
  const path = join(folder, 'plain.csv')
  const column = textColumn('who', ['a "b", c', '', 'grocer'])
  const values = Float64Array.of(0.1, Number.NaN, 1e-7)
  const times = Float64Array.of(Date.parse('2018-04-01T00:00:31Z'), Number.NaN, 0)
  await writeCsv(
    {
      rowCount: 3,
      columns: [column, { kind: 'number', name: 'n', values }, { kind: 'time', name: 't', values: times }],
    },
    path,
  )
  const expected = 'who,n,t\n"a ""b"", c",0.1,2018-04-01T00:00:31.000Z\n,,\ngrocer,1e-7,1970-01-01T00:00:00.000Z\n'
  assert.equal(await readFile(path, 'utf8'), expected)
})

test('writes more rows than one piece holds, compressed when the name says so', async () => {
  const values = Float64Array.from({ length: 10_000 }, (_, row) => row / 3)
  const many: Table = { rowCount: values.length, columns: [{ kind: 'number', name: 'n', values }] }
  const path = join(folder, 'many.csv.gz')
  await writeCsv(many, path)
  const lines = gunzipSync(await readFile(path)).toString()
  assert.equal(lines, `n\n${Array.from(values, String).join('\n')}\n`)
  assert.equal(Buffer.concat([...formatCsv(many)]).toString(), lines)
})

test('writes batches as one table, each with its own dictionary, and refuses batches of other columns', async () => {
  const batch = (texts: readonly string[], name = 'who'): Table => ({
    rowCount: texts.length,
    columns: [textColumn(name, texts)],
  })
  function* batches() {
    yield batch(['b', 'a'])
    yield batch([])
    yield batch(['c', 'b'])
  }
  const path = join(folder, 'batches.csv')
  await writeCsv(batches(), path)
  assert.equal(await readFile(path, 'utf8'), 'who\nb\na\nc\nb\n')
  assert.throws(() => [...formatCsv([batch(['a']), batch(['a'], 'whom')])], /same columns/)
})

test('leaves the old file and no other where writing fails', async () => {
  const place = join(folder, 'place')
  await mkdir(place)
  const path = join(place, 'kept.csv')
  await writeFile(path, 'old')
  const broken: Table = { rowCount: 1, columns: [{ kind: 'time', name: 't', values: Float64Array.of(1e300) }] }
  await assert.rejects(writeCsv(broken, path), RangeError)
  await assert.rejects(writeCsv(broken, `${path}.gz`), RangeError)
  assert.deepEqual(await readdir(place), ['kept.csv'])
  assert.equal(await readFile(path, 'utf8'), 'old')
})

test('says why a file can not be written', async () => {
  const empty: Table = { rowCount: 0, columns: [{ kind: 'number', name: 'n', values: new Float64Array(0) }] }
  await assert.rejects(writeCsv(empty, join(folder, 'absent', 'a.csv')), {
    code: 'FILE_UNWRITABLE',
    message: /a\.csv can't be written: there is no directory .*absent$/,
  })
  await mkdir(join(folder, 'directory.csv'))
  await assert.rejects(writeCsv(empty, join(folder, 'directory.csv')), {
    code: 'FILE_UNWRITABLE',
    message: /a directory/,
  })
})
