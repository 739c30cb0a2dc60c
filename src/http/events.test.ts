import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import {
  amountPredictor,
  cardsDetector,
  openTestDecisions,
  startMs,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import { EventStream } from '../../test/service/event-stream.ts'
import { openTestService } from '../../test/service/fixture.ts'
import { createKeyRing, digestKey } from '../access/keys.ts'
import type { Role } from '../access/roles.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import type { ServerOptions } from './server.ts'

const closings: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close()
})

async function openService(options: Partial<ServerOptions> = {}, ofDecisions: TestDecisionsOptions = {}) {
  const decisions = await openTestDecisions(ofDecisions)
  closings.push(() => decisions.close())
  await decisions.service.resume()
  const service = await openTestService({ decisions: decisions.service, ...options })
  closings.push(() => service.app.close())
  const read = (query = '?types=decision,alert', headers = {}) => {
    const stream = new EventStream(`${service.url}/v1/events${query}`, headers)
    closings.push(() => stream.close())
    return stream
  }
  const decide = async (id: string, amount = 600) =>
    decisions.service.decide({ ID: id, TIME: startMs, AMOUNT: amount, CARD: 'c-1', SHOP: 's-1' }, undefined, () => 0)
  return { ...service, ...decisions, metrics: service.metrics, read, decide }
}

const isReady = (stream: EventStream) => stream.of('ready').length > 0

