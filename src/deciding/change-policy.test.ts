import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  namedDetector,
  openTestDecisions,
  snapshotNow,
  startMs,
  type TestDecisions,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import { FraudError } from '../core/errors.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import { savedParts } from './projections.ts'

const open = closedAfterEach()
const minuteMs = 60_000

async function start(options: TestDecisionsOptions = {}) {
  const live = await openTestDecisions(options)
  open.push(live)
  await live.service.resume()
  return { ...live, ...callsOf(live) }
}

function callsOf({ service, clock }: TestDecisions) {
  let ids = 0
  return {
    change: (change: object, more: { readonly ifVersion?: number } = {}) =>
      service.change(change, { by: 'user:ann', why: 'a test', ...more }),
    decide: (changed: object = {}) =>
      service.decide(
        { ID: `t-${clock.nowMs}-${++ids}`, TIME: clock.nowMs, AMOUNT: 10, CARD: 'c', SHOP: 's', ...changed },
        undefined,
        () => 0,
      ),
  }
}

/** The policy's part of a snapshot. */
function policyBytes({ service }: TestDecisions): Buffer {
  const projections = service.decider.state?.projections
  assert.ok(projections)
  const part = savedParts(projections).find(({ name }) => name === 'policy')
  return Buffer.concat([...(part?.chunks ?? [])])
}

const velocity = { id: 'velocity', when: 'card_count_1h > 2', then: 'decline', reason: '{card_count_1h} in an hour' }

