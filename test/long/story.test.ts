import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { averagePrecision } from '../../src/evaluation/metrics.ts'
import { createPredictor, readBundle } from '../../src/scoring/load-predictor.ts'
import { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { shrikeScript, succeedIn } from '../run-shrike.ts'

// The story of a service's first weeks, told over its own commands and routes: a portfolio's first month is brought in as
// history, a week is decided live by an old model, labels arrive two days late, a new model is learned from the log and
// loaded by SIGHUP, and the next week is judged better.

const folder = mkdtempSync(join(tmpdir(), 'shrike-story-'))
const at = (name: string) => join(folder, name)
const dayMs = 86_400_000
const startMs = Date.UTC(2026, 0, 1)
const [oldDays, monthDays, weekDays] = [9, 30, 7]

const declared = `
detector: story
transaction:
  id: transaction_id
  time: { field: time, format: iso }
  amount: { field: amount, digits: 2 }
  keys: { card: card_id, customer: customer_id, terminal: terminal_id, merchant: merchant_id, device: device_id }
  fields: { channel: channel }
  label: { field: is_fraud, delay: 2d }
features:
  - amount
  - hour
  - oneHot: { of: channel, values: [online] }
  - count: { by: card, over: [1h, 1d, 7d] }
  - ratioToMean: { of: amount, by: customer, over: 14d }
  - ratioToMax: { of: amount, by: customer, over: 14d }
  - firstSeen: { of: merchant, by: customer, over: 21d }
  - firstSeen: { of: device, by: customer, over: 21d }
  - fraudRate: { by: terminal, over: [7d, 14d] }
  - fraudRate: { by: customer, over: [7d, 14d] }
policy: { review: 0.3, decline: 0.9, deadlineMs: 60000 }
`

interface Purchase {
  readonly fields: Readonly<Record<string, string | number>>
  readonly timestampMs: number
  readonly isFraud: boolean
}

let purchases: readonly Purchase[] = []
let service: ChildProcess
let url = ''

const succeed = (...args: string[]) => succeedIn(folder, args)

async function startService(): Promise<void> {
  service = spawn(
    process.execPath,
    [shrikeScript, 'serve', at('model.safetensors'), '--data', at('data'), '--port', '0'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  assert(service.stdout)
  for await (const line of createInterface({ input: service.stdout })) {
    url = /^serving \S+ on (\S+)$/.exec(line)?.[1] ?? url
    if (url !== '') break
  }
  for (let attempt = 0; (await fetch(`${url}/readyz`)).status !== 200; attempt++) {
    assert(attempt < 1200, 'the service is not ready')
    await sleep(50)
  }
}

/** Decides purchases in their order, a day at a time, with labels of fraud in between, two days after each. */
async function live(
  from: number,
  to: number,
): Promise<Map<string, { readonly model: string; readonly outcome: string }>> {
  const answers = new Map<string, { model: string; outcome: string }>()
  for (let day = from; day < to; day++) {
    const isOf = (wanted: number) => (purchase: Purchase) =>
      Math.floor((purchase.timestampMs - startMs) / dayMs) === wanted
    const today = purchases.filter(isOf(day))
    const body = today.map(({ fields }) => JSON.stringify(fields)).join('\n')
    const headers = { 'content-type': 'application/x-ndjson' }
    const response = await fetch(`${url}/v1/decisions/batch`, { method: 'POST', headers, body })
    const lines = (await response.text()).trimEnd().split('\n')
    assert.equal(lines.length, today.length)
    for (const line of lines) {
      const decision = JSON.parse(line)
      assert.equal(typeof decision.score, 'number', line)
      answers.set(decision.transactionId, decision)
    }
    const labels = purchases
      .filter(isOf(day - 2))
      .filter(({ isFraud }) => isFraud)
      .map(({ fields, timestampMs }) => ({
        transactionId: fields.transaction_id,
        isFraud: true,
        knownAt: new Date(timestampMs + 2 * dayMs).toISOString(),
        source: 'chargeback',
      }))
    const sent = await fetch(`${url}/v1/labels`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(labels),
    })
    assert.equal(sent.status, 200, await sent.text())
  }
  return answers
}

function readPurchases(csv: string): Purchase[] {
  const [header = '', ...rows] = csv.trimEnd().split('\n')
  const names = header.split(',')
  return rows.map((row) => {
    const cells = Object.fromEntries(row.split(',').map((cell, i) => [names[i], cell]))
    const {
      is_fraud: isFraud,
      label_known_at: _,
      scenario: __,
      amount,
      latitude: ___,
      longitude: ____,
      ...texts
    } = cells
    const fields = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ''))
    const timestampMs = Date.parse(texts.time ?? '')
    return { fields: { ...fields, amount: Number(amount) }, timestampMs, isFraud: isFraud === '1' }
  })
}

