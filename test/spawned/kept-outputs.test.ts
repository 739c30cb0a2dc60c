import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import type { Table } from '../../src/data/table.ts'
import { writeParquet } from '../../src/data/write-parquet.ts'
import { replaceFile, replaceOutput } from '../../src/training/replace-output.ts'
import { succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-kept-'))
const at = (name: string) => join(folder, name)
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(at(name))
})
after(() => rmSync(folder, { recursive: true }))

const said: string[] = []
const run = { note: (text: string) => void said.push(text), signal: new AbortController().signal }
const write = (path: string, content: string | AsyncIterable<Uint8Array>, force?: boolean) =>
  replaceFile(path, content, force === undefined ? {} : { force }, run)
const text = (name: string) => readFileSync(at(name), 'utf8')

test('keeps what was there under the first free number', async () => {
  for (const content of ['one', 'two', 'three']) await write(at('x.csv.gz'), content)
  assert.deepEqual(readdirSync(folder).toSorted(), ['x-1.csv.gz', 'x-2.csv.gz', 'x.csv.gz'])
  assert.deepEqual(['x-1.csv.gz', 'x-2.csv.gz', 'x.csv.gz'].map(text), ['one', 'two', 'three'])
  assert.match(said.at(-1) ?? '', /x\.csv\.gz already existed and was renamed to .*x-2\.csv\.gz/)
})

test('keeps no copy of the same bytes, nor with force', async () => {
  await write(at('m.safetensors'), 'one')
  await write(at('m.safetensors'), 'one')
  await write(at('m.safetensors'), 'two', true)
  assert.deepEqual(readdirSync(folder), ['m.safetensors'])
  assert.equal(text('m.safetensors'), 'two')
})

test('keeps what another process wrote while this one was at work', async () => {
  async function* slow() {
    yield Buffer.from('slow')
    await write(at('x.csv'), 'quick')
  }
  await write(at('x.csv'), slow())
  assert.deepEqual(['x-1.csv', 'x.csv'].map(text), ['quick', 'slow'])
  assert.deepEqual(readdirSync(folder).toSorted(), ['x-1.csv', 'x.csv'])
})

test('says what killed commands left of a file, of which none looks like a table', async () => {
  const left = ['x.parquet.4711.partial', 'x.parquet.4711-1.partial']
  for (const name of [...left, 'x.parquet.partial', 'xx.parquet.1.partial']) writeFileSync(at(name), '')
  let seen: readonly string[] = []
  function* tables(): Generator<Table> {
    yield { rowCount: 1, columns: [{ kind: 'number', name: 'a', values: Float64Array.of(1) }] }
    seen = readdirSync(folder)
  }
  await replaceOutput(at('x.parquet'), {}, run, (place) => writeParquet(tables(), at('x.parquet'), place))
  assert(
    seen.some((name) => name.startsWith(`x.parquet.${process.pid}.`)),
    seen.join(),
  )
  assert.deepEqual(
    seen.filter((name) => !name.endsWith('.partial')),
    [],
  )
  assert(
    said.at(-1)?.startsWith(`  ${left.toSorted().map(at).join(', ')}: left by a command that was killed`),
    said.at(-1),
  )
})

test('does not take the place of a file once it was to stop', async () => {
  writeFileSync(at('plain'), 'one')
  const stopped = { ...run, signal: AbortSignal.abort() }
  await assert.rejects(replaceFile(at('plain'), 'two', {}, stopped), { code: 'INTERRUPTED' })
  assert.deepEqual([readdirSync(folder), text('plain')], [['plain'], 'one'])
})

test('leaves all as it was where writing fails', async () => {
  writeFileSync(at('plain'), 'one')
  const failing = replaceOutput(at('plain'), {}, run, () => Promise.reject(new Error('no')))
  await assert.rejects(failing, /no/)
  assert.deepEqual([readdirSync(folder), text('plain')], [['plain'], 'one'])
})

test('a command that is run again keeps the file of the first time', async () => {
  const simulate = ['simulate', '--rows', '500', '--frauds', '5', '--out', 'x.csv', '--seed']
  await succeedIn(folder, [...simulate, '1'])
  const first = text('x.csv')
  const { stderr } = await succeedIn(folder, [...simulate, '2'])
  assert.match(stderr, /x\.csv already existed and was renamed to x-1\.csv/)
  assert.equal(text('x-1.csv'), first)
  assert.notEqual(text('x.csv'), first)
  await succeedIn(folder, [...simulate, '3', '--force'])
  assert.deepEqual(readdirSync(folder).toSorted(), ['x-1.csv', 'x.csv'])
})
