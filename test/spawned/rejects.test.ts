import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { rejectedRows } from '../../src/data/rejected-rows.ts'
import { writeParquet } from '../../src/data/write-parquet.ts'
import { runIn } from '../run-shrike.ts'
import { writeMadeTable } from '../tables/write.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-rejects-'))
after(() => rmSync(folder, { recursive: true }))
process.env.SHRIKE_CARD_KEY = 'only-of-this-test'.repeat(4)

const shrike = (...args: readonly string[]) => runIn(folder, args)
const skip = ['--bad-rows', 'skip']

async function succeed(...args: readonly string[]) {
  const ended = await shrike(...args)
  assert.equal(ended.code, 0, ended.stderr)
  return ended
}

const read = (name: string) => readFileSync(join(folder, name), 'utf8')

async function rejected(name: string, rows: readonly { readonly line: number; readonly reason: string }[]) {
  let text = ''
  for await (const chunk of rejectedRows(join(folder, name), rows)) text += Buffer.from(chunk).toString()
  return text
}

test('features and train write the same rejects of a messy table, each row as the file has it', async () => {
  const out = join(folder, 'messy.csv')
  const made = await writeMadeTable('sparkov', { rows: 3000, seed: 1, isMessy: true, out })
  await succeed('init', 'messy.csv', ...skip)
  const declared = ['--detector', 'detector.yaml']
  const refused = await shrike('features', 'messy.csv', ...declared, '--rejects', 'r.csv')
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /--rejects goes with --bad-rows skip/)
  await succeed('features', 'messy.csv', ...declared, '--out', 'f.csv', ...skip, '--rejects', 'features.csv')
  const [header, ...rows] = read('features.csv').trimEnd().split('\n')
  const [ownHeader, ...lines] = read('messy.csv').trimEnd().split('\n')
  assert.equal(header, `rejected_line;rejected_reason;${ownHeader}`)
  const kept = read('f.csv').trimEnd().split('\n').length - 1
  assert.equal(kept + rows.length, lines.length)
  const { 'card number in a text': withCards = 0, ...bad } = made
  assert.equal(
    rows.length,
    Object.values(bad).reduce((sum, count) => sum + count, 0),
  )
  assert.ok(withCards > 0)
  for (const row of rows) {
    const own = lines[Number(row.split(';')[0]) - 2]
    // A line with an open quote stands in one cell.
    assert.ok(row.endsWith(own) || row.endsWith(`"${own.replaceAll('"', '""')}"`), `${row}\n${own}`)
  }
  assert.equal(statSync(join(folder, 'features.csv')).mode & 0o077, 0)
  const training = [
    '--preset',
    'recipe',
    '--no-bootstrap',
    '--no-leak-check',
    '--test-share',
    '0.6',
    '--out',
    'b.safetensors',
  ]
  await succeed('train', '--no-report', 'messy.csv', ...declared, ...training, ...skip, '--rejects', 'train.csv')
  assert.equal(read('train.csv'), read('features.csv'))
})

test('flags that say how a file is read are refused where a log is read', async () => {
  for (const verb of ['train', 'features', 'tune']) {
    for (const flags of [[...skip, '--rejects', 'none.csv'], skip, ['--text', 'a'], ['--missing', 'NA']]) {
      const { code, stderr } = await shrike(verb, '--from-log', ...flags)
      assert.equal(code, 2, stderr)
      assert.match(
        stderr,
        /OPTION_INVALID: --(rejects|bad-rows skip|text|missing) is only for files, and --from-log reads/,
      )
    }
  }
  assert.equal(existsSync(join(folder, 'none.csv')), false)
})

test('a row of several lines is whole, and a line with an open quote alone', async () => {
  const text = 'a,b\n1,"x\ny"\n2,5" screen\n"3,z\n4,"p\r\n\r\nq"\n'
  writeFileSync(join(folder, 'lines.csv'), text)
  const rows = [
    { line: 2, reason: 'one' },
    { line: 4, reason: 'two, or so' },
    { line: 5, reason: 'open', isLineAlone: true as const },
    { line: 8, reason: 'late' },
  ]
  assert.equal(
    await rejected('lines.csv', rows),
    'rejected_line,rejected_reason,a,b\n2,one,1,"x\ny"\n4,"two, or so",2,5" screen\n5,open,"""3,z"\n8,late,4,"p\n\nq"\n',
  )
  assert.equal(await rejected('lines.csv', []), 'rejected_line,rejected_reason,a,b\n')
})

test('the line that tells Excel the separator is no part of the header', async () => {
  writeFileSync(join(folder, 'excel.csv'), '\u{feff}sep=;\r\na;b\r\n1;x\r\n')
  const written = await rejected('excel.csv', [{ line: 3, reason: 'bad' }])
  assert.equal(written, 'rejected_line;rejected_reason;a;b\n3;bad;1;x\n')
})

test('rows of NDJSON and Parquet stand as JSON', async () => {
  writeFileSync(join(folder, 'rows.ndjson'), '{"a":1}\n{"a":"x, y"}\nnone\n')
  const rows = [
    { line: 2, reason: 'r' },
    { line: 3, reason: 's' },
  ]
  const header = 'rejected_line,rejected_reason,rejected_row\n'
  assert.equal(await rejected('rows.ndjson', rows), `${header}2,r,"{""a"":""x, y""}"\n3,s,none\n`)
  const table = {
    rowCount: 3,
    columns: [
      { kind: 'number' as const, name: 'a', values: Float64Array.of(1, 2, 3) },
      { kind: 'text' as const, name: 'b', codes: Int32Array.of(0, -1, 0), dictionary: ['t'] },
    ],
  }
  await writeParquet([table], join(folder, 'rows.parquet'))
  const expected = `${header}2,r,"{""a"":2.0,""b"":null}"\n3,s,"{""a"":3.0,""b"":""t""}"\n`
  assert.equal(await rejected('rows.parquet', rows), expected)
})

test('of a Parquet file the rows that are left out by what reads it and by the detector are those of the file', async () => {
  const columns = [
    { kind: 'number', name: 'label', values: Float64Array.of(0, 1, 0, 1, 0, 7, 1) },
    {
      kind: 'text',
      name: 'n',
      codes: Int32Array.from([0, 1, 2, 3, 4, 5, 6]),
      dictionary: ['9', 'x', '7', '6', '5', '4', '3'],
    },
  ] as const
  await writeParquet([{ rowCount: 7, columns }], join(folder, 'twice.parquet'))
  writeFileSync(
    join(folder, 'twice.yaml'),
    'detector: twice\ntransaction: { amount: { field: n }, label: { field: label } }\nfeatures: [amount]\n',
  )
  const reading = ['--detector', 'twice.yaml', ...skip, '--rejects', 'twice.csv']
  await succeed('features', 'twice.parquet', ...reading, '--out', 'twice-rows.csv')
  const rejects = read('twice.csv').trimEnd().split('\n').slice(1)
  assert.deepEqual(
    rejects.map((row) => [Number.parseInt(row, 10), row.slice(row.indexOf('"{'))]),
    [
      [2, '"{""label"":1.0,""n"":""x""}"'],
      [6, '"{""label"":7.0,""n"":""4""}"'],
    ],
  )
  // Without an id a row is known by its place in the file.
  assert.deepEqual(
    read('twice-rows.csv')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((row) => Number.parseInt(row, 10)),
    [0, 2, 3, 4, 6],
  )
})
