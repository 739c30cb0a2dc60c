import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { openTestDecisions, startMs } from '../../../test/service/decisions-fixture.ts'
import { openTestService, recordingLog } from '../../../test/service/fixture.ts'
import { OtlpExport } from './otlp-export.ts'
import { readOtlp } from './otlp-variables.ts'
import { RequestTraces } from './request-traces.ts'

interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
}

describe('traces', () => {
  const received: {
    readonly path: string | undefined
    readonly headers: IncomingHttpHeaders
    readonly spans: Span[]
  }[] = []
  let status = 200
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const [{ scopeSpans }] = JSON.parse(Buffer.concat(chunks).toString()).resourceSpans
      received.push({ path: request.url, headers: request.headers, spans: scopeSpans[0].spans })
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  })
  before(() => new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve)))
  after(() => {
    collector.closeAllConnections()
    collector.close()
  })
  const variables = () => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-token=a%20b',
  })

  async function trace(work: (url: string) => Promise<void>, ratio = 1) {
    received.length = 0
    const target = readOtlp(variables())
    assert(target !== undefined)
    const log = recordingLog()
    const exported = new OtlpExport(target, '0.1.0', log)
    const traces = new RequestTraces(exported, ratio, () => process.hrtime.bigint())
    const running = await openTestDecisions({ tracing: traces })
    await running.service.resume()
    const service = await openTestService({ decisions: running.service, traces })
    try {
      await work(`http://127.0.0.1:${service.port}`)
    } finally {
      await service.app.close()
      await exported.close()
      await running.close()
    }
    return { spans: received.flatMap((each) => each.spans), log }
  }
  const decide = async (url: string, id: string, headers: Readonly<Record<string, string>> = {}) => {
    const body = JSON.stringify({ ID: id, TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's' })
    const all = { 'content-type': 'application/json', ...headers }
    const answer = await fetch(`${url}/v1/decisions`, { method: 'POST', headers: all, body })
    assert.equal(answer.status, 200, await answer.text())
  }
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  test('go on with that of the caller, with a span of each step', async () => {
    const { spans } = await trace((url) => decide(url, 't-1', { traceparent: parent }))
    const [request, ...others] = spans.filter(({ name }) => name.startsWith('POST'))
    assert.deepEqual(others, [])
    assert.equal(request.name, 'POST /v1/decisions')
    assert.equal(request.traceId, '0af7651916cd43dd8448eb211c80319c')
    assert.equal(request.parentSpanId, 'b7ad6b7169203331')
    const steps = spans.filter(({ parentSpanId }) => parentSpanId === request.spanId)
    assert.deepEqual(
      steps.map(({ name }) => name),
      ['look up', 'step', 'commit'],
    )
    for (const [at, step] of steps.entries()) {
      assert.equal(step.traceId, request.traceId)
      assert(BigInt(step.endTimeUnixNano) >= BigInt(step.startTimeUnixNano))
      if (at > 0) assert.equal(step.startTimeUnixNano, steps[at - 1].endTimeUnixNano)
    }
    assert.equal(received[0].path, '/v1/traces')
    assert.equal(received[0].headers['x-token'], 'a b')
  })

  test('of many requests at once are not mixed up', async () => {
    const ids = Array.from({ length: 20 }, (_, at) => `t-${at}`)
    // Every other id is sent twice, and is looked up.
    const { spans } = await trace(async (url) => {
      await Promise.all(ids.map((id) => decide(url, id)))
      await Promise.all(ids.filter((_, at) => at % 2 === 0).map((id) => decide(url, id)))
    })
    const requests = spans.filter(({ name }) => name.startsWith('POST'))
    assert.equal(requests.length, 30)
    assert.equal(new Set(requests.map(({ traceId }) => traceId)).size, 30)
    const stepsOf = requests.map(({ spanId }) => spans.filter((span) => span.parentSpanId === spanId))
    assert.deepEqual(new Set(stepsOf.map((steps) => steps.length)), new Set([3, 1]))
    for (const [at, steps] of stepsOf.entries())
      for (const { traceId } of steps) assert.equal(traceId, requests[at].traceId)
  })

  test('are left out where the caller, or the share that is kept, leaves them out', async () => {
    const none = await trace((url) => decide(url, 't-1', { traceparent: parent.replace(/01$/, '00') }))
    assert.deepEqual(none.spans, [])
    assert.deepEqual((await trace((url) => decide(url, 't-1'), 0)).spans, [])
  })

  test('that are not taken are lost, and said once', async () => {
    status = 503
    const { log } = await trace((url) => decide(url, 't-1'))
    status = 200
    assert.equal(log.lines.filter((line) => line.includes('it answered 503')).length, 1)
  })
})

test('variables of OpenTelemetry say where traces go, and whether they do', () => {
  assert.equal(readOtlp({}), undefined)
  assert.equal(readOtlp({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'true' }), undefined)
  assert.equal(readOtlp({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' }), undefined)
  const target = readOtlp({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/own',
    OTEL_SERVICE_NAME: 'fraud',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
  })
  assert.deepEqual(target, { url: 'https://c/own', headers: {}, service: 'fraud', ratio: 0.25 })
  for (const variables of [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_SAMPLER: 'always' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_HEADERS: 'secret' },
  ])
    assert.throws(() => readOtlp(variables), /^FraudError: OTEL_|OTEL_/)
})
