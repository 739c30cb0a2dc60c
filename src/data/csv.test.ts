import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { FraudError } from '../core/errors.ts'
import { BadRowLog, type BadRows } from './bad-rows.ts'
import type { Spelling } from './cell-format.ts'
import type { ColumnKind } from './column-kind.ts'
import { CsvParser } from './csv.ts'
import { MissingWords } from './missing-words.ts'
import type { Table } from './table.ts'

interface Options {
  readonly columns?: Record<string, ColumnKind>
  readonly badRows?: 'fail' | 'skip'
  readonly pieceBytes?: number
  readonly spelling?: Spelling
}

function parse(
  content: string | Uint8Array,
  options: Options = {},
): { table: Table; lines: readonly (number | undefined)[]; badRows: BadRows } {
  const { columns = {}, badRows: policy = 'fail', pieceBytes = Number.MAX_SAFE_INTEGER, spelling = {} } = options
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const badRows = new BadRowLog('cards.csv', policy)
  const parser = new CsvParser({
    file: 'cards.csv',
    columns,
    required: Object.keys(columns),
    badRows,
    missing: new MissingWords(),
    spelling,
  })
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    parser.write(bytes.subarray(start, start + pieceBytes), Math.min(1, (start + pieceBytes) / bytes.length))
  }
  const { lineOf, placeOf: _, ...table } = parser.end()
  return { table, lines: Array.from({ length: table.rowCount }, (_, row) => lineOf?.(row)), badRows: badRows.report() }
}

/** A table as plain values: undefined is missing. */
function plain({ columns }: Table): Record<string, { kind: string; values: (number | string | undefined)[] }> {
  return Object.fromEntries(
    columns.map((column) => {
      const values =
        column.kind === 'text'
          ? Array.from(column.codes, (code) => column.dictionary[code])
          : Array.from(column.values, (value) => (Number.isNaN(value) ? undefined : value))
      return [column.name, { kind: column.kind, values }]
    }),
  )
}

function valuesOf(content: string, options: Options = {}): Record<string, (number | string | undefined)[]> {
  const { table } = parse(content, options)
  return Object.fromEntries(Object.entries(plain(table)).map(([name, { values }]) => [name, values]))
}

test('reads numbers, times and text by what the cells look like', () => {
  const { table } = parse('Amount,At,Merchant\n1.5,2018-04-01T00:00:31Z,grocer\n-2e3,2018-04-02,"baker, café"\n')
  assert.equal(table.rowCount, 2)
  assert.deepEqual(plain(table), {
    Amount: { kind: 'number', values: [1.5, -2000] },
    At: { kind: 'time', values: [Date.parse('2018-04-01T00:00:31Z'), Date.parse('2018-04-02T00:00:00Z')] },
    Merchant: { kind: 'text', values: ['grocer', 'baker, café'] },
  })
})

test('reads quotes as RFC 4180 has them', () => {
  const values = ['a "quoted" word', 'two\nlines', 'two\r\nlines', 'comma,', '"', 'un"quoted', undefined]
  const content =
    't,n\n"a ""quoted"" word",1\n"two\nlines",2\n"two\r\nlines","3"\n"comma,",4\n"""",5\nun"quoted,6\n"",7'
  assert.deepEqual(valuesOf(content), { t: values, n: [1, 2, 3, 4, 5, 6, 7] })
})

test('reads every kind of line end, with or without the last, and skips blank lines', () => {
  const expected = { a: [1, 3], b: ['x', 'y'] }
  assert.deepEqual(valuesOf('a,b\n1,x\n3,y\n'), expected)
  assert.deepEqual(valuesOf('a,b\r\n1,x\r\n3,y\r\n'), expected)
  assert.deepEqual(valuesOf('a,b\r1,x\r3,y'), expected)
  assert.deepEqual(valuesOf('\n\r\na,b\n\n1,x\r\n\r\n  \n3,y\n\n'), expected)
  assert.deepEqual(valuesOf('b,a\nx,1\ny,3'), expected)
  assert.deepEqual(valuesOf('b,a\r\nx,1\r\ny,3\r\n'), expected)
})

test('leaves the byte order mark out of the first name', () => {
  assert.deepEqual(valuesOf('\ufeffa,b\n1,2\n'), { a: [1], b: [2] })
  assert.deepEqual(valuesOf('\ufeff"a",b\n1,2\n'), { a: [1], b: [2] })
})

