import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import type { ColumnKind } from './column-kind.ts'
import { readTable } from './read-table.ts'
import type { Table } from './table.ts'
import { writeParquet } from './write-parquet.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-parquet-'))
})
after(() => rm(folder, { recursive: true }))

/** Writes what the query gives as a Parquet file and reads it back. */
async function roundTrip(query: string, columns: Record<string, ColumnKind> = {}, badRows: 'fail' | 'skip' = 'fail') {
  const path = join(folder, 'cards.parquet')
  await writeRows(query, path)
  return readTable(path, { columns, badRows })
}

async function writeRows(query: string, path: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`)
  connection.closeSync()
  instance.closeSync()
}

function textsOf({ columns }: Table): readonly (readonly string[] | false)[] {
  return columns.map((column) => column.kind === 'text' && [...column.codes].map((code) => column.dictionary[code]))
}

const time = Date.parse('2018-04-01T00:00:31.250Z')

test('reads every type of number, boolean, time and text', async () => {
  const { table } = await roundTrip(`SELECT * FROM (VALUES
    (1.5::DOUBLE, 2.5::FLOAT, 3::BIGINT, 4::TINYINT, 5.25::DECIMAL(9,2), true, TIMESTAMP '2018-04-01 00:00:31.25',
     TIMESTAMPTZ '2018-04-01 02:00:31.25+02', DATE '2018-04-01', 'a'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('nan'::DOUBLE, -2.5::FLOAT, -3::BIGINT, -4::TINYINT, -5.25::DECIMAL(9,2), false, TIMESTAMP '1970-01-01 00:00:00',
     TIMESTAMPTZ '1970-01-01 00:00:00+00', DATE '1969-12-31', 'é'))
    AS t(d, f, b, t, x, l, ts, tz, day, s)`)
  const number = (name: string, ...values: number[]) => ({ kind: 'number', name, values: Float64Array.from(values) })
  const times = (name: string, ...values: number[]) => ({ kind: 'time', name, values: Float64Array.from(values) })
  const { NaN: none } = Number
  assert.deepEqual(table.columns, [
    number('d', 1.5, none, none),
    number('f', 2.5, none, -2.5),
    number('b', 3, none, -3),
    number('t', 4, none, -4),
    number('x', 5.25, none, -5.25),
    number('l', 1, none, 0),
    times('ts', time, none, 0),
    times('tz', time, none, 0),
    times('day', Date.parse('2018-04-01T00:00:00Z'), none, -86_400_000),
    { kind: 'text', name: 's', codes: Int32Array.of(0, -1, 1), dictionary: ['a', 'é'] },
  ])
})

test('reads many row groups in order', async () => {
  const { table } = await roundTrip('SELECT range AS n FROM range(300000)')
  assert.deepEqual(table.columns[0], {
    kind: 'number',
    name: 'n',
    values: Float64Array.from({ length: 300_000 }, (_, row) => row),
  })
})

test('reads whole numbers that a double can not hold as text', async () => {
  const { table } = await roundTrip('SELECT 9223372036854775807::BIGINT AS id UNION ALL SELECT 5')
  assert.deepEqual(table.columns[0].kind === 'text' && [...table.columns[0].dictionary].sort(), [
    '5',
    '9223372036854775807',
  ])
})

test('keeps every digit of a whole number or decimal that is a key, whatever its type and declared or not', async () => {
  const digits = ['9007199254740993', '9007199254740994', '18014398509481985']
  for (const type of ['BIGINT', 'UBIGINT', 'DECIMAL(18,0)', 'DECIMAL(38,0)', 'DECIMAL(38,10)']) {
    const query = `SELECT unnest(['${digits.join("', '")}'])::${type} AS id`
    assert.deepEqual(textsOf((await roundTrip(query)).table), [digits], type)
    assert.deepEqual(textsOf((await roundTrip(query, { id: 'text' })).table), [digits], type)
  }
  const largest = '99999999999999999999999999999999999998'
  const query = `SELECT unnest([${largest}, -${largest}])::DECIMAL(38,0) AS id`
  assert.deepEqual(textsOf((await roundTrip(query)).table), [[largest, `-${largest}`]])
})

test('reads one key from every type that can hold it', async () => {
  for (const type of ['TINYINT', 'UBIGINT', 'FLOAT', 'DOUBLE', 'DECIMAL(9,0)', 'DECIMAL(9,2)', 'VARCHAR']) {
    assert.deepEqual(textsOf((await roundTrip(`SELECT 70::${type} AS id`, { id: 'text' })).table), [['70']], type)
  }
  const decimals = "SELECT unnest(['-7.10', '0', '0.05', '1234567890123456789.01'])::DECIMAL(38,2) AS id"
  assert.deepEqual(textsOf((await roundTrip(decimals, { id: 'text' })).table), [
    ['-7.1', '0', '0.05', '1234567890123456789.01'],
  ])
})

test('reads single precision as the shortest decimal that it stands for', async () => {
  const values = [19.99, 0.1, -85.65, 1234567.9, 1e-30, 3]
  const { table } = await roundTrip(`SELECT unnest([${values}])::FLOAT AS amount`)
  assert.deepEqual(table.columns[0], { kind: 'number', name: 'amount', values: Float64Array.from(values) })
  const key = await roundTrip('SELECT 19.99::FLOAT AS id', { id: 'text' })
  assert.deepEqual(textsOf(key.table), [['19.99']])
})

test('refuses keys in a type that has lost their last digits', async () => {
  for (const type of ['DOUBLE', 'FLOAT']) {
    await assert.rejects(roundTrip(`SELECT 9007199254740993::${type} AS id`, { id: 'text' }), {
      code: 'DATA_INVALID',
      message: /row 1, column "id": .* is a number whose last digits may be lost/,
    })
  }
  await assert.rejects(roundTrip('SELECT 16777217::FLOAT AS id', { id: 'text' }), { code: 'DATA_INVALID' })
})

test('refuses decimals of more digits than are read right', async () => {
  // Of the schema alone: nothing writes such a file here, so the precision of one that can be written is raised in place.
  const path = join(folder, 'long.parquet')
  await writeRows("SELECT '10.5'::DECIMAL(38,2) AS amount", path)
  const bytes = await readFile(path)
  // Thrift's compact protocol: field 8 of SchemaElement is the precision, a zigzag i32: 38 is 76.
  let raised = 0
  for (let at = 0; at + 3 < bytes.length; at++) {
    // scale (i32 2), then precision (i32 38), each behind a field header of type 5.
    if (bytes[at] === 0x15 && bytes[at + 1] === 4 && bytes[at + 2] === 0x15 && bytes[at + 3] === 76) {
      bytes[at + 3] = 78
      raised++
    }
  }
  assert.ok(raised > 0)
  await writeFile(path, bytes)
  await assert.rejects(readTable(path), {
    code: 'DATA_INVALID',
    message: /long\.parquet: the column "amount" has decimals of 39 digits; at most 38 can be read/,
  })
})

test('reads the file that is named, whatever its name looks like', async () => {
  const names = ['tx1', 'tx[1]', 'tx*', 'txx', 'tx?', '**', '[', '{a,b}', '~', '-out', "q'uote", 'a"b', 'back\\slash']
  const odd = ['s3:/bucket/f', 'http:/host/f', 'isFraud=1/f', 'a[1]/f', 'a1/f']
  for (const [row, name] of [...names, ...odd].entries()) {
    const path = join(folder, 'odd', `${name}.parquet`)
    await mkdir(dirname(path), { recursive: true })
    await writeParquet([{ rowCount: 1, columns: [{ kind: 'number', name: 'v', values: Float64Array.of(row) }] }], path)
  }
  for (const [row, name] of [...names, ...odd].entries()) {
    const { table } = await readTable(join(folder, 'odd', `${name}.parquet`))
    assert.deepEqual(table.columns, [{ kind: 'number', name: 'v', values: Float64Array.of(row) }], name)
  }
  const both = join(folder, 'odd', 'a\\*.parquet')
  await writeRows('SELECT 1 AS v', join(folder, 'plain.parquet'))
  await writeFile(both, await readFile(join(folder, 'plain.parquet')))
  await assert.rejects(readTable(both), { code: 'FILE_UNREADABLE', message: /rename it/ })
})

test('holds declared kinds against every value, naming the row', async () => {
  const texts = "SELECT unnest(['1.5', 'x', '2018-04-01']) AS s"
  await assert.rejects(roundTrip(texts, { s: 'number' }), {
    code: 'DATA_INVALID',
    message: /cards\.parquet, row 2, column "s": "x" is not a number/,
  })
  const { table, badRows } = await roundTrip(texts, { s: 'time' }, 'skip')
  assert.equal(table.rowCount, 1)
  assert.equal(badRows.count, 2)
  // What clocks showed has no offset: the detector says their zone.
  const stamped = await roundTrip(
    `SELECT TIMESTAMP '2018-04-01 00:00:31.25' AS t, TIMESTAMP_NS '2018-04-01 00:00:31.25' AS ns, DATE '2018-04-01' AS day,
      TIMESTAMPTZ '2018-04-01 02:00:31.25+02' AS tz, 1.5 AS n`,
    { t: 'text', ns: 'text', day: 'text', tz: 'text', n: 'text' },
  )
  assert.deepEqual(
    stamped.table.columns.map((column) => column.kind === 'text' && column.dictionary),
    [
      ['2018-04-01T00:00:31.250'],
      ['2018-04-01T00:00:31.250'],
      ['2018-04-01T00:00:00.000'],
      ['2018-04-01T00:00:31.250Z'],
      ['1.5'],
    ],
  )
  await assert.rejects(roundTrip('SELECT 1 AS n', { n: 'time' }), {
    message: /row 1, column "n": "1" is a number, not/,
  })
  await assert.rejects(roundTrip("SELECT 'inf'::DOUBLE AS n"), { message: /"Infinity" is too large/ })
  await assert.rejects(roundTrip('SELECT 1 AS Amount', { Amuont: 'text' }), { code: 'OPTION_INVALID' })
})

test('refuses nested columns and files that are no Parquet', async () => {
  await assert.rejects(roundTrip('SELECT [1, 2] AS list'), { code: 'DATA_INVALID', message: /"list" has the type/ })
  const path = join(folder, 'text.parquet')
  await writeFile(path, 'a,b\n1,2\n')
  await assert.rejects(readTable(path), { code: 'FILE_UNREADABLE', message: /text\.parquet can't be read/ })
})

test('stops when the signal aborts while it reads', async () => {
  await roundTrip('SELECT range AS n FROM range(300000)')
  const stop = new AbortController()
  const reading = readTable(join(folder, 'cards.parquet'), { signal: stop.signal, onProgress: () => stop.abort() })
  await assert.rejects(reading, { code: 'INTERRUPTED' })
})

test('leaves out what nobody asked for and cannot be read', async () => {
  const query = `SELECT 1.5 AS amount, {'a': 1} AS meta, ['x', 'y'] AS tags, '\\xFF'::BLOB AS photo`
  const { table, notes } = await roundTrip(query)
  assert.deepEqual(
    table.columns.map(({ name }) => name),
    ['amount', 'meta.a'],
  )
  const types = 'tags (VARCHAR[]), photo (BLOB)'
  assert.deepEqual(notes, [`columns left out whose types can't be read: ${types}`])
  await assert.rejects(roundTrip(query, { meta: 'text' }), { message: /the column "meta" has the type STRUCT/ })
  await assert.rejects(roundTrip(query, { photo: 'text' }), {
    message: /the column "photo" holds bytes that are not UTF-8/,
  })
})

