import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Detector, outcomes } from '../core/detector-schema.ts'
import { opinionsOf, type Policy, policyOf, settle, unavailable } from './policy.ts'

const detector = (policy?: Detector['policy']): Detector => ({
  detector: 'test',
  transaction: { label: { field: 'FRAUD' } },
  features: ['V1'],
  ...(policy && { policy }),
})
const judge = (policy: Policy, score: number) => settle(opinionsOf(policy, score))
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
      { code: 'score_over_challenge', text: 'Score 0.10 is over the challenge threshold 0.10' },
    ])
    assert.deepEqual(judge(policyOf(detector({ review: 0.00012 })), 0.00123).reasons, [
      { code: 'score_over_review', text: 'Score 0.0012 is over the review threshold 0.00012' },
    ])
    assert.equal(
      judge(policyOf(detector({ review: 0 })), 0).reasons[0].text,
      'Score 0.00 is over the review threshold 0.00',
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
      assert.deepEqual(unavailable({ ...all, whenUnavailable }), {
        outcome: whenUnavailable,
        reasons: [
          {
            code: 'score_unavailable',
            text: `No score could be had in time, and the policy then says ${whenUnavailable}`,
          },
        ],
      })
    }
  })
})

describe('opinions', () => {
  const opinion = (outcome: (typeof outcomes)[number], code: string) => ({ outcome, code, text: `because ${code}` })

  test('are settled by the most severe, whatever their order, and each that agrees is a reason', () => {
    const property = fc.property(fc.array(fc.constantFrom(...outcomes), { maxLength: 8 }), (given) => {
      const { outcome, reasons } = settle(given.map((each, i) => opinion(each, String(i))))
      assert.equal(outcome, outcomes.findLast((each) => given.includes(each)) ?? 'approve')
      const agreeing = given.flatMap((each, i) => (each === outcome ? [String(i)] : []))
      assert.deepEqual(
        reasons,
        agreeing.map((code) => ({ code, text: `because ${code}` })),
      )
    })
    fc.assert(property)
  })
})
