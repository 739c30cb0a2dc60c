import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, dataOf, type EventsOptions, ShrikeError, type ShrikeEvent } from '../client/src/index.ts'
import type { ServerOptions } from '../src/http/server.ts'
import { apiDocument, hashOf } from './client/api-document.ts'
import { guideCode, importCode } from './client/guide-code.ts'
import { startHostileProxy } from './client/hostile-proxy.ts'
import { openTestDecisions, startMs, type TestDecisionsOptions } from './service/decisions-fixture.ts'
import { openTestService } from './service/fixture.ts'

const closings: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close()
})

async function openService(ofDecisions: TestDecisionsOptions = {}, options: Partial<ServerOptions> = {}) {
  const decisions = await openTestDecisions(ofDecisions)
  closings.push(() => decisions.close())
  await decisions.service.resume()
  const { app, url, port, metrics } = await openTestService({ decisions: decisions.service, ...options })
  closings.push(() => app.close())
  return { ...decisions, app, url, port, metrics }
}

const purchase = (id: string, amount = 600) => ({ ID: id, TIME: startMs, AMOUNT: amount, CARD: 'c-1', SHOP: 's-1' })

describe('the types of the client', () => {
  test('are those of the document that the service answers with', async () => {
    const [, made] = /^\/\/ Document: (\w+)$/m.exec(readFileSync('client/src/api.ts', 'utf8')) ?? []
    const document = await apiDocument()
    assert.equal(made, hashOf(document), 'The routes have other schemas by now: run `npm run client:types`')
  })
})

