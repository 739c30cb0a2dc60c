import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  assertReplayed,
  closedAfterEach,
  namedDetector,
  openDeciding,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import type { Detector } from '../detector/detector.ts'

const open = closedAfterEach()

const start = (options: TestDecisionsOptions) => openDeciding(open, options, 1000)
const countBy = (by: string, over = '1d') => ({ count: { by, over } })

describe('two names of one column', () => {
  const named = (name: string, features: Detector['features']) =>
    namedDetector(name, { keys: { card: 'CARD', payer: 'CARD', shop: 'SHOP' }, fields: { pan: 'CARD' } }, features)

  for (const [name, before, after] of [
    ['of which one was there', [countBy('card')], [countBy('card'), countBy('pan')]],
    ['that both were there', [countBy('card'), countBy('payer')], [countBy('card'), countBy('payer'), countBy('shop')]],
    [
      'of which more are wanted than were there',
      [countBy('card'), countBy('payer')],
      [countBy('pan'), countBy('payer'), countBy('card')],
    ],
  ] satisfies [string, Detector['features'], Detector['features']][]) {
    test(`${name} count each event once after a takeover`, async () => {
      const [one, next] = [named('one', before), named('next', after)]
      const { service, decide, rowOf, close, logPath } = await start({ inForce: one })
      for (let i = 0; i < 3; i++) await decide(i)
      await service.use(next)
      for (let i = 3; i < 6; i++) await decide(i)
      for (let i = 3; i < 6; i++) assert.deepEqual(rowOf(i), Array(after.length).fill(i + 1), `of transaction ${i}`)
      await close({ keep: true })
      assert.deepEqual(assertReplayed(logPath, [one, next]), [3, 3])
    })
  }
})

describe('labels that wait', () => {
  test('still do where a detector without histories takes over, and are there for one that comes after it', async () => {
    const counting = namedDetector('counting', {}, ['amount', countBy('card', '7d')])
    const { service, decide, log } = await start({ inForce: counting })
    const waiting = () => service.decider.state?.projections.pending.count
    await decide(0)
    await service.label({ transactionId: 't-2', isFraud: true }, 'key:desk')
    await service.use(namedDetector('plain', {}, ['amount', 'weekend']))
    assert.equal(waiting(), 1)
    await decide(1)
    await service.use(namedDetector('frauds', {}, ['amount', { fraudCount: { by: 'card', over: '7d', delay: '0s' } }]))
    assert.equal(waiting(), 1)
    await decide(2)
    assert.equal(waiting(), 0)
    const { sequence } = log.reading.find('t-2') ?? assert.fail()
    assert.equal(service.decider.state?.projections.labels.isFraud(sequence), true)
  })
})

describe('a takeover that a fault ends', () => {
  test('once what decides has been changed has all made of the log again, for the one before', async (t) => {
    const one = namedDetector('one', {}, ['amount', countBy('card'), countBy('shop')])
    const next = namedDetector('next', {}, ['amount', countBy('shop'), countBy('card')])
    const { service, decide, rowOf, log, close, logPath } = await start({ inForce: one })
    for (let i = 0; i < 3; i++) await decide(i, { SHOP: `s-${i}` })
    const { policy } = service.decider.state?.projections ?? assert.fail()
    t.mock.method(policy, 'rename', () => assert.fail('a fault'))
    await assert.rejects(service.use(next), /a fault/)
    assert.equal(service.decider.isReady, false)
    await service.resume()
    assert.equal(log.failure, undefined)
    await decide(3, { SHOP: 's-3' })
    assert.deepEqual([service.inForce, rowOf(3)], [one, [10, 4, 1]])
    await close({ keep: true })
    assert.deepEqual(assertReplayed(logPath, [one]), [4])
  })
})
