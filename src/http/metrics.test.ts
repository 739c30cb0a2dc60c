import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTestDecisions } from '../../test/service/decisions-fixture.ts'
import { buildTestService } from '../../test/service/fixture.ts'
import { requireModel } from '../deciding/lineup.ts'
import { jobKinds } from '../jobs/request.ts'
import { createJobMetrics } from './job-metrics.ts'
import { createStreamMetrics } from './stream-metrics.ts'

const json = { 'content-type': 'application/json' }

describe('metrics', () => {
  test('are all in the reference, and the reference has no other', async () => {
    // The registry of a service that decides: those of any service, and those of decisions, jobs and streams.
    const running = await openTestDecisions()
    createJobMetrics(running.metrics.registry, Date.now)
    createStreamMetrics(running.metrics.registry, { counts: [], lags: () => [], waitsFor: undefined })
    try {
      const reference = readFileSync('docs/reference/metrics.md', 'utf8')
      const explained = [...reference.matchAll(/^\| `(shrike_\w+)`/gm)].map((match) => match[1])
      const counted = running.metrics.registry.getMetricsAsArray().map(({ name }) => name)
      assert.deepEqual(explained.sort(), counted.sort())
      for (const kind of jobKinds) assert.match(reference, new RegExp(`^- .kind. is .*.${kind}.[^;]*; .state. is`, 'm'))
    } finally {
      await running.close()
    }
  })

  test('count requests by route and status, predictions by outcome, and scores', async () => {
    const { app, metrics } = await buildTestService()
    const post = (url: string, body: string) => app.inject({ method: 'POST', url, headers: json, body })
    await post('/predict/', '{"V1":1,"Amount":1}')
    await post('/predict/', '{"V1":1,"Amount":1000}')
    await post('/predict', '{"V1":1}')
    await post('/predict/batch', '[{"V1":1,"Amount":1},{}]')
    await app.inject('/secret/path/of/4111111111111111?x=1')
    await app.inject('/docs/static/swagger-ui.css')
    metrics.countReload('refused')
    const text = (await app.inject('/metrics')).body
    for (const line of [
      'shrike_http_requests_total{route="/predict/",status="200"} 2',
      'shrike_http_requests_total{route="/predict",status="422"} 1',
      'shrike_http_requests_total{route="/predict/batch",status="200"} 1',
      'shrike_http_requests_total{route="(unknown)",status="404"} 1',
      'shrike_http_requests_total{route="/docs/*",status="200"} 1',
      'shrike_http_request_duration_seconds_count{route="/predict/"} 2',
      'shrike_predictions_total{outcome="fraud"} 1',
      'shrike_predictions_total{outcome="legitimate"} 2',
      'shrike_prediction_score_bucket{le="0.5"} 2',
      'shrike_prediction_score_count 3',
      'shrike_model_info{model="logistic@0123456789ab"} 1',
      'shrike_bundle_reloads_total{result="ok"} 0',
      'shrike_bundle_reloads_total{result="refused"} 1',
    ]) {
      assert(text.split('\n').includes(line), line)
    }
    assert.doesNotMatch(text, /4111/)
  })

  test('name the model that is served now, and only that', async () => {
    const { app, lineup } = await buildTestService()
    lineup.put({ model: { ...requireModel(lineup), modelId: 'next@ba9876543210' } })
    const text = (await app.inject('/metrics')).body
    assert.match(text, /^shrike_model_info\{model="next@ba9876543210"\} 1$/m)
    assert.doesNotMatch(text, /logistic@/)
  })
})

test('the text of metrics is written once a second, however often it is asked for', async () => {
  let count = 0
  const renderMetrics = async () => {
    count += 1
    if (count === 1) throw new Error('the first fails')
    return `text ${count}\n`
  }
  const { app } = await buildTestService({ renderMetrics })
  const ask = async () => (await app.inject('/metrics')).body
  assert.match(await ask(), /INTERNAL/)
  assert.deepEqual(await Promise.all([ask(), ask(), ask()]), Array(3).fill('text 2\n'))
  await sleep(1010)
  assert.deepEqual(await Promise.all([ask(), ask()]), Array(2).fill('text 3\n'))
})