describe('decide', () => {
  test('gets an answer from a service that is full, as soon as there is room', async () => {
    const { url, service } = await openService({ maxPending: 1 })
    const client = createClient({ url })
    const ids = Array.from({ length: 60 }, (_, i) => `t-${i}`)
    const alone = await Promise.all(
      ids.map((id) => dataOf(client.api.POST('/v1/decisions', { body: purchase(id) })).catch(String)),
    )
    assert.ok(
      alone.some((answer) => String(answer).includes('OVERLOADED')),
      'it was never full',
    )
    const decisions = await Promise.all(ids.map((id) => client.decide(purchase(id), { budgetMs: 20_000 })))
    assert.deepEqual(
      decisions.map((decision) => decision?.transactionId),
      ids,
    )
    const late = await client.decideLate(['t-61', ...ids].map((id) => purchase(id)))
    assert.ok(late.every((answer) => answer !== undefined && 'outcome' in answer))
    assert.equal([...(await service.page({ limit: 500 })).records].length, 61)
  })

  test('asks again where the answer was late or lost, and gets the first one', async () => {
    const { port } = await openService()
    for (const fate of ['late', 'answer-lost', 'answer-cut', 'request-cut'] as const) {
      let connections = 0
      const proxy = await startHostileProxy(
        () => port,
        () => (connections++ === 0 ? fate : 'passed'),
        1000,
      )
      closings.push(() => proxy.close())
      const client = createClient({ url: proxy.url })
      const decision = await client.decide(purchase(`t-${fate}`), { budgetMs: 5000, callMs: 300 })
      assert.equal(decision?.transactionId, `t-${fate}`)
      assert.equal(decision?.duplicate, fate !== 'request-cut', fate)
    }
  })

  test('sends what the transaction was when it was asked, whatever becomes of the object', async () => {
    const { port, service } = await openService()
    let connections = 0
    const proxy = await startHostileProxy(
      () => port,
      () => (connections++ === 0 ? 'answer-lost' : 'passed'),
      0,
    )
    closings.push(() => proxy.close())
    const transaction = purchase('t-1')
    const asked = createClient({ url: proxy.url }).decide(transaction, { budgetMs: 5000 })
    transaction.AMOUNT = 1
    assert.equal((await asked)?.score, 0.6)
    assert.equal((await service.view('t-1'))?.transaction.AMOUNT, 600)
  })

  test('is over when its time is, also where nobody answers, and ends when its caller ends it', async () => {
    const { port } = await openService()
    const proxy = await startHostileProxy(
      () => port,
      () => 'late',
      60_000,
    )
    closings.push(() => proxy.close())
    for (const url of [proxy.url, 'http://127.0.0.1:9']) {
      const client = createClient({ url })
      const begin = performance.now()
      assert.equal(await client.decide(purchase('t-1'), { budgetMs: 400 }), undefined)
      const tookMs = performance.now() - begin
      assert.ok(tookMs >= 390 && tookMs < 5000, `${tookMs} ms`)
      await assert.rejects(client.label([{ transactionId: 't-1', isFraud: true }], { budgetMs: 50 }), {
        code: 'NO_ANSWER',
      })
      await assert.rejects(client.decide(purchase('t-1'), { budgetMs: 60_000, signal: AbortSignal.timeout(50) }), {
        name: 'TimeoutError',
      })
    }
  })

  test('throws what asking again would not change, with its code and fields', async () => {
    const { url } = await openService({}, { apiKeys: ['a-key-of-sixteen-characters'] })
    const client = createClient({ url: `${url}/`, key: 'a-key-of-sixteen-characters' })
    await client.decide(purchase('t-1'), { budgetMs: 5000 })
    await assert.rejects(client.decide(purchase('t-1', 700)), (error) => {
      assert.ok(error instanceof ShrikeError)
      assert.deepEqual([error.code, error.status], ['TRANSACTION_CONFLICT', 409])
      assert.match(error.message, /AMOUNT/)
      return true
    })
    await assert.rejects(client.decide({ ID: 't-2' }), { code: 'INPUT_INVALID', status: 422 })
    await assert.rejects(createClient({ url }).decide(purchase('t-1')), { code: 'UNAUTHORIZED' })
    const refused = dataOf(client.api.GET('/v1/decisions/{id}', { params: { path: { id: 'nobody' } } }))
    await assert.rejects(refused, { code: 'TRANSACTION_UNKNOWN', status: 404 })
    const [decision, invalid] = await client.decideLate([purchase('t-1'), { ID: 't-2' }])
    assert.ok(decision && 'outcome' in decision && decision.duplicate)
    assert.ok(invalid && 'error' in invalid && invalid.error.code === 'INPUT_INVALID')
  })

  test('labels once, however often they are sent', async () => {
    const { port, service } = await openService()
    let connections = 0
    const proxy = await startHostileProxy(
      () => port,
      () => (connections++ % 2 === 0 ? 'answer-lost' : 'passed'),
      0,
    )
    closings.push(() => proxy.close())
    const client = createClient({ url: proxy.url })
    await client.decide(purchase('t-1'), { budgetMs: 5000 })
    const [answer] = await client.label([{ transactionId: 't-1', isFraud: true, source: 'chargeback' }])
    assert.deepEqual([answer.isFraud, answer.pending], [true, false])
    assert.equal((await service.find('t-1'))?.labels.length, 1)
  })
})

describe('the guide', () => {
  test('has code that works: labels, lists, pages, cases', async () => {
    const { url, service } = await openService({ clock: () => Date.UTC(2026, 11, 1) })
    await service.change(
      { kind: 'list', list: { name: 'bad_shops', of: 'shop', effect: 'block' } },
      { by: 'test', why: '' },
    )
    await service.decide({ ...purchase('t-1'), TIME: Date.UTC(2026, 11, 1) }, undefined, () => 0)
    process.env.SHRIKE_URL = url
    const [authorise, ...others] = guideCode('js')
    const code = others.filter((block) => !block.includes('sharedEvents')).join('\n')
    const before = 'const report = (error) => { throw error }'
    const end = 'export { decisions }'
    const guide = await importCode(`${authorise}\n${code}`, before, end)
    assert.ok(typeof guide === 'object' && guide !== null && 'decisions' in guide && 'authorise' in guide)
    assert.deepEqual(guide.decisions, [])
    assert.deepEqual(
      (await service.find('t-1'))?.labels.map(({ isFraud }) => isFraud),
      [true],
    )
    assert.deepEqual(
      [...service.entriesOf('bad_shops', 0)].map(({ value }) => value),
      ['shop-9'],
    )
  })
})