test('gives the fields of structs columns by their paths', async () => {
  const card = `{'token': 't''1', 'n': 9007199254740993}`
  const query = `SELECT {'amount': 1.5, 'card': ${card}} AS payment, {'b': 1} AS a, 2 AS "a.b", NULL::STRUCT(x INTEGER) AS no`
  const { table, notes } = await roundTrip(query, { 'payment.card.token': 'text' })
  assert.deepEqual(
    table.columns.map(({ name, kind }) => [name, kind]),
    [
      ['payment.amount', 'number'],
      ['payment.card.token', 'text'],
      ['payment.card.n', 'text'],
      ['no.x', 'number'],
    ],
  )
  assert.deepEqual(textsOf(table), [false, ["t'1"], ['9007199254740993'], false])
  assert.deepEqual(notes, ["columns left out whose types can't be read: a.b (given more than once)"])
  await assert.rejects(roundTrip(query, { 'a.b': 'number' }), { message: /"a.b" is given more than once/ })
})

test('reads columns by the names that the file has, whose case counts, and refuses one that is there twice', async () => {
  const path = join(folder, 'alike.parquet')
  const write = async (query: string, from: string, to: string) => {
    await writeRows(query, path)
    const bytes = await readFile(path)
    await writeFile(path, Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1'))
  }
  // DuckDB would call them amount, Amount_1 and Amount_1_1, and p.a and p.A_1.
  await write(`SELECT 1 AS amount, 2 AS "Xmount", 3 AS "Amount_1", {'aaa': 4, 'Xaa': 5} AS p`, 'X', 'A')
  const { table } = await readTable(path)
  assert.deepEqual(
    table.columns.map((column) => [column.name, column.kind !== 'text' && column.values[0]]),
    [
      ...[
        ['amount', 1],
        ['Amount', 2],
        ['Amount_1', 3],
      ],
      ...[
        ['p.aaa', 4],
        ['p.Aaa', 5],
      ],
    ],
  )
  await write('SELECT 1 AS amount, 2 AS "Xmount", 3 AS n', 'Xmount', 'amount')
  const { notes } = await readTable(path)
  assert.deepEqual(notes, ["columns left out whose types can't be read: amount (given more than once)"])
  await assert.rejects(readTable(path, { columns: { amount: 'number' } }), {
    message: /"amount" is given more than once/,
  })
  await write('SELECT 1 AS amount, 2 AS "Xmount"', 'Xmount', 'amount')
  await assert.rejects(readTable(path), { message: /"amount" is given more than once/ })
})

test('reads bytes as text where they are, as older writers have it', async () => {
  const { table } = await roundTrip(`SELECT * FROM (VALUES ('k1'::BLOB), (NULL), (encode('Bäckerei'))) AS t(card)`)
  assert.deepEqual(textsOf(table), [['k1', undefined, 'Bäckerei']])
})
