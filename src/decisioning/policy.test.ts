import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Detector, outcomes } from '../detector/detector-schema.ts'
import { approvesEverything, opinionOf, type Policy, policyOf, warnOfPolicy } from './policy.ts'
import { outcomeByThresholds } from './thresholds.ts'

const detector = (policy?: Detector['policy']): Detector => ({
  detector: 'test',
  transaction: { label: { field: 'FRAUD' } },
  features: ['V1'],
  ...(policy && { policy }),
})
const judge = (policy: Policy, score: number) => {
  const opinion = opinionOf(policy, score)
  const outcome = outcomeByThresholds(policy, score)
  assert.equal(outcome, opinion?.outcome ?? 'approve')
  return { outcome, reasons: opinion === undefined ? [] : [opinion.reason] }
}
const all = policyOf(detector({ challenge: 0.1, review: 0.2, decline: 0.8 }))

describe('a policy', () => {
  test('has a review where there is no score, and 100 ms for one, unless it says otherwise', () => {
    assert.deepEqual(policyOf(detector()), { whenUnavailable: 'review', deadlineMs: 100 })
    assert.deepEqual(policyOf(detector({ decline: 0, whenUnavailable: 'approve', deadlineMs: 5 })), {
      ...{ decline: 0, whenUnavailable: 'approve', deadlineMs: 5 },
    })
  })

  test('without a threshold approves everything, without a reason', () => {
    for (const score of [0, 0.5, 1]) {
      assert.deepEqual(judge(policyOf(detector()), score), { outcome: 'approve', reasons: [] })
    }
  })

  test('takes a score that equals a threshold as over it', () => {
    const outcomeOf = (score: number) => judge(all, score).outcome
    assert.deepEqual([0, 0.1 - Number.EPSILON, 0.1, 0.2 - Number.EPSILON, 0.2, 0.79, 0.8, 1].map(outcomeOf), [
      ...['approve', 'approve', 'challenge', 'challenge', 'review', 'review', 'decline', 'decline'],
    ])
    assert.equal(judge(policyOf(detector({ review: 0 })), 0).outcome, 'review')
    assert.equal(judge(policyOf(detector({ decline: 1 })), 1).outcome, 'decline')
  })

  test('says why by a code and by words, and only of what was decided', () => {
    assert.deepEqual(judge(all, 0.8312).reasons, [
      { code: 'score_over_decline', text: 'Score 0.83 is over the decline threshold 0.80' },
    ])
    assert.deepEqual(judge(all, 0.1).reasons, [
      { code: 'score_over_challenge', text: 'Score 0.10 is at the challenge threshold 0.10' },
    ])
    assert.deepEqual(judge(policyOf(detector({ review: 0.00012 })), 0.00123).reasons, [
      { code: 'score_over_review', text: 'Score 0.0012 is over the review threshold 0.00012' },
    ])
    assert.equal(
      judge(policyOf(detector({ review: 0 })), 0).reasons[0].text,
      'Score 0.00 is at the review threshold 0.00',
    )
    const wordsOf = (score: number) => judge(all, score).reasons[0].text
    assert.equal(wordsOf(0.2034), 'Score 0.203 is over the review threshold 0.20')
    assert.equal(wordsOf(0.20004), 'Score 0.20004 is over the review threshold 0.20')
    assert.equal(wordsOf(0.2 + 2 ** -55), 'Score 0.20000000000000004 is over the review threshold 0.20')
    assert.equal(
      judge(policyOf(detector({ review: 0.203 })), 0.2034).reasons[0].text,
      'Score 0.2034 is over the review threshold 0.20',
    )
  })

  test('gives the most severe outcome whose threshold the score reaches', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    const thresholds = fc.record({ challenge: share, review: share, decline: share }, { requiredKeys: [] })
    const property = fc.property(thresholds, share, (given, score) => {
      const policy: Policy = { ...given, whenUnavailable: 'review', deadlineMs: 100 }
      const reached = outcomes.filter((outcome) => outcome === 'approve' || score >= (given[outcome] ?? 2))
      const { outcome, reasons } = judge(policy, score)
      assert.equal(outcome, reached.at(-1))
      assert.deepEqual(
        reasons.map(({ code }) => code),
        outcome === 'approve' ? [] : [`score_over_${outcome}`],
      )
    })
    fc.assert(property, { numRuns: 500 })
  })

  test('says what it says of no score, with a reason of its own', () => {
    for (const whenUnavailable of outcomes) {
      assert.deepEqual(opinionOf({ ...all, whenUnavailable }, null), {
        source: 'unavailable',
        id: whenUnavailable,
        outcome: whenUnavailable,
        strength: 'plain',
        reason: {
          code: 'score_unavailable',
          text: `No score was available in time; the policy falls back to ${whenUnavailable}`,
        },
      })
    }
  })
})

describe('a policy that approves everything', () => {
  const usual = policyOf(detector())

  test('is one without a threshold that the highest score reaches', () => {
    const reach = fc.constantFrom(0, 0.5, 1 - 1e-9, 1, 1 + Number.EPSILON, 2, Number.POSITIVE_INFINITY, Number.NaN)
    const highest = fc.constantFrom(0.3, 0.5, 0.999, 1)
    const thresholds = fc.record({ challenge: reach, review: reach, decline: reach }, { requiredKeys: [] })
    const property = fc.property(thresholds, highest, (given, highestScore) => {
      const policy = { ...usual, ...given }
      const isOnlyApproved = [0, highestScore / 2, highestScore].every(
        (score) => judge(policy, score).outcome === 'approve',
      )
      assert.equal(approvesEverything(policy, highestScore), isOnlyApproved)
      assert.equal(warnOfPolicy(policy, highestScore) !== undefined, isOnlyApproved)
    })
    fc.assert(property, { numRuns: 500 })
  })

  test('is told with the reason, whatever it says where there is no score', () => {
    const declining: Policy = { ...usual, whenUnavailable: 'decline' }
    assert.match(warnOfPolicy(declining) ?? '', /no threshold that a score can reach/)
    assert.match(
      warnOfPolicy({ ...usual, review: 0.95, decline: 0.99 }, 0.9) ?? '',
      /its lowest threshold is 0\.95, and the highest possible score 0\.9\./,
    )
    assert.equal(warnOfPolicy({ ...usual, decline: 0.9 }, 0.9), undefined)
  })
})
