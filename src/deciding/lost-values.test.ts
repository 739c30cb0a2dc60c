import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  closedAfterEach,
  namedDetector,
  openDeciding,
  openTestDecisions,
  type TestDecisions,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import { FraudError } from '../core/errors.ts'
import { cardKeyCheck } from '../detector/card-number-hash.ts'
import type { Detector } from '../detector/detector.ts'

const open = closedAfterEach()

async function start(options: TestDecisionsOptions) {
  const running = await openDeciding(open, options)
  const change = (given: object) => running.service.change(given, { by: 'user:ann', why: 'a test' })
  return { ...running, change }
}

/** No history reads the device, so that only what the policy holds of it can be lost. */
const detectorOf = (name: string, transaction: Partial<Detector['transaction']>) =>
  namedDetector(name, { keys: { card: 'CARD', device: 'DEVICE' }, ...transaction }, [
    { count: { by: 'card', over: '7d' } },
  ])

const plain = detectorOf('plain', {})
const personal = detectorOf('personal', { personal: ['device'] })
const renamed = detectorOf('renamed', {
  keys: { card: 'CARD', phone: 'DEVICE', device: 'DEVICE' },
  personal: ['phone'],
})

async function hold({ change, clock }: Awaited<ReturnType<typeof start>>) {
  await change({ kind: 'list', list: { name: 'stolen', of: 'device', effect: 'block' } })
  const expiresAt = new Date(clock.nowMs + 1000).toISOString()
  await change({ kind: 'entries', list: 'stolen', add: [{ value: 'd-1' }, { value: 'd-2', expiresAt }] })
  await change({ kind: 'list', list: { name: 'cards', of: 'card', effect: 'block' } })
  await change({ kind: 'entries', list: 'cards', add: [{ value: 'c-1' }] })
  await change({ kind: 'rule', rule: { id: 'high', when: 'amount > 5.0', then: 'review', state: 'off' } })
  const until = new Date(clock.nowMs + 100_000).toISOString()
  await change({ kind: 'snooze', rule: 'high', key: 'device', value: 'd-3', until })
  clock.nowMs += 1000
}

async function refused(taking: Promise<unknown>, told: RegExp) {
  await assert.rejects(taking, (error) => {
    assert.ok(error instanceof FraudError && error.code === 'POLICY_VALUES_LOST', String(error))
    assert.deepEqual(
      error.errors.map(({ field }) => field),
      ['lists.stolen', 'rules.high.snoozes'],
    )
    assert.match(error.message, /lists\.stolen: 1 of its 1 entries .*rules\.high\.snoozes: 1 of its 1 snoozes/)
    assert.match(error.message, told)
    assert.match(error.message, /acceptLostHistories/)
    assert.doesNotMatch(JSON.stringify(error), /d-1/)
    return true
  })
}

const warned = ({ say }: Pick<TestDecisions, 'say'>) =>
  say.lines.filter((line) => line.includes('lists or snoozes hold values')).length

