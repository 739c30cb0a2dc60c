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

test(`serves what was acknowledged through ${rounds} times kill -9 while models are deployed`, async (t) => {
  const random = createRandom(seed)
  const traffic = new Traffic(purchases(rounds * 600), seed)
  const ids = await Promise.all(bundles.map(async (path) => (await readBundle(path)).id))
  const counts = { acknowledged: 0, cut: 0 }
  let champion: string | undefined
  for (let round = 0; round < rounds; round++) {
    const service = await ServiceProcess.start(bundles[0], data)
    const listed = await listOf(service)
    const [serving] = listed.models.filter(({ role }) => role === 'champion')
    assert.equal(listed.serving, serving?.id ?? ids[0], 'what decides is who the log says')
    if (champion !== undefined) assert.equal(serving?.id, champion, 'what was acknowledged is in force')
    const load = traffic.send(service, 8)
    await sleep(200)
    const wanted = ids[(ids.indexOf(listed.serving) + 1) % ids.length]
    const deploying = deploy(service, bundles[ids.indexOf(wanted)], wanted)
    await Promise.race([deploying, sleep(random.uniform() * 2000)])
    await service.kill()
    await load
    const wasAnswered = await deploying
    // Without an answer it is the one or the other.
    champion = wasAnswered ? wanted : undefined
    counts[wasAnswered ? 'acknowledged' : 'cut'] += 1
    assertSound(data)
    traffic.assertKept(data)
  }
  const service = await ServiceProcess.start(bundles[0], data)
  const { serving, models } = await listOf(service)
  if (champion !== undefined) assert.equal(serving, champion)
  assert.ok(models.every(({ id }) => ids.includes(id)))
  await service.stop()
  t.diagnostic(`${rounds} kills, seed ${seed}: ${JSON.stringify(counts)}`)
})

async function listOf(service: ServiceProcess): Promise<{ serving: string; models: readonly Model[] }> {
  return JSON.parse((await service.ask('GET', '/v1/models')).text)
}

/** Adds a bundle and makes it champion; whether that was acknowledged. */
async function deploy(service: ServiceProcess, path: string, id: string): Promise<boolean> {
  const response = await fetch(new URL('/v1/models', service.url), {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.from(await readBundleBytes(path)),
  }).catch(() => undefined)
  if (response?.status !== 200) return false
  const { status, text } = await service.ask('POST', `/v1/models/${id}/deploy`, { role: 'champion' })
  assert.ok(status === 200 || status === 0 || status === 503, text)
  return status === 200
}