describe('a changed policy', () => {
  test('decides from the next transaction on, and each decision says by which version and rules', async () => {
    const { change, decide, log } = await start()
    const before = await decide()
    assert.deepEqual([before.outcome, before.policy, before.rules], ['approve', 1, []])
    await decide()
    const { version } = await change({ kind: 'rule', rule: velocity })
    const shadow = await decide()
    assert.deepEqual(
      [shadow.outcome, shadow.policy, shadow.rules],
      ['approve', version, [{ id: 'velocity', state: 'shadow', outcome: 'decline' }]],
    )
    const live = await change({ kind: 'rule-state', id: 'velocity', state: 'live' })
    const declined = await decide({ ID: 'declined' })
    assert.deepEqual([declined.outcome, declined.policy], ['decline', live.version])
    assert.deepEqual(declined.reasons, [{ code: 'rule:velocity', text: '4 in an hour' }])
    // The same again, of the record, whatever is in force by now.
    await change({ kind: 'rule-removed', id: 'velocity' })
    assert.deepEqual(await decide({ ID: 'declined', TIME: startMs }), { ...declined, duplicate: true })
    assert.equal(log.reading.find('declined')?.kind, 'decision')
  })

  test('is refused with all that is wrong, or where somebody else was quicker, and nothing is recorded', async () => {
    const { change, log } = await start()
    const next = log.nextSequence
    await assert.rejects(
      change({ kind: 'rule', rule: { ...velocity, when: 'card_cuont_1h > 2 && amuont > 1' } }),
      (error) => {
        assert.ok(error instanceof Error && 'code' in error && 'errors' in error && Array.isArray(error.errors))
        assert.equal(error.code, 'INPUT_INVALID')
        assert.deepEqual(
          error.errors.map(({ field }) => field),
          ['rules.velocity.when', 'rules.velocity.when'],
        )
        return true
      },
    )
    await assert.rejects(change({ kind: 'ruel' }), { code: 'INPUT_INVALID' })
    await assert.rejects(change({ kind: 'rule', rule: velocity }, { ifVersion: 7 }), { code: 'POLICY_CHANGED' })
    assert.equal(log.nextSequence, next)
    await change({ kind: 'rule', rule: velocity }, { ifVersion: 1 })
    assert.equal(log.nextSequence, next + 1)
  })

  test('is the same after a restart, from a snapshot or from the log alone, fuses and draws included', async () => {
    const first = await start()
    const { change, clock, path } = first
    await change({ kind: 'list', list: { name: 'trusted', of: 'card', effect: 'allow' } })
    await change({ kind: 'entries', list: 'trusted', add: [{ value: 'vip' }] })
    await change({ kind: 'rule', rule: { ...velocity, state: 'live', share: 0.5, cap: { count: 3, over: '1h' } } })
    await change({ kind: 'snooze', rule: 'velocity', key: 'card', value: 'c2', until: '2027-01-01T00:00:00Z' })
    const day = async ({ decide }: Pick<typeof first, 'decide'>, from: number) => {
      const outcomes: unknown[] = []
      for (let i = from; i < from + 30; i++) {
        clock.nowMs = startMs + i * minuteMs
        const card = ['c1', 'c2', 'vip'][i % 3]
        const { outcome, rules, degraded, policy } = await decide({ ID: `d-${i}`, CARD: card, AMOUNT: (i * 37) % 1000 })
        outcomes.push([outcome, rules, degraded, policy])
      }
      return outcomes
    }
    await day(first, 0)
    assert.ok(first.service.policy.steps.some(({ tripped }) => tripped?.includes('rule:velocity')))
    assert.match(
      await first.metrics.registry.metrics(),
      /shrike_fuses_tripped_total\{[^}]*fuse="rule:velocity"[^}]*\} 1/,
    )
    assert.ok(first.say.lines.some((line) => line.includes('fuses of the policy have tripped')))
    const snapshot = snapshotNow(first.service, first.log.nextSequence - 1)
    const expected = await day(first, 30)
    const bytes = policyBytes(first)
    await first.close({ keep: true })
    for (const findSnapshot of [() => undefined, () => snapshot]) {
      const again = await start({ directory: path, findSnapshot })
      again.clock.nowMs = clock.nowMs
      assert.deepEqual(policyBytes(again), bytes)
      // What was decided after the snapshot is answered as it was.
      const answered: unknown[] = []
      for (let i = 30; i < 60; i++) {
        const { outcome, rules, degraded, policy } = await again.decide({
          ...{ ID: `d-${i}`, TIME: startMs + i * minuteMs, CARD: ['c1', 'c2', 'vip'][i % 3] },
          AMOUNT: (i * 37) % 1000,
        })
        answered.push([outcome, rules, degraded, policy])
      }
      assert.deepEqual(answered, expected)
      await again.close({ keep: true })
    }
  })

  test('stays as it is under another bundle, whose own policy counts only as long as nobody has changed it', async () => {
    const first = await start()
    const strict = createDetectorInForce(cardsDetector({ policy: { decline: 0.005 } }), amountPredictor('strict@1'))
    await first.service.use(strict)
    assert.equal((await first.decide()).outcome, 'decline')
    await first.change({ kind: 'policy', policy: { thresholds: { review: 0.005 } } })
    assert.equal((await first.decide()).outcome, 'review')
    const loose = createDetectorInForce(cardsDetector({ policy: { decline: 0.99 } }), amountPredictor('loose@1'))
    await first.service.use(loose)
    const { outcome, policy, reasons } = await first.decide()
    assert.deepEqual([outcome, reasons[0].code], ['review', 'score_over_review'])
    assert.equal(policy, first.service.policy.version)
  })

  test('refuses a detector that lacks names of it, with the rules named, until they are switched off', async () => {
    const first = await start()
    const { change, decide, service, clock, path, log } = first
    const bare = namedDetector('bare', { keys: { card: 'CARD' } }, ['amount'])
    await service.use(bare)
    await service.use(createDetectorInForce(cardsDetector(), amountPredictor()))
    await change({ kind: 'rule', rule: { ...velocity, state: 'shadow' } })
    await change({ kind: 'rule', rule: { id: 'amounts', when: 'amount > 5.0', then: 'review', state: 'live' } })
    await change({ kind: 'rule', rule: { ...velocity, id: 'idle', state: 'off' } })
    await change({ kind: 'list', list: { name: 'shops', of: 'shop', effect: 'none' } })
    const segments = [{ name: 'busy', when: 'card_count_1d > 9', thresholds: { review: 0.4 } }]
    const { version } = await change({ kind: 'policy', policy: { segments } })
    const until = new Date(startMs + minuteMs).toISOString()
    await change({ kind: 'snooze', rule: 'amounts', key: 'shop', value: 's1', until })
    const definitions = log.reading.definitionSequences()
    const lost = async (deciding: TestDecisions['service'], fields: readonly string[], how: 'use' | 'resume') => {
      await assert.rejects(how === 'use' ? deciding.use(bare) : deciding.resume(), (error) => {
        assert.ok(error instanceof FraudError && error.code === 'POLICY_NAMES_LOST')
        assert.deepEqual(
          error.errors.map(({ field }) => field),
          fields,
        )
        for (const field of fields) assert.ok(error.message.includes(field), error.message)
        return true
      })
    }
    const fields = ['rules.velocity.when', 'rules.velocity.reason', 'lists.shops.of', 'policy.segments.busy.when']
    await lost(service, [...fields.slice(0, 2), 'rules.amounts.snoozes', ...fields.slice(2)], 'use')
    assert.deepEqual(log.reading.definitionSequences(), definitions)
    assert.equal((await decide()).policy, version)
    clock.nowMs += minuteMs
    await first.close({ keep: true })
    const again = await openTestDecisions({ inForce: bare, directory: path })
    open.push(again)
    again.clock.nowMs = clock.nowMs
    await lost(again.service, fields, 'resume')
    await again.close({ keep: true })
    const back = await start({ directory: path })
    back.clock.nowMs = clock.nowMs
    await back.change({ kind: 'rule-state', id: 'velocity', state: 'off' })
    await back.change({ kind: 'list-removed', name: 'shops' })
    await back.change({ kind: 'policy', policy: {} })
    await back.service.use(bare)
    assert.equal((await back.decide()).reasons[0].code, 'rule:amounts')
    await assert.rejects(back.change({ kind: 'rule-state', id: 'idle', state: 'live' }), { code: 'INPUT_INVALID' })
  })

  test('lets rules and lists speak where there is no score, and says that a fuse held one', async () => {
    const sound = amountPredictor()
    const broken: typeof sound = {
      ...sound,
      // The example that a start tries is sound.
      predict: (row) => (row[0] === 1 ? sound.predict(row) : assert.fail('the model is broken')),
    }
    const { change, decide } = await start({ inForce: createDetectorInForce(cardsDetector(), broken) })
    await change({
      kind: 'rule',
      rule: { id: 'all', when: 'amount > 1.0', then: 'decline', state: 'live', cap: { count: 1, over: '1h' } },
    })
    const one = await decide()
    assert.deepEqual([one.outcome, one.reasons[0].code], ['decline', 'rule:all'])
    const other = await decide()
    assert.deepEqual(
      [other.outcome, other.reasons[0].code, other.rules[0].state],
      ['review', 'score_unavailable', 'fused'],
    )
    assert.ok(other.degraded.includes('fused') && other.degraded.includes('model-failed'))
  })

  test('holds values as transactions do: persons by their tokens, no card numbers, texts without blanks around them', async () => {
    const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor())
    const { change, decide, log, service } = await start({ inForce })
    for (const [name, of] of Object.entries({ cards: 'card', shops: 'shop', notes: 'note' }))
      await change({ kind: 'list', list: { name, of, effect: 'block' } })
    await decide({ CARD: 'Ada' })
    const token = log.persons.tokenOf('card', 'Ada') ?? ''
    const next = log.nextSequence
    const add = (list: string, value: string) => change({ kind: 'entries', list, add: [{ value }] })
    await assert.rejects(add('cards', 'tok_nobody'), { code: 'INPUT_INVALID' })
    for (const list of ['shops', 'notes'])
      await assert.rejects(add(list, '4111 1111 1111 1111'), { code: 'CARD_NUMBER_REFUSED' })
    assert.equal(log.nextSequence, next)
    await add('cards', 'Ada')
    assert.deepEqual(
      [...service.entriesOf('cards', 0)].map(({ value }) => value),
      [token],
    )
    const until = '2027-01-01T00:00:00Z'
    const snooze = { kind: 'snooze', rule: 'r', key: 'card', value: ' Ada', until }
    await change({ kind: 'together', changes: [{ kind: 'rule', rule: { ...velocity, id: 'r' } }, snooze] })
    assert.deepEqual(
      service.policy.snoozes.map(({ value }) => value),
      [token],
    )
    await add('shops', ' s9 ')
    await add('notes', 'odd')
    assert.equal((await decide({ CARD: 'Ada' })).outcome, 'decline')
    assert.equal((await decide({ CARD: 'Eve', SHOP: 's9' })).outcome, 'decline')
    assert.equal((await decide({ CARD: 'Eve', NOTE: 'odd' })).outcome, 'decline')
    assert.equal((await decide({ CARD: 'Eve' })).outcome, 'approve')
  })

  test('is refused where any text of it, or its reason, holds a card number or a person of the transactions', async () => {
    const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor())
    const { change, decide, log, service } = await start({ inForce })
    await decide({ CARD: 'c-0000157' })
    await change({ kind: 'list', list: { name: 'cards', of: 'card', effect: 'none' } })
    const next = log.nextSequence
    const rule = (more: object) => ({ kind: 'rule', rule: { ...velocity, ...more } })
    const policy = (more: object) => ({ kind: 'policy', policy: more })
    const segment = (when: string) => policy({ segments: [{ name: 's', when, thresholds: {} }] })
    const entry = (more: object) => ({ kind: 'entries', list: 'cards', add: [{ value: 'c-0000158', ...more }] })
    for (const secret of ['4111 1111 1111 1111', 'c-0000157']) {
      const changes = [
        rule({ when: `note == "${secret}"` }),
        rule({ reason: `of ${secret}` }),
        rule({ note: `as ${secret} said.` }),
        rule({ note: `(${secret})` }),
        segment(`note in ["a", "${secret}"]`),
        policy({ note: secret }),
        policy({ features: [{ count: { by: 'card', value: secret } }] }),
        { kind: 'list', list: { name: 'l', of: 'card', effect: 'none', note: secret } },
        entry({ note: secret }),
        entry({ source: secret }),
        { kind: 'together', changes: [rule({}), rule({ id: 'other', note: secret })] },
      ]
      for (const each of changes) await assert.rejects(change(each), { code: 'INPUT_INVALID' }, JSON.stringify(each))
      const why = { by: 'user:ann', why: `because of ${secret}` }
      await assert.rejects(service.change(rule({}), why), { code: 'INPUT_INVALID' })
    }
    await assert.rejects(change(rule({ tags: ['4111111111111111'] })), { code: 'INPUT_INVALID' })
    await assert.rejects(change(rule({ id: '4111111111111111' })), { code: 'INPUT_INVALID' })
    const numbers = [{ '4111111111111111': 1 }, { count: { over: 4111111111111111 } }]
    for (const features of numbers)
      await assert.rejects(change(policy({ features: [features] })), { code: 'INPUT_INVALID' })
    assert.match(
      service
        .examine(rule({ when: 'card == "c-0000157"' }))
        .problems.map(({ reason }) => reason)
        .join('\n'),
      /never matches, and would stay in the log: put it on a list[\s\S]*names a person of the transactions/,
    )
    assert.equal(log.nextSequence, next)
    await change(policy({ thresholds: { review: 0.4111111111111111 } }))
    await change(rule({ note: 'of 2026-03-01, 12 alerts, 5.5 % of c-0000999' }))
  })

  test('keeps an entry by the list that a rollback brings back with it', async () => {
    const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor())
    const { change, decide, log, service } = await start({ inForce })
    await decide({ CARD: 'Ada' })
    const list = (of: string) => ({ kind: 'list', list: { name: 'l', of, effect: 'none' } })
    const { version } = await change(list('card'))
    await change(list('shop'))
    const add = { kind: 'entries', list: 'l', add: [{ value: 'Ada' }] }
    await change({ kind: 'together', changes: [{ kind: 'rollback', to: version }, add] })
    assert.deepEqual(
      [...service.entriesOf('l', 0)].map(({ value }) => value),
      [log.persons.tokenOf('card', 'Ada')],
    )
  })

  test('warns of approving everything where a change lets it, and no longer where a rule, a list or costs speak', async () => {
    const { change, service } = await start()
    assert.equal(service.warnOfPolicy(), undefined)
    await change({ kind: 'policy', policy: {} })
    assert.match(service.warnOfPolicy() ?? '', /approves every transaction/)
    await change({ kind: 'rule', rule: velocity })
    assert.match(service.warnOfPolicy() ?? '', /approves every transaction/)
    const { version } = await change({ kind: 'rule-state', id: 'velocity', state: 'live' })
    assert.equal(service.warnOfPolicy(), undefined)
    await change({ kind: 'rollback', to: version - 1 })
    assert.match(service.warnOfPolicy() ?? '', /approves every transaction/)
    await change({
      kind: 'policy',
      policy: { decideBy: 'cost', costs: { missedFraud: { fixed: 9 }, wrongDecline: { fixed: 9 } } },
    })
    assert.equal(service.warnOfPolicy(), undefined)
  })

  test('never dates a decision before the one that came first', async () => {
    const { clock, decide } = await start()
    const first = await decide()
    clock.nowMs -= 5 * minuteMs
    assert.equal((await decide({ TIME: clock.nowMs })).decidedAt, first.decidedAt)
  })
})

