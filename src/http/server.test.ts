import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { answerFor, buildTestService, logistic } from '../../test/service/fixture.ts'
import { serveable } from '../scoring/served-model.ts'

const json = { 'content-type': 'application/json' }
const ndjson = { 'content-type': 'application/x-ndjson' }

describe('POST /predict', () => {
  test('answers exactly the prediction, with and without a slash at the end', async () => {
    const { app } = await buildTestService()
    for (const url of ['/predict/', '/predict']) {
      const answer = await app.inject({ method: 'POST', url, headers: json, body: '{"V1":1.5,"Amount":100}' })
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
      assert.equal(answer.body, answerFor(1.5, 100))
    }
  })

  test('says 1 where the model says fraud', async () => {
    const { app } = await buildTestService()
    const answer = await app.inject({ method: 'POST', url: '/predict', headers: json, body: '{"v1":0,"amount":900}' })
    assert.equal(answer.json().fraud_prediction, 1)
    assert.equal(answer.body, answerFor(0, 900))
  })

  test('lists every bad field as a problem', async () => {
    const { app } = await buildTestService()
    const answer = await app.inject({ method: 'POST', url: '/predict', headers: json, body: '{"Amount":"12"}' })
    assert.equal(answer.statusCode, 422)
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
    assert.deepEqual(answer.json(), {
      type: 'urn:shrike:error:INPUT_INVALID',
      title: 'Unprocessable Entity',
      status: 422,
      detail: '2 fields are not what the model needs',
      code: 'INPUT_INVALID',
      errors: [
        { field: 'V1', reason: 'is missing' },
        { field: 'Amount', reason: 'is text, where a number is required' },
      ],
    })
  })

  test('shows nothing of a bug in the model but that there was one', async () => {
    let isBroken = false
    const sound = logistic()
    const predict = (row: Float64Array) => {
      if (isBroken) throw new Error('secret internals')
      return sound.predict(row)
    }
    const { app, log } = await buildTestService({}, { ...sound, predict })
    isBroken = true
    const answer = await app.inject({ method: 'POST', url: '/predict', headers: json, body: '{"V1":1,"Amount":1}' })
    assert.equal(answer.statusCode, 500)
    assert.equal(answer.json().code, 'INTERNAL')
    assert.doesNotMatch(answer.body, /secret/)
    assert.equal(log.lines.filter((line) => line.startsWith('error') && line.includes('secret internals')).length, 1)
  })

  test('treats a probability that is none as a bug, never as a score', async () => {
    let probability = 0.5
    const predictor = { ...logistic(), predict: () => ({ isFraud: false, probability }) }
    const { app } = await buildTestService({}, predictor)
    for (probability of [Number.NaN, -0.1, 1.1]) {
      const answer = await app.inject({ method: 'POST', url: '/predict', headers: json, body: '{"V1":1,"Amount":1}' })
      assert.equal(answer.statusCode, 500)
    }
  })

  test('writes neither payloads nor keys to the log', async () => {
    const key = 'a-key-that-nobody-may-see'
    const { app, log } = await buildTestService({ apiKeys: [key] })
    const headers = { ...json, authorization: `Bearer ${key}` }
    for (const body of ['{"V1":31337.25,"Amount":1}', '{"V1":"31337.25"}', '{"V1":31337.25']) {
      for (const url of ['/predict', '/predict?note=31337.25']) await app.inject({ method: 'POST', url, headers, body })
    }
    assert(log.lines.length >= 3)
    assert.doesNotMatch(log.lines.join('\n'), /31337|nobody/)
  })
})

describe('a swapped model', () => {
  test('answers from the next request on, with its own inputs, in the document too', async () => {
    const { app, lineup } = await buildTestService()
    lineup.put({ model: serveable(logistic('next@ba9876543210', ['V1', 'V2', 'Amount'])) })
    const old = await app.inject({ method: 'POST', url: '/predict', headers: json, body: '{"V1":1,"Amount":1}' })
    assert.deepEqual(old.json().errors, [{ field: 'V2', reason: 'is missing' }])
    const answer = await app.inject({
      method: 'POST',
      url: '/predict',
      headers: json,
      body: '{"V1":1,"V2":2,"Amount":1}',
    })
    assert.equal(answer.statusCode, 200)
    const { components, info } = (await app.inject('/openapi.json')).json()
    assert.deepEqual(components.schemas.Input.required, ['V1', 'V2', 'Amount'])
    assert.match(info.description, /next@ba9876543210/)
    assert.match((await app.inject('/')).body, /next@ba9876543210/)
    assert.equal((await app.inject('/readyz')).json().model, 'next@ba9876543210')
  })
})

