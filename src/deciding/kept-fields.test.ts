import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  assertReplayed,
  closedAfterEach,
  namedDetector,
  openDeciding,
  startMs,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import { FraudError } from '../core/errors.ts'
import { type Detector, parseDetector } from '../detector/detector.ts'
import { erasePerson } from './erase-person.ts'

const open = closedAfterEach()

const start = (options: TestDecisionsOptions) => openDeciding(open, options, 3_600_000)

const detectorOf = (
  name: string,
  transaction: Partial<Detector['transaction']>,
  features: Detector['features'] = ['amount'],
) => namedDetector(name, transaction, features)

const keeping = detectorOf('keeping', { keep: ['ip', 'bin'] })
const byIp: Detector['features'] = ['amount', { count: { by: 'ip', over: '7d' } }]

describe('a kept field', () => {
  test('is shown, compared, and looked through for card numbers, and one that is not kept is none of it', async () => {
    const { service, decide } = await start({ inForce: keeping })
    await decide(0, { ip: '10.0.0.1', bin: 411111, other: 'x' })
    const { ip, bin, other } = (await service.find('t-0'))?.transaction ?? {}
    assert.deepEqual([ip, bin, other], ['10.0.0.1', 411111, undefined])
    assert.equal((await decide(0, { ip: '10.0.0.1', bin: '411111' })).duplicate, true)
    await assert.rejects(async () => decide(0, { ip: '10.0.0.2', bin: 411111 }), {
      code: 'TRANSACTION_CONFLICT',
      errors: [{ field: 'ip', reason: 'differs from what was sent first' }],
    })
    assert.throws(() => decide(1, { ip: '4111 1111 1111 1111' }), { code: 'CARD_NUMBER_REFUSED' })
    assert.throws(() => decide(1, { ip: { v: 4 } }), { code: 'INPUT_INVALID' })
  })

  test('that a later detector declares has its history, at a reload and at a start', async () => {
    const { service, decide, rowOf, close, path, logPath } = await start({ inForce: keeping })
    for (let i = 0; i < 3; i++) await decide(i, { ip: i === 1 ? 'b' : 'a' })
    const declaring = detectorOf('declaring', { keys: { card: 'CARD', shop: 'SHOP', ip: 'ip' } }, byIp)
    await service.use(declaring)
    assert.ok(!(await decide(3, { ip: 'a' })).degraded.includes('histories-lost'))
    assert.deepEqual(rowOf(3), [10, 3])
    await close({ keep: true })
    const again = await start({ inForce: declaring, directory: path })
    await again.decide(4, { ip: 'a' })
    assert.deepEqual(again.rowOf(4), [10, 4])
    await again.close({ keep: true })
    assert.deepEqual(assertReplayed(logPath, [keeping, declaring]), [3, 2])
  })

  test('that is personal is a token until it is erased, and goes on as one where it becomes a key', async () => {
    const personal = { personal: ['ip'] }
    const inForce = detectorOf('personal', { keep: ['ip'], ...personal })
    const { service, log, decide, rowOf } = await start({ inForce })
    await decide(0, { ip: '10.0.0.1' })
    await decide(1, { ip: '10.0.0.2' })
    const record = log.reading.find('t-0')
    assert.ok(record?.fields.some((value) => typeof value === 'string' && value.startsWith('tok_')))
    assert.ok(!JSON.stringify(record).includes('10.0.0.1'))
    assert.equal((await service.find('t-0'))?.transaction.ip, '10.0.0.1')
    await service.use(detectorOf('key', { keys: { card: 'CARD', shop: 'SHOP', ip: 'ip' }, ...personal }, byIp))
    await decide(2, { ip: '10.0.0.1' })
    assert.deepEqual(rowOf(2), [10, 2])
    const values = new Set(['10.0.0.1'])
    assert.match((await erasePerson(log, inForce.detector, 'ip', values, startMs, 'key:desk')) ?? '', /^tok_/)
    assert.equal((await service.find('t-0'))?.transaction.ip, null)
    assert.equal((await service.find('t-1'))?.transaction.ip, '10.0.0.2')
  })

  test('whose key was kept in plain text is told so, not mixed', async () => {
    const { service, decide } = await start({ inForce: keeping })
    await decide(0, { ip: 'a' })
    const keys = { card: 'CARD', shop: 'SHOP', ip: 'ip' }
    await assert.rejects(service.use(detectorOf('token', { keys, personal: ['ip'] }, byIp)), { code: 'HISTORIES_LOST' })
  })
})

