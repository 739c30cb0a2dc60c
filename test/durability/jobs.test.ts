import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder, trainBundle } from './service.ts'

const shrike = resolve('bin/shrike.js')
const folder = temporaryFolder()
const data = join(folder, 'data')
const files = join(folder, 'files')
const long = { model: { learner: 'random-forest', nEstimators: 50_000 } }

let bundle = ''
let url = ''
let child: ChildProcess

async function startService(): Promise<void> {
  const args = [shrike, 'serve', bundle, '--data', data, '--port', '0', '--job-files', files]
  child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  url = await new Promise<string>((listening, failed) => {
    child.once('close', () => failed(new Error('the service did not start')))
    child.stdout?.on('data', (chunk: Buffer) => {
      const address = /on (http:\S+)/.exec(chunk.toString())?.[1]
      if (address !== undefined) listening(address)
    })
  })
}

async function ask(method: string, path: string, body?: object) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url + path, { method, ...(body && { headers, body: JSON.stringify(body) }) })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

const start = (name: string, options: object = {}) =>
  ask('POST', '/v1/jobs', { kind: 'training', name, file: 'model.csv', detector: 'model.yaml', ...options })

async function until(id: string, ...states: string[]): Promise<{ state: string; result?: { out: string } }> {
  for (;;) {
    const { body } = await ask('GET', `/v1/jobs/${id}`)
    if (states.includes(body.state)) return body
    await sleep(100)
  }
}

async function untilWorking(id: string): Promise<void> {
  await until(id, 'running')
  while (!existsSync(join(data, 'jobs', `${id}.ndjson`))) await sleep(100)
}

const left = () => readdirSync(join(data, 'jobs')).filter((name) => /work|tmp/.test(name))

before(async () => {
  bundle = await trainBundle(folder)
  mkdirSync(files)
  for (const name of ['model.csv', 'model.yaml']) copyFileSync(join(folder, name), join(files, name))
  symlinkSync(join(folder, 'model.csv'), join(files, 'link.csv'))
  await startService()
})
after(() => child.kill('SIGKILL'))

describe('jobs over HTTP', () => {
  test('refuse wrong options with their fields, and files outside of the folder', async () => {
    const bad = await start('bad', { testShare: 3, model: { nEstimators: 0 } })
    assert.equal(bad.status, 422)
    assert.deepEqual(
      bad.body.errors.map(({ field }: { field: string }) => field),
      ['model.nEstimators', 'testShare'],
    )
    for (const file of ['../model.csv', '/etc/passwd', 'link.csv', 'nowhere.csv', '.']) {
      const { status, body } = await start('outside', { file })
      assert.deepEqual([status, body.errors[0].field], [422, 'file'], file)
    }
    assert.equal((await ask('GET', '/v1/jobs/none')).body.code, 'JOB_UNKNOWN')
  })

  test('train, and tell their progress as events, the last of which is the job', async () => {
    const { body: job } = await start('trained', { preset: 'recipe', model: { nEstimators: 5 }, leakCheck: false })
    assert.equal(job.state, 'queued')
    const response = await fetch(`${url}/v1/jobs/${job.id}/events`)
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
    const text = await response.text()
    assert.match(text, /^event: begin$/m)
    const last = JSON.parse(/event: job\ndata: (.*)\n\n$/.exec(text)?.[1] ?? '{}')
    assert.deepEqual([last.state, last.error], ['done', undefined])
    assert.ok(existsSync(join(data, 'bundles/trained/model.safetensors')))
    const rest = await fetch(`${url}/v1/jobs/${job.id}/events`, { headers: { 'last-event-id': '1' } })
    assert.match(await rest.text(), /^id: 2\n/m)
    assert.equal((await start('trained')).body.code, 'JOB_NAME_TAKEN')
    assert.equal((await ask('DELETE', `/v1/jobs/${job.id}`)).body.code, 'JOB_ENDED')
  })

  test('run one at a time, and are cancelled; what a killed service ran is interrupted, and what waited goes on', async () => {
    const { body: first } = await start('first', long)
    const { body: second } = await start('second', long)
    await untilWorking(first.id)
    assert.equal((await ask('GET', `/v1/jobs/${second.id}`)).body.state, 'queued')
    await ask('DELETE', `/v1/jobs/${first.id}`)
    await until(first.id, 'cancelled')
    await untilWorking(second.id)
    const { body: third } = await start('third', { preset: 'recipe', model: { nEstimators: 5 }, leakCheck: false })
    child.kill('SIGKILL')
    await startService()
    await until(second.id, 'interrupted')
    await until(third.id, 'done')
    assert.deepEqual([left(), readdirSync(join(data, 'bundles')).sort()], [[], ['third', 'trained']])
  })
})
