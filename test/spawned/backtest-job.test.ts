import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { formatYaml } from '../../src/core/yaml-file.ts'
import { shopDetector, writeDecidedLog } from '../decided-log.ts'
import { shrikeScript, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-backtest-job-'))
const data = join(folder, 'data')
const rule = { id: 'large', when: 'amount > 60.0 && card_count_1d > 1', then: 'decline' }
let child: ChildProcess
let url = ''

before(async () => {
  await writeDecidedLog({ path: data, transactions: 2000, seed: 9, perDay: 100 })
  writeFileSync(join(folder, 'shop.yaml'), formatYaml(shopDetector))
  const args = ['serve', '--detector', join(folder, 'shop.yaml'), '--data', data, '--port', '0']
  child = spawn(process.execPath, [shrikeScript, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  url = await new Promise<string>((listening, failed) => {
    child.once('close', () => failed(new Error('the service did not start')))
    child.stdout?.on('data', (chunk: Buffer) => {
      const address = /on (http:\S+)/.exec(chunk.toString())?.[1]
      if (address !== undefined) listening(address)
    })
  })
  while ((await fetch(`${url}/readyz`)).status !== 200) await sleep(100)
})
after(async () => {
  const ended = new Promise((done) => child.once('close', done))
  child.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true, force: true })
})

async function ask(method: string, path: string, body?: object) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url + path, { method, ...(body && { headers, body: JSON.stringify(body) }) })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

/** Whether an answer is what the document says of it. */
async function isPromised(schema: string, answer: unknown): Promise<void> {
  const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } })
  ajv.addSchema((await ask('GET', '/openapi.json')).body, 'api')
  const validate = ajv.compile({ $ref: `api#/components/schemas/${schema}` })
  assert.ok(validate(answer), JSON.stringify(validate.errors))
}

async function ended(id: string) {
  for (;;) {
    const { body } = await ask('GET', `/v1/backtests/${id}`)
    assert.ok(body.state !== undefined, JSON.stringify(body))
    if (body.state !== 'queued' && body.state !== 'running') return body
    await sleep(100)
  }
}

describe('backtests over HTTP', () => {
  test('are jobs that give the figures of the command, and their page', async () => {
    const { status, body: job } = await ask('POST', '/v1/backtests', { rule })
    assert.equal(status, 202)
    assert.match(job.request.name, /^backtest-[0-9a-f-]{36}$/)
    const { state, figures, result } = await ended(job.id)
    assert.equal(state, 'done')
    assert.ok(result.tested.transactions > 30)
    writeFileSync(join(folder, 'rule.yaml'), formatYaml(rule))
    const told = await succeedIn(folder, ['backtest', '--data', data, '--rules', 'rule.yaml', '--json'])
    const { basis, ...printed } = JSON.parse(told.stdout)
    await isPromised('BacktestFigures', figures)
    await isPromised('BacktestResult', result)
    const { basis: ofJob, ...ofFigures } = figures
    assert.deepEqual(ofFigures, printed)
    assert.deepEqual({ ...ofJob, source: data }, basis)
    const page = await fetch(`${url}/v1/backtests/${job.id}/report`)
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    assert.match(await page.text(), /<h1>Backtest: rule large<\/h1>/)
  })

  test('fail with the place in a condition that is wrong', async () => {
    const { body: job } = await ask('POST', '/v1/backtests', { rule: { ...rule, when: 'amount > 1.0 && amont > 2.0' } })
    const { state, error } = await ended(job.id)
    assert.equal(state, 'failed')
    assert.equal(error.errors[0].field, 'rules.large.when')
    assert.deepEqual(error.errors[0].at, { line: 1, column: 17, start: 16, end: 21 })
    assert.equal((await fetch(`${url}/v1/backtests/${job.id}/report`)).status, 404)
    assert.deepEqual(
      readdirSync(join(data, 'bundles')).filter((name) => name === job.request.name),
      [],
    )
  })

  test('are refused where nothing is tested, or a field is wrong', async () => {
    const nothing = await ask('POST', '/v1/backtests', {})
    assert.equal(nothing.status, 422)
    assert.match(nothing.body.detail ?? nothing.body.message, /say what is to be tested/)
    const wrong = await ask('POST', '/v1/backtests', { rule, from: 'yesterday', unheard: 1 })
    assert.deepEqual(wrong.body.errors.map(({ field }: { field: string }) => field).sort(), ['(body)', 'from'])
    assert.equal((await ask('POST', '/v1/backtests', { rule, model: '../m.safetensors' })).status, 422)
    assert.equal((await ask('GET', '/v1/backtests/none')).status, 404)
  })
})

describe('comparisons over HTTP', () => {
  test('are jobs that give the figures of the command, and their page', async () => {
    const train = [
      'train',
      '--no-report',
      '--from-log',
      '--data',
      data,
      '--learner',
      'logistic-regression',
      '--out',
      'next.safetensors',
    ]
    await succeedIn(folder, train)
    const type = { 'content-type': 'application/octet-stream' }
    const bytes = readFileSync(join(folder, 'next.safetensors'))
    const added = await fetch(`${url}/v1/models`, { method: 'POST', headers: type, body: bytes })
    const { id: model } = JSON.parse(await added.text())
    const { body: job } = await ask('POST', '/v1/jobs', { kind: 'comparison', name: 'next', a: 'none', b: model })
    const ofJob = async () => (await ask('GET', `/v1/jobs/${job.id}`)).body
    while (!['done', 'failed'].includes((await ofJob()).state)) await sleep(100)
    const { state, result, error } = await ofJob()
    assert.equal(state, 'done', JSON.stringify(error))
    assert.deepEqual([result.a.id, result.b.id, result.metrics], ['none', model, null])
    await isPromised('ComparisonResult', result)
    const { body: figures } = await ask('GET', `/v1/jobs/${job.id}/figures`)
    await isPromised('ComparisonFigures', figures)
    const { stdout } = await succeedIn(folder, ['models', 'compare', 'none', model, '--data', data, '--json'])
    const { basis, ...printed } = JSON.parse(stdout)
    assert.deepEqual(figures, { ...printed, basis: { ...basis, source: 'the log' } })
    const page = await fetch(`${url}/v1/jobs/${job.id}/report`)
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    assert.ok((await page.text()).includes(model))
  })

  test('of what is no file for jobs, or of nothing, are refused', async () => {
    for (const [a, b, field] of [
      ['none', 'none', 'b'],
      ['none', join(folder, 'next.safetensors'), 'b'],
      ['../next.safetensors', 'none', 'a'],
    ]) {
      const { status, body } = await ask('POST', '/v1/jobs', { kind: 'comparison', name: 'x', a, b })
      assert.deepEqual([status, body.errors[0].field], [422, field])
    }
    const { body: job } = await ask('POST', '/v1/backtests', { rule })
    assert.equal((await fetch(`${url}/v1/jobs/${job.id}/figures`)).status, 404)
  })
})