describe('events', () => {
  test('go on after a break, and say when they can not', async () => {
    const first = await openService()
    let { port } = first
    const proxy = await startHostileProxy(
      () => port,
      () => 'passed',
      0,
    )
    const heard = listen(['decision'])
    const follower = createClient({ url: proxy.url }).events(heard.options)
    closings.push(
      () => proxy.close(),
      () => follower.close(),
    )
    await heard.until(({ states }) => states.at(-1) === true)
    await first.service.decide(purchase('t-1'), undefined, () => 0)
    await heard.until(({ ids }) => ids.length === 1)
    proxy.cut()
    await heard.until(({ states }) => states.at(-1) === false)
    await first.service.decide(purchase('t-2'), undefined, () => 0)
    await heard.until(({ ids }) => ids.length === 2)
    assert.deepEqual(heard.ids, ['t-1', 't-2'])
    assert.deepEqual(heard.resets, [])
    const second = await openService({ clock: () => startMs + 1 })
    port = second.port
    proxy.cut()
    await heard.until(({ resets }) => resets.length === 1)
    await second.service.decide(purchase('t-3'), undefined, () => 0)
    await heard.until(({ ids }) => ids.length === 3)
  })

  test('are read once for all tabs, and each hears of everything once, also when the tab that read is closed', async () => {
    const { url, service, metrics } = await openService()
    const client = createClient({ url })
    const tabs = [listen(['decision', 'label']), listen(['decision', 'label']), listen(['label'])]
    const followers = tabs.map(({ options }) => client.sharedEvents(options))
    closings.push(() => followers.map((follower) => follower.close()))
    for (const tab of tabs) await tab.until(({ states }) => states.at(-1) === true)
    const decide = (id: string) => service.decide(purchase(id), undefined, () => 0)
    await decide('t-1')
    for (const tab of tabs.slice(0, 2)) await tab.until(({ ids }) => ids.length === 1)
    assert.match(await metrics.registry.metrics(), /^shrike_event_readers 1$/m)
    followers[0].close()
    // Nobody reads for a moment.
    await decide('t-2')
    await service.label({ transactionId: 't-1', isFraud: true }, 'key:desk')
    await tabs[1].until(({ ids }) => ids.length === 3)
    await tabs[2].until(({ ids }) => ids.length === 1)
    await sleep(600)
    assert.deepEqual(tabs[1].ids, ['t-1', 't-2', 't-1'])
    assert.deepEqual(tabs[2].ids, ['t-1'])
    assert.deepEqual(tabs[0].ids, ['t-1'])
    assert.deepEqual(
      tabs.flatMap(({ resets }) => resets),
      [],
    )
    assert.match(await metrics.registry.metrics(), /^shrike_event_readers 1$/m)
  })
})

/** Keeps what a reader is told. */
function listen(types?: EventsOptions['types']) {
  const heard = { ids: [] as string[], resets: [] as string[], states: [] as boolean[] }
  const idOf = (event: ShrikeEvent) => ('transactionId' in event ? String(event.transactionId) : event.type)
  return {
    ...heard,
    options: {
      ...(types && { types }),
      onEvents: (events: readonly ShrikeEvent[]) => void heard.ids.push(...events.map(idOf)),
      onReset: (reason: string) => void heard.resets.push(reason),
      onState: (isOpen: boolean) => void heard.states.push(isOpen),
    },
    async until(claim: (now: typeof heard) => boolean) {
      for (let waited = 0; !claim(heard); waited += 10) {
        assert.ok(waited < 20_000, JSON.stringify(heard))
        await sleep(10)
      }
    },
  }
}
