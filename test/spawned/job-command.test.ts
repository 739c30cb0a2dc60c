import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import { runIn, startShrike } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-jobs-'))
after(() => rmSync(folder, { recursive: true }))

const start = (name: string) => startShrike(folder, ['job', 'start', request(name, long)])
const job = (...args: string[]) => runIn(folder, ['job', ...args])
const jobs = async (): Promise<{ id: string; state: string; request: { name: string } }[]> =>
  JSON.parse((await job('list', '--json')).stdout)
const stateOf = async (name: string) => (await jobs()).find(({ request }) => request.name === name)?.state

function request(name: string, options: object = {}): string {
  const file = `${name}.json`
  writeFileSync(join(folder, file), JSON.stringify({ kind: 'training', name, file: 'table.csv', ...options }))
  return file
}

/** Trees enough that it does not end before it is stopped. */
const long = { model: { learner: 'random-forest', nEstimators: 50_000 }, threads: 1 }

async function untilTraining(name: string): Promise<string> {
  for (;;) {
    const found = (await jobs()).find((each) => each.request.name === name)
    const events = found && join(folder, '.shrike/jobs', `${found.id}.ndjson`)
    if (events !== undefined && existsSync(events) && readFileSync(events, 'utf8').includes('"update"'))
      return found?.id ?? ''
    await sleep(300)
  }
}

function leftInJobs(): readonly string[] {
  return readdirSync(join(folder, '.shrike/jobs')).filter((name) => /work|tmp/.test(name))
}

before(() => {
  const random = createRandom(1)
  const rows = Array.from({ length: 3000 }, (_, i) => {
    const isFraud = random.uniform() < 0.05
    return [
      i * 60,
      (random.uniform() * 100).toFixed(2),
      (random.uniform() + (isFraud ? 0.5 : 0)).toFixed(4),
      isFraud ? 1 : 0,
    ].join()
  })
  writeFileSync(join(folder, 'table.csv'), `Time,Amount,V1,Class\n${rows.join('\n')}\n`)
})

describe('shrike job', () => {
  test('trains in a process of its own, into a folder that is whole, and its owner’s alone', async () => {
    const { code, stdout, stderr } = await job('start', request('first', { model: { nEstimators: 20 } }), '--json')
    assert.equal(code, 0, stderr)
    const { state, result } = JSON.parse(stdout)
    assert.deepEqual([state, result.out], ['done', '.shrike/bundles/first/model.safetensors'])
    assert.deepEqual(readdirSync(join(folder, '.shrike/bundles/first')).sort(), [
      'job.json',
      'model-report.html',
      'model.safetensors',
    ])
    const direct = await runIn(folder, ['train', 'table.csv', '--n-estimators', '20', '--json'])
    assert.equal(JSON.parse(direct.stdout).bundle, result.bundle, 'the same bundle as of train')
    assert.match(stderr, /bundle {2}\.shrike\/bundles\/first\/model\.safetensors/)
    for (const name of ['jobs', 'bundles', 'bundles/first'])
      assert.equal(statSync(join(folder, '.shrike', name)).mode & 0o077, 0, name)
    for (const name of readdirSync(join(folder, '.shrike/jobs')))
      assert.equal(statSync(join(folder, '.shrike/jobs', name)).mode & 0o077, 0, name)
  })

  test('refuses a bad request with its fields, and a name that is taken', async () => {
    const bad = await job('start', request('bad', { testShare: 2, nonsense: 1 }))
    assert.equal(bad.code, 1)
    assert.match(bad.stderr, /INPUT_INVALID.*testShare: it must be less than 1.*nonsense/)
    const escaping = await job('start', request('up', { name: '../up' }))
    assert.match(escaping.stderr, /INPUT_INVALID.*name: /)
    const again = await job('start', request('first'))
    assert.match(again.stderr, /JOB_NAME_TAKEN/)
  })

  test('is failed with the reason where the work is refused', async () => {
    const { code, stderr } = await job('start', request('missing', { file: 'nowhere.csv' }))
    assert.deepEqual([code, await stateOf('missing')], [1, 'failed'])
    assert.match(stderr, /FILE_UNREADABLE.*nowhere\.csv/)
    assert.ok(!existsSync(join(folder, '.shrike/bundles/missing')))
  })

  test('waits for its turn, is cancelled before it and while it runs, and leaves nothing', async () => {
    const running = start('running')
    const id = await untilTraining('running')
    const waiting = start('waiting')
    while ((await stateOf('waiting')) === undefined) await sleep(300)
    assert.deepEqual([await stateOf('running'), await stateOf('waiting')], ['running', 'queued'])
    const waitingId = (await jobs()).find(({ request: { name } }) => name === 'waiting')?.id ?? ''
    await job('cancel', waitingId)
    assert.equal(await stateOf('waiting'), 'cancelled')
    await job('cancel', id)
    assert.deepEqual([(await running.ended).code, (await waiting.ended).code], [1, 1])
    assert.deepEqual([await stateOf('running'), leftInJobs()], ['cancelled', []])
    assert.match((await job('cancel', id)).stderr, /JOB_ENDED/)
    assert.match((await job('show', 'no-such')).stderr, /JOB_UNKNOWN/)
    assert.ok(!existsSync(join(folder, '.shrike/bundles/running')))
  })

  test('is interrupted, and leaves nothing, where the process that started it is killed', async () => {
    const { child, ended } = start('killed')
    await untilTraining('killed')
    child.kill('SIGKILL')
    await ended
    while ((await stateOf('killed')) === 'running') await sleep(100)
    assert.deepEqual([await stateOf('killed'), leftInJobs()], ['interrupted', []])
    assert.ok(!existsSync(join(folder, '.shrike/bundles/killed')))
  })

  const isRoot = process.getuid?.() === 0
  test('is started by a user without a name', { skip: !isRoot && 'only root may run as another' }, async () => {
    const home = join(folder, 'nameless')
    mkdirSync(home)
    chmodSync(folder, 0o755)
    chmodSync(home, 0o777)
    // The program that suites build is in a folder that nobody else may read.
    const args = [resolve('bin/shrike.js'), 'job', 'start', join(folder, request('nameless', { file: 'gone.csv' }))]
    const child = spawn(process.execPath, [...args, '--json'], {
      cwd: home,
      uid: 54_321,
      env: { ...process.env, HOME: home },
    })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    await once(child, 'close')
    const { by, state, error } = JSON.parse(stdout)
    assert.deepEqual([by, state, error.code], ['user 54321', 'failed', 'FILE_UNREADABLE'])
  })
})