test('what ends in the past is recorded, and warned of', async () => {
  const { change, service } = await start()
  const [past, later] = [new Date(startMs - 1).toISOString(), new Date(startMs + 3_600_000_000).toISOString()]
  const told = async (given: object) => (await change(given)).warnings.map(({ field, reason }) => `${field}: ${reason}`)
  const rule = { id: 'a', when: 'amount > 1', then: 'review' }
  assert.deepEqual(await told({ kind: 'rule', rule: { ...rule, until: past } }), [
    'rules.a.until: is past, so the rule never counts',
  ])
  assert.deepEqual(await told({ kind: 'rule', rule: { ...rule, until: later } }), [])
  const snooze = { kind: 'snooze', rule: 'a', key: 'card', value: 'c' }
  assert.deepEqual(await told({ ...snooze, until: past }), ['until: is past, so nothing is silenced'])
  assert.deepEqual(await told({ ...snooze, until: later }), [])
  assert.deepEqual(await told({ kind: 'list', list: { name: 'l', of: 'card', effect: 'block' } }), [])
  const add = [{ value: 'c', expiresAt: past }, { value: 'd', expiresAt: later }, { value: 'e' }]
  assert.deepEqual(await told({ kind: 'entries', list: 'l', add }), ['add: 1 of the entries have expired already'])
  assert.deepEqual(service.examine({ kind: 'rule', rule: { ...rule, until: past } }).warnings.length, 1)
})

test('a change after which everything is approved says so', async () => {
  const { change } = await start()
  const told = async (given: object) => (await change(given)).warnings.map(({ field, reason }) => `${field}: ${reason}`)
  assert.deepEqual(await told({ kind: 'policy', policy: { thresholds: { review: 0.5 } } }), [])
  const [first, ...others] = await told({ kind: 'policy', policy: {} })
  assert.match(first, /^policy: The policy approves every transaction/)
  assert.deepEqual(others, [])
  // Told once, not with each change after it.
  assert.deepEqual(await told({ kind: 'list', list: { name: 'l', of: 'card', effect: 'none' } }), [])
})
