import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  dayMs,
  openTestDecisions,
  startMs,
  type TestDecisions,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import { buildTestService } from '../../test/service/fixture.ts'
import { createKeyRing, digestKey } from '../access/keys.ts'
import { type Role, roles } from '../access/roles.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import type { Detector } from '../detector/detector.ts'
import { compileDetector } from '../features/feature-set.ts'
import { createAverage } from '../models/average.ts'
import type { LearnedModel } from '../models/learned-model.ts'
import { createLinearModel } from '../models/linear.ts'
import { createTreeEnsemble } from '../models/trees/tree-ensemble.ts'
import { createNodes } from '../models/trees/tree-nodes.ts'
import { createPredictor } from '../scoring/load-predictor.ts'
import type { ServerOptions } from './server.ts'

const json = { 'content-type': 'application/json' }
const ndjson = { 'content-type': 'application/x-ndjson' }

const open = closedAfterEach()

async function start(options: TestDecisionsOptions & { server?: Partial<ServerOptions>; isResumed?: boolean } = {}) {
  const { server, isResumed = true, ...rest } = options
  const running = await openTestDecisions(rest)
  open.push(running)
  if (isResumed) await running.service.resume()
  return { ...running, ...(await serve(running, server)) }
}

async function serve({ service, metrics }: TestDecisions, server: Partial<ServerOptions> = {}) {
  const { app, log } = await buildTestService({ decisions: service, metrics, ...server })
  const post = (url: string, body: unknown, headers: object = json) =>
    app.inject({
      method: 'POST',
      url,
      headers: { ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  return { app, post, httpLog: log }
}

function predictorOf(detector: Detector, model: LearnedModel) {
  const rest = {
    calibration: { method: 'none' },
    threshold: { value: 0.5, inclusive: true, chosenBy: '' },
  } as const
  const example = Object.fromEntries(model.features.map((name) => [name, 1]))
  const empty = { preset: '', learner: '', options: {}, seed: 0, metrics: {}, example }
  const training = {
    fingerprint: '',
    rows: 0,
    frauds: 0,
    calibrationRows: 0,
    split: { by: 'elsewhere' },
    refit: false,
  } as const
  return createPredictor({ detector, model, id: 'tried@1', ...rest, ...empty, training })
}

const purchase = (more: object = {}) => ({ ID: 't-1', TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's', ...more })
const problem = (status: number, code: string, title: string, detail: string, errors: object[] = []) => ({
  ...{ type: `urn:shrike:error:${code}`, title, status, detail, code, errors },
})

describe('POST /v1/decisions', () => {
  test('answers a transaction with its decision, and the same again as a duplicate', async () => {
    const { post } = await start()
    const first = await post('/v1/decisions', purchase({ AMOUNT: 950 }))
    assert.equal(first.statusCode, 200)
    assert.equal(first.headers['content-type'], 'application/json; charset=utf-8')
    assert.deepEqual(first.json(), {
      ...{ transactionId: 't-1', outcome: 'decline', score: 0.95 },
      reasons: [{ code: 'score_over_decline', text: 'Score 0.95 is over the decline threshold 0.90' }],
      ...{ rules: [], model: 'amounts@0123456789ab', policy: 1, decidedAt: '2026-11-22T09:00:00.000Z' },
      ...{ duplicate: false, degraded: ['history-short'] },
    })
    const again = await post('/v1/decisions', purchase({ AMOUNT: 950 }))
    assert.deepEqual(again.json(), { ...first.json(), duplicate: true })
  })

  test('says which features spoke for fraud, where it is not approved, and says so again after a change of model', async () => {
    const detector = cardsDetector({ reasons: { amount: 'An amount of {value}' } })
    const features = compileDetector(detector).names
    const inputs = { mean: new Float64Array(features.length), scale: new Float64Array(features.length).fill(1) }
    const weights = Float64Array.from(features, (name) => (name === 'amount' ? 0.01 : name.includes('count') ? 0.5 : 0))
    const model = createLinearModel(features, inputs, weights, -6)
    const predictor = predictorOf(detector, model)
    const { post, app, service } = await start({ inForce: createDetectorInForce(detector, predictor) })
    const approved = (await post('/v1/decisions', purchase())).json()
    assert.deepEqual([approved.outcome, approved.reasons, approved.contributionScale], ['approve', [], undefined])
    const asked = (await post('/v1/decisions?explain=true', purchase({ ID: 't-1b', CARD: 'c-9' }))).json()
    assert.equal(asked.outcome, 'approve')
    assert.deepEqual(
      asked.reasons.map((reason: { code: string }) => reason.code),
      ['card_count_1h', 'card_count_1d', 'amount'],
    )
    const explained = (await app.inject('/v1/decisions/t-1b?explain=true')).json()
    assert.deepEqual(explained.reasons, asked.reasons)
    const { base, output, contributions } = explained.explanation
    assert.deepEqual([base, Object.keys(contributions)], [-6, features])
    assert.ok(Math.abs(1 / (1 + Math.exp(-output)) - asked.score) < 1e-12)
    assert.equal((await app.inject('/v1/decisions/t-1b?explain=yes')).statusCode, 422)
    const suspicious = purchase({ ID: 't-2', AMOUNT: 600 })
    const { reasons, contributionScale, score } = (await post('/v1/decisions', suspicious)).json()
    const [over, ...parts] = reasons
    assert.deepEqual([over.code, contributionScale], ['score_over_review', 'log-odds'])
    assert.deepEqual(parts, [
      { code: 'amount', text: 'An amount of 600.00', contribution: 6 },
      { code: 'card_count_1h', text: '2 payments of this card within 1 hour', contribution: 1 },
      { code: 'card_count_1d', text: '2 payments of this card within 1 day', contribution: 1 },
    ])
    assert.ok(Math.abs(1 / (1 + Math.exp(-(-6 + 6 + 1 + 1))) - score) < 1e-12)
    await service.use(createDetectorInForce(detector, amountPredictor()))
    const again = (await post('/v1/decisions', suspicious)).json()
    assert.deepEqual([again.duplicate, again.reasons, again.contributionScale], [true, reasons, 'log-odds'])
    assert.deepEqual((await app.inject('/v1/decisions/t-2')).json().reasons, reasons)
    const tooLate = await app.inject('/v1/decisions/t-2?explain=true')
    assert.deepEqual([tooLate.statusCode, tooLate.json().code], [409, 'EXPLANATION_UNAVAILABLE'])
    const silent = (await post('/v1/decisions', purchase({ ID: 't-3', AMOUNT: 600 }))).json()
    assert.equal(silent.reasons.length, 1)
  })

  test('tells of an average in probability, and of less depth as what speaks for fraud', async () => {
    const detector = cardsDetector()
    const features = compileDetector(detector).names
    const inputs = { mean: new Float64Array(features.length), scale: new Float64Array(features.length).fill(1) }
    const weights = Float64Array.from(features, (name) => (name === 'amount' ? 0.01 : 0))
    const linear = createLinearModel(features, inputs, weights, -3)
    const amount = features.indexOf('amount')
    const nodes = {
      ...createNodes(1, 3),
      feature: Int32Array.of(amount, -1, -1),
      threshold: Float64Array.of(500, 0, 0),
      left: Int32Array.of(1, 0, 0),
      value: Float64Array.of(0, 3, 1),
      cover: Float64Array.of(100, 90, 10),
    }
    const isolation = createTreeEnsemble(features, nodes, { kind: 'isolation', usualDepth: 2 })
    const average = createAverage<LearnedModel>(features, [linear, isolation], Float64Array.of(0.75, 0.25))
    const suspicious = purchase({ AMOUNT: 800 })
    const answerOf = async (model: LearnedModel) => {
      const { post, app } = await start({ inForce: createDetectorInForce(detector, predictorOf(detector, model)) })
      const { reasons, contributionScale, score } = (await post('/v1/decisions?explain=true', suspicious)).json()
      const { explanation } = (await app.inject('/v1/decisions/t-1?explain=true')).json()
      return { reason: reasons.at(-1), contributionScale, score, explanation }
    }
    const unusual = await answerOf(isolation)
    assert.deepEqual([unusual.contributionScale, unusual.reason.code], ['depth', 'amount'])
    assert.ok(Math.abs(unusual.reason.contribution + 1.8) < 1e-12, String(unusual.reason.contribution))
    const { reason, contributionScale, score, explanation } = await answerOf(average)
    assert.deepEqual([contributionScale, explanation.scale, reason.code], ['probability', 'probability', 'amount'])
    const expected = 0.75 / (1 + Math.exp(-5)) + 0.25 * 2 ** -0.5
    assert.ok(Math.abs(score - expected) < 1e-9 && Math.abs(explanation.output - expected) < 1e-9)
    const base = 0.75 / (1 + Math.exp(3)) + 0.25 * 2 ** -1.4
    assert.ok(Math.abs(explanation.base - base) < 1e-12)
    assert.ok(Math.abs(reason.contribution - (expected - base)) < 1e-9)
  })

  test('answers other content under a known id with a conflict that names what differs', async () => {
    const { post } = await start()
    await post('/v1/decisions', purchase())
    const answer = await post('/v1/decisions', purchase({ SHOP: 'other' }))
    assert.deepEqual(
      answer.json(),
      problem(
        409,
        'TRANSACTION_CONFLICT',
        'Conflict',
        'A transaction with this id was already received with different content',
        [{ field: 'SHOP', reason: 'differs from what was sent first' }],
      ),
    )
    assert.equal(answer.statusCode, 409)
  })

  test('lists every bad field as a problem, repeated names among them', async () => {
    const { post, log } = await start()
    const answer = await post('/v1/decisions', '{"ID":"t","ID":"t","TIME":"now","AMOUNT":1.005,"X":1,"X":2}')
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
    assert.deepEqual(
      answer.json(),
      problem(422, 'INPUT_INVALID', 'Unprocessable Entity', '3 fields are not what the detector needs', [
        { field: 'ID', reason: 'is given more than once' },
        { field: 'TIME', reason: 'is text, where a number is required' },
        { field: 'AMOUNT', reason: 'has more than 2 decimals' },
      ]),
    )
    assert.equal(log.reading.lastSequence(), 1)
  })

  test('refuses a card number without a trace of it, in the answer or in the log', async () => {
    const { post, httpLog, say: logger } = await start()
    const answer = await post('/v1/decisions', purchase({ NOTE: 'paid by 4111 1111 1111 1111' }))
    assert.deepEqual([answer.statusCode, answer.json().code], [422, 'CARD_NUMBER_REFUSED'])
    assert.doesNotMatch([answer.body, ...httpLog.lines, ...logger.lines].join('\n'), /4111/)
  })

  test('says what is wrong with a time, a body, a type and a method', async () => {
    const { post, app } = await start({ server: { limits: { bodyBytes: 200 } } })
    const code = async (answer: ReturnType<typeof post>) => {
      const { statusCode, json: read } = await answer
      return [statusCode, read().code]
    }
    assert.deepEqual(await code(post('/v1/decisions', purchase({ TIME: startMs + dayMs }))), [
      422,
      'TRANSACTION_IN_FUTURE',
    ])
    await post('/v1/decisions', purchase())
    const old = purchase({ ID: 't-2', TIME: startMs - 8 * dayMs })
    assert.deepEqual(await code(post('/v1/decisions', old)), [422, 'TRANSACTION_TOO_OLD'])
    assert.deepEqual(await code(post('/v1/decisions', '[]')), [422, 'INPUT_INVALID'])
    assert.deepEqual(await code(post('/v1/decisions', '{')), [400, 'BODY_INVALID'])
    assert.deepEqual(await code(post('/v1/decisions', '')), [400, 'BODY_INVALID'])
    assert.deepEqual(await code(post('/v1/decisions', purchase({ NOTE: 'x'.repeat(200) }))), [413, 'BODY_TOO_LARGE'])
    assert.deepEqual(await code(post('/v1/decisions', purchase(), {})), [415, 'MEDIA_TYPE_UNSUPPORTED'])
    assert.deepEqual(await code(post('/v1/decisions', purchase(), ndjson)), [415, 'MEDIA_TYPE_UNSUPPORTED'])
    const put = await app.inject({ method: 'PUT', url: '/v1/decisions', headers: json, body: '{}' })
    assert.deepEqual([put.statusCode, put.json().code], [405, 'METHOD_NOT_ALLOWED'])
  })

  test('refuses with 503 and Retry-After while nothing can be decided, and readiness says so', async () => {
    const { post, app, service } = await start({ isResumed: false })
    for (const answer of [
      await post('/v1/decisions', purchase()),
      await post('/v1/labels', { transactionId: 't-1', isFraud: true }),
      await app.inject('/readyz'),
    ]) {
      assert.deepEqual([answer.statusCode, answer.headers['retry-after']], [503, '1'])
      assert.match(answer.json().code, /^(LOG_UNAVAILABLE|NOT_READY)$/)
    }
    await service.resume()
    assert.equal((await app.inject('/readyz')).statusCode, 200)
    assert.equal((await post('/v1/decisions', purchase())).statusCode, 200)
  })

  test('refuses with 503 and Retry-After where too many wait for the disk', async () => {
    const { post } = await start({ maxPending: 2 })
    const answers = await Promise.all([1, 2, 3, 4, 5].map((i) => post('/v1/decisions', purchase({ ID: `t-${i}` }))))
    const refused = answers.filter(({ statusCode }) => statusCode !== 200)
    assert.ok(refused.length > 0 && refused.length < 5)
    for (const { statusCode, headers, json: read } of refused) {
      assert.deepEqual([statusCode, headers['retry-after'], read().code], [503, '1', 'OVERLOADED'])
    }
  })

  test('is not there where nothing is decided', async () => {
    const { app } = await buildTestService()
    for (const url of ['/v1/decisions', '/v1/decisions/batch', '/v1/labels', '/v1/erasures']) {
      assert.equal((await app.inject({ method: 'POST', url, headers: json, body: '{}' })).statusCode, 404)
    }
  })
})

describe('POST /v1/decisions/batch', () => {
  test('answers an array item by item, in order, a bad one by its error', async () => {
    const { post, log } = await start()
    const items = [purchase(), purchase({ ID: 't-2' }), purchase({ AMOUNT: 1 }), 7, purchase({ ID: 't-3' }), purchase()]
    const body = `${JSON.stringify(items).slice(0, -1)},{"ID":"t-4","ID":"t-5","TIME":${startMs},"AMOUNT":1}]`
    const answer = await post('/v1/decisions/batch', body)
    assert.equal(answer.statusCode, 200)
    const results: Record<string, unknown>[] = answer.json()
    assert.deepEqual(
      results.map(({ transactionId, duplicate, index }) => transactionId ?? [index, duplicate]),
      ['t-1', 't-2', [2, undefined], [3, undefined], 't-3', 't-1', [6, undefined]],
    )
    assert.equal(results[5].duplicate, true)
    assert.deepEqual(results[2].error, {
      code: 'TRANSACTION_CONFLICT',
      detail: 'A transaction with this id was already received with different content',
      errors: [{ field: 'AMOUNT', reason: 'differs from what was sent first' }],
    })
    assert.deepEqual(results[6].error, {
      code: 'INPUT_INVALID',
      detail: '1 field is not what the detector needs',
      errors: [{ field: 'ID', reason: 'is given more than once' }],
    })
    const record = log.reading.find('t-3')
    assert.deepEqual(record?.kind === 'decision' && [...record.row.slice(1, 4)], [3, 3, 30])
  })

  test('answers thousands, and each sees those before it', async () => {
    const { post, log } = await start()
    const items = Array.from({ length: 2000 }, (_, i) => purchase({ ID: `t-${i}`, TIME: startMs + i }))
    const results: { transactionId: string }[] = (await post('/v1/decisions/batch', items)).json()
    assert.deepEqual(
      results.map(({ transactionId }) => transactionId),
      items.map(({ ID }) => ID),
    )
    const last = log.reading.find('t-1999')
    assert.equal(last?.kind === 'decision' && last.row[1], 2000)
  })

  test('answers NDJSON a line for a line, with errors in their places', async () => {
    const { post } = await start({ server: { limits: { lineBytes: 200 } } })
    const lines = [
      ...[JSON.stringify(purchase()), '', '{', '[]', JSON.stringify(purchase({ NOTE: 'x'.repeat(200) }))],
      ...[JSON.stringify(purchase({ ID: 't-2' })), JSON.stringify(purchase())],
    ]
    const answer = await post('/v1/decisions/batch', `${lines.join('\n')}\n`, ndjson)
    assert.equal(answer.headers['content-type'], 'application/x-ndjson; charset=utf-8')
    const results = answer.body.trim().split('\n')
    assert.deepEqual(
      results.map((line) => {
        const { transactionId, error, index, duplicate } = JSON.parse(line)
        return transactionId === undefined ? `${index} ${error.code}` : `${transactionId} ${duplicate}`
      }),
      [
        ...['t-1 false', '1 BODY_INVALID', '2 BODY_INVALID', '3 INPUT_INVALID', '4 BODY_TOO_LARGE'],
        ...['t-2 false', 't-1 true'],
      ],
    )
  })

  test('refuses what is no array, one that is too long, and other types', async () => {
    const { post } = await start({ server: { limits: { batchItems: 2 } } })
    const code = async (body: string, headers: object = json) =>
      (await post('/v1/decisions/batch', body, headers)).json().code
    assert.equal(await code('{}'), 'INPUT_INVALID')
    assert.equal(await code('[1,2,3]'), 'BODY_TOO_LARGE')
    assert.equal(await code('[1'), 'BODY_INVALID')
    assert.equal(await code('[]', { 'content-type': 'text/csv' }), 'MEDIA_TYPE_UNSUPPORTED')
    assert.equal((await post('/v1/decisions/batch', '[]')).body, '[]')
  })
})

describe('POST /v1/labels', () => {
  test('takes one label, or many in order', async () => {
    const { post } = await start()
    await post('/v1/decisions', purchase())
    const one = await post('/v1/labels', { transactionId: 't-1', isFraud: true, source: 'chargeback' })
    const answer = { transactionId: 't-1', isFraud: true, knownAt: '2026-11-22T09:00:00.000Z', source: 'chargeback' }
    assert.deepEqual([one.statusCode, one.json()], [200, { ...answer, pending: false, duplicate: false }])
    const many = await post('/v1/labels', [
      { transactionId: 't-1', isFraud: true },
      { transactionId: 't-9', isFraud: false, knownAt: '2026-11-22T08:00:00Z' },
    ])
    assert.deepEqual(many.json(), [
      { ...answer, pending: false, duplicate: true },
      {
        ...{ transactionId: 't-9', isFraud: false, knownAt: '2026-11-22T08:00:00.000Z', source: null },
        ...{ pending: true, duplicate: false },
      },
    ])
    assert.deepEqual((await post('/v1/labels', [])).json(), [])
  })

  test('puts the labels of a request on disk together', async () => {
    const { post, metrics } = await start()
    const commits = async () =>
      Number(/^shrike_log_commit_duration_seconds_count (\d+)$/m.exec(await metrics.registry.metrics())?.[1])
    const before = await commits()
    const labels = Array.from({ length: 50 }, (_, i) => ({ transactionId: `t-${i}`, isFraud: false }))
    assert.equal((await post('/v1/labels', labels)).json().length, 50)
    assert.equal((await commits()) - before, 1)
  })

  test('takes all of an array or nothing', async () => {
    const { post, log } = await start({ server: { limits: { batchItems: 3 } } })
    const good = { transactionId: 't-1', isFraud: true }
    const answer = await post('/v1/labels', [good, { ...good, isFraud: 'yes' }, { isFraud: true }])
    assert.deepEqual([answer.statusCode, answer.json().code], [422, 'INPUT_INVALID'])
    assert.deepEqual(answer.json().errors, [
      { field: '[1].isFraud', reason: 'is text, where true or false is required', id: 't-1' },
      { field: '[2].transactionId', reason: 'is missing' },
    ])
    assert.equal((await post('/v1/labels', [good, good, good, good])).json().code, 'BODY_TOO_LARGE')
    assert.deepEqual([log.reading.lastSequence(), log.pending], [1, 0])
  })

  test('refuses a field that is given twice, in one label and in any of many', async () => {
    const { post, log } = await start()
    const twice = '{"transactionId":"t-1","isFraud":true,"isFraud":false}'
    for (const [body, field] of [
      [twice, 'isFraud'],
      [`[{"transactionId":"t-2","isFraud":true},${twice}]`, '[1].isFraud'],
    ]) {
      const answer = await post('/v1/labels', body)
      assert.deepEqual(
        [answer.statusCode, answer.json().errors],
        [422, [{ field, reason: 'is given more than once', id: 't-1' }]],
      )
    }
    assert.equal(log.reading.lastSequence(), 1)
  })

  test('refuses what is no JSON', async () => {
    const { post } = await start()
    assert.equal((await post('/v1/labels', 'x')).statusCode, 400)
    assert.equal((await post('/v1/labels', '{}', { 'content-type': 'text/plain' })).statusCode, 415)
  })
})

describe('GET /v1/decisions/{id}', () => {
  test('tells all that is known of a decision', async () => {
    const { post, app } = await start()
    const decision = (await post('/v1/decisions', purchase({ NOTE: 'free' }))).json()
    await post('/v1/labels', { transactionId: 't-1', isFraud: true })
    await post('/v1/labels', { transactionId: 't-1', isFraud: false, source: 'analyst' })
    const answer = await app.inject('/v1/decisions/t-1')
    const knownAt = '2026-11-22T09:00:00.000Z'
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.deepEqual(answer.json(), {
      ...decision,
      transaction: { ID: 't-1', TIME: knownAt, AMOUNT: 10, CARD: 'c', SHOP: 's', NOTE: 'free' },
      features: {
        ...{ amount: 10, card_count_1h: 1, card_count_1d: 1, card_amount_sum_1d: 10, card_fraud_count_7d: 0 },
        shop_time_since_last_6d: null,
      },
      labels: [
        { isFraud: true, knownAt, source: null, by: 'anyone', counts: false },
        { isFraud: false, knownAt, source: 'analyst', by: 'anyone', counts: true },
      ],
    })
  })

  test('finds ids of any characters, as long as they may be', async () => {
    const { post, app } = await start()
    for (const ID of ['a/b?c#d', ':id', 'x'.repeat(128), '€'.repeat(128), ' ', '%41', 'batch']) {
      await post('/v1/decisions', purchase({ ID }))
      const answer = await app.inject(`/v1/decisions/${encodeURIComponent(ID)}`)
      assert.deepEqual([answer.statusCode, answer.json().transactionId], [200, ID])
    }
  })

  test('refuses U+0000 in ids and keys, and describes that', async () => {
    const { post, app } = await start()
    const answers = [
      await post('/v1/decisions', purchase({ ID: 'a\0b' })),
      await post('/v1/decisions', purchase({ CARD: 'a\0b' })),
      await post('/v1/labels', { transactionId: 'a\0b', isFraud: true }),
      await post('/v1/search', { key: 'card', value: 'a\0b' }),
    ]
    for (const answer of answers) {
      assert.deepEqual([answer.statusCode, answer.json().code], [422, 'INPUT_INVALID'])
      assert.equal(answer.json().errors[0].reason, 'holds the character U+0000')
    }
    const { Transaction, Label } = (await app.inject('/openapi.json')).json().components.schemas
    for (const schema of [Transaction.properties.ID.anyOf[0], Transaction.properties.CARD, Label.properties.source])
      assert.deepEqual([new RegExp(schema.pattern).test('a\0b'), new RegExp(schema.pattern).test('a b')], [false, true])
  })

  test('names the id of an item that is refused, where it can be read and is not a card number', async () => {
    const { post } = await start()
    const bad = ['a', 7, '4111111111111111', '', 'n\0', undefined].map((ID) => ({
      ...purchase({ ID, AMOUNT: 'x' }),
      V1: 'x',
    }))
    const ids = ['a', '7', undefined, undefined, undefined, undefined]
    const lines = [...bad.map((each) => JSON.stringify(each)), '{"ID": "cut'].join('\n')
    for (const url of ['/v1/decisions/batch', '/predict/batch']) {
      const items: { id?: string; index: number }[] = (await post(url, bad)).json()
      assert.deepEqual(
        items.map(({ id }) => id),
        ids,
        url,
      )
      const streamed = (await post(url, lines, ndjson)).body.trim().split('\n')
      assert.deepEqual(
        streamed.map((line) => JSON.parse(line).id),
        [...ids, undefined],
        url,
      )
      assert.doesNotMatch(streamed.join(), /4111/)
    }
  })

  test('knows no id that was only brought in, or never came', async () => {
    const { app, service } = await start()
    await service.bringIn(purchase({ ID: 'old' }), true)
    for (const id of ['old', 'none']) {
      const answer = await app.inject(`/v1/decisions/${id}`)
      assert.deepEqual([answer.statusCode, answer.json().code], [404, 'TRANSACTION_UNKNOWN'])
    }
  })

  test('does not call a person erased whom records of before the key was personal hold in plain text', async () => {
    const { post, service } = await start({
      inForce: createDetectorInForce(cardsDetector(), amountPredictor()),
      acceptLostHistories: true,
    })
    await post('/v1/decisions', purchase({ CARD: 'Ada' }))
    await service.use(createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor()))
    const answer = await post('/v1/erasures', { key: 'card', value: 'Ada' })
    assert.deepEqual([answer.statusCode, answer.json().code], [409, 'ERASURE_INCOMPLETE'])
    assert.match(
      answer.json().detail,
      /but 1 record still holds the value in plain text, from before card was personal/,
    )
  })

  test('shows a person by name until the person is erased, and to the log only a token', async () => {
    const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor())
    const { post, app, log } = await start({ inForce })
    await post('/v1/decisions', purchase({ CARD: 'Ada' }))
    assert.equal(log.reading.find('t-1')?.fields.includes('tok_1'), true)
    const shown = async () => (await app.inject('/v1/decisions/t-1')).json().transaction.CARD
    assert.equal(await shown(), 'Ada')
    const found = async () => (await post('/v1/search', { key: 'card', value: 'Ada' })).json()
    assert.deepEqual([(await found()).token, (await found()).decisions.length], ['tok_1', 1])
    assert.equal((await app.inject('/v1/decisions?key=card:tok_1')).json().decisions[0].transaction.CARD, 'Ada')
    assert.deepEqual((await post('/v1/erasures', { key: 'card', value: 'Ada' })).json(), {
      erased: true,
      token: 'tok_1',
    })
    assert.equal(await shown(), null)
    assert.deepEqual(await found(), { key: 'card', token: null, degraded: [], decisions: [], cursor: null })
    assert.deepEqual((await post('/v1/erasures', { key: 'card', value: 'Ada' })).json(), { erased: false, token: null })
    // The same transaction again is another one now, and what is refused leaves nothing behind.
    assert.equal((await post('/v1/decisions', purchase({ CARD: 'Ada' }))).statusCode, 409)
    assert.equal((await post('/v1/decisions', purchase({ ID: 't-2', CARD: 'Ada', TIME: 4e12 }))).statusCode, 422)
    assert.equal(log.persons.tokenOf('card', 'Ada'), undefined)
    for (const body of [{ key: 'shop', value: 's' }, { key: 'card' }, [], '{"key":"card","value":"a","value":"b"}']) {
      assert.equal((await post('/v1/erasures', body)).statusCode, 422)
    }
  })
})

describe('GET /v1/decisions', () => {
  interface Shown {
    readonly transactionId: string
    readonly outcome: string
    readonly score: number
    readonly transaction: Readonly<Record<string, string | number>>
  }
  const count = 300
  let running: TestDecisions
  let app: Awaited<ReturnType<typeof serve>>['app']
  let all: readonly Shown[]
  const page = async (query: string) => {
    const answer = await app.inject(`/v1/decisions?${query}`)
    assert.equal(answer.statusCode, 200, answer.body)
    assert.equal(answer.headers['cache-control'], 'no-store')
    const read: { decisions: Shown[]; cursor: string | null } = answer.json()
    return read
  }
  /** Every decision that a query finds, page after page. */
  const walk = async (query: string, limit: number) => {
    const found: Shown[] = []
    let cursor: string | null = null
    do {
      const next: Awaited<ReturnType<typeof page>> = await page(
        `${query}&limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`,
      )
      assert.ok(next.decisions.length <= limit)
      found.push(...next.decisions)
      cursor = next.cursor
    } while (cursor !== null)
    return found
  }

  before(async () => {
    const features = [...cardsDetector().features, 'CHANNEL']
    const detector = cardsDetector({ features }, { keys: { card: 'CARD', shop: 'SHOP', channel: 'CHANNEL' } })
    running = await openTestDecisions({ inForce: createDetectorInForce(detector, amountPredictor()) })
    await running.service.resume()
    running.clock.nowMs = startMs + 10 * dayMs
    const made = await serve(running)
    app = made.app
    const items = Array.from({ length: count }, (_, i) => ({
      ...purchase({ ID: `t-${i}`, TIME: startMs + ((i * 37) % count) * 1000, AMOUNT: (i * 7919) % 1000 }),
      ...{ CARD: `c-${i % 5}`, SHOP: i % 4 === 0 ? 'c-1' : `s-${i % 11}`, CHANNEL: i % 250 },
    }))
    await made.post('/v1/decisions/batch', items)
    await made.post('/v1/labels', { transactionId: 't-1', isFraud: true })
    await running.service.bringIn(purchase({ ID: 'history', TIME: startMs, CHANNEL: 1 }), true)
    all = (await page('limit=500')).decisions
  })
  after(() => running.close())

  test('shows the newest first, each with its transaction, and histories and labels not', () => {
    assert.equal(all.length, count)
    all.forEach(({ transactionId }, i) => void assert.equal(transactionId, `t-${count - 1 - i}`))
    const { transaction, ...decision } = all[0]
    assert.deepEqual(Object.keys(transaction), ['ID', 'TIME', 'AMOUNT', 'CARD', 'SHOP', 'CHANNEL', 'NOTE'])
    assert.deepEqual(
      Object.keys(decision),
      'transactionId outcome score reasons rules model policy decidedAt duplicate degraded'.split(' '),
    )
  })

  test('shows 50 by default, and where the next page begins', async () => {
    const first = await page('')
    assert.deepEqual(first.decisions, all.slice(0, 50))
    assert.deepEqual((await page(`cursor=${first.cursor}`)).decisions, all.slice(50, 100))
  })

  const iso = (seconds: number) => new Date(startMs + seconds * 1000).toISOString()
  const timeOf = ({ transaction }: Shown) => (Date.parse(String(transaction.TIME)) - startMs) / 1000
  const queries: readonly (readonly [string, (shown: Shown) => boolean])[] = [
    ['', () => true],
    ['outcome=approve', ({ outcome }) => outcome === 'approve'],
    ['outcome=review', ({ outcome }) => outcome === 'review'],
    ['outcome=decline', ({ outcome }) => outcome === 'decline'],
    ['outcome=challenge', () => false],
    [`from=${iso(100)}`, (shown) => timeOf(shown) >= 100],
    [`to=${iso(100)}`, (shown) => timeOf(shown) <= 100],
    [`from=${iso(50)}&to=${iso(51)}`, (shown) => timeOf(shown) >= 50 && timeOf(shown) <= 51],
    [`from=${iso(51)}&to=${iso(50)}`, () => false],
    [`from=${iso(0).slice(0, 10)}&to=${iso(0).slice(0, 10)}`, () => true],
    [`to=${iso(-86_400).slice(0, 10)}`, () => false],
    ['minScore=0.5', ({ score }) => score >= 0.5],
    ['minScore=1', ({ score }) => score >= 1],
    ['minScore=0', () => true],
    ['key=card:c-1', ({ transaction }) => transaction.CARD === 'c-1'],
    ['key=shop:c-1', ({ transaction }) => transaction.SHOP === 'c-1'],
    ['key=shop:s-1', ({ transaction }) => transaction.SHOP === 's-1'],
    ['key=card:c-', () => false],
    ['key=channel:7', ({ transaction }) => transaction.CHANNEL === 7],
    ['key=channel:249', ({ transaction }) => transaction.CHANNEL === 249],
    [
      `outcome=review&key=card:c-2&minScore=0.7&from=${iso(10)}`,
      (shown) =>
        shown.outcome === 'review' && shown.transaction.CARD === 'c-2' && shown.score >= 0.7 && timeOf(shown) >= 10,
    ],
  ]
  for (const [query, wanted] of queries) {
    test(`finds what is wanted, all of it and once: ${query.replace(/2026[^&]*/g, '…') || 'everything'}`, async () => {
      const expected = all.filter(wanted)
      for (const limit of [1, 7, 500])
        if (limit > 1 || expected.length < 40) assert.deepEqual(await walk(query, limit), expected)
    })
  }

  test('goes on where it was, whatever is decided meanwhile', async () => {
    const first = await page('limit=10')
    await running.service.decide(purchase({ ID: 'new', TIME: startMs + 400_000 }), undefined, () => 0)
    assert.deepEqual((await page(`limit=10&cursor=${first.cursor}`)).decisions, all.slice(10, 20))
  })

  test('lists every parameter that is wrong', async () => {
    const answer = await app.inject(
      '/v1/decisions?outcome=ok&from=now&to=&minScore=2&limit=501&cursor=x&key=card&outcom=1&limit2=1',
    )
    assert.equal(answer.statusCode, 422)
    const { errors }: { errors: { field: string; reason: string }[] } = answer.json()
    assert.deepEqual(Object.fromEntries(errors.map(({ field, reason }) => [field, reason])), {
      outcome: 'is one of approve, challenge, review, decline',
      from: 'is not an ISO 8601 time',
      to: 'is empty, not text or a number, or given more than once',
      minScore: 'is a number from 0 to 1',
      limit: 'is a whole number from 1 to 500',
      cursor: 'is not a value that this service returned',
      key: 'must be NAME:VALUE, with one of the names card, shop, channel',
      outcom: 'did you mean outcome?',
      limit2: 'did you mean limit?',
    })
    for (const query of [
      'limit=0',
      'limit=1.5',
      'key=cards:c',
      'key=:c',
      'minScore=',
      'minScore=0x1',
      'minScore=%20',
      'limit=1&limit=2',
      'from=2026-02-30',
    ]) {
      assert.equal((await app.inject(`/v1/decisions?${query}`)).statusCode, 422, query)
    }
  })
})

describe('POST /v1/search', () => {
  const hashed = createDetectorInForce(cardsDetector({}, { hashCardNumber: ['CARD'] }), amountPredictor())
  const visa = '4111 1111 1111 1111'

  test('finds a card by its number, however it is written, and keeps the number out of answers and log', async () => {
    const { post, app, httpLog } = await start({ inForce: hashed })
    for (const [i, CARD] of [visa, '4111-1111-1111-1111', 'c-2', visa].entries()) {
      assert.equal((await post('/v1/decisions', purchase({ ID: `t-${i}`, TIME: startMs + i, CARD }))).statusCode, 200)
    }
    const answer = await post('/v1/search', { key: 'card', value: '4111111111111111', limit: 2 })
    assert.equal(answer.statusCode, 200)
    const page = answer.json()
    const ids = ({ decisions }: { decisions: { transactionId: string }[] }) =>
      decisions.map((each) => each.transactionId)
    assert.deepEqual([page.key, page.token, ids(page)], ['card', 'pan_16', ['t-3', 't-1']])
    const rest = (await post('/v1/search', { key: 'card', value: visa, limit: 2, cursor: page.cursor })).json()
    assert.deepEqual([ids(rest), rest.cursor], [['t-0'], null])
    const byHash = await app.inject(`/v1/decisions?key=card:${page.token}`)
    assert.deepEqual(ids(byHash.json()), ['t-3', 't-1', 't-0'])
    assert.deepEqual(ids((await post('/v1/search', { key: 'card', value: 'c-2' })).json()), ['t-2'])
    assert.doesNotMatch(answer.body + httpLog.lines.join(), /4111/)
  })

  test('refuses what would name a card or a person in a URL, says what to do, and does not repeat it', async () => {
    const { app } = await start({ inForce: hashed })
    const person = await start({
      inForce: createDetectorInForce(cardsDetector({}, { personal: ['shop'] }), amountPredictor()),
    })
    for (const answer of [
      await app.inject('/v1/decisions?key=card:4111111111111111'),
      await app.inject('/v1/decisions?key=shop:4111-1111-1111-1111'),
      await person.app.inject('/v1/decisions?key=shop:Ada%20Byron'),
    ]) {
      assert.deepEqual([answer.statusCode, answer.json().code], [422, 'INPUT_INVALID'])
      assert.match(answer.json().errors[0].reason, /POST \/v1\/search/)
      assert.doesNotMatch(answer.body, /4111|Ada/)
    }
  })

  test('says that a key made personal leaves the records before unsearched, and only of that key', async () => {
    const plain = createDetectorInForce(cardsDetector(), amountPredictor())
    const { post, service, clock } = await start({ inForce: plain, acceptLostHistories: true })
    const found = async (key: string, value: string) => {
      const { token, degraded, decisions } = (await post('/v1/search', { key, value })).json()
      return { token, degraded, ids: decisions.map((each: { transactionId: string }) => each.transactionId) }
    }
    await post('/v1/decisions', purchase({ CARD: 'Ada', SHOP: 's' }))
    assert.deepEqual(await found('card', 'Ada'), { token: 'Ada', degraded: [], ids: ['t-1'] })
    await service.use(
      createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor('later@0123456789ab')),
    )
    clock.nowMs += 1
    await post('/v1/decisions', purchase({ ID: 't-2', TIME: startMs + 1, CARD: 'Ada', SHOP: 's' }))
    const degraded = ['plain-records-unsearched']
    assert.deepEqual(await found('card', 'Ada'), { token: 'tok_1', degraded, ids: ['t-2'] })
    assert.deepEqual(await found('card', 'Grace'), { token: null, degraded, ids: [] })
    assert.deepEqual(await found('shop', 's'), { token: 's', degraded: [], ids: ['t-2', 't-1'] })
  })

  test('finds a transaction by its exact id', async () => {
    const { post, app } = await start()
    await post('/v1/decisions', purchase({ ID: 'order/1' }))
    const { decisions, ...rest } = (await post('/v1/search', { text: 'order/1' })).json()
    assert.deepEqual(rest, { key: null, token: null, degraded: [], cursor: null })
    assert.deepEqual(decisions, (await app.inject('/v1/decisions')).json().decisions)
    assert.deepEqual((await post('/v1/search', { text: 'order' })).json().decisions, [])
  })

  test('takes the filters of pages, and whole numbers for values', async () => {
    const { post } = await start()
    await post('/v1/decisions', purchase({ ID: 't-1', AMOUNT: 950, CARD: 17 }))
    await post('/v1/decisions', purchase({ ID: 't-2', AMOUNT: 10, CARD: 17 }))
    const found = async (more: object) =>
      (await post('/v1/search', { key: 'card', value: 17, ...more })).json().decisions
    assert.equal((await found({})).length, 2)
    assert.equal((await found({ outcome: 'decline' })).length, 1)
    assert.equal((await found({ minScore: 0.5, from: '2026-11-22T00:00:00Z' })).length, 1)
    assert.equal((await found({ to: '2026-11-21' })).length, 0)
  })

  test('lists every field that is wrong', async () => {
    const { post } = await start()
    const refused = async (body: unknown) => {
      const answer = await post('/v1/search', body)
      assert.equal(answer.statusCode, 422)
      return answer.json().errors.map(({ field }: { field: string }) => field)
    }
    assert.deepEqual(await refused({ key: 'cards', value: '', limt: 1, outcome: 'no' }), [
      'limt',
      'key',
      'value',
      'outcome',
    ])
    assert.deepEqual(await refused({ key: 'card', value: true }), ['value'])
    assert.deepEqual(await refused({ key: 'card', value: 1.5 }), ['value'])
    assert.deepEqual(await refused({ key: 'card', value: visa }), ['value'])
    assert.deepEqual(await refused({ text: 't', key: 'card' }), ['key'])
    assert.deepEqual(await refused({ text: 7 }), ['text'])
    assert.deepEqual(await refused([]), ['(body)'])
    assert.deepEqual(await refused('{"key":"card","key":"shop","value":"x"}'), ['key'])
  })
})