describe('GET /v1/events', () => {
  test('tells what happens: decisions, labels, changes', async () => {
    const { read, decide, service, app } = await openService()
    const stream = read('')
    await stream.until(isReady)
    await decide('t-1')
    await service.label({ transactionId: 't-1', isFraud: true, source: 'chargeback' }, 'key:desk')
    const rule = { id: 'large', when: 'amount > 500.0', then: 'review', state: 'live' }
    const put = await app.inject({ method: 'POST', url: '/v1/rules', payload: rule })
    assert.equal(put.statusCode, 200, put.body)
    const openCase = await app.inject('/v1/cases')
    const { id } = openCase.json().cases[0]
    const claimed = await app.inject({ method: 'POST', url: `/v1/cases/${id}/claim`, payload: {} })
    assert.equal(claimed.statusCode, 200, claimed.body)
    const alerts = { alerts: [{ kind: 'drift', isOn: true, severity: 'critical', limit: 0.1 }], why: 'Fewer' }
    const defined = await app.inject({ method: 'PUT', url: '/v1/alerts', payload: alerts })
    assert.equal(defined.statusCode, 200, defined.body)
    await stream.until(({ events }) => events.length === 7)
    const [decision, opened, label, labelled, policy, claim, alert] = stream.events
    assert.deepEqual([alert?.type, alert?.state, alert?.text], ['alert', 'definitions', 'Fewer'])
    assert.deepEqual(
      [opened, labelled, claim].map((event) => [event?.type, event?.case, event?.action, event?.transactionId]),
      [
        ['case', id, 'transaction', 't-1'],
        ['case', id, 'label', 't-1'],
        ['case', id, 'claim', null],
      ],
    )
    assert.equal(claim?.claimedBy, 'anyone')
    assert.deepEqual(decision, {
      type: 'decision',
      transactionId: 't-1',
      time: '2026-11-22T09:00:00.000Z',
      outcome: 'review',
      score: 0.6,
      amount: 600,
      keys: { card: 'c-1', shop: 's-1' },
      rules: [],
      model: 'amounts@0123456789ab',
      policy: 1,
      decidedAt: '2026-11-22T09:00:00.000Z',
      degraded: decision?.degraded,
    })
    assert.deepEqual(
      [label?.type, label?.transactionId, label?.isFraud, label?.source, label?.by, label?.pending],
      ['label', 't-1', true, 'chargeback', 'key:desk', false],
    )
    assert.deepEqual([policy?.type, policy?.change, policy?.by], ['policy', 'rule', 'anyone'])
    assert.deepEqual(stream.of('reset'), [])
    const { components } = (await app.inject('/openapi.json')).json()
    const ajv = new Ajv2020({ strict: false })
    for (const { data } of stream.of('events')) {
      const isPromised: boolean = ajv.validate(components.schemas.EventMessage, data)
      assert.ok(isPromised, JSON.stringify(ajv.errors))
    }
  })

  test('goes on after the last id that a reader knows, and says when it can not', async () => {
    const { read, decide } = await openService()
    const first = read()
    await first.until(isReady)
    await decide('t-1')
    await first.until(({ events }) => events.length === 1)
    const place = first.lastId ?? ''
    first.close()
    await decide('t-2')
    await decide('t-3')
    const again = read('?types=decision', { 'last-event-id': place })
    await again.until(({ events }) => events.length >= 2)
    assert.deepEqual(
      again.events.map(({ transactionId }) => transactionId),
      ['t-2', 't-3'],
    )
    assert.deepEqual(again.of('ready')[0].data, { types: ['decision'], resumed: true })
    for (const unknown of ['x.0-3', place.replace(/\d+$/, '99999'), 'nonsense', '-']) {
      const stranger = read('', { 'last-event-id': unknown })
      await stranger.until((stream) => stream.of('reset').length === 1)
      assert.deepEqual(stranger.of('reset')[0].data, { reason: 'unknown-id' })
      assert.deepEqual(stranger.events, [])
    }
  })

  test('sends the types that are asked for, and refuses those that are not known', async () => {
    const { read, decide, service, app } = await openService()
    const stream = read('?types=label,job')
    await stream.until(isReady)
    assert.deepEqual(stream.of('ready')[0].data, { types: ['label', 'job'], resumed: false })
    await decide('t-1')
    await service.label({ transactionId: 't-1', isFraud: false }, 'key:desk')
    await stream.until(({ events }) => events.length > 0)
    assert.deepEqual(
      stream.events.map(({ type }) => type),
      ['label'],
    )
    for (const query of ['?types=', '?types=labels', '?types=label,x', '?types=label&types=case', '?kinds=label']) {
      const { statusCode } = await app.inject(`/v1/events${query}`)
      assert.equal(statusCode, 422, query)
    }
  })

  test('tells of a burst in few messages, the newest of it and how many others there were', async () => {
    const { read, decide } = await openService()
    const stream = read()
    await stream.until(isReady)
    await Promise.all(Array.from({ length: 500 }, (_, i) => decide(`t-${i}`)))
    await stream.until((all) => all.events.length + all.leftOut('decision') === 500)
    assert.ok(stream.events.length <= 25 * stream.of('events').length)
    assert.equal(stream.events.at(-1)?.transactionId, 't-499')
    assert.ok(stream.of('events').length < 20, `${stream.of('events').length} messages`)
  })

  test('says nothing of a decision that a failure of the log took back', async () => {
    const { read, decide, log } = await openService()
    const stream = read()
    await stream.until(isReady)
    const lost = decide('t-lost')
    log.mistrust(new Error('a test'))
    await assert.rejects(lost)
    await stream.until((all) => all.of('reset').length === 1)
    assert.deepEqual(stream.of('reset')[0].data, { reason: 'log-failed' })
    while (true) {
      const isDecided = await decide('t-2').then(
        () => true,
        () => false,
      )
      if (isDecided) break
      await sleep(20)
    }
    await stream.until(({ events }) => events.length > 0)
    assert.deepEqual(
      stream.events.map(({ transactionId }) => transactionId),
      ['t-2'],
    )
  })

  test('never holds a person or a card in clear', async () => {
    const detector = cardsDetector({}, { keys: { card: 'CARD', shop: 'SHOP' }, personal: ['shop'] })
    const inForce = createDetectorInForce(detector, amountPredictor())
    const { read, service } = await openService({}, { inForce })
    const stream = read()
    await stream.until(isReady)
    const sent = { ID: 't-1', TIME: startMs, AMOUNT: 1, CARD: 'c-1', SHOP: 'Jane Doe', NOTE: 'hers' }
    await service.decide(sent, undefined, () => 0)
    await stream.until(({ events }) => events.length === 1)
    assert.doesNotMatch(JSON.stringify(stream.messages), /Jane|hers/)
    assert.match(JSON.stringify(stream.events[0]?.keys), /"shop":"tok_/)
  })

  test('is open to whoever may read decisions, as long as the key is good', async () => {
    const keyOf = (role: string) => `${role}-key-0123456789`
    const createdAt = '2026-11-22T09:00:00.000Z'
    const ringOf = (...names: Role[]) =>
      createKeyRing(
        [],
        names.map((role) => ({ name: role, roles: [role], sha256: digestKey(keyOf(role)), createdAt })),
      )
    let ring = ringOf('viewer', 'score')
    let nowMs = 0
    const now = performance.now.bind(performance)
    performance.now = () => now() + nowMs
    closings.push(() => {
      performance.now = now
    })
    const { read, decide } = await openService({ keyRing: () => ring })
    const bearer = (role: string) => ({ authorization: `Bearer ${keyOf(role)}` })
    const refused = read('?types=decision', bearer('score'))
    await refused.until(({ isEnded }) => isEnded)
    assert.equal(refused.status, 403)
    const stream = read('?types=decision', bearer('viewer'))
    await stream.until(isReady)
    await decide('t-1')
    await stream.until(({ events }) => events.length === 1)
    ring = ringOf('score')
    nowMs = 16_000
    await stream.until(({ isEnded }) => isEnded)
    assert.equal(stream.events.length, 1)
  })

  test('ends when the service closes, and has room for so many readers', async () => {
    const { read, app, metrics } = await openService({ limits: { eventReaders: 2 } })
    const readers = [read(), read()]
    for (const reader of readers) await reader.until(isReady)
    const third = read()
    await third.until(({ isEnded }) => isEnded)
    assert.equal(third.status, 503)
    assert.match(await metrics.registry.metrics(), /^shrike_event_readers 2$/m)
    await app.close()
    for (const reader of readers) await reader.until(({ isEnded }) => isEnded)
  })

  test('ends with a reader that ends its side of the connection', async () => {
    const { port } = await openService()
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).resume()
    closings.push(() => socket.destroy())
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write('GET /v1/events HTTP/1.1\r\nHost: shrike\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    socket.end()
    await closed
  })

  test('keeps little for a reader that does not read, and tells it all that is known once it does', async () => {
    const { port, decide, service } = await openService()
    const socket = connect(port, '127.0.0.1')
    closings.push(() => socket.destroy())
    socket.pause()
    socket.write('GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n')
    let decided = 0
    const heard = new EventStream(`http://127.0.0.1:${port}/v1/events?types=alert`)
    closings.push(() => heard.close())
    await heard.until(isReady)
    const bulk = 'x'.repeat(20_000)
    // Until the buffers of the kernel are full, and much longer.
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 100; i++) service.events.publish('case', () => ({ bulk }))
      decided += 1
      await decide(`t-${round}`)
      service.events.publish('alert', () => ({ round }))
      await heard.until(({ events }) => events.length === round + 1)
    }
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.resume()
    for (let waited = 0; !text.includes(`"t-${decided - 1}"`) && !text.includes('too-far-behind'); waited += 10) {
      assert.ok(waited < 10_000, 'it never heard of what came meanwhile')
      await sleep(10)
    }
  })
})
