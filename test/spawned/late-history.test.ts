import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { runIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-late-'))
after(() => rmSync(folder, { recursive: true }))
const write = (name: string, lines: readonly string[]) => writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await runIn(folder, args)
  assert.equal(code, 0, stderr)
  return { stdout, stderr }
}

const hourMs = 3_600_000
const startMs = Date.UTC(2026, 0, 5)
const rows = Array.from({ length: 400 }, (_, i) => {
  return `t-${i},${formatIsoTime(startMs + i * hourMs)},${10 + (i % 7)},c-${i % 3},${Number(i % 20 === 0)}`
})
const head = 'id,time,amount,card,fraud'

test('history that is brought in after newer transactions is told, and no row to learn from', async () => {
  write('detector.yaml', [
    'detector: late',
    'transaction:',
    '  id: id',
    '  time: { field: time, format: iso }',
    '  amount: { field: amount, digits: 2 }',
    '  keys: { card: card }',
    '  label: { field: fraud, delay: 1h }',
    'features:',
    '  - count: { by: card, over: [ 1d ] }',
  ])
  write('older.csv', [head, ...rows.slice(0, 200)])
  write('newer.csv', [head, ...rows.slice(200)])
  const replay = (file: string, data: string) =>
    run('replay', file, '--as', 'history', '--detector', 'detector.yaml', '--data', data, '--json')
  assert.equal(JSON.parse((await replay('older.csv', 'right')).stdout).late, 0)
  const next = await replay('newer.csv', 'right')
  assert.equal(JSON.parse(next.stdout).late, 0)
  assert.doesNotMatch(next.stderr, /too old for the histories/)

  await replay('newer.csv', 'wrong')
  const late = await replay('older.csv', 'wrong')
  assert.equal(JSON.parse(late.stdout).late, 200)
  assert.match(late.stderr, /warning: 200 of them are too old for the histories of wrong/)
  const features = await run('features', '--from-log', '--data', 'wrong', '--out', 'wrong.csv')
  assert.match(features.stderr, /warning: 200 transactions are older than what histories held when they came/)
  const train = ['train', '--from-log', '--no-report', '--allow-leak', 'card_count_1d', '--learner', 'random-forest']
  const trained = await run(...train, '--data', 'wrong', '--out', 'wrong.safetensors')
  assert.match(
    trained.stderr,
    /warning: 200 transactions are older than what histories held when they came, .* they are left out/,
  )
  assert.match(trained.stderr, /read the log: 199 labelled rows/)
  const right = await run(...train, '--data', 'right', '--out', 'right.safetensors')
  assert.doesNotMatch(right.stderr, /older than what histories held/)
  assert.match(right.stderr, /read the log: 399 labelled rows/)
})