describe('POST /predict/batch', () => {
  const bad = (index: number, code: string, detail: string, errors: object[] = []) => ({
    error: { code, detail, errors },
    index,
  })

  test('answers an array item by item, in order, a bad one by its error', async () => {
    const { app } = await buildTestService()
    const body = '[{"V1":1,"Amount":2},{"V1":1},{"V1":1,"V1":2,"Amount":2,"t":"a:b"},{"v1":3,"Amount":4}]'
    const answer = await app.inject({ method: 'POST', url: '/predict/batch', headers: json, body })
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(answer.json(), [
      JSON.parse(answerFor(1, 2)),
      bad(1, 'INPUT_INVALID', '1 field is not what the model needs', [{ field: 'Amount', reason: 'is missing' }]),
      bad(2, 'INPUT_INVALID', '1 field is not what the model needs', [
        { field: 'V1', reason: 'is given more than once' },
      ]),
      JSON.parse(answerFor(3, 4)),
    ])
  })

  test('answers an empty array with one', async () => {
    const { app } = await buildTestService()
    const answer = await app.inject({ method: 'POST', url: '/predict/batch', headers: json, body: ' [] ' })
    assert.equal(answer.body, '[]')
  })

  test('answers thousands, all of them', async () => {
    const { app } = await buildTestService()
    const items = Array.from({ length: 5000 }, (_, index) => ({ V1: index / 1000, Amount: index }))
    const answer = await app.inject({
      method: 'POST',
      url: '/predict/batch',
      headers: json,
      body: JSON.stringify(items),
    })
    assert.equal(answer.body, `[${items.map(({ V1, Amount }) => answerFor(V1, Amount)).join(',')}]`)
  })

  test('refuses what is no array, and one with too many items', async () => {
    const { app } = await buildTestService({ limits: { batchItems: 2 } })
    const post = (body: string) => app.inject({ method: 'POST', url: '/predict/batch', headers: json, body })
    assert.equal((await post('{"V1":1,"Amount":1}')).json().code, 'INPUT_INVALID')
    assert.equal((await post('[1')).json().code, 'BODY_INVALID')
    assert.equal((await post('[1,2,3]')).json().code, 'BODY_TOO_LARGE')
    assert.equal((await post('')).json().code, 'BODY_INVALID')
  })

  test('answers NDJSON a line for a line', async () => {
    const { app } = await buildTestService({ limits: { lineBytes: 40 } })
    const lines = ['{"V1":1,"Amount":2}', '', '[]', `{"note":"${'x'.repeat(60)}"}`, '{"V1":1,\r', '{"V1":3,"Amount":4}']
    const answer = await app.inject({
      method: 'POST',
      url: '/predict/batch',
      headers: ndjson,
      body: lines.join('\n'),
    })
    assert.equal(answer.headers['content-type'], 'application/x-ndjson; charset=utf-8')
    assert.deepEqual(
      answer.body.split('\n').map((line) => (line === '' ? '' : JSON.parse(line))),
      [
        JSON.parse(answerFor(1, 2)),
        bad(1, 'BODY_INVALID', 'The line is empty'),
        bad(2, 'INPUT_INVALID', '1 field is not what the model needs', [
          { field: '(body)', reason: 'is an array, where an object is required' },
        ]),
        bad(3, 'BODY_TOO_LARGE', 'The line is over 40 bytes'),
        bad(4, 'BODY_INVALID', 'The line is not valid JSON'),
        JSON.parse(answerFor(3, 4)),
        '',
      ],
    )
  })
})

