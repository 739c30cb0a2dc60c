import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { BruteCases } from '../../test/service/brute-cases.ts'
import { openCases } from '../../test/service/case-routes.ts'
import { snapshotNow, startMs } from '../../test/service/decisions-fixture.ts'
import { FraudError } from '../core/errors.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { Snapshot } from '../log/snapshots.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import { Rebuild } from './rebuild.ts'

const card = fc.nat(3)
const analyst = fc.nat(2)
const of = fc.nat(5)
const steps = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('decide'), card, customer: card, amount: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('label'), of: fc.nat(30), isFraud: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('claim'), of, analyst }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('next'), analyst }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('verdict'), of, analyst, isPart: fc.boolean(), isUnsure: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('undo'), of: fc.nat(20), analyst }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('note'), of, analyst }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('snooze'), of, analyst }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('merge'), of, analyst }) },
)

const refusals = new Set(['CASE_CLAIMED_BY_OTHER', 'CASE_CLOSED', 'CASE_WITHOUT_VERDICT', 'INPUT_INVALID'])

async function start({ merges = false } = {}) {
  const opened = await openCases({ cases: { by: ['card', 'customer'] } })
  const { service, clock, decide } = opened
  const { desk } = service
  let decided = 0
  const take = async (step: Record<string, unknown>) => {
    clock.nowMs += 7 * 60_000
    const by = `user:${step.analyst}`
    const all = step.do === 'undo' ? [...desk.cases.all()] : [...desk.cases.queue.items()]
    const one = all[Number(step.of) % Math.max(1, all.length)]
    if (step.do === 'decide') {
      decided += 1
      const { card: c, customer: x } = step
      await decide({
        TIME: clock.nowMs,
        AMOUNT: 400 + 50 * Number(step.amount),
        CARD: `c-${c}`,
        ...(x !== 0 && { CUSTOMER: `x-${x}` }),
      })
    } else if (step.do === 'label') {
      const label = { transactionId: `t-${Number(step.of) % Math.max(1, decided)}`, isFraud: step.isFraud }
      await service.label(label, 'key:bank')
    } else if (step.do === 'next') await desk.claimNext(by)
    else if (one === undefined) return
    else if (step.do === 'claim') await desk.claim(one.id, by)
    else if (step.do === 'note') await desk.note(one.id, `Called at ${clock.nowMs / 60_000}`, by)
    else if (step.do === 'snooze') await desk.snooze(one.id, clock.nowMs + 3_600_000, undefined, by)
    else if (step.do === 'merge' && merges && all[0] !== one) await desk.merge(one.id, all[0].id, undefined, by)
    else if (step.do === 'undo') await desk.undo(one.id, undefined, by)
    else if (step.do === 'verdict') {
      const open = one.transactions.filter(({ verdict }) => verdict === undefined).map(({ id }) => id)
      const transactions = step.isPart === true ? open.slice(0, 1) : undefined
      await desk.verdict(one.id, { verdict: step.isUnsure === true ? 'unsure' : 'fraud', transactions }, by)
    }
  }
  const trying = (step: Record<string, unknown>) =>
    take(step).catch((error: unknown) => {
      if (!(error instanceof FraudError) || !refusals.has(error.code)) throw error
    })
  return { ...opened, desk, take: trying }
}

function savedCases(inForce: DetectorInForce, reading: LogReading, snapshot?: Snapshot): string {
  const rebuild = new Rebuild(inForce, reading, snapshot, {})
  while (rebuild.step());
  return Buffer.concat([...rebuild.projections.cases.save()]).toString()
}

const columns = { amount: 0, keys: [1, 3] }

describe('cases', () => {
  test('are queued as a script would that goes through the log at every step', async () => {
    const property = fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60 }), async (all) => {
      const { desk, log, take, service, close } = await start()
      assert.deepEqual(service.inForce.own.detector.cases?.by, ['card', 'customer'])
      for (const [i, step] of all.entries()) {
        await take(step)
        const brute = new BruteCases(columns)
        for (const record of log.reading.next(0, 10_000)) brute.take(record)
        assert.deepEqual(
          [...desk.cases.queue.items()].map(({ id }) => id),
          brute.queue(),
          `after step ${i}`,
        )
      }
      await close()
    })
    await fc.assert(property, { numRuns: examples(4) })
  })

  test('are, to the byte, what the log makes again, with a snapshot in between and without', async () => {
    const property = fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), fc.nat(), async (all, at) => {
      const { service, desk, log, take, close } = await start({ merges: true })
      let snapshot: Snapshot | undefined
      for (const [i, step] of all.entries()) {
        await take(step)
        const now = Buffer.concat([...desk.cases.save()]).toString()
        assert.equal(savedCases(service.inForce, log.reading), now, `after step ${i}`)
        if (snapshot !== undefined)
          assert.equal(savedCases(service.inForce, log.reading, snapshot), now, `from a snapshot, after step ${i}`)
        if (i === at % all.length) snapshot = snapshotNow(service, log.reading.lastSequence())
      }
      await close()
    })
    await fc.assert(property, { numRuns: examples(3) })
  })

  test('without anything happening to them are closed, and so are not kept for ever', async () => {
    const { decide, desk, clock, service } = await openCases({ cases: { expireAfter: '2d' } }).then((opened) => ({
      ...opened,
      desk: opened.service.desk,
    }))
    for (const CARD of ['a', 'b']) await decide({ CARD })
    const [a, b] = [...desk.cases.all()]
    clock.nowMs = startMs + 86_400_000
    await desk.note(b.id, 'Called', 'user:ann')
    clock.nowMs = startMs + 2 * 86_400_000
    await decide({ CARD: 'c', TIME: clock.nowMs })
    assert.deepEqual([a.closed?.why, b.closed], ['expired', undefined])
    assert.equal((await desk.claim(a.id, 'user:ann')).closed, undefined, 'who claims it has it opened again')
    assert.ok(service.isReady)
  })
})