test('reads an empty cell as missing, and the usual words for it in columns of all kinds', () => {
  const content = 'n,t,s\n1,2018-04-01,x\n,,\nNA,null,NA\nNaN,nan,"null"\n"","",""\n 7 ,\t2018-04-01 , y \n'
  const day = Date.parse('2018-04-01T00:00:00Z')
  assert.deepEqual(valuesOf(content), {
    n: [1, undefined, undefined, undefined, undefined, 7],
    t: [day, undefined, undefined, undefined, undefined, day],
    s: ['x', undefined, undefined, undefined, undefined, ' y '],
  })
})

test('gives a column that starts empty the kind of its first value, however late it comes', () => {
  const missing = 'NA,,\n'.repeat(3000)
  const { table } = parse(`code,number,never\n${missing}DE,1.5,\n`)
  const { code, number, never } = plain(table)
  assert.equal(code.kind, 'text')
  assert.deepEqual([code.values[0], code.values[2999], code.values[3000]], [undefined, undefined, 'DE'])
  assert.equal(number.kind, 'number')
  assert.deepEqual([number.values[0], number.values[3000]], [undefined, 1.5])
  assert.equal(never.kind, 'number')
  assert.ok(never.values.every((value) => value === undefined))
})

test('keeps a column of whole numbers a column of numbers when decimals come late', () => {
  const { table } = parse(`n\n${'7\n'.repeat(10_000)}7.25\n`)
  const [column] = table.columns
  assert.ok(column.kind === 'number')
  assert.equal(column.values[10_000], 7.25)
})

test('takes a stray text among numbers for an error, not for a column of text', () => {
  assert.throws(() => parse('Time,V3\n0,1.5\n1,2.5\n2,abc\n3,3.5\n'), {
    code: 'DATA_INVALID',
    message: 'cards.csv, line 4, column "V3": "abc" is not a number; if the column holds text, use option `text` V3',
    errors: [{ field: 'V3', reason: 'is not a number; if the column holds text, use option `text` V3' }],
  })
  assert.deepEqual(valuesOf('V3\n1.5\nabc\n2.5\n', { columns: { V3: 'text' } }), { V3: ['1.5', 'abc', '2.5'] })
  assert.throws(() => parse(`id\n${'1\n'.repeat(5000)}A2\n`), { message: /line 5002, column "id": "A2" is not/ })
})

test('reads whole numbers that a double can not hold as text, since they are identifiers', () => {
  const ids = ['9223372036854775807', '9223372036854775806']
  assert.deepEqual(valuesOf(`id\n${ids.join('\n')}\n`), { id: ids })
})

test('holds a declared kind against every cell', () => {
  assert.throws(() => parse('t\n12\n', { columns: { t: 'time' } }), { message: /"12" is not an ISO 8601 time/ })
  assert.throws(() => parse('n\n2018-04-01\n', { columns: { n: 'number' } }), {
    message: /"2018-04-01" is not a number/,
  })
  assert.throws(() => parse('n\n1e999\n'), { message: /line 2, column "n": "1e999" is too large for a number/ })
  assert.throws(() => parse(`n\n1\n${'9'.repeat(400)}\n`, { columns: { n: 'number' } }), {
    message: /line 3, column "n": ".*…" is too large/,
  })
  assert.throws(() => parse('n\n1\n2\nInfinity\n'), { message: /"Infinity" is not a number/ })
  assert.throws(() => parse('Amount\n1\n', { columns: { Amuont: 'text' } }), {
    code: 'OPTION_INVALID',
    message: 'cards.csv has no column "Amuont". Did you mean "Amount"?',
  })
})

test('names the physical line, past quoted line ends and blank lines', () => {
  const content = 'a,b\n"x\ny\r\nz",1\n\n"u\nv",2\n"w\nw",bad\n'
  assert.throws(() => parse(content, { columns: { b: 'number' } }), { message: /line 9, column "b": "bad"/ })
})

test('knows the line that each row begins on', () => {
  const content = 'a,b\n"x\ny\r\nz",1\n\n"u\nv",2\nw,3,4\nw,3\nw,4\n'
  assert.deepEqual(parse(content, { badRows: 'skip' }).lines, [2, 6, 9, 10])
})

