import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  openTestDecisions,
  startMs,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import { compileDetector } from '../features/feature-set.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import type { DecisionExplanation } from './explain-decision.ts'

const open = closedAfterEach()
const minuteMs = 60_000
const noTurn = { isOver: () => false, next: async () => {} }

const { names: inputs } = compileDetector(cardsDetector())

/** What each feature adds is known of it. */
const explaining = {
  ...amountPredictor(),
  inputs,
  example: Object.fromEntries(inputs.map((name) => [name, 1])),
  contributionScale: 'probability',
  explainsDecisions: true,
  explain: (row: Float64Array) => ({
    ...{ scale: 'probability' as const, base: 0.001, error: 0 },
    contributions: Float64Array.from(row, (value, i) => (i === 0 ? value / 1000 : -0.001)),
  }),
} as const

async function start(options: TestDecisionsOptions = {}) {
  const running = await openTestDecisions({ inForce: createDetectorInForce(cardsDetector(), explaining), ...options })
  open.push(running)
  await running.service.resume()
  let count = 0
  const decide = (changed: object = {}) =>
    running.service.decide(
      { ID: `t-${++count}`, TIME: startMs + count * minuteMs, AMOUNT: 10, CARD: 'c', SHOP: 's', ...changed },
      undefined,
      () => 0,
    )
  const change = (given: object, why = 'a test') => running.service.change(given, { by: 'user:ann', why })
  const explain = async (id: string, rule?: string): Promise<DecisionExplanation> =>
    (await running.service.explain(id, noTurn, rule)) ?? assert.fail(`nothing is known of ${id}`)
  return { ...running, decide, change, explain }
}

const rule = (id: string, when: string, more: object = {}) => ({
  kind: 'rule',
  rule: { id, when, then: 'review', state: 'live', ...more },
})

test('features are reasons where the score led to the outcome, by itself or by a rule that reads it', async () => {
  const { decide, change } = await start()
  await change({ kind: 'policy', policy: { thresholds: { review: 0.5 } } })
  await change(rule('shops', 'shop == "blocked"'))
  await change(rule('likely', 'score > 0.3 && shop == "odd"'))
  await change(rule('final', 'shop == "bad"', { then: 'decline' }))
  const codesOf = async (changed: object) => (await decide(changed)).reasons.map(({ code }) => code)
  assert.deepEqual(await codesOf({ AMOUNT: 600 }), ['score_over_review', 'amount'])
  assert.deepEqual(await codesOf({ AMOUNT: 10, SHOP: 'blocked' }), ['rule:shops'])
  assert.deepEqual(await codesOf({ AMOUNT: 400, SHOP: 'odd' }), ['rule:likely', 'amount'])
  assert.deepEqual(await codesOf({ AMOUNT: 600, SHOP: 'blocked' }), ['score_over_review', 'rule:shops', 'amount'])
  // The score would have had it reviewed, and the rule declines it whatever the score.
  assert.deepEqual(await codesOf({ AMOUNT: 600, SHOP: 'bad' }), ['rule:final'])
})

