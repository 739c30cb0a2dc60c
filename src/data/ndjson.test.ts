import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadRowLog } from './bad-rows.ts'
import type { Spelling } from './cell-format.ts'
import type { ColumnKind } from './column-kind.ts'
import { MissingWords } from './missing-words.ts'
import { NdjsonParser } from './ndjson.ts'

interface Options {
  readonly columns?: Record<string, ColumnKind>
  readonly badRows?: 'fail' | 'skip'
  readonly pieceBytes?: number
  readonly spelling?: Spelling
}

function parse(content: string, options: Options = {}) {
  const { columns = {}, badRows: policy = 'fail', pieceBytes = 2 ** 20, spelling = {} } = options
  const badRows = new BadRowLog('cards.ndjson', policy)
  const parser = new NdjsonParser({
    file: 'cards.ndjson',
    columns,
    required: Object.keys(columns),
    badRows,
    missing: new MissingWords(undefined, 'json'),
    spelling,
  })
  const bytes = new TextEncoder().encode(content)
  for (let start = 0; start < bytes.length; start += pieceBytes) parser.write(bytes.slice(start, start + pieceBytes))
  const { lineOf, placeOf: _, ...table } = parser.end()
  return { table, lines: Array.from({ length: table.rowCount }, (_, row) => lineOf?.(row)), badRows: badRows.report() }
}

test('gives each field name a column, missing where a line lacks it', () => {
  const { table, lines } = parse(
    '{"amount":1.5,"id":"7"}\r\n\n{"isFraud":true,"id":"8","amount":null}\n{"isFraud":false,"id":"7"}',
  )
  assert.deepEqual(table, {
    rowCount: 3,
    columns: [
      { kind: 'number', name: 'amount', values: Float64Array.of(1.5, Number.NaN, Number.NaN) },
      { kind: 'text', name: 'id', codes: Int32Array.of(0, 1, 0), dictionary: ['7', '8'] },
      { kind: 'number', name: 'isFraud', values: Float64Array.of(Number.NaN, 1, 0) },
    ],
  })
  assert.deepEqual(lines, [1, 3, 4])
})

test('takes in a field that first comes after thousands of lines', () => {
  const { table } = parse(`${'{"a":1}\n'.repeat(3000)}{"a":2,"late":"x","at":"2018-04-01"}\n`)
  assert.equal(table.rowCount, 3001)
  const [, late, at] = table.columns
  assert.ok(late.kind === 'text' && at.kind === 'time')
  assert.deepEqual([late.codes[0], late.codes[2999], late.codes[3000]], [-1, -1, 0])
  assert.deepEqual([at.values[0], at.values[3000]], [Number.NaN, Date.parse('2018-04-01T00:00:00Z')])
})

test('holds kinds, declared or inferred, against every value', () => {
  const two = '{"a":1}\n{"a":2}\n'
  assert.throws(() => parse(`${two}{"a":"x"}`), {
    code: 'DATA_INVALID',
    message: 'cards.ndjson, line 3, column "a": "x" is not a number; if the column holds text, use option `text` a',
  })
  assert.deepEqual(parse(`${two}{"a":"2.5"}`).table.columns[0], {
    kind: 'number',
    name: 'a',
    values: Float64Array.of(1, 2, 2.5),
  })
  const asText = parse(two, { columns: { a: 'text' } }).table.columns[0]
  assert.deepEqual(asText, { kind: 'text', name: 'a', codes: Int32Array.of(0, 1), dictionary: ['1', '2'] })
  assert.throws(() => parse(two, { columns: { a: 'time' } }), { message: /"1" is not an ISO 8601 time/ })
  assert.throws(() => parse(two, { columns: { b: 'time' } }), { code: 'OPTION_INVALID' })
  assert.throws(() => parse(`${two}{"a":1e999}`), { message: /"Infinity" is too large for a number/ })
})