test('refuses rows of another length, and says how long they are', () => {
  assert.throws(() => parse('a,b,c\n1,2,3\n4,5\n'), {
    message: 'cards.csv, line 3: has 2 cells where the header has 3',
  })
  assert.throws(() => parse('a,b,c\n1,2,3,\n'), { message: 'cards.csv, line 2: has 4 cells where the header has 3' })
  assert.throws(() => parse('a,b,c\n1,2,3,4,5\n'), { message: /has 5 cells/ })
  assert.throws(() => parse('a,b,c\n1\n'), { message: /has 1 cell where/ })
})

test('skips bad rows when asked, counts them, lists the first and keeps the rest', () => {
  const rows = ['1,x', '2,"y"z', '3', 'bad,only here', '4,w,', '5,v', '"6\n",u', 'worse,u']
  const { table, badRows } = parse(`n,s\n${rows.join('\n')}\n7,t\n8,t\n9,t\n`, {
    badRows: 'skip',
    columns: { n: 'number' },
  })
  assert.deepEqual(plain(table).n.values, [1, 5, 7, 8, 9])
  assert.deepEqual(table.columns[1], {
    kind: 'text',
    name: 's',
    codes: Int32Array.of(0, 1, 2, 2, 2),
    dictionary: ['x', 'v', 't'],
  })
  assert.equal(badRows.count, 6)
  assert.deepEqual(
    badRows.first.map(({ line, reason }) => [line, reason.replace(/; if.*/, '')]),
    [
      [3, 'column "s": "y" has text after its closing quote'],
      [4, 'has 1 cell where the header has 2'],
      [5, 'column "n": "bad" is not a number'],
      [6, 'has 3 cells where the header has 2'],
      [8, 'column "n": "6\\u000a" is not a number'],
      [10, 'column "n": "worse" is not a number'],
    ],
  )
})

test('never skips what makes the rest of the file unreadable', () => {
  const skip = { badRows: 'skip' } as const
  assert.throws(() => parse('a,b\n1,2\n3,"4\n5,6\n'), {
    code: 'DATA_INVALID',
    message: 'cards.csv, line 3: a quote is opened here and never closed',
  })
  assert.throws(() => parse('', skip), { message: 'cards.csv, line 1: the file is empty: there is no header line' })
  assert.throws(() => parse('\n\n', skip), { message: /line 3: the file is empty/ })
  assert.throws(() => parse('V1,V2,V1\n', skip), {
    message: 'cards.csv, line 1, column "V1": the name is twice in the header, as column 1 and 3',
  })
  assert.throws(() => parse('"a', skip), { message: /a quote in the header is never closed/ })
})

