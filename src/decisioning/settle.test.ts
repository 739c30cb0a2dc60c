import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { outcomes } from '../detector/detector-schema.ts'
import { type Opinion, opinionSources, strengths } from './opinion.ts'
import { settle } from './settle.ts'

const opinions = fc.array(
  fc.record({
    source: fc.constantFrom(...opinionSources),
    id: fc.string(),
    outcome: fc.constantFrom(...outcomes),
    strength: fc.constantFrom(...strengths),
    reason: fc.record({ code: fc.string(), text: fc.string() }),
  }),
  { maxLength: 10 },
)

test('of the strongest kind of opinion the most severe outcome wins, and all that agree are its reasons', () => {
  const property = fc.property(opinions, (given) => {
    // By trying every kind and outcome from the top.
    const ranked = [...strengths]
      .reverse()
      .flatMap((strength) => [...outcomes].reverse().map((outcome) => ({ strength, outcome })))
    const isOf = (opinion: Opinion, kind: (typeof ranked)[number]) =>
      opinion.strength === kind.strength && opinion.outcome === kind.outcome
    const winner = ranked.find((kind) => given.some((opinion) => isOf(opinion, kind)))
    const followed = winner === undefined ? [] : given.filter((opinion) => isOf(opinion, winner))
    assert.deepEqual(settle(given), {
      outcome: winner?.outcome ?? 'approve',
      strength: winner?.strength ?? 'plain',
      followed,
    })
  })
  fc.assert(property, { numRuns: 1000 })
})

test('the order in which opinions come changes no outcome', () => {
  const property = fc.property(opinions, (given) => {
    assert.equal(settle([...given].reverse()).outcome, settle(given).outcome)
  })
  fc.assert(property)
})

test('an override approves what thresholds decline, and a final block declines all the same', () => {
  const say = (strength: Opinion['strength'], outcome: Opinion['outcome'], id: string): Opinion => {
    return { source: 'rule', id, outcome, strength, reason: { code: id, text: `because ${id}` } }
  }
  const threshold = say('plain', 'decline', 'score')
  const trusted = say('override', 'approve', 'trusted')
  const stolen = say('final', 'decline', 'stolen')
  assert.equal(settle([threshold, trusted]).outcome, 'approve')
  assert.deepEqual(settle([threshold, trusted]).followed, [trusted])
  assert.equal(settle([threshold, stolen, trusted]).outcome, 'decline')
  assert.deepEqual(settle([threshold, stolen, trusted]).followed, [stolen])
})
