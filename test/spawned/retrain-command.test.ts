import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readBundle } from '../../src/scoring/load-predictor.ts'
import { writeDecidedLog } from '../decided-log.ts'
import { ServiceProcess } from '../durability/service.ts'
import { runIn, startShrike, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-retrain-'))
const at = (name: string) => join(folder, name)
const succeed = (...args: readonly string[]) => succeedIn(folder, args)
// So long that the tests are within one period, which began in 1970.
const every = ['--every', '36500d', '--data', 'data']
const period = 'retrain-1970-01-01T000000Z'
let champion = ''

/** Of the period of so many days in which the tests run. */
function nameOf(days: number): string {
  const begin = Math.floor(Date.now() / (days * 86_400_000)) * days * 86_400_000
  return `retrain-${new Date(begin).toISOString().replace('.000Z', 'Z').replaceAll(':', '')}`
}

interface Step {
  readonly by: string
  readonly why: string
  readonly change: { readonly kind: string; readonly model: string }
}

const versions = async (): Promise<readonly Step[]> =>
  JSON.parse((await succeed('models', 'versions', '--json', '--data', 'data')).stdout)
const once = async (...more: readonly string[]) =>
  JSON.parse((await succeed('retrain', '--once', '--json', ...every, ...more)).stdout)

before(async () => {
  const model = { learner: 'decision-tree', maxDepth: 4 } as const
  await writeDecidedLog({ path: at('data'), transactions: 3000, seed: 1, perDay: 75, heldLabels: 100, model })
  const small = ['--max-depth', '2', '--no-leak-check']
  await succeed('train', '--no-report', '--from-log', '--data', 'data', ...small, '--out', 'first.safetensors')
  champion = (await readBundle(at('first.safetensors'))).id
  await succeed('models', 'add', 'first.safetensors', '--data', 'data')
  await succeed('models', 'deploy', champion, '--champion', '--data', 'data', '--bundle', 'first.safetensors')
})

after(() => rmSync(folder, { recursive: true, force: true }))

describe('retrain', () => {
  test('goes no further than shadow without a guard, and says so before any work', async () => {
    const { code, stderr } = await runIn(folder, ['retrain', '--once', ...every, '--canary', '5%', '--by', 'card'])
    assert.equal(code, 2)
    assert.match(stderr, /--canary, --by and --guard belong together/)
  })

  test('skips a period with too few new labels, and tells how many there are', async () => {
    const skipped = await once('--min-frauds', '1000000')
    assert.equal(skipped.state, 'skipped')
    assert.match(skipped.why, /too few new labels: \d+ of fraud in the log, and --min-frauds is 1000000/)
    assert.equal((await versions()).length, 1)
  })

  test('takes up what a process trained that ended before it deployed, as shadow, each step recorded', async () => {
    writeFileSync(at('request.json'), JSON.stringify({ kind: 'training', name: period, leakCheck: false }))
    await succeed('job', 'start', 'request.json', '--data', 'data')
    const { id } = await readBundle(at(`data/bundles/${period}/model.safetensors`))
    const { state, model, role, comparison } = await once()
    assert.deepEqual([state, model, role], ['deployed', id, 'shadow'])
    const { rows, frauds, difference, lower, upper } = comparison
    assert.ok(rows > frauds && frauds > 20 && lower < difference && difference < upper)
    const [newest] = await versions()
    assert.deepEqual([newest.by, newest.change.kind, newest.change.model], ['command:retrain', 'shadow', id])
    assert.match(newest.why, new RegExp(`${period}: average precision .* against .* of ${champion}, .*95 %`))
    const { models } = JSON.parse((await succeed('models', 'list', '--json', '--data', 'data')).stdout)
    assert.equal(models.find((each: { id: string }) => each.id === id).parent, champion)
    assert.equal(models.find((each: { id: string }) => each.id === champion).role, 'champion')
  })

  test('trains once for a period, whoever asks again', async () => {
    const again = await once()
    assert.equal(again.state, 'skipped')
    assert.match(again.why, /was trained and deployed for this period; the next one begins at 20/)
    assert.equal((await versions()).length, 2)
  })

  test('works beside a service, makes a canary where flags and figures say so, and ends with Ctrl-C', async () => {
    await succeed('models', 'deploy', (await versions())[0].change.model, '--retired', '--data', 'data')
    writeFileSync(at('guard.yaml'), 'minDecisions: 500\n')
    const service = await ServiceProcess.start(undefined, at('data'))
    const label = await service.label({ transactionId: 't-1-0', isFraud: true })
    assert.equal(label.status < 300, true, label.text)
    const flags = ['--min-frauds', '1', '--canary', '5%', '--by', 'card', '--guard', 'guard.yaml']
    const { child, ended } = startShrike(folder, ['retrain', '--every', '10000d', '--data', 'data', ...flags])
    let told = ''
    child.stdout?.on('data', (text: string) => {
      told += text
      // A second one ends the process at once, whatever it is about.
      if (!child.killed && /the next period begins/.test(told)) child.kill('SIGINT')
    })
    const { code, stdout, stderr } = await ended
    assert.equal(code, 0, stderr)
    await service.stop()
    const steps = (await versions()).map(({ change }) => change.kind)
    assert.match(stdout, /stopped/)
    const [, lower] = /95 % ([+-][\d.]+) to/.exec(stdout) ?? []
    assert.ok(lower !== undefined, stdout + stderr)
    if (Number(lower) > 0) assert.deepEqual(steps.slice(0, 2), ['canary', 'shadow'])
    else assert.equal(steps[0], 'shadow')
  })

  test('goes to no service of another log, and says so', async () => {
    await writeDecidedLog({ path: at('other'), transactions: 500, seed: 2, perDay: 200 })
    await succeed('models', 'add', 'first.safetensors', '--data', 'other')
    const service = await ServiceProcess.start(at('first.safetensors'), at('other'))
    try {
      const { code, stderr } = await runIn(folder, ['retrain', '--once', ...every, '--url', service.url])
      assert.equal(code, 2, stderr)
      assert.match(stderr, /has no model as champion, and the log of data shop@/)
      assert.match(stderr, /--url names the service that works on --data/)
    } finally {
      await service.stop()
    }
  })

  test('retires the shadow of an earlier period, and no other one', async () => {
    const listed = async () => JSON.parse((await succeed('models', 'list', '--json', '--data', 'data')).stdout).models
    const earlier = (await listed())
      .filter(({ role }: { role: string }) => role === 'shadow')
      .map(({ id }: { id: string }) => id)
    const shadow = ['--learner', 'logistic-regression', '--no-leak-check', '--out', 'mine.safetensors']
    await succeed('train', '--no-report', '--from-log', '--data', 'data', ...shadow)
    const mine = JSON.parse((await succeed('models', 'add', 'mine.safetensors', '--json', '--data', 'data')).stdout).id
    await succeed('models', 'deploy', mine, '--shadow', '--why', 'my own', '--data', 'data')
    const next = ['retrain', '--once', '--json', '--every', '15000d', '--data', 'data', '--min-frauds', '1']
    writeFileSync(
      at('request.json'),
      JSON.stringify({ kind: 'training', name: nameOf(15_000), model: { learner: 'decision-tree' }, leakCheck: false }),
    )
    await succeed('job', 'start', 'request.json', '--data', 'data')
    const done = JSON.parse((await succeed(...next)).stdout)
    assert.deepEqual([done.state, done.retired], ['deployed', earlier])
    const models = await listed()
    const roleOf = (id: string) => models.find((each: { id: string }) => each.id === id).role
    assert.ok(earlier.every((id: string) => roleOf(id) === 'retired'))
    assert.deepEqual([roleOf(mine), roleOf(done.model)], ['shadow', 'shadow'])
  })
})
