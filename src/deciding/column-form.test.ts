import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  assertReplayed,
  closedAfterEach,
  namedDetector,
  openDeciding,
  openTestDecisions,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import { cardKeyCheck, cardNumberHash } from '../detector/card-number-hash.ts'
import type { Detector } from '../detector/detector.ts'
import { columnForms, isSameForm } from './column-form.ts'

const open = closedAfterEach()

const start = (options: TestDecisionsOptions) => openDeciding(open, options)

const detectorOf = (
  name: string,
  transaction: Partial<Detector['transaction']> = {},
  features: Detector['features'] = [{ count: { by: 'card', over: '7d' } }],
) => namedDetector(name, transaction, features)

const plain = detectorOf('plain')
const changes: Record<string, readonly [ReturnType<typeof detectorOf>, ReturnType<typeof detectorOf>, RegExp]> = {
  'becomes personal': [plain, detectorOf('personal', { personal: ['card'] }), /as tokens of the personal key "card"/],
  'is no longer personal': [detectorOf('personal', { personal: ['card'] }), plain, /as it is/],
  'is personal under another name': [
    detectorOf('personal', { personal: ['card'] }),
    detectorOf('renamed', { keys: { holder: 'CARD' }, personal: ['holder'] }, [
      { count: { by: 'holder', over: '7d' } },
    ]),
    /as tokens of the personal key "holder"/,
  ],
  'becomes hashed': [plain, detectorOf('hashed', { hashCardNumber: ['CARD'] }), /hashed under this SHRIKE_CARD_KEY/],
  'is no longer hashed': [detectorOf('hashed', { hashCardNumber: ['CARD'] }), plain, /as it is/],
}

describe('a key that', () => {
  for (const [what, [before, after, told]] of Object.entries(changes)) {
    test(`${what} is refused at a reload and at the start, and marked where that is accepted`, async () => {
      const { service, decide, close, path } = await start({ inForce: before })
      for (let i = 0; i < 3; i++) await decide(i)
      await assert.rejects(service.use(after), ({ code, message }) => {
        assert.equal(code, 'HISTORIES_LOST')
        assert.match(message, /: of 3 transactions none has "CARD" /)
        assert.match(message, told)
        assert.match(message, /a different form: keep personal/)
        return true
      })
      assert.equal((await decide(3)).model, before.predictor.modelId)
      await close({ keep: true })
      const refused = await openTestDecisions({ inForce: after, directory: path })
      open.push(refused)
      await assert.rejects(refused.service.resume(), { code: 'HISTORIES_LOST' })
      await refused.close({ keep: true })

      const taken = await start({ inForce: after, directory: path, acceptLostHistories: true })
      assert.ok((await taken.decide(4)).degraded.includes('histories-lost'))
      // Texts that are no card numbers are never hashed.
      const known = what.endsWith('hashed') ? 4 : 0
      assert.deepEqual(taken.rowOf(4), [known + 1], 'of a token no history is connected with what was kept before')
      await taken.close({ keep: true })
      // Once accepted it is no loss that a start has to ask about again.
      const again = await start({ inForce: after, directory: path })
      assert.ok((await again.decide(9.9)).degraded.includes('histories-lost'))
      assert.deepEqual((await again.decide(10)).degraded, [])
      assert.deepEqual(again.rowOf(10), [3])
      await assert.rejects(again.service.use(before), { code: 'HISTORIES_LOST' })
      await again.close({ keep: true })
      assert.deepEqual(assertReplayed(again.logPath, [after]), [3])
    })
  }
})

test('amounts do not meet those that were sent in another unit, unless somebody accepts that', async () => {
  const sums: Detector['features'] = ['amount', { sum: { of: 'amount', by: 'card', over: '7d' } }]
  const minor = { amount: { field: 'AMOUNT', digits: 2, minorUnits: true } }
  const before = detectorOf('major', {}, sums)
  const { service, decide, close, path } = await start({ inForce: before })
  await decide(0)
  const after = detectorOf('minor', minor, sums)
  await assert.rejects(service.use(after), { code: 'HISTORIES_LOST', message: /none has "AMOUNT" in minor units of 2/ })
  const counts: Detector['features'] = ['amount', { count: { by: 'card', over: '7d' } }]
  await service.use(detectorOf('counting', minor, counts))
  await close({ keep: true })

  const taken = await start({ inForce: after, directory: path, acceptLostHistories: true })
  assert.ok((await taken.decide(1, { AMOUNT: 1000 })).degraded.includes('histories-lost'))
  // Records hold major units under both.
  assert.deepEqual(taken.rowOf(1), [10, 20])
  await taken.close({ keep: true })
  const again = await openTestDecisions({ inForce: before, directory: path })
  open.push(again)
  await assert.rejects(again.service.resume(), { code: 'HISTORIES_LOST', message: /1 has "AMOUNT" as it is/ })
})

test('a key that no history reads may change its form', async () => {
  const { service, decide } = await start({ inForce: plain })
  await decide(0)
  await decide(4)
  const inForce = detectorOf('shops', { personal: ['shop'] })
  await service.use(inForce)
  assert.deepEqual((await decide(8)).degraded, [])
})

