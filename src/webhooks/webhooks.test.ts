import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  closedAfterEach,
  openTestDecisions,
  startMs,
  type TestDecisions,
} from '../../test/service/decisions-fixture.ts'
import { webhookEvents } from '../deciding/webhook-events.ts'
import type { Endpoint } from './endpoint.ts'
import { openEndpointFiles } from './endpoint-files.ts'
import { Webhooks } from './webhooks.ts'

interface Told {
  readonly id: string
  readonly type: string
  readonly data: {
    readonly transactionId?: string
    readonly keys?: Readonly<Record<string, string>>
    readonly sequence: number
  }
}

describe('webhooks', () => {
  const open = closedAfterEach()
  const sending: Webhooks[] = []
  const received: Told[] = []
  let answer: (told: Told) => number = () => 204
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { type, data } = JSON.parse(Buffer.concat(chunks).toString())
      const told = { id: String(request.headers['webhook-id']), type, data }
      const status = answer(told)
      if (status < 300) received.push(told)
      response.writeHead(status, { location: '/elsewhere' }).end()
    })
  })
  before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  afterEach(async () => {
    for (const each of sending.splice(0)) await each.close()
    received.length = 0
    answer = () => 204
  })

  const endpoint = (changed: Partial<Endpoint> = {}): Endpoint => ({
    ...{ name: 'bank', events: new Set(['decision', 'case']), orderBy: 'card', allowPrivate: true },
    ...{ url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=hidden`) },
    ...{ secrets: [Buffer.alloc(32, 7)], giveUpAfterMs: 60_000 },
    ...changed,
  })
  const begin = async () => {
    const running = await openTestDecisions()
    open.push(running)
    await running.service.resume()
    return running
  }
  const send = ({ path, log, service, say }: TestDecisions, changed?: Partial<Endpoint>, isLeading = () => true) => {
    const webhooks = new Webhooks({
      ...{
        endpoints: [endpoint(changed)],
        reading: log.reading,
        isLeading,
        logger: say,
        clock: Date.now,
        random: () => 0.5,
      },
      filesOf: (name) => openEndpointFiles(join(path, `webhooks.${name}`)),
      eventsOf: webhookEvents({ reading: log.reading, cases: () => service.decider.state?.projections.cases }),
      retryMs: 5,
    })
    sending.push(webhooks)
    webhooks.start()
    return webhooks
  }
  let ids = 0
  const decide = ({ service }: TestDecisions, card: string, amount = 950) =>
    service.decide(
      { ID: `t-${++ids}`, TIME: startMs + ids, AMOUNT: amount, CARD: card, SHOP: 's', NOTE: '' },
      undefined,
      () => 0,
    )
  const until = async (isSo: () => boolean) => {
    for (let waits = 0; !isSo(); waits += 1) {
      assert(waits < 1000, 'it comes')
      await sleep(10)
    }
  }
  const begun = (webhooks: Webhooks, last: number) => until(() => webhooks.endpoints[0].through === last)

  test('are told of each decision in the order of its card, though one card is refused for a while', async () => {
    const running = await begin()
    const webhooks = send(running)
    await begun(webhooks, running.log.reading.lastSequence())
    let refusals = 6
    answer = ({ data }) => (data.keys?.card === 'slow' && refusals-- > 0 ? 503 : 204)
    for (let i = 0; i < 10; i++) await Promise.all(['slow', 'a', 'b'].map((card) => decide(running, card)))
    await until(() => received.filter(({ type }) => type.startsWith('decision')).length === 30)
    for (const card of ['slow', 'a', 'b']) {
      const numbers = received.flatMap(({ data }) => (data.keys?.card === card ? [data.sequence] : []))
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
        card,
      )
      assert.equal(numbers.length, 10)
    }
    const first = received.findIndex(({ data }) => data.keys?.card === 'slow')
    assert(first >= 10, `others did not wait: ${first}`)
    assert.equal(new Set(received.map(({ id }) => id)).size, received.length)
    assert(webhooks.endpoints[0].failures >= 6)
    assert.equal(webhooks.endpoints[0].dead, 0)
    const told = running.say.lines.filter((line) => line.includes('bank'))
    assert.deepEqual(told, ['warn an event was not taken; it is sent again {"webhook":"bank","why":"it answered 503"}'])
  })

  test('hear of what is decided right behind the first start, though the process ends at once', async () => {
    const running = await begin()
    const ended = send(running)
    await decide(running, 'c')
    await ended.close()
    await decide(running, 'c')
    send(running)
    await until(() => received.filter(({ type }) => type.startsWith('decision')).length === 2)
  })

  test('hear of outcomes and cases that they asked for', async () => {
    const running = await begin()
    const webhooks = send(running, { events: new Set(['decision.review', 'case']) })
    await begun(webhooks, running.log.reading.lastSequence())
    for (const amount of [10, 600, 950]) await decide(running, 'c', amount)
    await until(() => received.length === 2)
    await begun(webhooks, running.log.reading.lastSequence())
    assert.deepEqual(received.map(({ type }) => type).sort(), ['case', 'decision.review'])
  })

  test('lose nothing where the process ends without a word', async () => {
    const running = await begin()
    const first = send(running)
    await begun(first, running.log.reading.lastSequence())
    answer = ({ data }) => (data.keys?.card === 'b' ? 500 : 204)
    for (const card of ['a', 'b', 'a', 'b', 'c']) await decide(running, card)
    const ofDecisions = () => received.filter(({ type }) => type.startsWith('decision'))
    await until(() => ofDecisions().length === 3)
    const pathOf = (name: string) => openEndpointFiles(join(running.path, `webhooks.${name}`))
    await until(() => pathOf('bank').progress()?.through === running.log.reading.lastSequence())
    // What is not noted by then is as good as killed.
    await first.close()
    await decide(running, 'd')
    answer = () => 204
    const second = send(running)
    await until(() => ofDecisions().length === 6 && second.endpoints[0].waiting === 0)
    const cards = ofDecisions().map(({ data }) => data.keys?.card)
    assert.deepEqual(cards.slice(0, 3).toSorted(), ['a', 'a', 'c'])
    assert.deepEqual(cards.slice(3).toSorted(), ['b', 'b', 'd'])
  })

  test('keep what was given up, and send it once more', async () => {
    const running = await begin()
    const webhooks = send(running, { giveUpAfterMs: 400, events: new Set(['decision']) })
    await begun(webhooks, running.log.reading.lastSequence())
    answer = ({ data }) => (data.keys?.card === 'b' ? 302 : 204)
    for (const card of ['a', 'b', 'a']) await decide(running, card)
    await until(() => webhooks.endpoints[0].dead === 1 && received.length === 2)
    const [letter, ...others] = await webhooks.deadLetters('bank')
    assert.deepEqual(others, [])
    assert.equal(letter.why, 'it answered 302')
    assert(letter.attempts >= 2)
    answer = () => 204
    assert.equal(await webhooks.replayDead('bank'), 1)
    await until(() => received.length === 3)
    assert.equal(received[2].id, letter.id)
    assert.deepEqual(await webhooks.deadLetters('bank'), [])
    // All of it again, by the number of the first.
    const from = received[0].data.sequence
    await webhooks.replay('bank', from)
    await until(() => received.length === 6)
    assert.deepEqual(new Set(received.slice(3).map(({ id }) => id)), new Set(received.slice(0, 3).map(({ id }) => id)))
    assert.throws(() => webhooks.replay('bank', 0), /no such record/)
    await assert.rejects(webhooks.deadLetters('other'), /there are bank/)
    assert(!running.say.lines.join('\n').includes('hidden'), 'no address in the log')
  })

  test('say each time that nothing can be sent', async (t) => {
    const running = await begin()
    const webhooks = send(running)
    const told = () => running.say.lines.filter((line) => line.includes('nothing can be sent')).length
    for (const times of [1, 2]) {
      const broken = t.mock.method(running.log.reading, 'next', () => {
        throw new Error('the log is not readable')
      })
      await until(() => told() === times)
      await sleep(250)
      assert.equal(told(), times)
      broken.mock.restore()
      await decide(running, 'a')
      await begun(webhooks, running.log.reading.lastSequence())
    }
    await webhooks.close()
  })

  test('are left to the process that decides', async () => {
    const running = await begin()
    let isLeading = false
    const webhooks = send(running, {}, () => isLeading)
    await decide(running, 'a')
    await sleep(250)
    assert.equal(received.length, 0)
    isLeading = true
    await begun(webhooks, running.log.reading.lastSequence())
    await decide(running, 'b')
    await until(() => received.some(({ data }) => data.keys?.card === 'b'))
    isLeading = false
    await sleep(250)
    await decide(running, 'c')
    await sleep(250)
    assert(!received.some(({ data }) => data.keys?.card === 'c'))
    isLeading = true
    await until(() => received.some(({ data }) => data.keys?.card === 'c'))
  })
})
