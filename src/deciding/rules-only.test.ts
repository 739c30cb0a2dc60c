import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  amountPredictor,
  assertReplayed,
  cardsDetector,
  closedAfterEach,
  openDeciding,
  snapshotNow,
} from '../../test/service/decisions-fixture.ts'
import { FraudError } from '../core/errors.ts'
import { createDetectorInForce } from './detector-in-force.ts'

const open = closedAfterEach()
const minuteMs = 60_000
const alone = createDetectorInForce(cardsDetector(), undefined)
const modelled = createDetectorInForce(cardsDetector(), amountPredictor())
const by = { by: 'user:ann', why: 'a test' }

const velocity = {
  ...{ id: 'velocity', when: 'card_count_1h > 2', then: 'decline', state: 'live' },
  reason: '{card_count_1h} in an hour',
}
const ofScore = { id: 'of-score', when: 'score > 0.1', then: 'decline', state: 'live' }
const blocked = [
  { kind: 'list', list: { name: 'blocked', of: 'shop', effect: 'block' } },
  { kind: 'entries', list: 'blocked', add: [{ value: 'bad' }] },
]

describe('a detector without a model', () => {
  test('approves without a reason and without being degraded where no rule and no list speaks', async () => {
    const { service, decide, rowOf } = await openDeciding(open, { inForce: alone }, minuteMs)
    const decision = await decide(1, { AMOUNT: 2000 })
    const { outcome, score, reasons, model, degraded } = decision
    assert.deepEqual({ outcome, score, reasons, model }, { outcome: 'approve', score: null, reasons: [], model: null })
    assert.deepEqual(degraded, ['history-short'])
    assert.equal(rowOf(1)[0], 2000, 'features are computed all the same')
    assert.equal((await service.find('t-1'))?.model, null)
    await assert.rejects(
      service.find('t-1', true),
      (error) => error instanceof FraudError && error.code === 'EXPLANATION_UNAVAILABLE',
    )
  })

  test('decides by rules of its features and by lists; what speaks of the score is unknown', async () => {
    const { service, decide } = await openDeciding(open, { inForce: alone }, minuteMs)
    assert.match(service.warnOfPolicy() ?? '', /Every transaction is approved: there is no model/)
    await service.change({ kind: 'rule', rule: velocity }, by)
    const { warnings } = await service.change({ kind: 'rule', rule: ofScore }, by)
    assert.deepEqual(
      warnings.map(({ field, reason, at }) => [field, reason, at?.column]),
      [['rules.of-score.when', '"score" is unknown: there is no model yet', 1]],
    )
    for (const change of blocked) await service.change(change, by)
    assert.equal(service.warnOfPolicy(), undefined)
    assert.deepEqual((await decide(1, { AMOUNT: 999 })).outcome, 'approve', 'the thresholds have nothing to say')
    await decide(2)
    const third = await decide(3)
    assert.deepEqual([third.outcome, third.reasons], ['decline', [{ code: 'rule:velocity', text: '3 in an hour' }]])
    assert.equal((await decide(500, { SHOP: 'bad' })).reasons[0]?.code, 'list:blocked')
    assert.equal(service.policy.unknowns.of('of-score').count, 4)
  })

  test('asks neither thresholds nor segments nor costs, and not whenUnavailable', async () => {
    const { service, decide } = await openDeciding(open, { inForce: alone }, minuteMs)
    const segments = [{ name: 'all', when: 'amount > 0.0', thresholds: { decline: 0 } }]
    const policy = { thresholds: { review: 0 }, segments, whenUnavailable: 'decline' }
    await service.change({ kind: 'policy', policy }, by)
    assert.equal((await decide(1)).outcome, 'approve')
    const costs = { missedFraud: { share: 1 }, wrongDecline: { fixed: 0 }, review: { cost: 0, finds: 1 } }
    await service.change({ kind: 'policy', policy: { ...policy, costs, decideBy: 'cost' } }, by)
    assert.equal((await decide(2)).outcome, 'approve')
  })

  test('falls back to whenUnavailable where features fail: rules are blind then', async () => {
    const [first, ...others] = alone.features.own
    const compute = () => {
      throw new Error('a bug')
    }
    const features = { ...alone.features, own: [{ ...first, compute }, ...others] }
    const { decide } = await openDeciding(open, { inForce: { ...alone, features } }, minuteMs)
    const { outcome, reasons, degraded } = await decide(1)
    assert.deepEqual([outcome, reasons.map(({ code }) => code)], ['review', ['score_unavailable']])
    assert.ok(degraded.includes('features-failed'))
    assert.equal((await decide(1)).reasons.length, 1, 'a repeated transaction is told the same')
  })

  test('hands over to a bundle and back, with its histories, and the log says which model decided', async () => {
    const live = await openDeciding(open, { inForce: alone }, minuteMs)
    const { service, decide, rowOf } = live
    await service.change({ kind: 'rule', rule: velocity }, by)
    await decide(1)
    await decide(2)
    await service.use(modelled)
    const scored = await decide(3, { AMOUNT: 950 })
    assert.deepEqual([scored.model, scored.score, scored.outcome], [modelled.predictor.modelId, 0.95, 'decline'])
    assert.deepEqual(
      scored.reasons.map(({ code }) => code),
      ['score_over_decline', 'rule:velocity'],
    )
    assert.equal(rowOf(3)[1], 3, 'histories go on')
    assert.deepEqual(service.examine({ kind: 'rule', rule: ofScore }).warnings, [], 'there is a score now')
    await service.use(alone)
    const after = await decide(4, { AMOUNT: 950 })
    assert.deepEqual([after.model, after.score, after.reasons.length], [null, null, 1])
    assert.equal(rowOf(4)[1], 4)
    const again = await decide(1)
    assert.deepEqual([again.duplicate, again.model, again.reasons], [true, null, []])
    assert.deepEqual(assertReplayed(live.logPath, [alone, modelled]), [3, 1])
  })

  test('takes the policy of the first bundle, where nobody has set it; every other one leaves it alone', async () => {
    const untold = createDetectorInForce(cardsDetector({ policy: {} }), undefined)
    const { service, decide } = await openDeciding(open, { inForce: untold }, minuteMs)
    await service.change({ kind: 'rule', rule: velocity }, by)
    await service.use(modelled)
    assert.equal((await decide(1, { AMOUNT: 950 })).outcome, 'decline')
    const { by: who, why } = service.policy.steps.at(-1) ?? {}
    assert.deepEqual([who, why], ['service', 'The policy of the first model'])
    await service.use(untold)
    const milder = createDetectorInForce(cardsDetector({ policy: {} }), amountPredictor('milder@0123456789ab'))
    await service.use(milder)
    assert.equal((await decide(2, { AMOUNT: 950 })).outcome, 'decline')
  })

  test('leaves a policy alone that somebody has set before there was a model', async () => {
    const { service, decide } = await openDeciding(open, { inForce: alone }, minuteMs)
    await service.change({ kind: 'policy', policy: { thresholds: {} } }, by)
    await service.use(modelled)
    const { outcome, score } = await decide(1, { AMOUNT: 950 })
    assert.deepEqual([outcome, score], ['approve', 0.95])
  })

  test('starts on a directory that a bundle decided in, from a snapshot, too', async () => {
    const first = await openDeciding(open, { inForce: modelled }, minuteMs)
    await first.decide(1)
    await first.decide(2)
    const snapshot = snapshotNow(first.service, first.log.reading.lastSequence())
    await first.close({ keep: true })
    const second = await openDeciding(
      open,
      { inForce: alone, directory: first.path, findSnapshot: () => snapshot },
      minuteMs,
    )
    const decision = await second.decide(3)
    assert.deepEqual([decision.model, decision.policy, second.rowOf(3)[1]], [null, 1, 3])
  })
})