describe('an explanation of a past decision', () => {
  test('is of the policy of its time, however often that has changed since', async () => {
    const { decide, change, explain } = await start()
    const before = await decide({ AMOUNT: 600 })
    const first = await change(
      rule('busy', 'card_count_1h > 1.0 && amount < 20.0 && note == "web"', { reason: 'It is {amount}' }),
      'Try it',
    )
    await change(rule('large', 'amount > 500.0'))
    const spoke = await decide({ NOTE: 'web' })
    const unknown = await decide({})
    await change(rule('busy', 'amount > 1.0', { then: 'decline' }))
    await change({ kind: 'rule-removed', id: 'large' })
    await change({ kind: 'policy', policy: { thresholds: { review: 0.1 } } })

    const { policyParts, policyChange, notTold, features } = await explain(spoke.transactionId)
    assert.deepEqual(notTold, [])
    assert.deepEqual(policyChange?.why, 'a test')
    assert.deepEqual(policyParts?.silentRules, 1)
    assert.deepEqual(policyParts?.rules, [
      {
        id: 'busy',
        state: 'live',
        outcome: 'review',
        strength: 'plain',
        when: 'card_count_1h > 1.0 && amount < 20.0 && note == "web"',
        conditions: [
          { text: 'card_count_1h > 1.0', result: true, values: { card_count_1h: 2 }, missing: [] },
          { text: 'amount < 20.0', result: true, values: { amount: 10 }, missing: [] },
          { text: 'note == "web"', result: true, values: { note: 'web' }, missing: [] },
        ],
        reason: 'It is 10',
      },
    ])
    assert.deepEqual(policyParts?.score.thresholds, { review: 0.5, decline: 0.9 })
    assert.deepEqual(features.find(({ name }) => name === 'card_count_1h')?.value, 2)

    const told = await explain(unknown.transactionId, 'large')
    assert.deepEqual(
      told.policyParts?.rules.map(({ id, state, conditions }) => [
        id,
        state,
        conditions.flatMap(({ missing }) => missing),
      ]),
      [
        ['busy', 'unknown', ['note']],
        ['large', 'silent', []],
      ],
    )
    assert.ok(first.version < spoke.policy)
    const early = await explain(before.transactionId)
    assert.deepEqual([early.policyParts?.rules, early.policyParts?.score.outcome, early.notTold], [[], 'review', []])
    assert.equal(early.policyChange, undefined)
  })

  test('tells the entries and snoozes that counted then, and nothing of a person in clear', async () => {
    const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), explaining)
    const { decide, change, explain, clock } = await start({ inForce })
    clock.nowMs = startMs
    await change({ kind: 'list', list: { name: 'known', of: 'card', effect: 'none' } })
    await change({ kind: 'list', list: { name: 'stolen', of: 'card', effect: 'block' } })
    await change({ kind: 'entries', list: 'known', add: [{ value: 'ada', note: 'A regular' }] })
    await change({ kind: 'entries', list: 'stolen', add: [{ value: 'ada' }, { value: 'bob' }] })
    await change(rule('regular', 'card in lists.known', { then: 'tag', tags: ['regular'] }))
    const until = new Date(startMs + 1000 * minuteMs).toISOString()
    await change({ kind: 'snooze', rule: 'regular', key: 'card', value: 'ada', until })
    const { transactionId: ada } = await decide({ CARD: 'ada' })
    const { transactionId: bob } = await decide({ CARD: 'bob' })
    await change({ kind: 'entries', list: 'stolen', remove: ['ada'] })
    await change({ kind: 'entries', list: 'known', add: [{ value: 'bob' }] })
    await change({ kind: 'snooze', rule: 'regular', key: 'card', value: 'ada', until: new Date(startMs).toISOString() })

    const ofAda = await explain(ada)
    assert.deepEqual(ofAda.notTold, [])
    assert.deepEqual(
      ofAda.policyParts?.lists.map(({ name, effect, by, note }) => [name, effect, by, note]),
      [
        ['known', 'none', 'user:ann', 'A regular'],
        ['stolen', 'block', 'user:ann', undefined],
      ],
    )
    const [regular] = ofAda.policyParts?.rules ?? []
    assert.deepEqual([regular.state, regular.snooze], ['snoozed', { key: 'card', until }])
    assert.ok(!JSON.stringify(ofAda).includes('ada'))
    const ofBob = await explain(bob, 'regular')
    assert.deepEqual(
      ofBob.policyParts?.lists.map(({ name }) => name),
      ['stolen'],
    )
    assert.deepEqual(
      ofBob.policyParts?.rules.map(({ state }) => state),
      ['silent'],
    )
  })

  test('tells fuses, the control group, costs and what was degraded', async () => {
    const { decide, change, explain } = await start()
    const fuses = { decline: { share: 0.5, over: '1d', atLeast: 2, then: 'review' } }
    await change({
      kind: 'together',
      changes: [
        rule('all', 'amount > 0.0', { then: 'decline' }),
        { kind: 'policy', policy: { thresholds: {}, fuses } },
      ],
    })
    for (let i = 0; i < 2; i++) await decide()
    const held = await decide()
    const fused = await explain(held.transactionId)
    assert.deepEqual([fused.outcome, fused.fuses], ['review', { settled: 'decline', tripped: ['decline'] }])
    assert.deepEqual([fused.policyChange?.by, fused.policyChange?.why], ['fuse', 'A fuse tripped with t-2'])
    assert.deepEqual(
      fused.degraded.map(({ code }) => code),
      ['history-short', 'fused'],
    )
    // To a version that a fuse made: its definitions are those of the change before.
    await change({ kind: 'rollback', to: held.policy })

    const costs = { missedFraud: { share: 1 }, wrongDecline: { fixed: 100 }, review: { cost: 2, finds: 0.5 } }
    const policy = { costs, decideBy: 'cost', controlGroup: { share: 0.5, upTo: 100 } }
    await change({ kind: 'policy', policy })
    const drawn = await explain((await decide({ AMOUNT: 100 })).transactionId)
    assert.deepEqual(drawn.control, { wouldBe: 'decline', propensity: 0.5 })
    assert.deepEqual(drawn.policyParts?.score.by, 'costs')
    assert.deepEqual(drawn.policyParts?.score.expectedCosts, { approve: 10, review: 7, decline: 90 })
    assert.deepEqual([drawn.policyParts?.rules.map(({ id }) => id), drawn.notTold], [['all'], []])
  })

  test('has contributions of the model that decided, else those of the record, and says which', async () => {
    const { decide, explain, service } = await start()
    const { transactionId } = await decide({ AMOUNT: 800 })
    const now = await explain(transactionId)
    assert.equal(now.contributions.from, 'model')
    assert.deepEqual(
      now.features.map(({ contribution }) => contribution),
      [0.8, -0.001, -0.001, -0.001, -0.001, -0.001],
    )
    await service.use(createDetectorInForce(cardsDetector(), amountPredictor('others@0123456789ab')))
    const later = await explain(transactionId)
    assert.deepEqual(later.contributions, { from: 'record', scale: 'probability' })
    assert.deepEqual(
      later.features.map(({ contribution }) => contribution),
      [0.8, ...new Array(5).fill(undefined)],
    )
    assert.match(later.notTold[0], /amounts@0123456789ab decided, and it is not at hand, where others@0123456789ab is/)
  })
})
