import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { changeOf, inForce, names, record } from '../../test/policy-fixture.ts'
import { atOnce } from '../core/time-slices.ts'
import { anyChangeSchema, type Change } from './change.ts'
import { checkChange, checkNames } from './check-change.ts'
import { policySchema } from './policy-definition.ts'
import { PolicyInForce } from './policy-in-force.ts'
import { policyNames } from './policy-names.ts'

const told = (policy: PolicyInForce, change: Change) =>
  checkChange(policy, change).problems.map(({ field, reason }) => `${field}: ${reason}`)

const rule = (when: string, more: Readonly<Record<string, unknown>> = {}): Change =>
  anyChangeSchema.parse({ kind: 'rule', rule: { id: 'r', when, then: 'review', ...more } })

describe('a change', () => {
  test('of a rule is told everything that is wrong with it, where, and what may have been meant', () => {
    const { problems } = checkChange(inForce(), rule('card_cnt_10m > 8 && cuntry == 1', { reason: 'of {amont}' }))
    assert.deepEqual(
      problems.map(({ field, at }) => [field, at?.line, at?.column]),
      [
        ['rules.r.when', 1, 1],
        ['rules.r.when', 1, 21],
        ['rules.r.reason', 1, 4],
      ],
    )
    assert.match(problems[0].reason, /card_count_10m/)
    assert.match(problems[1].reason, /country/)
    assert.match(problems[2].reason, /amount/)
    assert.deepEqual(told(inForce(), rule('card_count_10m > 8 && country == "DE"')), [])
  })

  test('counts over some time, and what a log holds otherwise is still read and does not stand in the way', () => {
    const fuses = { decline: { share: 0.1, over: '0d', atLeast: 5, then: 'review' } }
    const capped = rule('amount > 1', { cap: { count: 1, over: '0s' } })
    const policy = inForce()
    assert.deepEqual(told(policy, changeOf({ fuses })), ['policy.fuses.decline.over: it must be longer than 0'])
    assert.deepEqual(told(policy, capped), ['rules.r.cap.over: it must be longer than 0'])
    policy.apply(record(2, changeOf({ fuses })))
    policy.apply(record(3, capped))
    assert.deepEqual(told(policy, { kind: 'rule-state', id: 'r', state: 'off' }), [])
    assert.deepEqual(atOnce(checkNames(policy, names(), 0)), [])
  })

  test('is warned of what is unknown where a value is missing', () => {
    const { problems, warnings } = checkChange(inForce(), rule('country != "DE"'))
    assert.deepEqual(problems, [])
    assert.deepEqual(
      warnings.map(({ field }) => field),
      ['rules.r.when'],
    )
  })

  test('is warned of a score and a list that never are what it asks for, in rules and segments', () => {
    const policy = inForce()
    policy.apply(record(2, { kind: 'list', list: { name: 'stolen', of: 'device', effect: 'none' } }))
    const warned = (change: Change, highestScore?: number) =>
      checkChange(policy, change, { highestScore }).warnings.map(({ field, reason }) => `${field}: ${reason}`)
    assert.deepEqual(warned(rule('score > 20 && card in lists.stolen')), [
      'rules.r.when: score is from 0 to 1, so this is never true; 20 of 100 is 0.2',
      'rules.r.when: The list stolen holds values of device, so card is never on it; did you mean device in lists.stolen?',
    ])
    assert.deepEqual(warned(rule('score > 0.9')), [])
    assert.deepEqual(warned(rule('score > 0.9'), 0.85), [
      'rules.r.when: score is from 0 to 0.85, so this is never true',
    ])
    const segments = [{ name: 'high', when: 'score > 20', thresholds: {} }]
    assert.match(warned(changeOf({ segments })).join(), /policy\.segments\.high\.when: score is from 0 to 1/)
    const { problems, warnings } = checkChange(policy, rule('score > 20 && country in lists.odd'))
    assert.equal(
      problems.map(({ reason }) => reason).join(),
      'The list "odd" is unknown; there is lists.stolen; a new one begins with: shrike lists set odd --of KEY',
    )
    assert.equal(warnings.length, 1)
  })

  test('is warned of a rule whose share is of nothing, and of a segment that another one hides', () => {
    const warned = (change: Change) =>
      checkChange(inForce(), change).warnings.map(({ field, reason }) => `${field}: ${reason}`)
    assert.deepEqual(warned(rule('amount > 1', { state: 'live', share: 0 })), [
      'rules.r.share: a share of 0 is of no transaction, so the rule never counts',
    ])
    assert.deepEqual(warned(rule('amount > 1', { state: 'live', share: 0.01 })), [])
    assert.deepEqual(warned(rule('amount > 1', { state: 'shadow', share: 0 })), [])
    const segments = ['amount > 1', 'amount > 2', '(amount>1)'].map((when, i) => ({
      ...{ name: `s${i}`, when, thresholds: { review: 0.5 } },
    }))
    assert.deepEqual(warned(changeOf({ segments })), [
      'policy.segments.s2.when: the segment "s0" before it has this condition, so no transaction is of this one',
    ])
  })

  test('speaks of what is there', () => {
    const policy = inForce()
    policy.apply(record(2, rule('true', { id: 'card-testing' })))
    policy.apply(record(3, { kind: 'list', list: { name: 'stolen', of: 'device', effect: 'block' } }))
    const until = '2026-02-01T00:00:00Z'
    assert.deepEqual(
      [
        told(policy, { kind: 'rule-state', id: 'card-testin', state: 'live' }),
        told(policy, { kind: 'snooze', rule: 'card-testing', key: 'amount', value: 'x', until }),
        told(policy, { kind: 'snooze', rule: 'card-testing', key: 'crad', value: 'x', until }),
        told(policy, { kind: 'entries', list: 'stolne', add: [{ value: 'x' }] }),
        told(policy, { kind: 'list', list: { name: 'new', of: 'cuntry', effect: 'none' } }),
        told(policy, { kind: 'fuse-reset', fuse: 'decline' }),
        told(policy, { kind: 'rollback', to: 0 }),
        told(policy, { kind: 'rollback', to: 4 }),
      ].map((all) => all.join()),
      [
        'id: there is no rule "card-testin". Did you mean "card-testing"?',
        'key: "amount" is a number or a time; only keys and fields of text can be listed',
        'key: the detector has no key or field "crad". Did you mean "card"?',
        'list: there is no list "stolne". Did you mean "stolen"?',
        'lists.new.of: the detector has no key or field "cuntry". Did you mean "country"?',
        'fuse: there is no fuse "decline"',
        'to: it must be a version from 1 to 3, the one in force',
        'to: it must be a version from 1 to 3, the one in force',
      ],
    )
    assert.deepEqual(told(policy, { kind: 'rollback', to: 2 }), [])
  })

  test('is warned of values to take off a list that are not on it', () => {
    const policy = inForce()
    policy.apply(record(2, { kind: 'list', list: { name: 'stolen', of: 'device', effect: 'block' } }))
    policy.apply(record(3, { kind: 'entries', list: 'stolen', add: [{ value: 'd1' }, { value: 'd2' }] }))
    const warned = (remove: string[]) => checkChange(policy, { kind: 'entries', list: 'stolen', remove }).warnings
    assert.deepEqual(warned(['d1', 'd2']), [])
    assert.deepEqual(warned(['d1', 'd3']), [
      { field: 'remove', reason: '1 of 2 values are not on the list, so nothing is taken off for them' },
    ])
  })

  test('that takes a list from rules names them, unless it takes them, too', () => {
    const policy = inForce()
    policy.apply(record(2, { kind: 'list', list: { name: 'odd', of: 'country', effect: 'none' } }))
    policy.apply(record(3, rule('country in lists.odd', { id: 'a' })))
    policy.apply(record(4, rule('country in lists.odd || amount > 5.0', { id: 'b' })))
    const removed = { kind: 'list-removed', name: 'odd' } as const
    assert.deepEqual(
      checkChange(policy, removed).problems.map(({ field }) => field),
      ['rules.a.when', 'rules.b.when'],
    )
    const all = ['a', 'b'].map((id) => ({ kind: 'rule-removed', id }) as const)
    assert.deepEqual(told(policy, { kind: 'together', changes: [...all, removed] }), [])
  })

  test('of several parts may use in one what another brings', () => {
    const changes = [
      { kind: 'list', list: { name: 'odd', of: 'country', effect: 'none' } },
      { kind: 'entries', list: 'odd', add: [{ value: 'XX' }] },
      { kind: 'rule', rule: { id: 'r', when: 'country in lists.odd', then: 'review', state: 'live' } },
    ] as const
    assert.deepEqual(told(inForce(), anyChangeSchema.parse({ kind: 'together', changes })), [])
  })

  test('gives a list with entries no other key', () => {
    const policy = inForce()
    policy.apply(record(2, { kind: 'list', list: { name: 'bad', of: 'device', effect: 'block' } }))
    const moved = { kind: 'list', list: { name: 'bad', of: 'card', effect: 'block' } } as const
    assert.deepEqual(told(policy, moved), [])
    policy.apply(record(3, { kind: 'entries', list: 'bad', add: [{ value: 'd1' }] }))
    assert.deepEqual(told(policy, moved), [
      'lists.bad.of: its entries are of device; make another list for card, or remove them first',
    ])
  })

  test('is warned of amounts of several currencies that costs or a control group compare', () => {
    const warned = (amount: object) => {
      const transaction = { amount: { field: 'A', ...amount }, label: { field: 'F' } }
      const own = policyNames({ detector: 'd', transaction, features: ['V'] }, [{ column: 'A', kind: 'number' }], ['V'])
      const costs = { missedFraud: { share: 1 }, wrongDecline: { fixed: 1 } }
      const policy = new PolicyInForce({ policy: policySchema.parse({}), version: 1 }, own)
      const { problems, warnings } = checkChange(policy, changeOf({ costs, controlGroup: { share: 0.01, upTo: 5 } }))
      assert.deepEqual(problems, [])
      return warnings.map(({ field }) => field)
    }
    const currency = { field: 'C' }
    assert.deepEqual(warned({ currency }), ['policy.costs', 'policy.controlGroup.upTo'])
    for (const amount of [{}, { currency: 'EUR' }, { currency, conversion: 'R' }]) assert.deepEqual(warned(amount), [])
  })

  test('of the policy needs what it speaks of', () => {
    const costs = { missedFraud: { share: 1 }, wrongDecline: { fixed: 1 } }
    const segments = [{ name: 'abroad', when: 'contry == "DE"', thresholds: {} }]
    const change = changeOf({ costs, segments, controlGroup: { share: 0.01, upTo: 5 } })
    const [problem] = checkChange(inForce(), change).problems
    assert.equal(problem.field, 'policy.segments.abroad.when')
    const bare = policyNames(
      { detector: 'd', transaction: { keys: { card: 'CARD' }, label: { field: 'F' } }, features: ['V'] },
      [{ column: 'CARD', kind: 'text' }],
      ['V'],
    )
    const policy = inForce()
    policy.apply(record(2, changeOf({ costs, controlGroup: { share: 0.01, upTo: 5 } })))
    policy.apply(record(3, rule('amount > 5.0')))
    assert.deepEqual(
      atOnce(checkNames(policy, bare, 0)).map(({ field }) => field),
      ['rules.r.when', 'policy.costs', 'policy.controlGroup.upTo'],
    )
    assert.deepEqual(atOnce(checkNames(policy, names(), 0)), [])
  })
})

