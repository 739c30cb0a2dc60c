import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runIn, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-refused-'))
const at = (name: string) => join(folder, name)
const run = (...args: string[]) => runIn(folder, args)

const detectorOf = (values: string) => `
detector: kinds
transaction:
  id: id
  time: { field: time, format: iso }
  amount: { field: amount, digits: 2 }
  keys: { card: card }
  label: { field: fraud }
features:
  - amount
  - category: { of: kind, values: [${values}] }
  - count: { by: card, over: 1d }
`

const train = (file: string, detector: string, ...more: string[]) =>
  run(
    'train',
    file,
    '--detector',
    detector,
    '--out',
    'm.safetensors',
    '--no-leak-check',
    '--learner',
    'random-forest',
    ...more,
  )

before(async () => {
  const rows = Array.from({ length: 2000 }, (_, i) => {
    const time = new Date(Date.UTC(2026, 0, 1) + i * 600_000).toISOString()
    const kind = i % 100 === 7 ? 'grocey' : ['grocery', 'travel'][i % 2]
    return `t${i},${time},${(i % 90) + 1}.50,c${i % 40},${kind},${i % 25 === 3 ? 1 : 0}`
  })
  writeFileSync(at('t.csv'), ['id,time,amount,card,kind,fraud', ...rows, ''].join('\n'))
  writeFileSync(at('d.yaml'), detectorOf('grocery, travel').replace('  label:', '  fields: { kind: kind }\n  label:'))
  writeFileSync(at('other.yaml'), detectorOf('fuel, hotel').replace('  label:', '  fields: { kind: kind }\n  label:'))
  await succeedIn(folder, ['--version'])
})
after(() => rmSync(folder, { recursive: true }))

test('tells values of categories that the detector does not list, with what they are like', async () => {
  const { code, stderr } = await train('t.csv', 'd.yaml')
  assert.equal(code, 0, stderr)
  assert.match(
    stderr,
    /20 rows have a value in kind that the detector does not list.*"grocey" \(20, did you mean "grocery"\?\)/,
  )
})

test('refuses a column that has none of the values that the detector lists', async () => {
  const { code, stderr } = await train('t.csv', 'other.yaml', '--out', 'none.safetensors')
  assert.equal(code, 1)
  assert.match(
    stderr,
    /DATA_INVALID.*None of 2,000 rows has a value in kind that the detector lists \("fuel", "hotel"\)/,
  )
  assert.ok(!existsSync(at('none.safetensors')))
})

test('refuses an average of one learner with itself', async () => {
  const { code, stderr } = await train('t.csv', 'd.yaml', '--average', 'random-forest')
  assert.equal(code, 2, stderr)
  assert.match(stderr, /The average has random-forest twice/)
  assert.match(
    (await train('t.csv', 'd.yaml', '--average', 'decision-tree,decision-tree')).stderr,
    /decision-tree twice/,
  )
})

test('tells a wrong name in --categories before the file is read', async () => {
  const { code, stderr } = await train(
    'absent.csv',
    'd.yaml',
    '--learner',
    'gradient-boosting',
    '--categories',
    'kind_categry',
  )
  assert.equal(code, 2, stderr)
  assert.match(stderr, /categories names kind_categry, which is not a feature\. Did you mean "kind_category"\?/)
})

test('refuses --k where the objective does not look at cards', async () => {
  const { code, stderr } = await run('tune', 't.csv', '--detector', 'd.yaml', '--k', '50')
  assert.equal(code, 2, stderr)
  assert.match(stderr, /--k is only for card precision, and the objective is average-precision/)
})

test('says that a small space ended before all trials, and counts from the first', async () => {
  writeFileSync(at('space.yaml'), 'learner: [decision-tree]\nspace:\n  decision-tree:\n    maxDepth: [2, 3]\n')
  const args = [
    '--space',
    'space.yaml',
    '--trials',
    '9',
    '--folds',
    '1',
    '--delay',
    '0d',
    '--keep-compromised',
    '--out',
    'tuned.safetensors',
  ]
  const { code, stderr } = await run('tune', 't.csv', '--detector', 'd.yaml', ...args)
  assert.equal(code, 0, stderr)
  assert.match(stderr, /trial 1, number 2 of 9/)
  assert.match(stderr, /The search ended after [23] trials/)
})

test('refuses a second search that writes to the same journal', async () => {
  const { Journal } = await import('../../src/evaluation/tuning/journal.ts')
  const [one, other] = [
    await Journal.open(at('j.ndjson'), { data: 'x' }),
    await Journal.open(at('j.ndjson'), { data: 'x' }),
  ]
  const trial = { trial: 0, model: {}, failed: 'why' }
  await one.append(trial)
  await assert.rejects(other.append(trial), { code: 'JOURNAL_INVALID' })
  await assert.rejects(other.refuseIntruders(), /Another search writes to/)
  await one.append({ ...trial, trial: 1 })
  await Promise.all([one.close(), other.close()])
  assert.equal(readFileSync(at('j.ndjson'), 'utf8').trimEnd().split('\n').length, 3)
})
