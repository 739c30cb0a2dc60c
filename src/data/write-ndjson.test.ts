import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { readTable } from './read-table.ts'
import type { Column, Table } from './table.ts'
import { formatNdjson, writeNdjson } from './write-ndjson.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-ndjson-'))
})
after(() => rm(folder, { recursive: true }))

const year9999 = Date.parse('9999-12-31T23:59:59.999Z')

interface Cells {
  readonly number: number | undefined
  readonly time: number | undefined
  readonly 'te"xt': string | undefined
}

const missing = fc.constant(undefined)
const cells: fc.Arbitrary<Cells> = fc.record({
  number: fc.oneof(missing, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(-0)),
  time: fc.oneof(missing, fc.integer({ min: 0, max: year9999 })),
  'te"xt': fc.oneof(missing, fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('"', 'two\nlines', '')),
})

function toTable(rows: readonly Cells[]): Table {
  const dictionary = [...new Set(rows.map((row) => row['te"xt']).filter((text) => text !== undefined))]
  const columns: Column[] = [
    { kind: 'number', name: 'number', values: Float64Array.from(rows, ({ number = Number.NaN }) => number) },
    { kind: 'time', name: 'time', values: Float64Array.from(rows, ({ time = Number.NaN }) => time) },
    {
      kind: 'text',
      name: 'te"xt',
      codes: Int32Array.from(rows, (row) => (row['te"xt'] === undefined ? -1 : dictionary.indexOf(row['te"xt']))),
      dictionary,
    },
  ]
  return { rowCount: rows.length, columns }
}

function linesOf(tables: Table | Iterable<Table>): string[] {
  const text = Buffer.concat([...formatNdjson(tables)]).toString()
  return text === '' ? [] : text.trimEnd().split('\n')
}

test('writes each row as an object that reads back the same, without its missing values', () => {
  fc.assert(
    fc.property(fc.array(cells, { maxLength: 12 }), (rows) => {
      const read = linesOf(toTable(rows)).map((line) => JSON.parse(line))
      const expected = rows.map(({ number, time, ...rest }) => ({
        ...(number !== undefined && { number }),
        ...(time !== undefined && { time: new Date(time).toISOString() }),
        ...(rest['te"xt'] !== undefined && rest),
      }))
      assert.deepEqual(read, expected)
    }),
  )
})

test('writes files, compressed when the name says so, that the reader takes', async () => {
  const some = toTable([
    { number: 1.5, time: 0, 'te"xt': 'a' },
    { number: -7, time: 86_400_000, 'te"xt': undefined },
    { number: 2, time: 1, 'te"xt': 'b' },
  ])
  const path = join(folder, 'some.ndjson')
  await writeNdjson(some, path)
  const { table } = await readTable(path)
  assert.deepEqual(table.columns, some.columns)
  await writeNdjson(some, `${path}.gz`)
  assert.deepEqual(gunzipSync(await readFile(`${path}.gz`)), await readFile(path))
})

test('writes batches one after the other, and more rows than one piece holds', () => {
  const values = Float64Array.from({ length: 5000 }, (_, row) => row)
  const batch: Table = { rowCount: values.length, columns: [{ kind: 'number', name: 'n', values }] }
  const lines = linesOf([batch, batch])
  assert.equal(lines.length, 10_000)
  assert.equal(lines[5000 + 4321], '{"n":4321}')
})

test('refuses an infinite number by the name of its column', () => {
  const values = Float64Array.of(1, Number.NEGATIVE_INFINITY)
  assert.throws(() => linesOf({ rowCount: 2, columns: [{ kind: 'number', name: 'ratio', values }] }), {
    code: 'DATA_INVALID',
    message: /ratio/,
  })
})
