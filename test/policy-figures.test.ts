import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { succeedIn } from './run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-policy-'))
const declared = `
detector: cards
transaction:
  id: transaction_id
  time: { field: time, format: iso }
  amount: { field: amount, digits: 2, currency: EUR }
  keys: { terminal: terminal_id }
  label: { field: is_fraud, delay: 7d }
features:
  - amount
  - count: { by: terminal, over: [1d, 7d] }
  - fraudRate: { by: terminal, over: [7d, 14d] }
policy: { challenge: 0.02, review: 0.05, decline: 0.15 }
`

before(async () => {
  writeFileSync(join(folder, 'detector.yaml'), declared)
  const size = ['--customers', '500', '--terminals', '600', '--days', '45', '--seed', '5']
  await succeedIn(folder, ['simulate', '--shape', 'portfolio', ...size, '--out', 'cards.csv'])
})
after(() => rmSync(folder, { recursive: true }))

/** Rows of a file as objects of its texts. */
function readRows(name: string): readonly Readonly<Record<string, string>>[] {
  const [header, ...lines] = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')
  const names = header.split(',')
  return lines.map((line) => Object.fromEntries(line.split(',').map((text, i) => [names[i], text])))
}

test('train and evaluate lead with what the policy does, as a count of the scored rows by hand has it', async () => {
  const train = ['train', 'cards.csv', '--detector', 'detector.yaml', '--n-estimators', '20', '--out', 'm.safetensors']
  const { stdout } = await succeedIn(folder, [...train, '--json', '--no-leak-check'])
  const { policy, rows, warnings } = JSON.parse(stdout)
  await succeedIn(folder, ['score', 'm.safetensors', 'cards.csv', '--out', 'scores.csv'])
  const all = readRows('cards.csv')
  const scores = readRows('scores.csv')
  const tested = all.map((row, i) => ({ ...row, score: Number(scores[i].probability) })).slice(-rows)
  const outcomeOf = (score: number) =>
    score >= 0.15 ? 'decline' : score >= 0.05 ? 'review' : score >= 0.02 ? 'challenge' : 'approve'
  const times = tested.map((row: Record<string, unknown>) => Date.parse(`${row.time}Z`.replace('ZZ', 'Z')))
  const days = (Math.max(...times) - Math.min(...times)) / 86_400_000
  assert.ok(Math.abs(policy.days - days) < 1e-9, `${policy.days} ${days}`)
  for (const outcome of ['approve', 'challenge', 'review', 'decline']) {
    const meant = tested.filter(({ score }) => outcomeOf(score) === outcome)
    const isFraud = (row: Record<string, unknown>) => row.is_fraud === '1'
    const cents = (which: readonly Record<string, unknown>[]) =>
      which.reduce((sum, row) => sum + Math.round(Number(row.amount) * 100), 0)
    const { frauds, perDay, value, rows } = policy.outcomes[outcome]
    const found = [rows, frauds, value.fraud.value, value.legitimate.value]
    const caught = meant.filter(isFraud)
    const legitimate = meant.filter((row) => !isFraud(row))
    assert.deepEqual(found, [meant.length, caught.length, cents(caught) / 100, cents(legitimate) / 100], outcome)
    assert.ok(Math.abs(perDay.value - meant.length / days) < 1e-9)
  }
  assert.ok(policy.stopped.frauds > 0 && policy.outcomes.decline.rows > 0)
  assert.ok(Array.isArray(warnings))

  const said = await succeedIn(folder, [...train, '--no-leak-check'])
  const lead = said.stdout.indexOf('The policy stops')
  assert.ok(lead > 0 && lead < said.stdout.indexOf('average precision'), said.stdout)
  assert.match(said.stdout, /decline from 0\.15 +[\d.,]+ a day \([\d.,]+ to [\d.,]+\), [\d.]+ % of them fraud \(/)
  assert.match(said.stdout, /money: [\d.,]+ EUR \([\d.,]+ to [\d.,]+\) of fraud stopped, /)
  const report = readFileSync(join(folder, 'm-report.html'), 'utf8')
  const section = report.indexOf('The policy stops')
  assert.ok(section > 0 && section < report.indexOf('Average precision'))
  assert.ok(report.includes('Money of good customers hit'))

  const { stdout: again } = await succeedIn(folder, ['evaluate', 'm.safetensors', 'cards.csv', '--json'])
  assert.deepEqual(JSON.parse(again).policy.thresholds, { challenge: 0.02, review: 0.05, decline: 0.15 })
})
