import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { cardsDetector, openTestDecisions, startMs, type TestDecisions } from '../../test/service/decisions-fixture.ts'
import { buildTestService } from '../../test/service/fixture.ts'
import { amountBundle } from '../../test/service/model-fixture.ts'
import { createKeyRing, digestKey } from '../access/keys.ts'
import { roles } from '../access/roles.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import { decodeBundle } from '../models/bundle.ts'
import { createPredictor } from '../scoring/load-predictor.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { openModelFiles } from '../stores/model-files.ts'
import { modelRoutes } from './route-list.ts'

const open: TestDecisions[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

const detector = cardsDetector({ policy: { review: 0.5, decline: 0.9, deadlineMs: 60_000 } })
const [first, second] = [100, 20].map((limit) => amountBundle(detector, limit))
const bytes = { 'content-type': 'application/octet-stream' }

async function start({ isGuarded = false } = {}) {
  const { predictor, ...bundle } = {
    ...decodeBundle(first.bytes),
    predictor: createPredictor(decodeBundle(first.bytes)),
  }
  const running = await openTestDecisions({
    inForce: createDetectorInForce(bundle.detector, predictor),
    registry: (path, reading) => ({
      reading,
      bundles: openModelFiles(dataDirectory(path)),
      readServed: async () => first.bytes,
    }),
  })
  open.push(running)
  await running.service.resume()
  const { service, metrics } = running
  const createdAt = '2026-11-22T09:00:00.000Z'
  const stored = roles.map((name) => ({ name, roles: [name], sha256: digestKey(`${name}-key`), createdAt }))
  const ring = createKeyRing([], isGuarded ? stored : undefined)
  const { lineup, deployer } = service
  const { app } = await buildTestService({ decisions: service, lineup, deployer, metrics, keyRing: () => ring })
  const add = (body: Uint8Array, query = '', headers: object = bytes) =>
    app.inject({ method: 'POST', url: `/v1/models${query}`, headers: { ...headers }, body: Buffer.from(body) })
  const post = (url: string, body: unknown, headers: object = {}) =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  const get = async (url: string) => (await app.inject(url)).json()
  return { app, add, post, get, service }
}

describe('models over HTTP', () => {
  test('are added, rehearsed, deployed, told, gone back from and removed', async () => {
    const { app, add, post, get, service } = await start()
    assert.deepEqual(await get('/v1/models'), { version: 0, serving: first.id, models: [], cursor: null })
    const added = await add(second.bytes, `?why=more+months&parent=${first.id}`)
    assert.deepEqual(added.json(), { id: second.id, isNew: true }, added.body)
    assert.deepEqual((await add(second.bytes)).json(), { id: second.id, isNew: false })
    const { why, parent, addedBy, role } = await get(`/v1/models/${second.id}`)
    assert.deepEqual([why, parent, addedBy, role], ['more months', first.id, 'anyone', null])
    const path = `/v1/models/${encodeURIComponent(second.id)}/deploy`
    const rehearsal = (await post(path, { role: 'champion', dryRun: true })).json()
    assert.deepEqual([rehearsal.problems, rehearsal.role], [[], 'champion'])
    assert.equal((await get('/v1/models')).version, 0)
    const deployed = await post(path, { role: 'champion', why: 'better' }, { 'if-match': '"0"' })
    assert.equal(deployed.statusCode, 200, deployed.body)
    assert.deepEqual([deployed.json().state, deployed.headers.etag], ['idle', `"${deployed.json().version}"`])
    // `/predict` and decisions at the same instant.
    const row = Object.fromEntries(service.lineup.champion.model?.inputs.map((name) => [name, 50]) ?? [])
    assert.equal((await post('/predict', row)).json().probability, 0.95)
    const decision = await post('/v1/decisions', { ID: 't-1', TIME: startMs, AMOUNT: 50, CARD: 'c', SHOP: 's' })
    assert.equal(decision.json().model, second.id)
    const { versions } = await get('/v1/models/versions')
    assert.deepEqual(
      versions.map(({ change }: { change: object }) => change),
      [
        { kind: 'champion', model: second.id },
        { kind: 'champion', model: first.id },
      ],
    )
    assert.equal((await get('/v1/models/versions?limit=1')).cursor, versions[0].version)
    const champions = await get('/v1/models?role=champion')
    assert.deepEqual(
      champions.models.map(({ id }: { id: string }) => id),
      [second.id],
    )
    const back = await app.inject({ method: 'POST', url: '/v1/models/rollback' })
    assert.equal(back.json().id, first.id, back.body)
    const remove = (query: string) => app.inject({ method: 'DELETE', url: `/v1/models/${second.id}${query}` })
    assert.equal((await remove('')).json().code, 'MODEL_IN_USE')
    assert.equal((await remove('?forget=true')).statusCode, 200)
    assert.equal((await app.inject(`/v1/models/${second.id}`)).json().code, 'MODEL_UNKNOWN')
  })

  test('are refused with a reason, and nothing is changed', async () => {
    const { add, post, get } = await start()
    assert.equal((await add(second.bytes.subarray(0, 900))).json().code, 'BUNDLE_INVALID')
    assert.equal((await add(second.bytes, '', { 'content-type': 'text/csv' })).json().code, 'MEDIA_TYPE_UNSUPPORTED')
    assert.equal((await add(second.bytes, '?parent=x')).json().code, 'INPUT_INVALID')
    await add(second.bytes)
    const path = `/v1/models/${second.id}/deploy`
    for (const [body, field] of [
      [{ role: 'boss' }, 'role'],
      [{}, 'role'],
      [{ role: 'champion', share: 0.5 }, '(body)'],
      [{ role: 'champion', dryRun: 'yes' }, 'dryRun'],
      [{ role: 'champion', why: 7 }, 'why'],
    ] as const) {
      const refused = await post(path, body)
      assert.deepEqual([refused.statusCode, refused.json().errors[0]?.field], [422, field], refused.body)
    }
    assert.equal((await post(path, { role: 'champion' }, { 'if-match': '7' })).statusCode, 412)
    assert.equal((await get('/v1/models')).version, 0)
  })

  test('are for those with the role that each route names', async () => {
    const { app } = await start({ isGuarded: true })
    for (const { method, path, role } of modelRoutes) {
      const url = path.replace('{id}', first.id)
      for (const held of roles) {
        const { statusCode } = await app.inject({ method, url, headers: { authorization: `Bearer ${held}-key` } })
        const mayRead = role === 'viewer' && ['analyst', 'author', 'approver'].includes(held)
        const isAllowed = held === role || held === 'admin' || mayRead
        assert.equal(statusCode === 403, !isAllowed, `${method} ${path} with ${held}: ${statusCode}`)
      }
    }
  })

  test('are answered as the document says', async () => {
    const { add, post, get } = await start()
    await add(second.bytes)
    const document = await get('/openapi.json')
    const check = (path: string, method: string, answer: unknown) => {
      const { schema } = document.paths[path][method].responses[200].content['application/json']
      const isValid = new Ajv2020({ strict: false, allErrors: true }).compile(schema)
      assert.ok(isValid(answer), `${method} ${path}: ${JSON.stringify(isValid.errors)}`)
    }
    const deploy = `/v1/models/${second.id}/deploy`
    check('/v1/models/{id}/deploy', 'post', (await post(deploy, { role: 'champion', dryRun: true })).json())
    check('/v1/models/{id}/deploy', 'post', (await post(deploy, { role: 'champion' })).json())
    check('/v1/models', 'get', await get('/v1/models'))
    check('/v1/models/{id}', 'get', await get(`/v1/models/${second.id}`))
    check('/v1/models/versions', 'get', await get('/v1/models/versions'))
    check('/v1/models/rollback', 'post', (await post('/v1/models/rollback', {})).json())
  })
})
