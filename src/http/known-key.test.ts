import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import {
  amountPredictor,
  cardsDetector,
  dayMs,
  openTestDecisions,
  startMs,
} from '../../test/service/decisions-fixture.ts'
import { buildTestService } from '../../test/service/fixture.ts'
import { createRandom } from '../core/random.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import type { KnownKey } from '../deciding/known-key.ts'

const closings: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close()
})

async function open(personal: readonly string[] = [], changed: Parameters<typeof cardsDetector> = []) {
  const keys = { card: 'CARD', shop: 'SHOP', device: 'DEVICE' }
  const [others, transaction] = changed
  const detector = cardsDetector(others, { keys, optionalKeys: ['device'], personal: [...personal], ...transaction })
  const running = await openTestDecisions({ inForce: createDetectorInForce(detector, amountPredictor()) })
  closings.push(() => running.close())
  await running.service.resume()
  const { app } = await buildTestService({ decisions: running.service })
  closings.push(() => app.close())
  const ask = async (key: string, token: string, query = ''): Promise<KnownKey & { readonly next: string | null }> => {
    const answer = await app.inject(`/v1/keys/${key}/${encodeURIComponent(token)}${query}`)
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json()
  }
  return { ...running, app, ask }
}

const cents = (amount: number) => Math.round(amount * 100)

