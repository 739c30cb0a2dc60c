import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { runIn, startShrike, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-portfolio-'))
after(() => rmSync(folder, { recursive: true }))

const read = (name: string) => readFileSync(join(folder, name))

const run = (...args: string[]) => runIn(folder, ['simulate', ...args])
const succeed = (...args: string[]) => succeedIn(folder, ['simulate', ...args])

const small = ['--shape', 'portfolio', '--customers', '200', '--terminals', '400', '--days', '5', '--seed', '3']

test('simulate --shape portfolio writes the same history as CSV, compressed and as NDJSON, and counts it', async () => {
  const { stdout } = await succeed(...small, '--start', '2025-06-02', '--out', 'a.csv', '--json')
  const { rows, frauds, scenarios, out } = JSON.parse(stdout)
  assert.equal(out, 'a.csv')
  const [header, ...lines] = read('a.csv').toString().trimEnd().split('\n')
  assert.equal(lines.length, rows)
  assert.match(header, /^transaction_id,time,customer_id,.*,is_fraud,label_known_at,scenario$/)
  assert.match(lines[0], /^t-0000001,2025-06-02T/)
  const counts = [0, 0, 0, 0, 0, 0, 0]
  for (const line of lines) counts[Number(line.slice(line.lastIndexOf(',') + 1))]++
  assert.deepEqual(Object.values(scenarios), counts)
  assert.equal(frauds, rows - scenarios.legitimate)

  await succeed(...small, '--start', '2025-06-02', '--out', 'b.csv.gz')
  assert.ok(gunzipSync(read('b.csv.gz')).equals(read('a.csv')))

  await succeed(...small, '--start', '2025-06-02', '--out', 'c.ndjson')
  const objects = read('c.ndjson').toString().trimEnd().split('\n')
  const columns = header.split(',')
  lines.forEach((line, row) => {
    const object = JSON.parse(objects[row])
    assert.deepEqual(
      columns.map((name) => String(object[name] ?? '')),
      line.split(','),
    )
  })
})

test('simulate --shape creditcard writes NDJSON too', async () => {
  await succeed('--rows', '50', '--frauds', '5', '--out', 'flat.ndjson')
  const lines = read('flat.ndjson').toString().trimEnd().split('\n')
  assert.equal(lines.length, 50)
  assert.equal(Object.keys(JSON.parse(lines[0])).length, 31)
})

test('Ctrl-C ends it without leaving a file', async () => {
  for (const out of ['stopped.csv', 'stopped.csv.gz']) {
    const { child, ended } = startShrike(folder, ['simulate', '--shape', 'portfolio', '--days', '3000', '--out', out])
    while (!readdirSync(folder).some((name) => name.startsWith(out))) await setTimeout(20)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    assert.equal(code, 1)
    assert.match(stderr, /INTERRUPTED/)
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('stopped')),
      [],
    )
  }
})

for (const [what, args, reason] of [
  ['a flag of the flat table', ['--shape', 'portfolio', '--rows', '10'], /--rows is for --shape creditcard/],
  ['its other flag', ['--shape', 'portfolio', '--frauds', '10'], /--frauds is for --shape creditcard/],
  ['a flag of the portfolio', ['--customers', '10'], /--customers is for --shape portfolio/],
  ['a start of the flat table', ['--start', '2026-01-01'], /--start is for --shape portfolio/],
  ['a start that is no day', ['--shape', 'portfolio', '--start', 'today'], /--start is "today"/],
  ['a start at noon', ['--shape', 'portfolio', '--start', '2026-01-01T12:00:00Z'], /midnight/],
  ['no terminals', ['--shape', 'portfolio', '--terminals', '0'], /whole number/],
  ['a shape that does not exist', ['--shape', 'round'], /creditcard, portfolio/],
] as const) {
  test(`${what} is refused with 2 and a reason`, async () => {
    const { code, stderr } = await run(...args, '--out', 'refused.csv')
    assert.equal(code, 2, stderr)
    assert.match(stderr, reason)
    assert.ok(!readdirSync(folder).includes('refused.csv'))
  })
}

test('an ending that nothing can read back is refused', async () => {
  const { code, stderr } = await run(...small, '--out', 'refused.parquet')
  assert.equal(code, 2)
  assert.match(stderr, /OPTION_INVALID.*\.csv, \.csv\.gz or \.ndjson/)
})