test('leaves out the one line of a stray quote, and none of those that its cell swallowed', () => {
  const rows = Array.from({ length: 3000 }, (_, index) => `${index},shop ${index}\n`)
  const spoilt = rows.with(5, '5,"shop\n').with(1200, '1200,"shop 1200\n').with(2999, '2999,"shop\n')
  const content = `n,s\n${spoilt.join('')}`
  for (const pieceBytes of [7, 1000, 2 ** 20]) {
    const { table, lines, badRows } = parse(content, { badRows: 'skip', pieceBytes })
    assert.deepEqual(
      badRows.first.map(({ line }) => line),
      [7, 1202, 3001],
    )
    assert.equal(table.rowCount, 2997)
    assert.deepEqual([lines[4], lines[5], lines[2996]], [6, 8, 3000])
  }
  assert.throws(() => parse(content), { message: /line 7, column "s": "shop.* has text after its closing quote/ })
})

test('keeps a bad value of a cell over several lines one row', () => {
  const { table, badRows } = parse('n,s\n1,a\nx,"two\n9,lines"\n2,b\n', { badRows: 'skip', columns: { n: 'number' } })
  assert.deepEqual(plain(table).n.values, [1, 2])
  assert.equal(badRows.count, 1)
})

test('leaves out a row longer than any, where a quote is never closed', () => {
  const long = `1,"open\n${'2,row\n'.repeat(3_000_000)}`
  const { table, badRows } = parse(`n,s\n${'0,x\n'.repeat(3000)}${long}`, { badRows: 'skip', pieceBytes: 2 ** 16 })
  assert.equal(table.rowCount, 3_003_000)
  assert.deepEqual([badRows.count, badRows.first[0].line], [1, 3002])
})

test('finds out what separates the cells', () => {
  const one = { a: [1], b: ['x'] }
  for (const separator of [',', ';', '\t', '|']) {
    assert.deepEqual(valuesOf(`a${separator}b\n1${separator}x\n`), one, separator)
    assert.deepEqual(valuesOf(`a${separator}b\n`), { a: [], b: [] }, separator)
  }
  // The one that gives the header as many cells as the first row.
  assert.deepEqual(valuesOf('a;amount (net, EUR)\n1;x\n'), { a: [1], 'amount (net, EUR)': ['x'] })
  assert.deepEqual(valuesOf('a,b|c|d|e\n1,x\n'), { a: [1], 'b|c|d|e': ['x'] })
  assert.deepEqual(valuesOf('a\n1;2\n'), { a: ['1;2'] })
})

test('reads the same cells whatever separates them, in pieces of any size', () => {
  const cell = fc.oneof(fc.integer().map(String), fc.stringMatching(/^[a-z ,;|\t"\n]{0,6}$/))
  const rows = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 })
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  fc.assert(
    fc.property(
      rows,
      fc.constantFrom(';', '\t', '|'),
      fc.integer({ min: 1, max: 40 }),
      (given, separator, pieceBytes) => {
        const lines = [['k', 'l', 'm'], ...given.map((row) => row.map(quoted))]
        const written = (by: string) => `${lines.map((row) => row.join(by)).join('\n')}\n`
        const columns = { k: 'text', l: 'text', m: 'text' } as const
        const options = { columns, pieceBytes }
        assert.deepEqual(valuesOf(written(separator), options), valuesOf(written(','), { columns }))
      },
    ),
  )
})

test('says where text is not UTF-8', () => {
  assert.throws(() => parse(Uint8Array.of(0x73, 0x0a, 0x63, 0x61, 0x66, 0xe9, 0x0a)), {
    message: /line 2, column "s": "caf\ufffd" is not UTF-8/,
  })
})

test('reads a file of nothing but a header', () => {
  for (const content of ['a,b', 'a,b\n', 'a,b\r\n\r\n']) {
    const { table } = parse(content)
    assert.equal(table.rowCount, 0)
    assert.deepEqual(plain(table), { a: { kind: 'number', values: [] }, b: { kind: 'number', values: [] } })
  }
})

test('names a nameless column by its position and trims unquoted names', () => {
  assert.deepEqual(valuesOf(', Amount ," Class"\n0,1,2\n'), { unnamed_1: [0], Amount: [1], ' Class': [2] })
})

test('reads a very long cell, however it is cut, and never shows all of it', () => {
  const long = 'é"'.repeat(400_000)
  const content = `s,n\n"${long.replaceAll('"', '""')}",1\n`
  const [text] = valuesOf(content, { pieceBytes: 10_007 }).s
  assert.equal(text, long)
  assert.throws(
    () => parse(`n\n1\n2\n${'x'.repeat(1_000_000)}\n`),
    ({ message }: Error) => message.length < 200,
  )
})

test('refuses an endless row instead of filling the memory', () => {
  const parser = new CsvParser({
    file: 'cards.csv',
    columns: {},
    required: [],
    badRows: new BadRowLog('cards.csv', 'skip'),
    missing: new MissingWords(),
  })
  parser.write(new TextEncoder().encode('a\n"'))
  const piece = new Uint8Array(2 ** 20).fill(0x61)
  assert.throws(
    () => {
      for (let megabyte = 0; megabyte < 1000; megabyte++) parser.write(piece)
    },
    { code: 'DATA_INVALID', message: /line 2: a row is longer than 16 MiB/ },
  )
})

test('never shows what could be a card number, in a value or in a header that is a row', () => {
  const number = '4111111111111111'
  assert.throws(
    () => parse(`n\n1\n2\n${number}x\n`),
    ({ message }: Error) => !message.includes('4111'),
  )
  assert.throws(
    () => parse(`${number},${number}\n`),
    ({ message }: Error) => !message.includes('4111'),
  )
  assert.throws(
    () => parse(`${number}\n1\n`, { columns: { x: 'text' } }),
    ({ message }: Error) => !message.includes('4111'),
  )
})

test('gives the same table however the bytes are cut into pieces', () => {
  const content =
    '\ufeffn,"s ""x""",t,e\r\n-1.25,"a,\r\n""b""",2018-04-01T10:00:00+02:00,\r\n\r\nbad,x,,\r\n12345678.123456789,é,2018-04-01,\n1,y\n0.1,"",,\r7,"z",,'
  const bytes = new TextEncoder().encode(content)
  const options = { badRows: 'skip', columns: { n: 'number' } } as const
  const whole = parse(bytes, options)
  assert.equal(whole.table.rowCount, 4)
  assert.equal(whole.badRows.count, 2)
  for (let pieceBytes = 1; pieceBytes <= bytes.length; pieceBytes++) {
    assert.deepEqual(parse(bytes, { ...options, pieceBytes }), whole, `in pieces of ${pieceBytes}`)
  }
})

test('reads whatever it is given into rows, or refuses it, alike in any pieces', () => {
  const alphabet = fc.constantFrom('a', '1', '.', '-', '"', ',', '\n', '\r', ' ', 'é', 'NA', '2018-04-01')
  const content = fc.array(alphabet, { maxLength: 60 }).map((parts) => `a,b\n${parts.join('')}`)
  const outcome = (text: string, pieceBytes: number) => {
    try {
      return parse(text, { pieceBytes, badRows: 'skip' })
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'DATA_INVALID', String(error))
      return error.message
    }
  }
  fc.assert(
    fc.property(content, fc.integer({ min: 1, max: 20 }), (text, pieceBytes) => {
      assert.deepEqual(outcome(text, pieceBytes), outcome(text, 1000))
    }),
    { numRuns: 2000 },
  )
})

test('reads numbers many rows at a time as it reads them one by one', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 18 })
  const number = fc
    .tuple(fc.constantFrom('', '', '-', '+'), digits, fc.constantFrom('', '.'), digits)
    .map((parts) => parts.join(''))
  const odd = fc.constantFrom(
    '',
    '1.234',
    '1e5',
    '-2.5E-7',
    '.5',
    '-',
    'NA',
    'x',
    '1-2',
    '9007199254740993',
    '1.5',
    '7',
  )
  const cell = fc.tuple(fc.oneof({ weight: 6, arbitrary: number }, odd), fc.boolean())
  const row = fc.oneof(
    { weight: 20, arbitrary: fc.tuple(cell, cell, cell) },
    fc.constant([]),
    fc.array(cell, { maxLength: 5 }),
  )
  const rows = fc.array(row, { maxLength: 30 })
  const columns = { a: 'number', b: 'number', c: 'number' } as const
  // A cell with a blank is not plain.
  const write = (table: readonly (readonly (readonly [string, boolean])[])[], blank: string, lineEnd: string) =>
    [
      'a,b,c',
      ...table.map((cells) =>
        cells.map(([text, isQuoted]) => (isQuoted ? `"${blank}${text}"` : `${blank}${text}`)).join(','),
      ),
    ].join(lineEnd)
  const outcome = (content: string, pieceBytes: number) => {
    const { table, lines, badRows } = parse(content, { columns, badRows: 'skip', pieceBytes })
    return {
      table: plain(table),
      lines,
      bad: badRows.first.map(({ line, reason }) => ({ line, reason: reason.replace(': " ', ': "') })),
    }
  }
  fc.assert(
    fc.property(rows, fc.constantFrom('\n', '\r\n'), fc.integer({ min: 1, max: 200 }), (table, lineEnd, pieceBytes) => {
      const whole = outcome(write(table, '', lineEnd), 1e6)
      assert.deepEqual(whole, outcome(write(table, ' ', lineEnd), 1e6))
      assert.deepEqual(whole, outcome(write(table, '', lineEnd), pieceBytes))
    }),
    { numRuns: examples(150) },
  )
})

