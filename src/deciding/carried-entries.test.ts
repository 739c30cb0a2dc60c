import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  dayMs,
  openTestDecisions,
  startMs,
  type TestDecisionsOptions,
  takenThrough,
} from '../../test/service/decisions-fixture.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import type { TakenSnapshot } from './keeper.ts'

const open = closedAfterEach()

async function start(options: TestDecisionsOptions) {
  const live = await openTestDecisions(options)
  open.push(live)
  live.clock.nowMs = startMs + 100 * dayMs
  await live.service.resume()
  return live
}

test('a large list outlives the records that it was sent in, deflated in their checkpoint', async () => {
  const inForce = createDetectorInForce(cardsDetector(), amountPredictor())
  const takeSnapshot = async (cutoffMs?: number): Promise<TakenSnapshot> =>
    takenThrough(log.reading.lastSequence(), log, inForce, cutoffMs)
  const options = { inForce, retainMs: 8 * dayMs, takeSnapshot, maxAheadMs: Number.POSITIVE_INFINITY }
  const { service, log, close, path } = await start(options)
  const told = { by: 'user:ann', why: 'a test' }
  await service.change({ kind: 'list', list: { name: 'stolen', of: 'card', effect: 'block' } }, told)
  for (let first = 0; first < 15_000; first += 500) {
    const add = Array.from({ length: 500 }, (_, i) => ({
      value: `card-${first + i}`,
      source: 'a file',
      note: 'stolen',
    }))
    await service.change({ kind: 'entries', list: 'stolen', add, remove: [`card-${first - 7}`] }, told)
  }
  const entries = [...service.entriesOf('stolen', 0)]
  const decide = (i: number, card: string, on = service) =>
    on.decide({ ID: `t-${i}`, TIME: startMs + i * dayMs, AMOUNT: 1, CARD: card, SHOP: 's' }, undefined, () => 0)
  for (let i = 0; i < 20; i++) await decide(i, 'c')
  await service.snapshot()
  assert.ok(log.reading.prunedThrough() > 30, 'the records of the entries are gone')
  const { policy } = log.reading.carried()
  assert.equal(policy.isDeflated, true)
  assert.ok(policy.state.length < 20 * entries.length)
  await close({ keep: true })
  const again = await start({ ...options, directory: path })
  assert.deepEqual([...again.service.entriesOf('stolen', 0)], entries)
  const declined = await decide(21, 'card-14999', again.service)
  assert.deepEqual([declined.outcome, declined.reasons[0].code], ['decline', 'list:stolen'])
  assert.equal((await decide(22, 'card-493', again.service)).outcome, 'approve')
  await again.close()
})