test('refuses or skips lines that are no objects, without quoting them', () => {
  const deep = `${'{"a":'.repeat(9)}1${'}'.repeat(9)}`
  const lines = ['{"a":1}', '{"a":', '[1]', '7', 'null', deep, '{"a":2}']
  assert.throws(() => parse(lines.join('\n')), { message: 'cards.ndjson, line 2: is not valid JSON' })
  const { table, badRows } = parse(lines.join('\n'), { badRows: 'skip' })
  assert.equal(table.rowCount, 2)
  assert.deepEqual(
    badRows.first.map(({ line }) => line),
    [2, 3, 4, 5, 6],
  )
  assert.equal(badRows.first[4].reason, 'is nested more than 8 levels deep')
})

test('gives a nested field a column by its path, and leaves arrays out', () => {
  const badRows = new BadRowLog('f', 'fail')
  const missing = new MissingWords(undefined, 'json')
  const parser = new NdjsonParser({ file: 'f', columns: {}, required: [], badRows, missing })
  const lines = [
    '{"id":"7","payment":{"amount":1.5,"card":{"token":"t","n":9007199254740993}},"tags":[{"a":1}],"empty":{}}',
    '{"id":"8","payment.amount":2.5,"payment":{"card":{"token":null}}}',
  ]
  parser.write(new TextEncoder().encode(lines.join('\n')))
  const { columns } = parser.end()
  assert.deepEqual(columns, [
    { kind: 'text', name: 'id', codes: Int32Array.of(0, 1), dictionary: ['7', '8'] },
    { kind: 'number', name: 'payment.amount', values: Float64Array.of(1.5, 2.5) },
    { kind: 'text', name: 'payment.card.token', codes: Int32Array.of(0, -1), dictionary: ['t'] },
    { kind: 'text', name: 'payment.card.n', codes: Int32Array.of(0, -1), dictionary: ['9007199254740993'] },
  ])
  assert.deepEqual(parser.notes, ['fields left out that hold arrays: tags'])
})

test('refuses a field that is given in two ways, and a value where a path leads on', () => {
  assert.throws(() => parse('{"a":{"b":1},"a.b":2}'), {
    message: 'cards.ndjson, line 1, column "a.b": is given in two ways, nested in "a" and as the flat field "a.b"',
  })
  const columns = { 'a.b': 'number' } as const
  assert.throws(() => parse('{"a":{"b":[1]}}', { columns }), {
    message: 'cards.ndjson, line 1, column "a.b": is an array, where a value is required',
  })
  assert.throws(() => parse('{"a":{"b":{"c":1}}}', { columns }), { message: /column "a.b": is an object, where/ })
  assert.throws(() => parse('{"a":[{"b":1}]}', { columns }), {
    message: 'cards.ndjson, line 1, column "a": is an array, where an object with b is required',
  })
})

test('refuses a nested field that a line gives twice', () => {
  assert.throws(() => parse('{"a":{"b":1,"b":2}}'), {
    message: 'cards.ndjson, line 1, column "a.b": is given more than once',
  })
})

test('refuses a file without objects', () => {
  for (const content of ['', '\n\n', '{}'])
    assert.throws(() => parse(content), { message: /the file holds no objects/ })
})

test('gives a field named like a part of every object a column of its own', () => {
  const { table } = parse('{"__proto__":1,"constructor":"x"}\n{"hasOwnProperty":2}')
  assert.deepEqual(
    table.columns.map(({ name }) => name),
    ['__proto__', 'constructor', 'hasOwnProperty'],
  )
})

test('gives the same table however the bytes are cut into pieces', () => {
  const content = '{"a":1,"b":"é"}\n\n{"a":2,"b":"x\\ny"}\r\n{"c":true}'
  const whole = parse(content)
  for (let pieceBytes = 1; pieceBytes < content.length; pieceBytes++) {
    assert.deepEqual(parse(content, { pieceBytes }), whole)
  }
})