describe('lists and snoozes of a key that', () => {
  const changes = {
    'becomes personal': [plain, personal, /as tokens of the personal key "device"/],
    'is no longer personal': [personal, plain, /as it is/],
    'is personal under another name': [personal, renamed, /as tokens of the personal key "phone"/],
  } as const
  for (const [what, [before, after, told]] of Object.entries(changes)) {
    test(`${what} are named at a takeover and at the start, and warned of where that is accepted`, async () => {
      const first = await start({ inForce: before })
      await hold(first)
      assert.equal((await first.decide(1, { DEVICE: 'd-1' })).outcome, 'decline')
      await refused(first.service.use(after), told)
      assert.equal((await first.decide(2, { DEVICE: 'd-1' })).outcome, 'decline', 'the detector before goes on')
      await first.close({ keep: true })
      const second = await openTestDecisions({ inForce: after, directory: first.path })
      open.push(second)
      second.clock.nowMs = first.clock.nowMs
      await refused(second.service.resume(), told)
      assert.equal(warned(second), 0)
      await second.close({ keep: true })

      const taken = await start({ inForce: after, directory: first.path, acceptLostHistories: true })
      assert.equal((await taken.decide(3, { DEVICE: 'd-1' })).outcome, 'approve', 'as is told')
      assert.equal(warned(taken), 1)
      await taken.close({ keep: true })
      const again = await start({ inForce: after, directory: first.path })
      // Tokens of two names look the same, so that only the takeover itself can tell.
      assert.equal(warned(again), after === renamed ? 0 : 1)
      await again.change({ kind: 'list-removed', name: 'stolen' })
      await again.change({ kind: 'rule-removed', id: 'high' })
      await again.change({ kind: 'list', list: { name: 'stolen', of: 'device', effect: 'block' } })
      await again.change({ kind: 'entries', list: 'stolen', add: [{ value: 'd-1' }] })
      assert.equal((await again.decide(4, { DEVICE: 'd-1' })).outcome, 'decline')
      await again.close({ keep: true })
      assert.equal(warned(await start({ inForce: after, directory: first.path })), 0)
    })
  }

  test('is hashed are lost with the key of the hashes, and not where hashing begins', async () => {
    const card = '4111111111111111'
    const hashed = detectorOf('hashed', { hashCardNumber: ['DEVICE'] })
    const first = await start({ inForce: plain, cardKeyCheck: cardKeyCheck('one') })
    await first.change({ kind: 'list', list: { name: 'stolen', of: 'device', effect: 'block' } })
    await first.change({ kind: 'entries', list: 'stolen', add: [{ value: 'no card' }] })
    await first.service.use(hashed)
    await first.change({ kind: 'entries', list: 'stolen', add: [{ value: card }] })
    assert.equal((await first.decide(1, { DEVICE: card })).outcome, 'decline')
    assert.equal((await first.decide(2, { DEVICE: 'no card' })).outcome, 'decline')
    const lost = { code: 'POLICY_VALUES_LOST', message: /lists\.stolen: 1 of its 2 entries/ }
    await assert.rejects(first.service.use(plain), lost)
    await first.close({ keep: true })
    const other = await openTestDecisions({
      ...{ inForce: hashed, directory: first.path },
      cardKeyCheck: cardKeyCheck('two'),
    })
    open.push(other)
    await assert.rejects(other.service.resume(), { code: 'HISTORIES_LOST' })
  })

  test('is hashed are lost with another key even where no transaction came yet', async () => {
    const inForce = detectorOf('hashed', { hashCardNumber: ['DEVICE'] })
    const first = await start({ inForce, cardKeyCheck: cardKeyCheck('one') })
    await first.change({ kind: 'list', list: { name: 'stolen', of: 'device', effect: 'block' } })
    await first.change({ kind: 'entries', list: 'stolen', add: [{ value: '4111111111111111' }] })
    await first.close({ keep: true })
    const other = await openTestDecisions({ inForce, directory: first.path, cardKeyCheck: cardKeyCheck('two') })
    open.push(other)
    const message = /hold "device" hashed under this SHRIKE_CARD_KEY/
    await assert.rejects(other.service.resume(), { code: 'POLICY_VALUES_LOST', message })
  })

  test('keeps its form hinder nothing, nor do lists without entries', async () => {
    const first = await start({ inForce: plain })
    await first.change({ kind: 'list', list: { name: 'stolen', of: 'device', effect: 'block' } })
    await first.service.use(personal)
    await first.change({ kind: 'entries', list: 'stolen', add: [{ value: 'd-1' }] })
    await first.service.use(detectorOf('next', { personal: ['device'] }))
    assert.equal((await first.decide(1, { DEVICE: 'd-1' })).outcome, 'decline')
    assert.equal(warned(first), 0)
  })
})