before(async () => {
  writeFileSync(at('story.yaml'), declared)
  const size = ['--customers', '600', '--terminals', '800', '--days', String(monthDays + 2 * weekDays), '--seed', '11']
  await succeed('simulate', '--shape', 'portfolio', ...size, '--start', '2026-01-01', '--out', 'all.csv')
  const csv = readFileSync(at('all.csv'), 'utf8')
  purchases = readPurchases(csv)
  const [header, ...rows] = csv.trimEnd().split('\n')
  const until = (days: number) => rows.filter((_, i) => purchases[i].timestampMs < startMs + days * dayMs)
  writeFileSync(at('old.csv'), `${[header, ...until(oldDays)].join('\n')}\n`)
  writeFileSync(at('month.csv'), `${[header, ...until(monthDays)].join('\n')}\n`)
})

after(() => {
  service?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

describe('the first weeks of a service', () => {
  const options = [
    '--n-estimators',
    '40',
    '--no-leak-check',
    '--detector',
    at('story.yaml'),
    '--out',
    at('model.safetensors'),
  ]
  let before = ''

  test('a month comes in as history, and the service knows it', async () => {
    const { stderr } = await succeed('train', '--no-report', 'old.csv', ...options)
    await succeed('replay', 'month.csv', '--as', 'history', '--data', 'data', '--bundle', 'model.safetensors')
    await startService()
    const metrics = await (await fetch(`${url}/metrics`)).text()
    const covered = Number(/^shrike_history_coverage_seconds (\S+)$/m.exec(metrics)?.[1])
    assert(covered > (monthDays - 1) * 86_400, `${covered} s, ${stderr}`)
  })

  test('a week is decided live while labels of the days before arrive', async () => {
    const answers = await live(monthDays, monthDays + weekDays)
    const models = new Set([...answers.values()].map(({ model }) => model))
    assert.equal(models.size, 1)
    before = [...models].join()
    const outcomes = new Set([...answers.values()].map(({ outcome }) => outcome))
    assert(outcomes.has('approve') && outcomes.size > 1, [...outcomes].join())
  })

  test('a model is learned from the log, beside the service, and loaded without a lost request', async () => {
    writeFileSync(at('before.safetensors'), readFileSync(at('model.safetensors')))
    const { stderr } = await succeed('train', '--no-report', '--from-log', '--data', 'data', ...options)
    assert.match(stderr, /approved and not called fraud/)
    assert.match(stderr, /left out: .*younger than the labels' maturity.*reviewed and without.*declined and without/)
    service.kill('SIGHUP')
    for (let attempt = 0; ; attempt++) {
      const { model } = (await (await fetch(`${url}/readyz`)).json()) as { readonly model?: string }
      if (model !== undefined && model !== before) break
      assert(attempt < 1200, 'the bundle was not loaded')
      await sleep(50)
    }
  })

  test('the next week is judged better by it than by the one before', async () => {
    const answers = await live(monthDays + weekDays, monthDays + 2 * weekDays)
    assert([...answers.values()].every(({ model }) => model !== before))
    const old = createPredictor(await readBundle(at('before.safetensors')))
    const isFraud = new Map(purchases.map((purchase) => [String(purchase.fields.transaction_id), purchase.isFraud]))
    const reader = new SqliteLogReader(join(at('data'), 'log.sqlite'))
    const records = [...answers.keys()].flatMap((id) => {
      const record = reader.find(id)
      return record?.kind === 'decision' ? [record] : []
    })
    reader.close()
    assert.equal(records.length, answers.size)
    const labels = Uint8Array.from(records, ({ id }) => (isFraud.get(id) ? 1 : 0))
    const served = averagePrecision(
      labels,
      Float64Array.from(records, ({ score }) => score ?? Number.NaN),
    )
    const unlearned = averagePrecision(
      labels,
      Float64Array.from(records, ({ row }) => old.predict(row).probability),
    )
    assert(served > unlearned + 0.02, `${served} with what was learned, ${unlearned} without`)
  })

  test('it ends in peace, and the log is as it was written', async () => {
    service.kill('SIGTERM')
    const [code] = await once(service, 'exit')
    assert.equal(code, 0)
    const { stdout } = await succeed('log', 'verify', '--data', 'data')
    assert.match(stdout, /are unchanged since they were written/)
  })
})
