import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { changeOf, inForce, input, names, record, save, secret, startMs } from '../../test/policy-fixture.ts'
import { StateReader } from '../core/state-bytes.ts'
import { atOnce } from '../core/time-slices.ts'
import { outcomes } from '../detector/detector-schema.ts'
import type { Change, ChangeRecord, SingleChange } from './change.ts'
import type { Definitions } from './definitions.ts'
import { PolicyInForce } from './policy-in-force.ts'
import type { PolicyInput } from './policy-names.ts'
import { reasonsOf } from './policy-trace.ts'

const minuteMs = 60_000

const judge = (policy: PolicyInForce, asked: PolicyInput) => policy.judge(asked, secret)
const reasons = (policy: PolicyInForce, asked: PolicyInput) => {
  const { trace, outcome } = judge(policy, asked)
  return reasonsOf(trace, outcome)
}

const cardTesting = {
  id: 'card-testing',
  when: 'card_count_10m > 8 && amount < 2.0',
  then: 'decline',
  reason: '{card_count_10m} small payments within ten minutes',
} as const

describe('a policy in force', () => {
  test('is thresholds alone at first', () => {
    const policy = inForce()
    assert.equal(policy.version, 1)
    assert.equal(judge(policy, input({ score: 0.95 })).outcome, 'decline')
    assert.deepEqual(reasons(policy, input({ score: null })), [
      { code: 'score_unavailable', text: 'No score was available in time; the policy falls back to review' },
    ])
  })

  test('hears a rule in shadow without following it, and follows it once it is live', () => {
    const policy = inForce()
    policy.apply(record(2, { kind: 'rule', rule: { ...cardTesting, state: 'shadow' } }))
    const small = input({ score: 0.1, row: [9, 0], amount: 150 })
    const shadow = judge(policy, small)
    assert.equal(shadow.outcome, 'approve')
    const text = '9 small payments within ten minutes'
    const reason = { code: 'rule:card-testing', text }
    assert.deepEqual(shadow.trace.rules, [
      { id: 'card-testing', state: 'shadow', outcome: 'decline', strength: 'plain', reason, tags: [] },
    ])
    policy.apply(record(3, { kind: 'rule-state', id: 'card-testing', state: 'live' }))
    const live = judge(policy, small)
    assert.equal(live.outcome, 'decline')
    assert.deepEqual(reasons(policy, small), [reason])
    assert.equal(policy.version, 3)
    assert.equal(judge(policy, input({ score: 0.1, row: [9, 0], amount: 250 })).outcome, 'approve')
  })

  test('counts a rule that lacks a value as unknown', () => {
    const policy = inForce()
    policy.apply(record(2, { kind: 'rule', rule: { ...cardTesting, state: 'live' } }))
    const judged = judge(policy, input({ score: 0.1, row: [Number.NaN, 0], amount: 150 }))
    assert.deepEqual(judged, { outcome: 'approve', trace: { version: 2 }, unknown: ['card-testing'] })
    judge(policy, input({ score: 0.1, row: [1, 0], amount: 150 }))
    const { sinceMs } = policy.unknowns.of('other')
    assert.deepEqual(policy.unknowns.of('card-testing'), { count: 1, decisions: 2, sinceMs })
    assert.ok(sinceMs !== undefined)
    policy.apply(record(3, { kind: 'rule', rule: { ...cardTesting, state: 'live', when: 'amount > 1.0' } }))
    assert.deepEqual(policy.unknowns.of('card-testing'), { count: 0, decisions: 0, sinceMs: undefined })
  })

  test('approves what an allow list overrides, and blocks for good what a block list has, until it expires', () => {
    const policy = inForce()
    const until = new Date(startMs + 60 * minuteMs).toISOString()
    policy.apply(record(2, { kind: 'list', list: { name: 'trusted', of: 'card', effect: 'allow' } }))
    policy.apply(record(3, { kind: 'list', list: { name: 'stolen', of: 'device', effect: 'block' } }))
    policy.apply(record(4, { kind: 'entries', list: 'trusted', add: [{ value: 'c1' }] }))
    policy.apply(record(5, { kind: 'entries', list: 'stolen', add: [{ value: 'd1', expiresAt: until }] }))
    assert.equal(policy.version, 3)
    const trusted = input({ score: 0.95 })
    assert.equal(judge(policy, trusted).outcome, 'approve')
    assert.deepEqual(reasons(policy, trusted), [
      { code: 'list:trusted', text: 'The card is on the allow list trusted' },
    ])
    const stolen = input({ score: 0.1, device: 'd1' })
    assert.equal(judge(policy, stolen).outcome, 'decline')
    assert.equal(judge(policy, { ...stolen, decidedAtMs: startMs + 60 * minuteMs }).outcome, 'approve')
    policy.apply(record(6, { kind: 'entries', list: 'stolen', remove: ['d1'] }))
    assert.equal(judge(policy, stolen).outcome, 'approve')
  })

  test('lets rules ask lists, and keeps a rule silent for one card while it is snoozed', () => {
    const policy = inForce()
    policy.apply(record(2, { kind: 'list', list: { name: 'odd', of: 'country', effect: 'none' } }))
    const rule = { id: 'odd', when: 'country in lists.odd', then: 'review', state: 'live' } as const
    policy.apply(record(3, { kind: 'rule', rule }))
    policy.apply(record(4, { kind: 'entries', list: 'odd', add: [{ value: 'XX' }] }))
    const odd = input({ score: 0.1, country: 'XX' })
    assert.deepEqual(reasons(policy, odd), [{ code: 'rule:odd', text: 'The rule odd applies' }])
    const until = new Date(startMs + 5 * minuteMs).toISOString()
    policy.apply(record(5, { kind: 'snooze', rule: 'odd', key: 'card', value: 'c1', until }))
    assert.equal(policy.version, 3)
    const snoozed = judge(policy, odd)
    assert.deepEqual([snoozed.outcome, snoozed.trace.rules?.[0].state], ['approve', 'snoozed'])
    assert.equal(judge(policy, { ...odd, decidedAtMs: startMs + 5 * minuteMs }).outcome, 'review')
    assert.equal(judge(policy, input({ score: 0.1, country: 'XX', card: 'c2' })).outcome, 'review')
  })

  test('trips the cap of a rule by its decisions, moves the version, cools, and is reset', () => {
    const policy = inForce()
    const rule = { ...cardTesting, state: 'live', cap: { count: 2, over: '1h' } } as const
    policy.apply(record(2, { kind: 'rule', rule }))
    const decide = (sequence: number, minute: number) => {
      const decidedAtMs = startMs + minute * minuteMs
      const judged = judge(policy, input({ score: 0.1, row: [9, 0], amount: 150, decidedAtMs }))
      return { ...judged, tripped: policy.note({ sequence, decidedAtMs, ...judged }) }
    }
    const all = [10, 11, 12, 13].map((sequence, minute) => decide(sequence, minute))
    assert.deepEqual(
      all.map(({ outcome, trace }) => [outcome, trace.rules?.[0].state, trace.fuses?.tripped]),
      [
        ['decline', 'live', undefined],
        ['decline', 'live', undefined],
        ['approve', 'fused', ['rule:card-testing']],
        ['approve', 'fused', ['rule:card-testing']],
      ],
    )
    assert.deepEqual(
      all.map(({ tripped }) => tripped),
      [[], [], ['rule:card-testing'], []],
    )
    assert.equal(policy.version, 12)
    assert.deepEqual(policy.steps.at(-1)?.tripped, ['rule:card-testing'])
    assert.deepEqual(policy.trippedAt(startMs + 62 * minuteMs), ['rule:card-testing'])
    policy.apply(record(14, { kind: 'fuse-reset', fuse: 'rule:card-testing' }))
    assert.equal(decide(15, 14).outcome, 'decline')
    assert.equal(policy.version, 14)
  })

  test('puts a fused outcome’s milder one in its place, but for final opinions', () => {
    const policy = inForce()
    const fuses = { decline: { share: 0.5, over: '1h', atLeast: 4, then: 'review' } } as const
    policy.apply(record(2, changeOf({ fuses })))
    policy.apply(record(3, { kind: 'list', list: { name: 'stolen', of: 'device', effect: 'block' } }))
    policy.apply(record(4, { kind: 'entries', list: 'stolen', add: [{ value: 'd1' }] }))
    for (let sequence = 5; sequence < 9; sequence++) {
      policy.note({ sequence, decidedAtMs: startMs, ...judge(policy, input({ score: 0.95 })) })
    }
    const { outcome, trace } = judge(policy, input({ score: 0.95 }))
    assert.deepEqual([outcome, trace.fuses], ['review', { settled: 'decline', tripped: ['decline'] }])
    assert.deepEqual(
      reasonsOf(trace, outcome).map(({ code }) => code),
      ['fuse:decline', 'score_over_decline'],
    )
    assert.equal(judge(policy, input({ score: 0.1, device: 'd1' })).outcome, 'decline')
  })

  test('takes the thresholds of the first segment that matches', () => {
    const policy = inForce()
    const segments = [
      { name: 'abroad', when: 'country != "DE"', thresholds: { review: 0.2 } },
      { name: 'all', when: 'true', thresholds: {} },
    ]
    policy.apply(record(2, changeOf({ segments })))
    const [reason] = reasons(policy, input({ score: 0.3, country: 'FR' }))
    assert.equal(reason.text, 'Score 0.30 is over the review threshold 0.20 of the segment abroad')
    assert.equal(judge(policy, input({ score: 0.95, country: 'DE' })).outcome, 'approve')
    assert.equal(judge(policy, input({ score: 0.95, country: undefined })).outcome, 'approve')
  })

  test('decides by costs, in major units, and says what it can’t', () => {
    const policy = inForce()
    const costs = { missedFraud: { share: 1 }, wrongDecline: { fixed: 10 } }
    policy.apply(record(2, changeOf({ costs, decideBy: 'cost' })))
    assert.equal(judge(policy, input({ score: 0.1, amount: 8_900 })).outcome, 'approve')
    assert.equal(judge(policy, input({ score: 0.1, amount: 9_100 })).outcome, 'decline')
    assert.deepEqual(
      reasons(policy, input({ score: 0.1, amount: Number.NaN })).map(({ code }) => code),
      ['cost_unavailable'],
    )
  })

  test('lets a control group through with its propensity, and keeps what would have been', () => {
    const policy = inForce()
    policy.apply(record(2, changeOf({ controlGroup: { share: 0.1, upTo: 50 } })))
    const judged = Array.from({ length: 2000 }, (_, i) => judge(policy, input({ id: `t${i}`, score: 0.95 })))
    const passed = judged.filter(({ outcome }) => outcome === 'approve')
    assert.ok(passed.length > 140 && passed.length < 260, `${passed.length}`)
    for (const { outcome, trace } of judged) {
      assert.deepEqual(trace.control, { wouldBe: 'decline', propensity: outcome === 'approve' ? 0.1 : 0.9 })
      assert.deepEqual(
        reasonsOf(trace, outcome).map(({ code }) => code),
        [outcome === 'approve' ? 'control_group' : 'score_over_decline'],
      )
    }
    assert.equal(judge(policy, input({ score: 0.95, amount: 5_001 })).trace.control, undefined)
  })

  test('gives a share of transactions to a rule by a draw that comes out the same again', () => {
    const policy = inForce()
    policy.apply(
      record(2, { kind: 'rule', rule: { id: 'half', when: 'true', then: 'review', state: 'live', share: 0.5 } }),
    )
    const again = () => Array.from({ length: 400 }, (_, i) => judge(policy, input({ id: `t${i}`, score: 0.1 })).outcome)
    const first = again()
    assert.deepEqual(again(), first)
    const reviewed = first.filter((outcome) => outcome === 'review').length
    assert.ok(reviewed > 150 && reviewed < 250, `${reviewed}`)
  })

  test('rolls policy and rules back, not entries, and a list that is newer has no effect', () => {
    const policy = inForce()
    policy.apply(record(2, { kind: 'rule', rule: { ...cardTesting, state: 'live' } }))
    policy.apply(record(3, { kind: 'list', list: { name: 'stolen', of: 'device', effect: 'block' } }))
    policy.apply(record(4, { kind: 'entries', list: 'stolen', add: [{ value: 'd1' }] }))
    policy.apply(record(5, { kind: 'rule-removed', id: 'card-testing' }))
    policy.apply(record(6, changeOf({ thresholds: { decline: 0.1 } })))
    policy.apply(record(7, { kind: 'rollback', to: 2 }))
    assert.equal(policy.version, 7)
    assert.deepEqual([...policy.definitions.rules.keys()], ['card-testing'])
    assert.equal(judge(policy, input({ score: 0.2, device: 'd1' })).outcome, 'approve')
    assert.equal(policy.entriesOf('stolen')?.size, 1)
    policy.apply(record(8, { kind: 'rollback', to: 3 }))
    assert.equal(judge(policy, input({ score: 0.2, device: 'd1' })).outcome, 'decline')
  })

  test('hears rules in their order, of which one that comes again is the last', () => {
    const policy = inForce()
    const put = (id: string): SingleChange => ({
      kind: 'rule',
      rule: { id, when: 'true', then: 'review', state: 'live' },
    })
    const heard = () => judge(policy, input({})).trace.rules?.map(({ id }) => id)
    for (const [i, id] of ['a', 'b', 'c', 'd'].entries()) policy.apply(record(2 + i, put(id)))
    policy.apply(record(6, { kind: 'rule-removed', id: 'b' }))
    assert.deepEqual(heard(), ['a', 'c', 'd'])
    policy.apply(record(7, put('b')))
    policy.apply(record(8, put('c')))
    assert.deepEqual(heard(), ['a', 'c', 'd', 'b'])
    const again: Change = { kind: 'together', changes: [{ kind: 'rule-removed', id: 'a' }, put('a')] }
    policy.apply(record(9, again))
    policy.apply(record(10, { kind: 'rule-state', id: 'd', state: 'off' }))
    assert.deepEqual(heard(), ['c', 'b', 'a'])
    policy.apply(record(11, { kind: 'rollback', to: 5 }))
    assert.deepEqual(heard(), ['a', 'b', 'c', 'd'])
  })

  test('keeps a rule that the next detector can’t answer as broken, and the rest at work', () => {
    const policy = inForce()
    policy.apply(record(2, { kind: 'rule', rule: { ...cardTesting, state: 'live' } }))
    policy.apply(
      record(3, { kind: 'rule', rule: { id: 'big', when: 'amount > 100.0', then: 'review', state: 'live' } }),
    )
    policy.rename(names(['card_amount_sum_1d']))
    assert.deepEqual(
      policy.broken.map(({ id }) => id),
      ['card-testing'],
    )
    assert.equal(judge(policy, { ...input({ score: 0.1, amount: 20_000 }), row: Float64Array.of(1) }).outcome, 'review')
  })
})