test('never rounds a whole number past 2^53 unless its column is declared as numbers', () => {
  const rows = `ref\n${'7\n'.repeat(5)}9007199254740993\n`
  assert.throws(() => parse(rows), {
    code: 'DATA_INVALID',
    message: /^cards\.csv, line 7, column "ref": "\*{16}" is a whole number past 2\^53/,
  })
  const texts = parse(rows, { columns: { ref: 'text' } }).table
  assert.deepEqual(plain(texts).ref.values.slice(4), ['7', '9007199254740993'])
  const numbers = parse(rows, { columns: { ref: 'number' } }).table
  assert.deepEqual(plain(numbers).ref.values.slice(4), [7, 9007199254740992])
  assert.deepEqual(plain(parse('x\n1\n2\n3\n9007199254740993.0\n1e300\n').table).x.values, [1, 2, 3, 2 ** 53, 1e300])
})

test('reads no more columns than a table can have, and does not print their names', () => {
  const header = Array.from({ length: 200_000 }, (_, column) => `column_${column}`).join(',')
  assert.throws(() => parse(header, { pieceBytes: 2 ** 18 }), {
    message: 'cards.csv, line 1: the header has over 16384 columns; no more can be read',
  })
})

test('reads numbers as the file writes them', () => {
  const german = 'id;Betrag;Saldo;Anteil\n1;12,50;1.234;0,125\n2;1.234,56;5.678;3\n3;3;-12.000;4\n'
  assert.deepEqual(valuesOf(german), {
    id: [1, 2, 3],
    Betrag: [12.5, 1234.56, 3],
    Saldo: [1234, 5678, -12000],
    Anteil: [0.125, 3, 4],
  })
  const american = 'id,amount,fee\n1,"$1,234.50",$0.10\n2,$12.00,"$1,000"\n3,($3.25),\n'
  assert.deepEqual(valuesOf(american), { id: [1, 2, 3], amount: [1234.5, 12, -3.25], fee: [0.1, 1000, undefined] })
  // Each column by its own cells where they settle it.
  assert.deepEqual(valuesOf('a;b\n1,5;2.25\n'), { a: [1.5], b: [2.25] })
  assert.deepEqual(valuesOf('a;b\n1.234;x\n'), { a: [1.234], b: ['x'] })
})