test('refuses a field that a line gives twice, however its name is written', () => {
  for (const line of ['{"card":"A","card":"B"}', '{"card":null, "card" :"B"}', '{"card":"A","c\\u0061rd":"A"}']) {
    assert.throws(() => parse(`{"card":"A"}\n${line}`), {
      code: 'DATA_INVALID',
      message: 'cards.ndjson, line 2, column "card": is given more than once',
    })
    const { table, badRows } = parse(`{"card":"A"}\n${line}\n{"card":"C"}`, { badRows: 'skip' })
    assert.deepEqual([table.rowCount, badRows.count], [2, 1])
  }
  assert.equal(parse('{"card":"\\"card\\":1, card: 2","Card":":"}').table.rowCount, 1)
})

test('keeps every digit of whole numbers past 2^53', () => {
  const lines = ['9007199254740993', '-9007199254740995', '18446744073709551615'].map(
    (id) => `{"id":${id},"note":"9007199254740993, \\"id\\":9007199254740994","n":1.5}`,
  )
  const { columns } = parse(lines.join('\n')).table
  assert.deepEqual(columns, [
    {
      kind: 'text',
      name: 'id',
      codes: Int32Array.of(0, 1, 2),
      dictionary: ['9007199254740993', '-9007199254740995', '18446744073709551615'],
    },
    {
      kind: 'text',
      name: 'note',
      codes: Int32Array.of(0, 0, 0),
      dictionary: ['9007199254740993, "id":9007199254740994'],
    },
    { kind: 'number', name: 'n', values: Float64Array.of(1.5, 1.5, 1.5) },
  ])
  assert.deepEqual(parse('{"n":1e300}\n{"n":-12345678901234567.5}').table.columns[0], {
    kind: 'number',
    name: 'n',
    values: Float64Array.of(1e300, -12345678901234568),
  })
})

test('reads no more fields than a table can have', () => {
  const wide = (from: number, to: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`n${from + i}`, 1])))
  const million = wide(0, 20_000)
  assert.throws(() => parse(million), {
    message: /^cards\.ndjson, line 1: has 20000 fields; at most 16384 can be read$/,
  })
  assert.throws(() => parse(`${wide(0, 10_000)}\n${wide(10_000, 20_000)}`), {
    message: /the file has over 16384 fields/,
  })
})

test('reads dates as people write them where the field says which of day and month is first', () => {
  const at = (content: string, options: Options = {}) => {
    const [column] = parse(content, options).table.columns
    return column.kind === 'time'
      ? Array.from(column.values, (ms) => new Date(ms).toISOString().slice(0, 10))
      : column.kind
  }
  assert.deepEqual(at('{"at":"01.02.2024"}\n{"at":"13.02.2024"}'), ['2024-02-01', '2024-02-13'])
  assert.deepEqual(at('{"at":"01/02/2024"}\n{"at":"13/02/2024"}'), ['2024-02-01', '2024-02-13'])
  const open = '{"at":"01/02/2024"}\n{"at":"03/02/2024"}'
  assert.deepEqual(at(open, { spelling: { dates: 'month-first' } }), ['2024-01-02', '2024-03-02'])
  // A text that may mean two dates is only asked about where it has to be a time.
  assert.equal(at(open), 'text')
  assert.equal(at('{"at":"13/02/2024"}\n{"at":"soon"}'), 'text')
  for (const badRows of ['fail', 'skip'] as const)
    assert.throws(() => at(open, { badRows, columns: { at: 'time' } }), {
      message: /"01\/02\/2024" can mean two dates/,
    })
})

test('refuses a text with half of a surrogate pair, which would be the same as any other such', () => {
  const lines = ['a\ud800', 'a\ud801', 'a\ud83d\ude00'].map((id) => JSON.stringify({ id }))
  const { table, badRows } = parse(lines.join('\n'), { badRows: 'skip' })
  assert.equal(badRows.count, 2)
  const [id] = table.columns
  assert.deepEqual(id.kind === 'text' && id.dictionary, ['a\ud83d\ude00'])
  assert.throws(() => parse(lines[0]), { message: /line 1, column "id": .* has half of a surrogate pair/ })
})