const thresholds = fc.record({ review: fc.constantFrom(0.1, 0.2, 0.3), decline: fc.constantFrom(0.5, 0.9) })
const ids = fc.constantFrom('a', 'b', 'c')
const listNames = fc.constantFrom('l', 'm')
const values = fc.constantFrom('c1', 'c2', 'd1', 'd2')
const single: fc.Arbitrary<SingleChange> = fc.oneof(
  fc.record({
    kind: fc.constant('rule' as const),
    rule: fc.record(
      {
        id: ids,
        when: fc.constantFrom('true', 'amount > 10.0', 'card_count_10m > 3', 'country == "XX"'),
        then: fc.constantFrom(...outcomes),
        state: fc.constantFrom('live', 'shadow', 'draft', 'off'),
        strength: fc.constantFrom('plain', 'override', 'final'),
        share: fc.constantFrom(0.5, 1),
        cap: fc.record({ count: fc.constantFrom(1, 2, 5), over: fc.constantFrom('1h', '5m') }),
      },
      { requiredKeys: ['id', 'when', 'then', 'state'] },
    ),
  }),
  fc.record({
    kind: fc.constant('rule-state' as const),
    id: ids,
    state: fc.constantFrom('live', 'shadow', 'draft', 'off'),
  }),
  fc.record({ kind: fc.constant('rule-removed' as const), id: ids }),
  fc.record({
    kind: fc.constant('snooze' as const),
    rule: ids,
    key: fc.constantFrom('card', 'device'),
    value: values,
    until: fc.nat(200).map((minute) => new Date(startMs + minute * minuteMs).toISOString()),
  }),
  fc.record({
    kind: fc.constant('list' as const),
    list: fc.record({
      name: listNames,
      of: fc.constantFrom('card', 'device'),
      effect: fc.constantFrom('block', 'allow', 'watch', 'none'),
    }),
  }),
  fc.record({ kind: fc.constant('list-removed' as const), name: listNames }),
  fc.record({
    kind: fc.constant('entries' as const),
    list: listNames,
    remove: fc.array(values, { maxLength: 2 }),
    add: fc.array(fc.record({ value: values, source: fc.constantFrom('x', 'y') }, { requiredKeys: ['value'] }), {
      maxLength: 3,
    }),
  }),
  fc
    .record({
      thresholds,
      fuses: fc.constantFrom(undefined, { decline: { share: 0.3, over: '10m', atLeast: 3, then: 'review' as const } }),
    })
    .map(({ thresholds: given, fuses }) => changeOf({ thresholds: given, ...(fuses && { fuses }) })),
  fc.record({ kind: fc.constant('fuse-reset' as const), fuse: fc.constantFrom('decline', 'rule:a') }),
  fc.record({ kind: fc.constant('rollback' as const), to: fc.nat(40) }),
)
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 8, arbitrary: single },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('together' as const),
      changes: fc.array(single, { minLength: 1, maxLength: 4 }),
    }),
  },
)
const step = fc.record({
  change: fc.option(change),
  score: fc.constantFrom(0.05, 0.25, 0.6, 0.95, null),
  card: fc.constantFrom('c1', 'c2', undefined),
  device: fc.constantFrom('d1', 'd2', undefined),
  country: fc.constantFrom('DE', 'XX', undefined),
  row: fc.constantFrom([9, 0], [1, 0], [Number.NaN, 0]),
  isReloaded: fc.boolean(),
})

