import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  dayMs,
  openTestDecisions,
  snapshotNow,
  startMs,
  takenThrough,
} from '../../test/service/decisions-fixture.ts'
import type { Snapshot } from '../log/snapshots.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import type { TakenSnapshot } from './keeper.ts'
import type { Projections } from './projections.ts'
import { Rebuild } from './rebuild.ts'

const open = closedAfterEach()

test('figures of rules outlive records that are let go of, and are the same to the byte from the log that is left', async () => {
  const inForce = createDetectorInForce(cardsDetector(), amountPredictor())
  const takeSnapshot = async (cutoffMs?: number): Promise<TakenSnapshot> =>
    takenThrough(log.reading.lastSequence(), log, inForce, cutoffMs)
  const running = await openTestDecisions({
    inForce,
    retainMs: 8 * dayMs,
    takeSnapshot,
    maxAheadMs: Number.POSITIVE_INFINITY,
  })
  open.push(running)
  const { service, log, clock } = running
  await service.resume()
  const bytesOf = ({ rules }: Projections) => Buffer.concat([...rules.save()]).toString('hex')
  const live = () => bytesOf((service.decider.state ?? assert.fail()).projections)
  const rebuilt = (snapshot?: Snapshot) => {
    const rebuild = new Rebuild(inForce, log.reading, snapshot, {})
    while (rebuild.step());
    return bytesOf(rebuild.projections)
  }
  const rule = { id: 'large', when: 'amount > 5.0', then: 'review', state: 'live' }
  await service.change({ kind: 'rule', rule }, { by: 'user:ann', why: 'a test' })
  // One label comes before its transaction, one is changed.
  await service.label({ transactionId: 't-4', isFraud: true }, 'key:desk')
  let snapshot: Snapshot | undefined
  for (let i = 0; i < 30; i++) {
    clock.nowMs = startMs + i * dayMs
    const amount = i % 2 === 0 ? 10 : 1
    await service.decide({ ID: `t-${i}`, TIME: clock.nowMs, AMOUNT: amount, CARD: 'c', SHOP: 's' }, undefined, () => 0)
    if (i >= 6) await service.label({ transactionId: `t-${i - 2}`, isFraud: i % 4 === 0 }, 'key:desk')
    if (i === 20) await service.label({ transactionId: 't-18', isFraud: false }, 'key:desk')
    if (i === 12 || i === 24) await service.snapshot()
    if (i === 20) snapshot = snapshotNow(service, log.reading.lastSequence())
    assert.equal(rebuilt(), live(), `after ${i}`)
    if (snapshot !== undefined) assert.equal(rebuilt(snapshot), live(), `from a snapshot, after ${i}`)
  }
  assert.ok(log.reading.prunedThrough() > 0)
  assert.deepEqual(Object.keys(log.reading.carried()), [
    'monitoring-hours',
    'policy',
    'rule-figures',
    'monitoring-performance',
    'cases',
  ])
  const [figures] = service.ruleFigures('large')
  assert.deepEqual([figures.fired, figures.alone, figures.liveDecisions], [15, 15, 30])
  // Labels are of the decisions that are left.
  const records = log.reading.next(log.reading.prunedThrough())
  const kept = records.flatMap((record) => (record.kind === 'decision' && record.policy?.rules ? [record.id] : []))
  const labels = kept.map((id) => log.reading.labelsOf(id).at(-1)?.isFraud)
  assert.equal(figures.frauds, labels.filter((isFraud) => isFraud === true).length)
  assert.equal(figures.legitimate, labels.filter((isFraud) => isFraud === false).length)
  assert.ok(figures.frauds > 0 && figures.legitimate > 0 && kept.length < 15)
})
