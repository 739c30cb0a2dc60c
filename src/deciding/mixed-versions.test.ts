import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rejudge } from '../../test/rejudge.ts'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  openTestDecisions,
} from '../../test/service/decisions-fixture.ts'
import { createRandom } from '../core/random.ts'
import { createDetectorInForce } from './detector-in-force.ts'

const open = closedAfterEach()

/** Changes of every kind, drawn; the policies that they lead to say different things of one transaction. */
function drawChange(random: ReturnType<typeof createRandom>, place: number, versions: readonly number[]): object {
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]
  const id = () => `rule-${random.integer(4)}`
  const kinds: readonly (() => object)[] = [
    () => ({
      kind: 'rule',
      rule: {
        id: id(),
        when: pick(['amount > 300.0', 'card_count_1h > 3', 'true', 'card in lists.cards']),
        then: pick(['approve', 'challenge', 'review', 'decline']),
        state: pick(['live', 'live', 'shadow']),
        reason: `change ${place}`,
      },
    }),
    () => ({ kind: 'rule-state', id: 'marker', state: pick(['live', 'shadow']) }),
    () => ({ kind: 'policy', policy: { thresholds: { review: random.uniform() / 2, decline: 0.9 } } }),
    () => ({
      kind: 'entries',
      list: 'cards',
      add: [{ value: `c${random.integer(5)}` }],
      remove: [`c${random.integer(5)}`],
    }),
    () => ({ kind: 'list', list: { name: 'cards', of: 'card', effect: pick(['block', 'watch', 'allow', 'none']) } }),
    () => ({ kind: 'rollback', to: pick(versions) }),
    () => ({
      kind: 'together',
      changes: [
        { kind: 'rule-state', id: 'marker', state: 'shadow' },
        { kind: 'policy', policy: { thresholds: { decline: random.uniform() } } },
      ],
    }),
  ]
  return pick(kinds)()
}

test('every decision among changes of the policy is that of the version it names, and of no other', async () => {
  const inForce = createDetectorInForce(cardsDetector(), amountPredictor())
  const random = createRandom(8)
  const live = await openTestDecisions({ inForce, lookUpMs: () => random.integer(4) })
  open.push(live)
  const { service, clock, log } = live
  await service.resume()
  const change = async (given: object) => (await service.change(given, { by: 'user:ann', why: 'a test' })).version
  await change({ kind: 'list', list: { name: 'cards', of: 'card', effect: 'watch' } })
  const marker = { id: 'marker', when: 'true', then: 'tag', tags: ['seen'], state: 'live' }
  const versions = [await change({ kind: 'rule', rule: marker })]
  const answers = []
  for (let place = 0; place < 60; place++) {
    // Some decisions are on their way when the policy changes, and others come before the change is durable.
    const before = random.integer(8)
    for (let i = 0; i < 12; i++) {
      if (i === before) void change(drawChange(random, place, versions)).then((version) => versions.push(version))
      const fields = { AMOUNT: 1 + random.integer(900), CARD: `c${random.integer(5)}`, SHOP: 's' }
      const transaction = { ID: `t-${place}-${i}`, TIME: clock.nowMs, ...fields }
      answers.push(service.decide(transaction, undefined, () => 0))
    }
    clock.nowMs += 10
    if (random.integer(3) === 0) await answers.at(-1)
  }
  const answered = new Map((await Promise.all(answers)).map((answer) => [answer.transactionId, answer]))
  const seen = new Set<number>()
  let changedOutcomes = 0
  for (const { record, inForce: version, expected } of rejudge(log.reading, inForce)) {
    const { outcome, policy } = record
    assert.deepEqual({ outcome, policy }, expected)
    assert.equal(policy?.version, version)
    const answer = answered.get(record.id)
    const rules = expected.policy?.rules?.map(({ id, state, outcome: of }) => ({ id, state, outcome: of })) ?? []
    assert.deepEqual([answer?.outcome, answer?.policy, answer?.rules], [outcome, version, rules])
    answered.delete(record.id)
    seen.add(version)
    if (outcome !== 'approve') changedOutcomes++
  }
  assert.equal(answered.size, 0)
  assert.ok(seen.size > 20 && changedOutcomes > 100, `${seen.size} versions, ${changedOutcomes} outcomes`)
})
