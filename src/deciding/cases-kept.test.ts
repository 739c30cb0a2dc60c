import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCases } from '../../test/service/case-routes.ts'
import { dayMs, snapshotNow, startMs, takenThrough } from '../../test/service/decisions-fixture.ts'
import { createRandom } from '../core/random.ts'
import type { Snapshot } from '../log/snapshots.ts'
import type { TakenSnapshot } from './keeper.ts'
import type { Projections } from './projections.ts'
import { Rebuild } from './rebuild.ts'

test('cases outlive records that are let go of, are the same to the byte from what is left, and go with their last record', async () => {
  const takeSnapshot = async (cutoffMs?: number): Promise<TakenSnapshot> =>
    takenThrough(log.reading.lastSequence(), log, service.inForce, cutoffMs)
  const cases = { by: ['card', 'customer'], blindSample: 0.3 }
  const running = await openCases({ cases, retainMs: 8 * dayMs, takeSnapshot })
  const { service, log, clock, decide } = running
  const { desk } = service
  const bytesOf = ({ cases }: Pick<Projections, 'cases'>) => Buffer.concat([...cases.save()]).toString()
  const rebuilt = (snapshot?: Snapshot) => {
    const rebuild = new Rebuild(service.inForce, log.reading, snapshot, {})
    while (rebuild.step());
    return bytesOf(rebuild.projections)
  }
  const random = createRandom(7)
  let snapshot: Snapshot | undefined
  const firstIds: string[] = []
  for (let i = 0; i < 60; i++) {
    clock.nowMs = startMs + (i * dayMs) / 2
    const AMOUNT = i % 3 === 0 ? 100 : 600 + random.integer(200)
    await decide({ TIME: clock.nowMs, AMOUNT, CARD: `c-${random.integer(4)}`, CUSTOMER: `x-${random.integer(4)}` })
    if (i < 4) firstIds.push(...[...desk.cases.all()].map(({ id }) => id))
    const open = [...desk.cases.queue.items()]
    if (i % 4 === 1 && open[0])
      await desk.verdict(open[0].id, { verdict: 'fraud', note: `seen on day ${i}` }, 'user:ann')
    if (i % 8 === 5) {
      const judged = [...desk.cases.all()].find(({ closed }) => closed?.why === 'verdict')
      if (judged) await desk.undo(judged.id, undefined, 'user:ann')
    }
    if (i > 6)
      await service.label({ transactionId: `t-${i - 6}`, isFraud: i % 2 === 0, source: 'chargeback' }, 'key:bank')
    if (i % 12 === 11) await service.snapshot()
    if (i === 40) snapshot = snapshotNow(service, log.reading.lastSequence())
    const live = bytesOf({ cases: desk.cases })
    assert.equal(rebuilt(), live, `after ${i}`)
    if (snapshot !== undefined && snapshot.sequence >= log.reading.prunedThrough())
      assert.equal(rebuilt(snapshot), live, `from a snapshot, after ${i}`)
  }
  assert.ok(log.reading.prunedThrough() > 0)
  assert.ok(desk.cases.count > 3)
  const gone = firstIds.filter((id) => desk.cases.get(id) === undefined)
  assert.ok(gone.length > 0, 'cases of which nothing is kept are gone')
  const old = [...desk.cases.all()].find(({ transactions: [first] }) => first.sequence <= log.reading.prunedThrough())
  const detail = await running.get(`/v1/cases/${old?.id}`)
  assert.equal(detail.members[0].decision, null, 'what is no longer kept is told as missing')
})