describe('routes', () => {
  test('that there are none of are 404, and other methods 405 with those there are', async () => {
    const { app } = await buildTestService()
    assert.equal((await app.inject('/nothing')).json().code, 'ROUTE_NOT_FOUND')
    const wrong = await app.inject({ method: 'PUT', url: '/predict/?x=1', headers: json, body: '{}' })
    assert.equal(wrong.statusCode, 405)
    assert.equal(wrong.headers.allow, 'POST, OPTIONS')
    const options = await app.inject({ method: 'OPTIONS', url: '/healthz' })
    assert.equal(options.statusCode, 204)
    assert.equal(options.headers.allow, 'GET, HEAD, OPTIONS')
  })

  test('of decisions say, where a service only predicts, what is missing and which command gets it', async () => {
    const { app } = await buildTestService()
    for (const url of ['/v1/decisions', '/v1/decisions/t-1?x=1', '/v1/labels', '/v1/search']) {
      const answer = await app.inject({ method: 'POST', url, headers: json, body: '{}' })
      assert.equal(answer.json().code, 'ROUTE_NOT_FOUND')
      assert.match(answer.json().detail, /only predicts.*transaction\.id.*`shrike init FILE`.*`npm start -- FILE`/)
    }
    assert.equal((await app.inject('/v1/decisionsx')).json().detail, 'There is nothing at this path')
  })

  test('ask for a key where there are any, but for the probes', async () => {
    const key = 'a-key-of-sixteen-characters'
    const { app } = await buildTestService({ apiKeys: [key] })
    for (const url of ['/', '/docs', '/docs/static/swagger-ui.css', '/metrics', '/openapi.json', '/nothing']) {
      const answer = await app.inject(url)
      assert.equal(answer.statusCode, 401, url)
      assert.equal(answer.headers['www-authenticate'], 'Bearer realm="shrike"')
      assert.equal(answer.json().code, 'UNAUTHORIZED')
    }
    assert.equal((await app.inject({ method: 'POST', url: '/predict', headers: json, body: '{' })).statusCode, 401)
    const authorization = `Bearer ${key}`
    assert.equal((await app.inject({ url: '/metrics', headers: { authorization } })).statusCode, 200)
    assert.equal((await app.inject('/healthz')).statusCode, 200)
    assert.equal((await app.inject('/readyz')).statusCode, 200)
  })

  test('show the report where there is one, and 404 once its file is gone', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'shrike-report-'))
    t.after(() => rm(folder, { recursive: true }))
    const reportPath = join(folder, 'report.html')
    const { app } = await buildTestService({ reportPath })
    assert.equal((await app.inject('/report')).statusCode, 404)
    await writeFile(reportPath, '<!doctype html><title>Report</title>')
    const answer = await app.inject('/report')
    assert.equal(answer.body, '<!doctype html><title>Report</title>')
    assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/)
    assert.match((await app.inject('/')).body, /href="\/report"/)
    const { app: without } = await buildTestService()
    assert.doesNotMatch((await without.inject('/')).body, /report/)
  })

  test('print no host that a client made up into the page', async () => {
    const { app } = await buildTestService()
    const home = async (host: string) => (await app.inject({ url: '/', headers: { host } })).body
    assert.match(await home('fraud.example:8000'), /curl -s http:\/\/fraud\.example:8000\/predict\//)
    assert.match(await home('[::1]:8000'), /http:\/\/\[::1\]:8000\//)
    assert.match(await home('<script>alert(1)</script>'), /http:\/\/localhost\/predict\//)
    assert.doesNotMatch(await home('<script>alert(1)</script>'), /alert\(1\)/)
  })

  test('refuse predictions when the loop lags, with a time to come back, and nothing else', async (t) => {
    // The clock is held still between samples, so that each comes 500 ms late.
    let nowMs = 0
    t.mock.method(performance, 'now', () => nowMs)
    t.mock.timers.enable({ apis: ['setInterval'] })
    const { app } = await buildTestService({ limits: { eventLoopLagMs: 100 } })
    for (let sample = 0; sample < 3; sample += 1) {
      nowMs += 550
      t.mock.timers.tick(50)
    }
    for (const url of ['/predict', '/predict/', '/predict/batch']) {
      const answer = await app.inject({ method: 'POST', url, headers: json, body: '{"V1":1,"Amount":1}' })
      assert.equal(answer.statusCode, 503)
      assert.equal(answer.headers['retry-after'], '1')
      assert.equal(answer.json().code, 'OVERLOADED')
    }
    assert.equal((await app.inject('/healthz')).statusCode, 200)
    assert.equal((await app.inject('/metrics')).statusCode, 200)
  })
})