describe('another key of card numbers', () => {
  const hashed = detectorOf('hashed', { hashCardNumber: ['CARD'] })
  const keyed = (key: string) => ({
    inForce: hashed,
    hashCardNumber: cardNumberHash(key),
    cardKeyCheck: cardKeyCheck(key),
  })
  const card = { CARD: '4111111111111111' }

  test('is refused at the start and marked where it is accepted, and the way back is refused, too', async () => {
    const { decide, close, path } = await start(keyed('one'))
    await decide(0, card)
    await close({ keep: true })
    const refused = await openTestDecisions({ ...keyed('two'), directory: path })
    open.push(refused)
    await assert.rejects(refused.service.resume(), {
      code: 'HISTORIES_LOST',
      message:
        /^SHRIKE_CARD_KEY is a different key .* every card of its 1 transactions .*option `acceptLostHistories`$/,
    })
    await refused.close({ keep: true })
    const same = await start({ ...keyed('one'), directory: path })
    assert.ok(!(await same.decide(1, card)).degraded.includes('histories-lost'))
    assert.deepEqual([same.rowOf(1), same.log.reading.definitionSequences()], [[2], [1]])
    await same.close({ keep: true })
    const taken = await start({ ...keyed('two'), directory: path, acceptLostHistories: true })
    assert.ok((await taken.decide(2, card)).degraded.includes('histories-lost'))
    await taken.close({ keep: true })
    const on = await start({ ...keyed('two'), directory: path })
    await on.close({ keep: true })
    const back = await openTestDecisions({ ...keyed('one'), directory: path })
    open.push(back)
    await assert.rejects(back.service.resume(), { code: 'HISTORIES_LOST' })
  })

  test('is not looked for in a log that does not tell its key, nor in one without transactions', async () => {
    const { decide, close, path } = await start({ ...keyed('one'), cardKeyCheck: undefined, inForce: plain })
    await close({ keep: true })
    assert.ok(decide)
    const empty = await start({ ...keyed('one'), directory: path })
    await empty.close({ keep: true })
    const other = await start({ ...keyed('two'), directory: path })
    assert.ok(!(await other.decide(0, card)).degraded.includes('histories-lost'))
    await other.close({ keep: true })
    const untold = columnForms({ detector: hashed.detector })('CARD')
    const told = columnForms({ detector: hashed.detector, cardKeyCheck: 'x' })('CARD')
    assert.ok(isSameForm(untold, told) && isSameForm(told, untold))
    assert.ok(!isSameForm(told, { ...told, cardKeyCheck: 'y' }))
  })

  test('is no key at all: a reload that begins to want one is refused', async () => {
    const { service, decide } = await start({ inForce: plain, cardKeyCheck: undefined })
    await decide(0)
    await assert.rejects(service.use(hashed), { code: 'OPTION_INVALID', message: /set SHRIKE_CARD_KEY/ })
  })
})

describe('a currency', () => {
  const sums: Detector['features'] = [{ sum: { of: 'amount', by: 'card', over: '7d' } }]
  const inCurrency = (currency?: string | { field: string }, features = sums) => {
    const amount = { field: 'AMOUNT', digits: 2, ...(currency !== undefined && { currency }) }
    return detectorOf(
      typeof currency === 'string' ? currency : 'none',
      { amount, fields: { currency: 'CURRENCY' } },
      features,
    )
  }

  test('that changes is refused at a reload and at the start, and never summed as another', async () => {
    const { service, decide, close, path } = await start({ inForce: inCurrency('EUR') })
    await decide(0)
    const refusal = {
      code: 'LOG_MISMATCH',
      message: /amount is in EUR, and transaction\.amount\.currency is USD\. Declare amounts as/,
    }
    await assert.rejects(service.use(inCurrency('USD')), refusal)
    // Not by a detour either.
    await service.use(inCurrency())
    await decide(1)
    await assert.rejects(service.use(inCurrency('USD')), refusal)
    await service.use(inCurrency('EUR'))
    await close({ keep: true })
    const again = await openTestDecisions({ inForce: inCurrency('USD'), directory: path, acceptLostHistories: true })
    open.push(again)
    await assert.rejects(again.service.resume(), refusal)
  })

  test('may be declared where none was, or no longer, or change where no history has amounts', async () => {
    const { service, decide, rowOf } = await start({ inForce: inCurrency() })
    await decide(0)
    await service.use(inCurrency('EUR'))
    await decide(1)
    assert.deepEqual(rowOf(1), [20])
    await service.use(inCurrency())
    await decide(2)
    assert.deepEqual(rowOf(2), [30])
    await service.use(inCurrency('USD', [{ count: { by: 'card', over: '7d' } }]))
    await decide(3)
    assert.deepEqual(rowOf(3), [4])
  })

  test('of each transaction counts where it becomes a fixed one', async () => {
    const { service, decide } = await start({ inForce: inCurrency({ field: 'CURRENCY' }) })
    await decide(0, { CARD: 'e', CURRENCY: 'EUR' })
    await service.use(inCurrency('EUR'))
    await service.use(inCurrency({ field: 'CURRENCY' }))
    await decide(1, { CARD: 'u', CURRENCY: 'USD' })
    await assert.rejects(service.use(inCurrency('EUR')), { code: 'LOG_MISMATCH', message: /amount is in USD/ })
  })
})