describe('keys with roles', () => {
  const keyOf = (role: Role) => `${role}-key-0123456789`
  const stored = roles.map((role) => ({
    ...{ name: role, sha256: digestKey(keyOf(role)), createdAt: '2026-11-22T09:00:00.000Z' },
    roles: [role],
  }))
  const readers: readonly Role[] = ['viewer', 'analyst', 'author', 'approver', 'admin']
  const calls: readonly (readonly [string, string, unknown, readonly Role[]])[] = [
    ['POST', '/v1/decisions', purchase(), ['score', 'admin']],
    ['POST', '/v1/decisions/batch', [], ['score', 'admin']],
    ['POST', '/v1/search', { text: 't-1' }, ['analyst', 'admin']],
    ['POST', '/predict', { V1: 1, Amount: 1 }, ['score', 'admin']],
    ['POST', '/v1/labels', [], ['label', 'admin']],
    ['POST', '/v1/erasures', { key: 'card', value: 'c' }, ['admin']],
    ['GET', '/v1/decisions', undefined, readers],
    ['GET', '/v1/decisions/t-1', undefined, readers],
    ['HEAD', '/v1/decisions', undefined, readers],
    ['GET', '/metrics', undefined, roles],
  ]
  const ring = createKeyRing([], stored)

  test('open what their role is for, and nothing else, however a path is written', async () => {
    const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor())
    const { app } = await start({ inForce, server: { keyRing: () => ring } })
    for (const [method, url, body, allowed] of calls) {
      // `v`, `p` and `m` as they may be written as well.
      const disguised = url.replace(/^\/([vpm])/, (_, letter: string) => `/%${letter.charCodeAt(0).toString(16)}`)
      for (const path of [url, disguised, `${url}?a=b`]) {
        const ask = (key?: string) =>
          app.inject({
            method: method as 'GET',
            url: path,
            headers: { ...json, ...(key && { authorization: `Bearer ${key}` }) },
            ...(body !== undefined && { body: JSON.stringify(body) }),
          })
        for (const role of roles) {
          const { statusCode } = await ask(keyOf(role))
          const isOpen = statusCode !== 401 && statusCode !== 403 && statusCode !== 404
          assert.equal(isOpen, allowed.includes(role), `${method} ${path} with ${role}: ${statusCode}`)
        }
        const without = await ask()
        assert.deepEqual([without.statusCode, without.headers['www-authenticate']], [401, 'Bearer realm="shrike"'])
        assert.equal((await ask('another-key-0123456789')).statusCode, 401)
      }
    }
  })

  test('that lack a role are told which', async () => {
    const { app } = await start({ server: { keyRing: () => ring } })
    const headers = { authorization: `Bearer ${keyOf('score')}` }
    const answer = await app.inject({ url: '/v1/decisions', headers })
    assert.deepEqual(answer.json(), problem(403, 'FORBIDDEN', 'Forbidden', 'This key does not have the role viewer'))
  })

  test('are named by labels, one, of an array and of lines, and by the one that said it first', async () => {
    const { app, log } = await start({ server: { keyRing: () => ring } })
    const say = (role: Role, type: string, payload: string) =>
      app.inject({
        ...{ method: 'POST', url: '/v1/labels', payload },
        headers: { authorization: `Bearer ${keyOf(role)}`, 'content-type': type },
      })
    const label = (transactionId: string) => ({ transactionId, isFraud: true, knownAt: '2026-11-22T08:00:00.000Z' })
    await say('label', 'application/json', JSON.stringify(label('a')))
    await say('admin', 'application/json', JSON.stringify([label('b'), label('a')]))
    await say('label', 'application/x-ndjson', JSON.stringify(label('c')))
    await say('admin', 'text/csv', 'transactionId,isFraud,knownAt\nd,1,2026-11-22T08:00:00.000Z')
    const authors = ['a', 'b', 'c', 'd'].map((id) => log.reading.labelsOf(id).map(({ by }) => by))
    assert.deepEqual(authors, [['key:label'], ['key:admin'], ['key:label'], ['key:admin']])
  })

  test('are named by the record of an erasure', async () => {
    const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor())
    const erase = async (server: object, authorization: string) => {
      const { app, log } = await start({ inForce, server })
      const post = (url: string, body: object) =>
        app.inject({ method: 'POST', url, headers: { ...json, authorization }, body: JSON.stringify(body) })
      await post('/v1/decisions', purchase({ CARD: 'Ada' }))
      await post('/v1/erasures', { key: 'card', value: 'Ada' })
      const last = log.reading.next(0, 10_000).at(-1)
      return last?.kind === 'erasure' ? last.by : last
    }
    assert.equal(await erase({ keyRing: () => ring }, `Bearer ${keyOf('admin')}`), 'key:admin')
    assert.equal(
      await erase({ apiKeys: ['an-environment-key-1', 'an-environment-key-2'] }, 'Bearer an-environment-key-2'),
      'environment:2',
    )
    assert.equal(await erase({}, ''), 'anyone')
  })

  test('are not needed by probes', async () => {
    const { app } = await start({ server: { keyRing: () => ring } })
    for (const url of ['/healthz', '/readyz']) assert.equal((await app.inject(url)).statusCode, 200)
  })
})

