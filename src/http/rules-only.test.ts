import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  openTestDecisions,
} from '../../test/service/decisions-fixture.ts'
import { buildTestService } from '../../test/service/fixture.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import { modelIdOf } from '../deciding/lineup.ts'
import { createMetrics } from './metrics.ts'
import { warmUp } from './warm-up.ts'

const open = closedAfterEach()
const alone = createDetectorInForce(cardsDetector(), undefined)

async function start() {
  const running = await openTestDecisions({ inForce: alone })
  open.push(running)
  await running.service.resume()
  const { service } = running
  const metrics = createMetrics(() => modelIdOf(service.lineup))
  const { app } = await buildTestService({ decisions: service, lineup: service.lineup, metrics })
  const post = (url: string, payload: object, type = 'application/json') =>
    app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload: JSON.stringify(payload) })
  return { ...running, app, post, metrics }
}

describe('a service without a model', () => {
  test('refuses predictions of every kind, and makes them once there is a model', async () => {
    const { post, service } = await start()
    const asked = [
      () => post('/predict/', { amount: 1 }),
      () => post('/predict', { amount: 1 }),
      () => post('/predict/batch', [{ amount: 1 }]),
      () => post('/predict/batch', { amount: 1 }, 'application/x-ndjson'),
    ]
    for (const ask of asked) {
      const answer = await ask()
      assert.deepEqual([answer.statusCode, answer.json().code], [409, 'MODEL_MISSING'])
    }
    const amounts = { ...amountPredictor(), inputs: ['amount'], example: { amount: 1 } }
    await service.use(createDetectorInForce(cardsDetector(), amounts))
    for (const ask of asked) assert.equal((await ask()).statusCode, 200)
  })

  test('says so where it tells of itself', async () => {
    const { app, metrics, service } = await start()
    assert.deepEqual((await app.inject('/readyz')).json(), { status: 'ready', model: null })
    const home = (await app.inject('/')).body
    assert.match(home, /No model: rules and lists alone decide/)
    assert.match(home, /Every transaction is approved: there is no model/)
    assert.match(home, /v1\/decisions/)
    assert.match((await app.inject('/report')).json().detail, /^There is no model to report on/)
    assert.match(await metrics.registry.metrics(), /shrike_model_info\{model="none"\} 1/)
    await service.change({ kind: 'list', list: { name: 'bad', of: 'card', effect: 'block' } }, { by: 'ann', why: '' })
    assert.doesNotMatch((await app.inject('/')).body, /Every transaction is approved/)
  })

  test('describes what it answers', async () => {
    const { app, post } = await start()
    const document = (await app.inject('/openapi.json')).json()
    assert.deepEqual((await new Validator().validate(document)).errors ?? [], [])
    assert.match(document.info.description, /^Serving no model/)
    const { example } = document.paths['/v1/decisions'].post.requestBody.content['application/json']
    const answer = await post('/v1/decisions', example)
    const { score, model, outcome, reasons } = answer.json()
    assert.deepEqual({ score, model, outcome, reasons }, { score: null, model: null, outcome: 'approve', reasons: [] })
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema(document, 'api')
    for (const [schema, url] of [
      ['Decision', undefined],
      ['DecisionDetail', `/v1/decisions/${answer.json().transactionId}`],
    ] as const) {
      const validate = ajv.compile({ $ref: `api#/components/schemas/${schema}` })
      const value = url === undefined ? answer.json() : (await app.inject(url)).json()
      assert(validate(value), JSON.stringify(validate.errors))
    }
    const explained = await app.inject(`/v1/decisions/${answer.json().transactionId}?explain=true`)
    assert.deepEqual([explained.statusCode, explained.json().code], [409, 'EXPLANATION_UNAVAILABLE'])
  })
})

test('the path is warmed up without a model, too', async () => {
  let answered = 0
  const count = () => {
    answered += 1
  }
  subscribe('http.server.response.finish', count)
  try {
    // No time passes: on a busy machine it would end before.
    await warmUp(alone, {
      hashCardNumber: (digits) => digits,
      cardKeyCheck: undefined,
      clock: () => Date.UTC(2026, 0, 1),
    })
  } finally {
    unsubscribe('http.server.response.finish', count)
  }
  assert.ok(answered > 100, `${answered} answers`)
})
