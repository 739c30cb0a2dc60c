import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closedAfterEach, dayMs, openTestDecisions, startMs } from '../../test/service/decisions-fixture.ts'
import { StateReader, StateWriter } from '../core/state-bytes.ts'
import { Rebuild } from './rebuild.ts'
import { ReviewLoad } from './review-load.ts'

const open = closedAfterEach()
const hourMs = 3_600_000
const costs = (perDay: number) => ({
  missedFraud: { fixed: 100 },
  wrongDecline: { fixed: 100 },
  review: { cost: 1, finds: 0.9, perDay },
})
const by = { by: 'user:ann', why: 'a test' }

test('reviews of the last 24 hours are counted, told past capacity once, and the same from the log', async () => {
  const running = await openTestDecisions()
  open.push(running)
  const { service, clock, log, say, metrics } = running
  await service.resume()
  let ids = 0
  const reviews = () => service.reviews
  const review = async (afterMs: number) => {
    clock.nowMs += afterMs
    const sent = { ID: `t-${++ids}`, TIME: clock.nowMs, AMOUNT: 10, CARD: 'c', SHOP: 's' }
    assert.equal((await service.decide(sent, undefined, () => 0)).outcome, 'review')
  }
  const warnings = () => say.lines.filter((line) => line.includes('more reviews than people can do')).length
  const shown = async (name: string) =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(`${name} `))
  assert.deepEqual(reviews(), { last24h: 0, perDay: undefined, sinceMs: startMs })
  const rule = { id: 'all', when: 'amount > 1.0', then: 'review', state: 'live' }
  await service.change({ kind: 'rule', rule }, by)
  await review(0)
  assert.deepEqual(await shown('shrike_review_capacity_per_day'), [])
  await service.change({ kind: 'policy', policy: { costs: costs(3) } }, by)
  for (let i = 0; i < 2; i++) await review(hourMs)
  assert.deepEqual(reviews(), { last24h: 3, perDay: 3, sinceMs: startMs })
  assert.equal(warnings(), 0)
  for (let i = 0; i < 3; i++) await review(hourMs)
  assert.equal(warnings(), 1)
  assert.deepEqual(await shown('shrike_reviews_last_24h'), ['shrike_reviews_last_24h 6'])
  assert.deepEqual(await shown('shrike_review_capacity_per_day'), ['shrike_review_capacity_per_day 3'])
  await service.change({ kind: 'policy', policy: { costs: costs(4) } }, by)
  await review(hourMs)
  assert.equal(warnings(), 2, 'of another capacity')
  clock.nowMs += 20 * hourMs
  assert.deepEqual(reviews(), { last24h: 4, perDay: 4, sinceMs: clock.nowMs - dayMs })
  clock.nowMs += 10 * dayMs
  assert.equal(reviews().last24h, 0)

  const rebuild = new Rebuild(service.inForce, log.reading, undefined, {})
  while (rebuild.step());
  const bytes = ({ policy }: typeof rebuild.projections) => Buffer.concat([...policy.save()]).toString('hex')
  assert.equal(bytes(rebuild.projections), bytes((service.decider.state ?? assert.fail()).projections))
})

test('a count that was saved goes on', () => {
  const [load, again] = [new ReviewLoad(), new ReviewLoad()]
  load.begin(startMs)
  for (let i = 0; i < 5; i++) load.add(startMs + i * hourMs, 3)
  const writer = new StateWriter()
  load.save(writer)
  again.load(new StateReader([...writer.take(true)]))
  for (const each of [load, again]) assert.equal(each.add(startMs + 6 * hourMs, 3), undefined, 'it was told')
  const atMs = startMs + 26 * hourMs
  assert.deepEqual(again.at(atMs, 3), load.at(atMs, 3))
  assert.deepEqual(again.at(atMs, 3), { last24h: 3, perDay: 3, sinceMs: atMs - dayMs })
})