describe('metrics of decisions', () => {
  test('count what was decided, degraded, labelled, repeated and put on disk', async () => {
    const { app, post, clock } = await start()
    await post('/v1/decisions', purchase())
    await post('/v1/decisions', purchase())
    await post('/v1/decisions', purchase({ ID: 't-2', AMOUNT: 600 }))
    await post('/v1/decisions', purchase({ ID: 't-3', AMOUNT: 1 / 3 }))
    clock.nowMs = startMs + 60_000
    await post('/v1/labels', { transactionId: 't-1', isFraud: true })
    await post('/v1/labels', { transactionId: 't-1', isFraud: true })
    await post('/v1/labels', { transactionId: 't-9', isFraud: false })
    await app.inject('/v1/decisions/t-1')
    const { body } = await app.inject('/metrics')
    const value = (name: string) => {
      const line = body.split('\n').find((each) => each.startsWith(`${name} `))
      return line === undefined ? undefined : Number(line.slice(name.length + 1))
    }
    const expected = {
      'shrike_decisions_total{outcome="approve"}': 1,
      'shrike_decisions_total{outcome="challenge"}': 0,
      'shrike_decisions_total{outcome="review"}': 1,
      'shrike_decisions_total{outcome="decline"}': 0,
      'shrike_decisions_degraded_total{reason="history-short"}': 2,
      shrike_duplicates_total: 1,
      'shrike_labels_total{label="fraud"}': 1,
      'shrike_labels_total{label="legitimate"}': 1,
      shrike_last_label_timestamp_seconds: startMs / 1000 + 60,
      shrike_label_lag_seconds_count: 1,
      shrike_label_lag_seconds_sum: 60,
      shrike_labels_pending: 1,
      shrike_decision_score_count: 2,
      shrike_decision_score_sum: 0.61,
      'shrike_features_missing_total{feature="shop_time_since_last_6d"}': 1,
      shrike_log_records_total: 5,
      shrike_log_queue_records: 0,
      shrike_log_bytes: 1,
      shrike_disk_free_bytes: 2,
      shrike_log_oldest_record_age_seconds: 60,
      shrike_ready: 1,
      shrike_history_coverage_seconds: 0,
      shrike_history_wanted_seconds: (7 * dayMs) / 1000,
      shrike_history_keys: 2,
      shrike_history_events: 4,
      shrike_history_dropped_keys: 0,
      'shrike_snapshots_total{result="ok"}': 0,
      'shrike_snapshots_total{result="failed"}': 0,
      'shrike_http_requests_total{route="/v1/decisions",status="200"}': 3,
      'shrike_http_requests_total{route="/v1/decisions",status="422"}': 1,
      'shrike_http_requests_total{route="/v1/decisions/:id",status="200"}': 1,
    }
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, value(name)])), expected)
    assert.ok((value('shrike_log_commit_duration_seconds_count') ?? 0) >= 3)
    assert.ok((value('shrike_history_bytes') ?? 0) > 0)
  })

  test('are all in the reference, and no other of its decisions', async () => {
    const { metrics } = await start()
    const names = metrics.registry.getMetricsAsArray().map(({ name }) => name)
    const [, section] = readFileSync('docs/reference/metrics.md', 'utf8').split('\n## Decisions\n')
    const documented = [...section.split('\n## ')[0].matchAll(/^\| `(shrike_\w+)`/gm)].map((match) => match[1])
    const ofService = /^shrike_(http|predictions|prediction|bundle|model|nodejs|process)_/
    assert.deepEqual(documented.sort(), names.filter((name) => !ofService.test(name)).sort())
  })
})

describe('a policy that approves everything', () => {
  const seen = async ({ app, metrics }: Awaited<ReturnType<typeof start>>) => {
    const home = (await app.inject('/')).body
    return [
      home.includes('The policy approves every transaction'),
      /shrike_policy_approves_everything (\d)/.exec(await metrics.registry.metrics())?.[1],
    ]
  }
  const inForceOf = (policy: Detector['policy'], highestScore = 1) =>
    createDetectorInForce(cardsDetector({ policy }), { ...amountPredictor(), highestScore })

  test('is told on the home page and in the metrics, and follows a change of model', async () => {
    const running = await start({ inForce: inForceOf({ whenUnavailable: 'decline' }) })
    assert.deepEqual(await seen(running), [true, '1'])
    assert.equal((await running.post('/v1/decisions', purchase({ AMOUNT: 1000 }))).json().outcome, 'approve')
    await running.service.use(inForceOf({ review: 0.5 }))
    assert.deepEqual(await seen(running), [false, '0'])
    await running.service.use(inForceOf({ review: 0.5 }, 0.4))
    assert.deepEqual(await seen(running), [true, '1'])
  })
})