test('asks where a number or a date can mean two', () => {
  const numbers = 'a,b\n"1,234",x\n"2,500",y\n'
  assert.throws(() => parse(numbers), { message: /line 2, column "a": "1,234" can mean two numbers.*option `decimal`/ })
  assert.deepEqual(valuesOf(numbers, { spelling: { decimal: 'comma' } }).a, [1.234, 2.5])
  assert.deepEqual(valuesOf(numbers, { spelling: { decimal: 'point' } }).a, [1234, 2500])
  // One column of the file has points, another has commas: neither settles a third.
  assert.throws(() => parse('a;b;c\n1,5;2.25;1.234\n'), { message: /column "c": "1.234" can mean two numbers/ })
  const dates = 'at,b\n01/02/2024 10:00 AM,1\n'
  assert.throws(() => parse(dates), {
    message: /column "at": "01\/02\/2024 10:00 AM" can mean two dates.*option `dates`/,
  })
  assert.deepEqual(valuesOf(dates, { spelling: { dates: 'day-first' } }).at, [Date.parse('2024-02-01T10:00:00Z')])
  assert.deepEqual(valuesOf(dates, { spelling: { dates: 'month-first' } }).at, [Date.parse('2024-01-02T10:00:00Z')])
})

test('does not leave out rows for what is open for their whole column', () => {
  const skip = { badRows: 'skip' } as const
  const ambiguous = 'at,b\n01/01/2024,1\n01/02/2024,2\n'
  const isAsked = (pattern: RegExp) => (error: unknown) =>
    error instanceof FraudError && pattern.test(error.message) && error.hint === undefined
  for (const options of [{}, skip]) {
    assert.throws(() => parse(ambiguous, options), isAsked(/line 3, column "at": "01\/02\/2024" can mean two dates/))
    // Both orders in one column: neither can be taken for the other's.
    const mixed = 'at,b\n31/01/2024,1\n01/31/2024,2\n'
    assert.throws(
      () => parse(mixed, options),
      isAsked(/leaves open whether the day or the month comes first; .*option `dates`/),
    )
    const late = `at,b\n${'31/01/2024,1\n'.repeat(1200)}01/31/2024,2\n`
    assert.throws(() => parse(late, options), isAsked(/line 1202, .* has the month first, and other dates/))
    assert.throws(() => parse('a,b\n"1,234",x\n', options), isAsked(/can mean two numbers/))
  }
  // Once somebody has said the order, a date of the other one is a bad row like any.
  const said = parse('at,b\n31/01/2024,1\n01/31/2024,2\n', { ...skip, spelling: { dates: 'day-first' } })
  assert.equal(said.table.rowCount, 1)
  assert.match(said.badRows.first[0].reason, /has the month first, and option `dates` says that the day is/)
})

