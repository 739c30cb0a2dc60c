import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parse } from 'yaml'
import { readBundle } from '../../src/scoring/load-predictor.ts'
import { assertSnapshotsLeadToSameState } from '../durability/log-checks.ts'
import { runIn, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-kinds-'))
const at = (name: string) => join(folder, name)
after(() => rmSync(folder, { recursive: true }))

const declared = `
detector: kinds
transaction:
  id: transaction_id
  time: { field: time, format: iso }
  amount: { field: amount, digits: 2 }
  keys: { card: card_id, customer: customer_id, terminal: terminal_id, device: device_id }
  optionalKeys: [device]
  fields: { category: category, channel: channel }
  personal: [customer]
  label: { field: is_fraud, delay: 7d }
features:
  - amount
  - count: { by: card, over: 7d, where: 'channel == "online" && amount > 20.0', as: online }
  - fraudCount: { by: terminal, over: 30d, where: 'amount > 20.0 && time.getHours("UTC") >= 6', as: day_frauds }
  - fraudRate: { by: terminal, over: 30d, where: 'card != ""', as: rate }
  - mean: { of: amount, by: customer, over: 30d, excludeSelf: true }
  - zScore: { of: amount, by: customer, over: 30d, excludeSelf: true }
  - share: { of: channel, value: online, by: customer, over: 30d }
  - entropy: { of: category, by: customer, over: 30d }
  - newPairs: { of: terminal, by: customer, over: 7d }
  - timeSinceFraud: { by: terminal, over: 30d }
  - fraudRun: { by: terminal, over: 30d, what: length }
  - fraudRun: { by: terminal, over: 30d, what: age }
  - linkedFrauds: { of: customer, by: terminal, over: 30d }
  - riskOf: { of: category, over: 30d }
  - riskOf: { of: terminal, over: 30d, weight: 10 }
`

test('every kind from history is the same in training, in decisions, and from log and snapshot', {
  timeout: 300_000,
}, async () => {
  const succeed = (...args: string[]) => succeedIn(folder, args)
  writeFileSync(at('kinds.yaml'), declared)
  const size = ['--customers', '150', '--terminals', '180', '--days', '40', '--seed', '5']
  await succeed('simulate', '--shape', 'portfolio', ...size, '--out', 'cards.csv')
  const { stderr } = await runIn(folder, ['features', 'cards.csv', '--detector', 'kinds.yaml', '--out', 'x.csv'])
  assert.match(stderr, /riskOf\.prior: the training period’s rate of fraud is not known: train finds it/)

  const flags = ['--detector', 'kinds.yaml', '--n-estimators', '5', '--no-leak-check']
  const trained = await succeed(
    'train',
    '--no-report',
    'cards.csv',
    ...flags,
    '--out',
    'm.safetensors',
    '--save-detector',
    'learned.yaml',
  )
  const [, percent] = trained.stderr.match(/rate of fraud in the training period: ([\d.]+) %/) ?? []
  const { detector } = await readBundle(at('m.safetensors'))
  const priors = detector.features.flatMap((entry) => (typeof entry === 'object' && entry.riskOf ? [entry.riskOf] : []))
  const rates = priors.map((each) => Object(each).prior)
  assert.deepEqual(rates, [rates[0], rates[0]])
  assert.ok(Math.abs(100 * rates[0] - Number(percent)) < 1e-9, `${rates}, and it says ${percent} %`)
  assert.deepEqual(parse(readFileSync(at('learned.yaml'), 'utf8')).features, detector.features)

  await succeed('features', 'cards.csv', '--detector', 'learned.yaml', '--out', 'file.csv')
  const [head, ...transactions] = readFileSync(at('cards.csv'), 'utf8').trimEnd().split('\n')
  writeFileSync(at('first.csv'), [head, ...transactions.slice(0, transactions.length / 2), ''].join('\n'))
  const replay = ['--as', 'decisions', '--bundle', 'm.safetensors', '--data', 'data']
  await succeed('replay', 'first.csv', ...replay)
  await succeed('snapshot', '--data', 'data')
  // What the log has already changes nothing.
  await succeed('replay', 'cards.csv', ...replay)
  assert.equal(assertSnapshotsLeadToSameState(at('data'), 'histories'), 1)
  await succeed('features', '--from-log', '--data', 'data', '--out', 'served.csv')
  await succeed('features', '--from-log', '--data', 'data', '--detector', 'learned.yaml', '--out', 'rebuilt.csv')
  const rows = readFileSync(at('file.csv'), 'utf8')
  assert.equal(readFileSync(at('served.csv'), 'utf8'), rows)
  assert.equal(readFileSync(at('rebuilt.csv'), 'utf8'), rows)
  const [header, ...lines] = rows
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','))
  for (const [column, name] of header.entries()) {
    const values = new Set(lines.map((line) => line[column]))
    assert.ok(values.size > 2, `${name} has ${values.size} values in all: this stream tells nothing of it`)
  }
})