/** Definitions after each record, each a copy of its own: the same by hand. */
function foldByHand(records: readonly ChangeRecord[], first: Definitions): ReadonlyMap<number, Definitions> {
  const versions = new Map([[1, first]])
  const at = (version: number) => [...versions].findLast(([each]) => each <= version)?.[1]
  for (const { sequence, change: given } of records) {
    const singles = given.kind === 'together' ? given.changes : [given]
    if (singles.every(({ kind }) => kind === 'entries' || kind === 'snooze')) continue
    const [last] = [...versions.values()].slice(-1)
    let { policy } = last
    let rules = [...last.rules.values()]
    let lists = [...last.lists.values()]
    const newest = Math.max(...versions.keys())
    for (const each of singles) {
      if (each.kind === 'policy') policy = each.policy
      else if (each.kind === 'rule') {
        const isKnown = rules.some(({ id }) => id === each.rule.id)
        rules = isKnown ? rules.map((rule) => (rule.id === each.rule.id ? each.rule : rule)) : [...rules, each.rule]
      } else if (each.kind === 'rule-state')
        rules = rules.map((rule) => (rule.id === each.id ? { ...rule, state: each.state } : rule))
      else if (each.kind === 'rule-removed') rules = rules.filter(({ id }) => id !== each.id)
      else if (each.kind === 'list') {
        const isKnown = lists.some(({ name }) => name === each.list.name)
        lists = isKnown ? lists.map((list) => (list.name === each.list.name ? each.list : list)) : [...lists, each.list]
      } else if (each.kind === 'list-removed') lists = lists.filter(({ name }) => name !== each.name)
      else if (each.kind === 'rollback') {
        const then = each.to <= newest ? at(each.to) : undefined
        if (then === undefined || each.to < 1) continue
        policy = then.policy
        rules = [...then.rules.values()]
        const kept = lists.map((list) => then.lists.get(list.name) ?? { ...list, effect: 'none' as const })
        lists = [...kept, ...[...then.lists.values()].filter(({ name }) => !lists.some((list) => list.name === name))]
      }
    }
    versions.set(sequence, {
      policy,
      rules: new Map(rules.map((rule) => [rule.id, rule])),
      lists: new Map(lists.map((list) => [list.name, list])),
    })
  }
  return versions
}