test('reads dates as the file writes them', () => {
  const at = (content: string) => valuesOf(`at,n\n${content}\n`).at.map((ms) => new Date(Number(ms)).toISOString())
  assert.deepEqual(at('01/02/2024,1\n13/02/2024,2'), ['2024-02-01T00:00:00.000Z', '2024-02-13T00:00:00.000Z'])
  assert.deepEqual(at('2/13/2024 1:05 PM,1\n2/3/2024 12:00 AM,2'), [
    '2024-02-13T13:05:00.000Z',
    '2024-02-03T00:00:00.000Z',
  ])
  assert.deepEqual(at('2024-01-02 08:00:01 UTC,1'), ['2024-01-02T08:00:01.000Z'])
  assert.deepEqual(at('20240102T080001Z,1'), ['2024-01-02T08:00:01.000Z'])
  // What settles the order in one column settles it for the file.
  const both = valuesOf('a,b\n01/02/2024,31/01/2024\n')
  assert.deepEqual(both, { a: [Date.UTC(2024, 1, 1)], b: [Date.UTC(2024, 0, 31)] })
})

test('leaves texts that are not numbers or dates as they are', () => {
  const content = 'code,phone,ip\nABC 123,030 123 456,10.0.0.1\nLHR 040,+49 30 901820,192.168.100.200\n'
  assert.deepEqual(plain(parse(content).table).code, { kind: 'text', values: ['ABC 123', 'LHR 040'] })
  assert.equal(plain(parse(content).table).phone.kind, 'text')
  assert.equal(plain(parse(content).table).ip.kind, 'text')
})

test('says how a file is written where that is not the plain way', () => {
  const notes = (content: string) => {
    const parser = new CsvParser({
      file: 'f.csv',
      columns: {},
      required: [],
      badRows: new BadRowLog('f.csv', 'fail'),
      missing: new MissingWords(),
    })
    parser.write(new TextEncoder().encode(content))
    parser.end()
    return parser.notes
  }
  assert.deepEqual(notes('a,b,c\n1,2.5,2026-01-31\n'), [])
  assert.deepEqual(notes('a;b;at\n1,5;2;31.01.2026\n'), [
    'cells separated by semicolons',
    'decimals after a comma',
    'dates with the day first',
  ])
  assert.deepEqual(notes('a;b\n1,5;2.25\n'), ['cells separated by semicolons', 'decimals after a comma in a'])
})

test('keeps no part of a text that comes in pieces or is not the last cell', () => {
  // Pieces are read as they come once the first thousand rows have said what the columns hold.
  const sampled = new TextEncoder().encode(`Id,Note\n${'c-1,first\n'.repeat(1000)}`)
  const bytes = new TextEncoder().encode('c-2,second,third\nc-3,\nc-4,"a,b"\nc-5,\0x\nc-6,é\n')
  for (const pieceBytes of [1, 2, 3, 7, bytes.length]) {
    const parser = new CsvParser({
      file: 'cards.csv',
      columns: { Id: 'text', Note: 'text' },
      required: [],
      badRows: new BadRowLog('cards.csv', 'skip'),
      missing: new MissingWords(),
    })
    const seen = new Set<string>()
    parser.write(sampled)
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      parser.write(bytes.subarray(at, at + pieceBytes))
      for (const column of parser.take().columns) {
        if (column.kind === 'text') for (const text of column.dictionary) seen.add(text)
      }
    }
    for (const column of parser.end().columns)
      if (column.kind === 'text') for (const text of column.dictionary) seen.add(text)
    assert.deepEqual([...seen].sort(), ['\0x', 'a,b', 'c-1', 'c-2', 'c-3', 'c-4', 'c-5', 'c-6', 'first', 'é'])
  }
})

test('takes the separator from the line that tells Excel', () => {
  for (const line of ['sep=;', 'SEP=;', '"sep=;"', '\u{feff}sep=;']) {
    for (const pieceBytes of [1, 1000]) {
      const { table, lines } = parse(`${line}\r\na,b;c\r\n1;2\r\n`, { pieceBytes })
      assert.deepEqual(
        table.columns.map(({ name }) => name),
        ['a,b', 'c'],
      )
      assert.deepEqual(lines, [3])
    }
  }
  assert.throws(() => parse('sep=;\n'), { message: /line 2: the file is empty/ })
  const { table } = parse('sep=x;b\n1;2\n')
  assert.equal(table.columns[0].name, 'sep=x')
})