describe('GET /v1/keys/{key}/{token}', () => {
  test('adds up amounts of one currency', async () => {
    const amount = { field: 'AMOUNT', digits: 2, currency: { field: 'CCY' } }
    const { service, clock, ask } = await open([], [{ features: ['amount'] }, { amount }])
    clock.nowMs = startMs
    for (const [i, CCY] of ['EUR', 'EUR', 'JPY'].entries()) {
      const TIME = startMs - (3 - i) * dayMs
      await service.decide({ ID: `t-${i}`, TIME, AMOUNT: 20, CCY, CARD: `c-${i % 2}`, SHOP: 's' }, undefined, () => 0)
    }
    const sums = async (key: string, token: string) => {
      const { figures, transactions } = await ask(key, token)
      assert.ok(transactions.every((each) => !('currency' in each)))
      return figures.map(({ amount: sum }) => sum)
    }
    assert.deepEqual(await sums('shop', 's'), [20, 20, null, null, null])
    assert.deepEqual(await sums('card', 'c-1'), [0, 0, 20, 20, 20])
  })

  test('tells of a key what going through all transactions does', async () => {
    const { service, clock, ask } = await open()
    const random = createRandom(3)
    const sent = Array.from({ length: 300 }, (_, i) => ({
      ID: `t-${i}`,
      TIME: startMs - 40 * dayMs + Math.floor((i * 40 * dayMs) / 300),
      AMOUNT: random.integer(100_000) / 100,
      CARD: `card ${random.integer(30)}`,
      SHOP: `s/${random.integer(8)}`,
      ...(random.integer(3) > 0 && { DEVICE: `d-${random.integer(20)}` }),
    }))
    clock.nowMs = startMs
    const frauds = new Map<string, boolean>()
    for (const [i, transaction] of sent.entries()) {
      if (i % 5 === 0) await service.bringIn(transaction, i % 2 === 0)
      else await service.decide(transaction, undefined, () => 0)
      if (i % 5 === 0 && i % 2 === 0) frauds.set(transaction.ID, false)
      if (random.integer(4) === 0) {
        const isFraud = random.integer(2) === 0
        await service.label({ transactionId: transaction.ID, isFraud, source: 'chargeback' }, 'key:desk')
        // A chargeback is believed, whatever an analyst says later.
        await service.label({ transactionId: transaction.ID, isFraud: !isFraud, source: 'analyst:ann' }, 'key:desk')
        frauds.set(transaction.ID, isFraud)
      }
    }
    const columns = { card: 'CARD', shop: 'SHOP', device: 'DEVICE' } as const
    const asOfMs = Math.max(...sent.map(({ TIME }) => TIME))
    for (const [key, column] of Object.entries(columns)) {
      for (const token of new Set(sent.map((each) => each[column]))) {
        if (token === undefined) continue
        const own = sent.filter((each) => each[column] === token).reverse()
        const known = await ask(key, token, '?limit=100')
        assert.deepEqual(
          known.transactions.map(({ transactionId, isFraud }) => [transactionId, isFraud]),
          own.map(({ ID }) => [ID, frauds.get(ID) ?? null]),
        )
        for (const { windowMs, ...figures } of known.figures) {
          const within = own.filter(({ TIME }) => windowMs === null || TIME > asOfMs - windowMs)
          assert.equal(figures.transactions, within.length)
          assert.equal(
            cents(figures.amount ?? Number.NaN),
            within.reduce((sum, { AMOUNT }) => sum + cents(AMOUNT), 0),
          )
          assert.equal(figures.frauds, within.filter(({ ID }) => frauds.get(ID) === true).length)
          assert.equal(figures.legitimate, within.filter(({ ID }) => frauds.get(ID) === false).length)
          const decided = Object.values(figures.outcomes).reduce((sum, count) => sum + count, 0)
          assert.equal(decided, within.filter(({ ID }) => Number(ID.slice(2)) % 5 !== 0).length)
        }
        const near = new Map<string, number>()
        for (const each of own)
          for (const [name, other] of Object.entries(columns))
            if (name !== key && each[other] !== undefined)
              near.set(`${name}=${each[other]}`, (near.get(`${name}=${each[other]}`) ?? 0) + 1)
        const links = known.links.filter(({ from }) => from.key === key && from.token === token)
        if (!known.isCut.links) {
          assert.deepEqual(
            new Map(links.map(({ to, transactions }) => [`${to.key}=${to.token}`, transactions])),
            new Map(links.map(({ to }) => [`${to.key}=${to.token}`, near.get(`${to.key}=${to.token}`)])),
          )
          assert.equal(links.length, near.size)
        }
        for (const { from, to, transactions } of known.links) {
          const both = sent.filter(
            (each) => each[columns[from.key as 'card']] === from.token && each[columns[to.key as 'card']] === to.token,
          )
          assert.ok(transactions > 0 && transactions <= both.length)
        }
        assert.equal(known.isCut.searchedSince, null)
        assert.equal(known.isCut.figuresOf, null)
      }
    }
  })

  test('goes on page by page, and takes in what comes meanwhile', async () => {
    const { service, ask } = await open()
    const decide = (i: number) =>
      service.decide({ ID: `t-${i}`, TIME: startMs, AMOUNT: 1, CARD: 'c-1', SHOP: 's-1' }, undefined, () => 0)
    for (let i = 0; i < 7; i++) await decide(i)
    const ids: string[] = []
    let cursor: string | null = null
    do {
      const page: KnownKey & { readonly next: string | null } = await ask(
        'card',
        'c-1',
        `?limit=3${cursor === null ? '' : `&cursor=${cursor}`}`,
      )
      ids.push(...page.transactions.map(({ transactionId }) => transactionId))
      cursor = page.next
      if (ids.length === 3) await decide(7)
    } while (cursor !== null)
    assert.deepEqual(ids, ['t-6', 't-5', 't-4', 't-3', 't-2', 't-1', 't-0'])
    assert.equal((await ask('card', 'c-1')).transactions[0].transactionId, 't-7')
    assert.deepEqual((await ask('card', 'nobody')).transactions, [])
  })

  test('tells the lists and snoozes of the value, and never a person in clear', async () => {
    const { service, app, ask } = await open(['card'])
    const change = (given: object) => service.change(given, { by: 'key:author', why: 'a test' })
    await service.decide({ ID: 't-1', TIME: startMs, AMOUNT: 600, CARD: 'Jane Doe', SHOP: 's-1' }, undefined, () => 0)
    await change({ kind: 'list', list: { name: 'mules', of: 'card', effect: 'watch' } })
    await change({ kind: 'entries', list: 'mules', add: [{ value: 'Jane Doe', source: 'police', note: 'case 7' }] })
    await change({ kind: 'rule', rule: { id: 'large', when: 'amount > 5.0', then: 'review', state: 'live' } })
    const until = new Date(startMs + dayMs).toISOString()
    await change({ kind: 'snooze', rule: 'large', key: 'card', value: 'Jane Doe', until })
    const found = await app.inject({ method: 'POST', url: '/v1/search', payload: { key: 'card', value: 'Jane Doe' } })
    const { token } = found.json()
    const known = await ask('card', token)
    assert.deepEqual(
      known.lists.map(({ list, effect, source, note }) => [list, effect, source, note]),
      [['mules', 'watch', 'police', 'case 7']],
    )
    assert.deepEqual(known.snoozes, [{ rule: 'large', until }])
    assert.equal(known.transactions[0].keys.card, token)
    assert.doesNotMatch(JSON.stringify(known), /Jane/)
    const document = (await app.inject('/openapi.json')).json()
    const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } })
    ajv.addSchema(document, 'api')
    const validate = ajv.compile({ $ref: 'api#/components/schemas/KnownKey' })
    assert.ok(validate(known), JSON.stringify(validate.errors))
    for (const url of [
      '/v1/keys/card/Jane%20Doe',
      '/v1/keys/shop/4111111111111111',
      '/v1/keys/nothing/x',
      '/v1/keys/shop/s-1?limit=101',
      '/v1/keys/shop/s-1?outcome=review',
    ]) {
      const { statusCode, body } = await app.inject(url)
      assert.equal(statusCode, 422, `${url}: ${body}`)
      assert.doesNotMatch(body, /Jane|4111/)
    }
  })
})