describe('with keep: all', () => {
  const all = detectorOf('all', { keep: 'all', label: { field: 'FRAUD', knownAt: 'SINCE' } })
  const keys = { card: 'CARD', shop: 'SHOP', ip: 'net.ip' }

  test('every other scalar is shown, and neither what is of the label nor what is nested or empty', async () => {
    const { service, decide } = await start({ inForce: all })
    const given = { score: 0.5, is_new: true, free: ' x ', net: { ip: 'a', ports: [1] }, blank: '', empty: null }
    await decide(0, { ...given, FRAUD: 1, SINCE: 'now' })
    assert.deepEqual((await service.find('t-0'))?.transaction, {
      ...{ ID: 't-0', TIME: '2026-11-22T09:00:00.000Z', AMOUNT: 10, CARD: 'c', SHOP: 's', NOTE: null },
      ...{ score: 0.5, is_new: 'true', free: 'x', 'net.ip': 'a' },
    })
    assert.equal((await decide(0, { score: 0.7 })).duplicate, true)
    await assert.rejects(async () => decide(0, { CARD: 'd' }), { code: 'TRANSACTION_CONFLICT' })
  })

  test('card numbers, in values and in names, and more than is kept are refused', async () => {
    const { service, decide } = await start({ inForce: all })
    const refusal = (more: object) => {
      try {
        decide(1, more)
      } catch (error) {
        assert.ok(error instanceof FraudError)
        return { code: error.code, errors: error.errors, shown: JSON.stringify(error) }
      }
      return assert.fail('was taken in')
    }
    for (const more of [
      { free: 'card 4111 1111 1111 1111' },
      { free: 4111111111111111 },
      { 'a-4111111111111111': 1 },
    ]) {
      const { code, shown } = refusal(more)
      assert.equal(code, 'CARD_NUMBER_REFUSED')
      assert.doesNotMatch(shown, /4111/)
    }
    const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, i]))
    const reason = 'has more undeclared fields than keep: all keeps, 512 fields and 32768 bytes'
    assert.deepEqual(refusal(fields(513)).errors, [{ field: '(body)', reason }])
    const texts = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`f${i}`, 'é'.repeat(300)]))
    assert.deepEqual(refusal(texts).errors, [{ field: '(body)', reason }])
    assert.match(refusal({ ['n'.repeat(129)]: 1 }).errors[0].reason, /whose name is over 128 characters/)
    assert.match(refusal({ free: 'x'.repeat(513) }).errors[0].reason, /over 512 characters/)
    assert.equal(await service.find('t-1'), undefined)
    await decide(1, fields(512))
  })

  test('a later detector that declares one has its history, at a reload and at a start', async () => {
    const { service, decide, rowOf, close, path, logPath } = await start({ inForce: all })
    for (let i = 0; i < 3; i++) await decide(i, { 'net.ip': i === 1 ? 'b' : 'a', other: i })
    await decide(3)
    const declaring = detectorOf('declaring', { keys, fields: { other: 'other' } }, [
      ...byIp,
      { sum: { of: 'other', by: 'ip', over: '7d' } },
    ])
    await service.use(declaring)
    assert.ok(!(await decide(4, { 'net.ip': 'a', other: 10 })).degraded.includes('histories-lost'))
    assert.deepEqual(rowOf(4), [10, 3, 12])
    await close({ keep: true })
    const again = await start({ inForce: declaring, directory: path })
    await again.decide(5, { 'net.ip': 'b', other: 1 })
    assert.deepEqual(again.rowOf(5), [10, 2, 2])
    await again.close({ keep: true })
    assert.deepEqual(assertReplayed(logPath, [all, declaring]), [4, 2])
  })

  test('one that nobody ever sent is a loss, and so are tokens of what was kept in plain text', async () => {
    const { service, log, decide } = await start({ inForce: all })
    await decide(0, { 'net.ip': '10.0.0.1' })
    const other = detectorOf('other', { keys: { ...keys, ip: 'ipp' } }, byIp)
    await assert.rejects(service.use(other), { code: 'HISTORIES_LOST', message: /none has "ipp"/ })
    const token = detectorOf('token', { keys, personal: ['ip'] }, byIp)
    await assert.rejects(service.use(token), { code: 'HISTORIES_LOST', message: /none has "net.ip" as tokens/ })
    await assert.rejects(erasePerson(log, token.detector, 'ip', new Set(['10.0.0.1']), startMs, 'key:desk'), {
      code: 'ERASURE_INCOMPLETE',
      message: /1 record/,
    })
  })

  test('an amount that was only kept is a loss: nobody knows its unit', async () => {
    const { service, decide } = await start({ inForce: all })
    await decide(0, { total: 1250 })
    const amount = { field: 'total', digits: 2 }
    const inForce = detectorOf('total', { amount }, ['amount', { sum: { of: 'amount', by: 'card', over: '7d' } }])
    await assert.rejects(service.use(inForce), { code: 'HISTORIES_LOST', message: /none has "total"/ })
  })
})

test('what can not be kept is refused with the reason', () => {
  const refusal = (transaction: object) => {
    try {
      parseDetector({ detector: 'd', transaction: { label: { field: 'FRAUD' }, ...transaction }, features: ['a'] })
    } catch (error) {
      return error instanceof FraudError ? error.message : String(error)
    }
    return ''
  }
  assert.match(refusal({ keep: ['FRAUD'] }), /transaction.keep.0: a label arrives later/)
  assert.match(refusal({ id: 'ID', keep: ['ID'] }), /the id and the time are kept anyway/)
  assert.match(refusal({ keep: ['ip', 'ip'] }), /"ip" is listed twice/)
  assert.match(refusal({ keys: { ip: 'IP' }, keep: ['ip'] }), /the key of this name has the column "IP"/)
  assert.match(refusal({ keep: ['ip'], personal: ['ipp'] }), /keep has "ipp". Did you mean "ip"/)
  assert.equal(refusal({ keep: ['ip'], personal: ['ip'], hashCardNumber: ['ip'] }), '')
})