test('any sequence of records leads to what a fold by hand does, and to the same bytes and decisions when it is saved and loaded', () => {
  const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const whole = inForce()
    const first = structuredClone(whole.definitions)
    let reloaded = inForce()
    const records: ChangeRecord[] = []
    steps.forEach(({ change: given, score, isReloaded, row, ...texts }, i) => {
      const sequence = 2 * i + 2
      const atMs = startMs + i * minuteMs
      if (given !== null) {
        const changed = { ...record(sequence, given), atMs }
        records.push(changed)
        for (const each of [whole, reloaded]) each.apply(changed)
      }
      const asked = input({ id: `t${i}`, decidedAtMs: atMs, score, row, ...texts })
      const judged = judge(whole, asked)
      assert.deepEqual(judge(reloaded, asked), judged)
      const noted = { sequence: sequence + 1, decidedAtMs: atMs, ...judged }
      assert.deepEqual(reloaded.note(noted), whole.note(noted))
      if (isReloaded) {
        const bytes = save(reloaded)
        reloaded = new PolicyInForce({ policy: first.policy, version: 99 }, names())
        const reader = new StateReader([bytes.subarray(0, 13), bytes.subarray(13)])
        atOnce(reloaded.load(reader))
        reader.end()
      }
      assert.deepEqual(save(reloaded), save(whole))
    })
    const versions = foldByHand(records, first)
    for (let version = 0; version <= 2 * steps.length + 2; version++) {
      const expected = [...versions].findLast(([each]) => each <= version)?.[1]
      if (version <= whole.version) assert.deepEqual(whole.at(version), expected)
      else assert.equal(whole.at(version), undefined)
    }
    assert.deepEqual(whole.definitions, [...versions.values()].at(-1))
  })
  fc.assert(property, { numRuns: examples(50) })
})
