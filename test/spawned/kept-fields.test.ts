import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startShrike, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-kept-'))
const succeed = (...args: string[]) => succeedIn(folder, args)
const quick = ['--preset', 'recipe', '--n-estimators', '3', '--no-leak-check', '--no-report']

const detector = (name: string, more: string, features: string) => `
detector: ${name}
transaction:
  id: tx
  time: { field: at, format: iso }
  amount: { field: amount, digits: 2 }
  label: { field: fraud, delay: 1h }
  ${more}
features: [amount, ${features}]
`

before(async () => {
  const lines = Array.from({ length: 300 }, (_, i) => {
    const at = new Date(Date.UTC(2026, 0, 1, i)).toISOString()
    return `t-${i},${at},${10 + (i % 90)}.50,c-${i % 7},00${i % 5},${i % 10 === 9 ? 1 : 0}`
  })
  writeFileSync(join(folder, 'rows.csv'), ['tx,at,amount,card,bin,fraud', ...lines].join('\n'))
  writeFileSync(join(folder, 'first.yaml'), detector('first', 'keep: [card, bin]', 'weekend'))
  const later = detector(
    'later',
    'keys: { card: card, bin: bin }',
    '{ count: { by: card, over: 7d } }, { distinct: { of: bin, by: card, over: 7d } }',
  )
  writeFileSync(join(folder, 'later.yaml'), later)
  await succeed('train', 'rows.csv', '--detector', 'first.yaml', ...quick, '--out', 'first.safetensors')
  await succeed('replay', 'rows.csv', '--as', 'history', '--data', 'data', '--bundle', 'first.safetensors')
  writeFileSync(join(folder, 'all.yaml'), detector('all', 'keep: all', 'weekend'))
  await succeed('train', 'rows.csv', '--detector', 'all.yaml', ...quick, '--out', 'all.safetensors')
  await succeed('replay', 'rows.csv', '--as', 'history', '--data', 'all', '--bundle', 'all.safetensors')
})
after(() => rmSync(folder, { recursive: true }))

const cells = (file: string, names: readonly string[]) => {
  const [header, ...lines] = readFileSync(join(folder, file), 'utf8').trim().split('\n')
  const places = names.map((name) => header.split(',').indexOf(name))
  assert.ok(!places.includes(-1), header)
  return lines.map((line) => places.map((at) => line.split(',')[at]).join())
}

describe('fields that a log has only kept', () => {
  test('are exported as they stood in the file', async () => {
    await succeed('log', 'export', '--data', 'data', '--out', 'export.csv')
    assert.deepEqual(cells('export.csv', ['id', 'card', 'bin']), cells('rows.csv', ['tx', 'card', 'bin']))
    await succeed('log', 'export', '--data', 'all', '--out', 'all.ndjson')
    const [first] = readFileSync(join(folder, 'all.ndjson'), 'utf8').split('\n')
    assert.deepEqual(JSON.parse(JSON.parse(first).kept_fields), { card: 'c-0', bin: '000' })
  })

  test('give a later detector the same rows as the file does', async () => {
    await succeed('features', 'rows.csv', '--detector', 'later.yaml', '--out', 'of-file.csv')
    const names = ['card_count_7d', 'card_bin_distinct_7d']
    for (const data of ['all', 'data']) {
      await succeed(
        'features',
        '--from-log',
        '--data',
        data,
        '--detector',
        'later.yaml',
        '--out',
        'of-log.csv',
        '--force',
      )
      assert.deepEqual(cells('of-log.csv', names), cells('of-file.csv', names), data)
    }
    assert.ok(cells('of-log.csv', names).some((row) => row.endsWith(',5')))
  })

  test('give it a training and a start, with all of their histories', async () => {
    const flags = ['--from-log', '--data', 'all', '--detector', 'later.yaml', ...quick]
    const { stderr } = await succeed('train', ...flags, '--out', 'later.safetensors')
    assert.doesNotMatch(stderr, /lacks/)
    const serving = ['serve', 'later.safetensors', '--data', 'all', '--port', '0', '--log-level', 'info']
    const { child, ended } = startShrike(folder, serving)
    child.stderr?.on('data', (text: string) => {
      if (text.includes('histories are ready')) child.kill('SIGTERM')
    })
    const served = await ended
    assert.equal(served.code, 0, served.stderr)
    assert.doesNotMatch(served.stderr, /histories-lost|HISTORIES_LOST/)
  })
})