describe('what a change may not be', () => {
  test('is told field by field', () => {
    const refused = (change: unknown) => {
      const parsed = anyChangeSchema.safeParse(change)
      return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    }
    const [from, until] = ['2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z']
    assert.deepEqual(
      refused({
        kind: 'rule',
        rule: { id: '-', when: 'true', then: 'tag', cap: { count: 0, over: '7' }, from, until },
      }),
      [
        'rule.id: use letters, digits, ".", "_" and "-", at most 64, the first a letter or a digit',
        'rule.cap.count: it must be at least 1',
        'rule.cap.over: 7 needs a unit, such as 7d (ms, s, m, h, d or w)',
        'rule.tags: a rule that only tags needs at least one tag',
        'rule.until: a rule ends after it begins',
      ],
    )
    const policy = {
      thresholds: { review: 0.5, decline: 0.4 },
      decideBy: 'cost',
      fuses: { challenge: { share: 0.1, over: '1h', atLeast: 5, then: 'review' } },
    }
    assert.deepEqual(refused({ kind: 'policy', policy }), [
      "policy.thresholds.decline: decline is more severe than review, so its threshold can't be under 0.5",
      'policy.fuses.challenge.then: it must be milder than challenge',
      'policy.costs: to decide by cost it needs costs',
    ])
    assert.match(refused({ kind: 'rules' }).join(), /kind/)
  })

  test('the largest count is told without being taken for a card number', () => {
    const rule = { id: 'a', when: 'true', then: 'review', cap: { count: 2 ** 60, over: '1h' } }
    const [first] = anyChangeSchema.safeParse({ kind: 'rule', rule }).error?.issues ?? []
    assert.equal(first.message, 'it must be at most 2^53 - 1')
  })
})
