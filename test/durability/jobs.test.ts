import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { shrikeScript } from '../run-shrike.ts'
import { succeed, temporaryFolder, trainBundle } from './service.ts'

const folder = temporaryFolder()
const data = join(folder, 'data')
const files = join(folder, 'files')
const long = { model: { learner: 'random-forest', nEstimators: 50_000 }, threads: 1 }

let bundle = ''
let url = ''
let child: ChildProcess

async function startService(): Promise<void> {
  const args = [shrikeScript, 'serve', bundle, '--data', data, '--port', '0', '--job-files', files, '--no-warm-up']
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

interface Told {
  readonly state: string
  readonly result?: { readonly bundle: string }
  readonly error?: { readonly code: string; readonly message: string }
}

async function until(id: string, ...states: string[]): Promise<Told> {
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

/** What is told behind a place, without the lines that only keep the connection. */
function tail(text: string, place?: string): string {
  const told = text.replaceAll(/^:.*\n\n/gm, '')
  return place === undefined ? told : told.slice(told.indexOf('\n\n', told.indexOf(`id: ${place}\n`)) + 2)
}

async function metricsOfJobs(): Promise<ReadonlyMap<string, number>> {
  // A text of metrics is a second old at most.
  await sleep(1100)
  const lines = (await (await fetch(`${url}/metrics`)).text())
    .split('\n')
    .filter((line) => line.startsWith('shrike_job'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

const left = () => readdirSync(join(data, 'jobs')).filter((name) => /work|tmp/.test(name))

before(async () => {
  bundle = await trainBundle(folder)
  mkdirSync(files)
  for (const name of ['model.csv', 'model.yaml']) copyFileSync(join(folder, name), join(files, name))
  symlinkSync(join(folder, 'model.csv'), join(files, 'link.csv'))
  // For the log to learn from.
  await succeed('replay', join(folder, 'model.csv'), '--as', 'history', '--bundle', bundle, '--data', data)
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
    assert.ok(!text.includes(realpathSync(folder)), text)
    const last = JSON.parse(/event: job\ndata: (.*)\n\n$/.exec(text)?.[1] ?? '{}')
    assert.deepEqual([last.state, last.error], ['done', undefined])
    assert.deepEqual(
      [last.request.file, last.request.detector, last.result.out, last.result.report],
      ['model.csv', 'model.yaml', 'bundles/trained/model.safetensors', 'bundles/trained/model-report.html'],
    )
    assert.ok(existsSync(join(data, 'bundles/trained/model.safetensors')))
    const [, place = ''] = /^id: (\d+)$/m.exec(text) ?? []
    const from = async (id: string) =>
      (await fetch(`${url}/v1/jobs/${job.id}/events`, { headers: { 'last-event-id': id } })).text()
    assert.deepEqual([await from(place), await from('7')], [tail(text, place), tail(text)])
    const { request, by } = JSON.parse(readFileSync(join(data, 'bundles/trained/job.json'), 'utf8'))
    assert.deepEqual([request.name, request.file, by], ['trained', join(realpathSync(files), 'model.csv'), 'anyone'])
    for (const name of readdirSync(join(data, 'bundles/trained')))
      assert.equal(statSync(join(data, 'bundles/trained', name)).mode & 0o077, 0, name)
    assert.equal((await start('trained')).body.code, 'JOB_NAME_TAKEN')
    assert.equal((await ask('DELETE', `/v1/jobs/${job.id}`)).body.code, 'JOB_ENDED')
  })

  test('learn from the log of the service, as `train --from-log` does', async () => {
    const request = { kind: 'training', name: 'logged', preset: 'recipe', split: 'random', leakCheck: false }
    const { body: job } = await ask('POST', '/v1/jobs', { ...request, model: { nEstimators: 5 } })
    const { result } = await until(job.id, 'done', 'failed')
    const flags = ['--preset', 'recipe', '--n-estimators', '5', '--split', 'random', '--no-leak-check', '--json']
    const direct = await succeed(
      'train',
      '--no-report',
      '--from-log',
      '--data',
      data,
      ...flags,
      '--out',
      join(folder, 'logged.bundle'),
    )
    assert.equal(result?.bundle, JSON.parse(direct).bundle)
  })

  test('run one at a time, and are cancelled; what a killed service ran is interrupted, and what waited goes on', async () => {
    const { body: first } = await start('first', long)
    const { body: second } = await start('second', long)
    await untilWorking(first.id)
    assert.equal((await ask('GET', `/v1/jobs/${second.id}`)).body.state, 'queued')
    const counted = await metricsOfJobs()
    assert.equal(counted.get('shrike_jobs{kind="training",state="running"}'), 1)
    assert.equal(counted.get('shrike_jobs{kind="training",state="queued"}'), 1)
    assert.equal(counted.get('shrike_jobs{kind="import",state="queued"}'), 0)
    assert.equal(counted.get('shrike_jobs_ended_total{kind="training",state="done"}'), 2)
    assert.ok((counted.get('shrike_job_running_seconds{kind="training"}') ?? 0) > 1)
    await ask('DELETE', `/v1/jobs/${first.id}`)
    await until(first.id, 'cancelled')
    await untilWorking(second.id)
    const { body: third } = await start('third', { preset: 'recipe', model: { nEstimators: 5 }, leakCheck: false })
    child.kill('SIGKILL')
    await startService()
    await until(second.id, 'interrupted')
    await until(third.id, 'done')
    assert.deepEqual([left(), readdirSync(join(data, 'bundles')).sort()], [[], ['logged', 'third', 'trained']])
  })

  test('give their model to the registry though the service is killed before it does, unless it was removed', async () => {
    const { body: job } = await start('orphan', { preset: 'recipe', model: { nEstimators: 7 }, leakCheck: false })
    await untilWorking(job.id)
    // It learns nothing of the end of the job's process.
    child.kill('SIGSTOP')
    const isDone = () => JSON.parse(readFileSync(join(data, 'jobs', `${job.id}.json`), 'utf8')).state === 'done'
    while (!isDone()) await sleep(100)
    child.kill('SIGKILL')
    await startService()
    const find = async () => {
      const { body } = await ask('GET', '/v1/models')
      return body.models.find(({ why }: { why: string }) => why === 'training orphan')
    }
    let kept = await find()
    for (; kept === undefined; kept = await find()) await sleep(100)
    assert.equal(kept.addedBy, 'anyone')
    assert.equal((await ask('DELETE', `/v1/models/${kept.id}`, { why: 'not wanted' })).status, 200)
    child.kill('SIGKILL')
    await startService()
    const { body: next } = await start('next', { preset: 'recipe', model: { nEstimators: 8 }, leakCheck: false })
    await until(next.id, 'done')
    const whys = async () => (await ask('GET', '/v1/models')).body.models.map(({ why }: { why: string }) => why)
    while (!(await whys()).includes('training next')) await sleep(100)
    assert.ok(!(await whys()).includes('training orphan'))
  })

  test('say why they failed without where the service keeps its files', async () => {
    const { body: queued } = await start('swept', { model: { learner: 'random-forest', nEstimators: 1000 } })
    await untilWorking(queued.id)
    rmSync(join(data, 'jobs', `${queued.id}.work`), { recursive: true })
    const { error } = await until(queued.id, 'done', 'failed')
    assert.equal(error?.code, 'FILE_UNWRITABLE')
    assert.match(error?.message ?? '', /bundles\/swept/)
    assert.ok(!JSON.stringify((await ask('GET', '/v1/jobs')).body).includes(realpathSync(folder)))
    const counted = await metricsOfJobs()
    assert.equal(counted.get('shrike_jobs_ended_total{kind="training",state="failed"}'), 1)
    assert.equal(counted.get('shrike_jobs{kind="training",state="running"}'), 0)
    assert.equal(counted.get('shrike_job_running_seconds{kind="training"}'), 0)
  })

  test('end as interrupted with a service that is told to end, and with a process of theirs that is killed', async () => {
    const { body: ended } = await start('ended', long)
    await untilWorking(ended.id)
    const closed = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGTERM')
    assert.equal(await closed, 0)
    await startService()
    await until(ended.id, 'interrupted')

    const { body: killed } = await start('killed', long)
    await untilWorking(killed.id)
    const processes = await processesOf(killed.id)
    assert.equal(processes.length, 1)
    for (const { pid, nice } of processes) {
      assert.equal(nice, 19)
      process.kill(pid, 'SIGKILL')
    }
    await until(killed.id, 'interrupted')
    assert.deepEqual([left(), existsSync(join(data, 'bundles/killed'))], [[], false])
  })
})

async function processesOf(id: string): Promise<readonly { pid: number; nice: number }[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ni=,args='])
  return stdout.split('\n').flatMap((line) => {
    const [, pid, nice] = /^\s*(\d+)\s+(-?\d+)\s/.exec(line) ?? []
    return line.endsWith(` ${id}`) ? [{ pid: Number(pid), nice: Number(nice) }] : []
  })
}
