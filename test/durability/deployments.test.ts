import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import { readBundle, readBundleBytes } from '../../src/scoring/load-predictor.ts'
import { assertSound } from './log-checks.ts'
import { purchases, ServiceProcess, temporaryFolder, trainBundle } from './service.ts'
import { Traffic } from './traffic.ts'

const rounds = Number(process.env.SHRIKE_ROUNDS ?? 4)
const seed = Number(process.env.SHRIKE_SEED ?? 1)
const folder = temporaryFolder()
const data = join(folder, 'data')
const bundles: string[] = []

before(async () => {
  bundles.push(await trainBundle(folder))
  // With other features: its histories are made of the log.
  const change = (yaml: string) => yaml.replace('features:', 'features:\n  - count: { by: card, over: 11h }')
  bundles.push(await trainBundle(folder, { name: 'other', change }))
})

interface Model {
  readonly id: string
  readonly role: string | null
}

/** The ids of the champion and of the canary that the log names. */
interface Roles {
  readonly champion: string | undefined
  readonly canary: string | undefined
}

interface Job {
  readonly id: string
  readonly state: string
}

test(`comes back with what was acknowledged through ${rounds} times kill -9 beside deployments and backtests`, async (t) => {
  const random = createRandom(seed)
  const traffic = new Traffic(purchases(rounds * 600), seed)
  const ids = await Promise.all(bundles.map(async (path) => (await readBundle(path)).id))
  const counts: Record<string, number> = {}
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1
  }
  const backtests = new Map<string, string | undefined>()
  let allowed: readonly Roles[] = [{ champion: undefined, canary: undefined }]
  for (let round = 0; round < rounds; round++) {
    const service = await ServiceProcess.start(bundles[0], data)
    const { roles, serving } = await rolesOf(service)
    assert.ok(includes(allowed, roles), `${JSON.stringify(roles)} is none of ${JSON.stringify(allowed)}`)
    assert.equal(serving, roles.champion ?? ids[0], 'what decides is who the log says')
    await assertKnown(service, backtests)
    const other = ids[(ids.indexOf(serving) + 1) % ids.length]
    const load = traffic.send(service, 8)
    await sleep(200)
    const acts = {
      deploy: () => deploy(service, bundles[ids.indexOf(other)], other, { role: 'champion' }),
      canary: () => deploy(service, bundles[ids.indexOf(other)], other, canaryRole),
      promote: () => deploy(service, bundles[ids.indexOf(other)], other, { role: 'champion' }),
      backtest: () => backtest(service, backtests),
    }
    const [act, run] = Object.entries(acts)[round % 4]
    if (act === 'promote') assert.ok(await deploy(service, bundles[ids.indexOf(other)], other, canaryRole))
    const before = (await rolesOf(service)).roles
    const running = run()
    // Records of a moment are cut as well as histories of seconds.
    const moment = sleep(random.uniform() * [50, 500, 2000][random.integer(3)])
    await (act === 'backtest' ? moment : Promise.race([running, moment]))
    await service.kill()
    await load
    const wasAnswered = await running
    count(`${act} ${wasAnswered ? 'acknowledged' : 'cut'}`)
    // Without an answer it is the one or the other; what was served first is enrolled in a step of its own.
    const enrolled = { ...before, champion: serving }
    const after = act === 'canary' ? { champion: serving, canary: other } : { champion: other, canary: undefined }
    if (act === 'backtest') allowed = [before]
    else allowed = wasAnswered ? [after] : [before, enrolled, after]
    assertSound(data)
    traffic.assertKept(data)
  }
  const service = await ServiceProcess.start(bundles[0], data)
  const { roles } = await rolesOf(service)
  assert.ok(includes(allowed, roles), JSON.stringify(roles))
  for (const state of await assertKnown(service, backtests)) count(`backtests ${state}`)
  await service.stop()
  t.diagnostic(`${rounds} kills, seed ${seed}: ${JSON.stringify(counts)}`)
})

const canaryRole = { role: 'canary', share: 0.3, by: 'card' }

function includes(allowed: readonly Roles[], { champion, canary }: Roles): boolean {
  return allowed.some((each) => each.champion === champion && each.canary === canary)
}

/** Every backtest that was acknowledged is there; one that has ended stays so, and only a whole one has figures. */
async function assertKnown(service: ServiceProcess, backtests: Map<string, string | undefined>): Promise<string[]> {
  const { jobs }: { readonly jobs: readonly Job[] } = JSON.parse((await service.ask('GET', '/v1/jobs')).text)
  for (const [id, ended] of backtests) {
    const job = jobs.find((each) => each.id === id) ?? assert.fail(`the backtest ${id} is gone`)
    if (ended !== undefined) assert.equal(job.state, ended)
    const { figures } = JSON.parse((await service.ask('GET', `/v1/backtests/${id}`)).text)
    // It may end between the two questions.
    if (job.state === 'done') assert.ok(figures.all.transactions > 0)
    else if (job.state !== 'running') assert.equal(figures, undefined)
    if (!['queued', 'running'].includes(job.state)) backtests.set(id, job.state)
    assert.notEqual(job.state, 'failed', JSON.stringify(job))
  }
  return [...backtests.values()].map(String)
}

/** Starts a backtest; whether that was acknowledged. */
async function backtest(service: ServiceProcess, backtests: Map<string, string | undefined>): Promise<boolean> {
  const rule = { id: 'large', when: 'amount > 50.0', then: 'review' }
  const { status, text } = await service.ask('POST', '/v1/backtests', { rule })
  assert.ok(status === 202 || status === 0, text)
  if (status === 202) backtests.set(JSON.parse(text).id, undefined)
  return status === 202
}

async function rolesOf(service: ServiceProcess): Promise<{ readonly roles: Roles; readonly serving: string }> {
  let { status, text } = await service.ask('GET', '/v1/models')
  // On a busy machine a service that has just begun may be overloaded.
  for (let tries = 0; status === 503 && tries < 50; tries++) {
    await sleep(100)
    ;({ status, text } = await service.ask('GET', '/v1/models'))
  }
  assert.equal(status, 200, text)
  const { serving, models }: { readonly serving: string; readonly models: readonly Model[] } = JSON.parse(text)
  const of = (role: string) => models.find((model) => model.role === role)?.id
  return { serving, roles: { champion: of('champion'), canary: of('canary') } }
}

/** Adds a bundle and gives it a role; whether that was acknowledged. */
async function deploy(service: ServiceProcess, path: string, id: string, role: object): Promise<boolean> {
  const response = await fetch(new URL('/v1/models', service.url), {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.from(await readBundleBytes(path)),
  }).catch(() => undefined)
  if (response?.status !== 200) return false
  const { status, text } = await service.ask('POST', `/v1/models/${id}/deploy`, role)
  assert.ok(status === 200 || status === 0 || status === 503, text)
  return status === 200
}
