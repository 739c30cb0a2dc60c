import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  dayMs,
  openTestDecisions,
  snapshotNow,
  startMs,
  without,
} from '../../test/service/decisions-fixture.ts'
import { atOnce } from '../core/time-slices.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { Snapshot } from '../log/snapshots.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import { type Projections, savedParts } from './projections.ts'
import { Rebuild, startRebuild } from './rebuild.ts'

const open = closedAfterEach()
const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor())

const saved = (projections: Projections) =>
  savedParts(projections).map(({ name, chunks }) => [name, Buffer.concat([...chunks]).toString('hex')])

function rebuilt(reading: LogReading, snapshot?: Snapshot): Rebuild {
  const rebuild = new Rebuild(inForce, reading, snapshot, {})
  while (rebuild.step());
  return rebuild
}

const ids = fc.integer({ min: 0, max: 9 }).map((i) => `t-${i}`)
const steps = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('decision'), id: ids, hours: fc.nat(30), card: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('silence'), id: ids, hours: fc.nat(24 * 9), card: fc.nat(2) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('label'), id: ids, isFraud: fc.boolean(), by: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('erasure'), card: fc.nat(2) }) },
)

/** A service through which steps go, one after the other. */
async function start() {
  const opened = await openTestDecisions({ inForce })
  open.push(opened)
  const { service, clock, log } = opened
  await service.resume()
  let timestampMs = startMs
  const take = async (step: Record<string, unknown>) => {
    const { kind, id, hours = 0, card = 0, isFraud = true, by } = step
    timestampMs += (Number(hours) * dayMs) / 24
    clock.nowMs = timestampMs
    if (kind === 'erasure') await log.erase('card', `c-${card}`, clock.nowMs, 'user:ann')
    else if (kind === 'label') {
      const label = { transactionId: String(id), isFraud: Boolean(isFraud) }
      await service.label([label], `key:${by}`)
    } else if (log.reading.find(String(id)) === undefined) {
      const purchase = { ID: id, TIME: timestampMs, AMOUNT: 100, CARD: `c-${card}`, SHOP: 's-1' }
      await service.decide(purchase, undefined, () => 0)
    }
  }
  const projections = () => {
    const { state } = service.decider
    assert(state !== undefined)
    return state.projections
  }
  return { ...opened, take, projections }
}

describe('live state', () => {
  test('is, to the byte, what the log makes after any record, with a snapshot in between and without', async () => {
    const property = fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 40 }), fc.nat(), async (all, at) => {
      const { service, log, take, projections, close } = await start()
      let snapshot: Snapshot | undefined
      for (const [i, step] of all.entries()) {
        await take(step)
        const now = saved(projections())
        assert.deepEqual(saved(rebuilt(log.reading).projections), now, `after step ${i}`)
        if (snapshot !== undefined) {
          assert.deepEqual(saved(rebuilt(log.reading, snapshot).projections), now, `from a snapshot, after step ${i}`)
        }
        if (i === at % all.length) snapshot = snapshotNow(service, log.reading.lastSequence())
      }
      await close()
    })
    await fc.assert(property, { numRuns: examples(5) })
  })

  test('counts labels that wait as one does who goes through all of them', async () => {
    const property = fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 40 }), async (all) => {
      const { log, take, projections, close } = await start()
      for (const step of all) await take(step)
      const records = log.reading.next(0, 10_000)
      const came = new Set(records.flatMap((record) => (record.kind === 'decision' ? [record.id] : [])))
      const newestMs = Math.max(...records.map((record) => (record.kind === 'decision' ? record.timestampMs : 0)))
      const waiting = records.filter(
        (record) => record.kind === 'label' && !came.has(record.id) && record.receivedAtMs + 7 * dayMs >= newestMs,
      )
      const { pending } = projections()
      assert.equal(pending.count, waiting.length)
      for (const by of ['key:0', 'key:1', 'key:2']) {
        assert.equal(pending.countBy(by), waiting.filter((record) => 'by' in record && record.by === by).length)
      }
      assert.equal(pending.transactions, new Set(waiting.map((record) => 'id' in record && record.id)).size)
      await close()
    })
    await fc.assert(property, { numRuns: examples(3) })
  })
})

describe('a snapshot', () => {
  const written = async () => {
    const opened = await start()
    const { take, service, log } = opened
    for (let i = 0; i < 30; i++) {
      if (i % 3 === 0) await take({ kind: 'label', id: `t-${i + 5}`, isFraud: i % 2 === 0, by: 1 })
      if (i % 5 === 0) await take({ kind: 'label', id: `never-${i}`, by: 2 })
      await take({ kind: 'decision', id: `t-${i}`, hours: 5, card: i % 3 })
    }
    const snapshot = snapshotNow(service, log.reading.lastSequence())
    await take({ kind: 'label', id: 't-3', by: 1 })
    await take({ kind: 'decision', id: 't-30', hours: 1 })
    return { ...opened, snapshot }
  }

  test('that lacks a part has that one made from the log, and no more than has to be', async () => {
    const { snapshot, log, projections } = await written()
    const whole = saved(projections())
    for (const [lacking, made] of [
      ['monitoring-hours', ['monitoring-hours']],
      ['deployments', ['monitoring-hours', 'deployments']],
      ['pending-labels', ['monitoring-hours', 'deployments', 'pending-labels']],
      // These read what labels waited.
      ['histories', ['monitoring-hours', 'deployments', 'pending-labels', 'standing-labels', 'canary', 'histories']],
    ] as const) {
      const rebuild = rebuilt(log.reading, without(snapshot, lacking))
      assert.deepEqual([rebuild.missingParts, rebuild.unknownParts], [made, []])
      assert.equal(rebuild.makesHistories, lacking === 'histories')
      assert.deepEqual(saved(rebuild.projections), whole)
    }
  })

  test('of the future is read without its parts that are not known, which are made from the log', async () => {
    const { snapshot, log, projections } = await written()
    const parts = [...snapshot.parts()].map((part) =>
      part.name === 'pending-labels' ? { ...part, version: 99 } : part,
    )
    const more = [{ name: 'tomorrows', version: 1, chunks: [Buffer.from('of a newer version')] }, ...parts]
    const rebuild = rebuilt(log.reading, { ...snapshot, partsHeld: more, parts: () => more })
    assert.deepEqual(rebuild.unknownParts, ['tomorrows', 'pending-labels'])
    assert.deepEqual(rebuild.missingParts, ['monitoring-hours', 'deployments', 'pending-labels'])
    assert.deepEqual(saved(rebuild.projections), saved(projections()))
  })

  test('with a damaged part is refused as a whole, and the log makes up for it', async () => {
    const { snapshot, log, projections } = await written()
    for (const name of ['pending-labels', 'histories']) {
      const parts = [...snapshot.parts()].map((part) =>
        part.name === name ? { ...part, chunks: [Buffer.concat([...part.chunks]).subarray(0, -1)] } : part,
      )
      const damaged = { ...snapshot, parts: () => parts }
      assert.throws(() => rebuilt(log.reading, damaged), { code: 'SNAPSHOT_INVALID' })
      const refused: string[] = []
      const rebuild = atOnce(
        startRebuild(
          damaged,
          (held) => Rebuild.begin(inForce, log.reading, held, {}),
          ({ code }) => refused.push(code),
        ),
      )
      while (rebuild.step());
      assert.deepEqual([refused, saved(rebuild.projections)], [['SNAPSHOT_INVALID'], saved(projections())])
    }
    const held = { ...snapshot, parts: () => [...snapshot.parts()].slice(0, 1) }
    assert.throws(() => rebuilt(log.reading, held), {
      code: 'SNAPSHOT_INVALID',
      message: /lacks its part deployments/,
    })
  })

  test('that a service can not use is said, and it starts from the log', async () => {
    const { snapshot, path, close } = await written()
    await close({ keep: true })
    const tomorrows = { name: 'tomorrows', version: 1, chunks: [] }
    const parts = [...snapshot.parts()]
    const damaged = { ...snapshot, parts: () => parts.map((part) => ({ ...part, chunks: [] })) }
    const newer = { ...snapshot, partsHeld: [...parts, tomorrows], parts: () => [...parts, tomorrows] }
    for (const [held, said] of [
      [damaged, /^error a snapshot can't be used.*SNAPSHOT_INVALID/m],
      [newer, /^warn the snapshot has parts.*tomorrows/m],
      [without(snapshot, 'pending-labels'), /^info the snapshot lacks parts.*pending-labels/m],
    ] as const) {
      const again = await openTestDecisions({ inForce, directory: path, findSnapshot: () => held })
      await again.service.resume()
      assert.match(again.say.lines.join('\n'), said)
      await again.close({ keep: true })
    }
  })
})

test('a rebuild does not pass over records that retention deletes before it has read them', async () => {
  const running = await openTestDecisions({ inForce, maxAheadMs: Number.POSITIVE_INFINITY })
  open.push(running)
  const { service, log } = running
  await service.resume()
  const decide = (i: number) =>
    service.decide({ ID: `t-${i}`, TIME: startMs + i, AMOUNT: 1, CARD: 'c', SHOP: 's' }, undefined, () => 0)
  for (let i = 0; i < 30; i++) await decide(i)
  const { reading } = log
  let pruned = 0
  const rebuild = new Rebuild(
    inForce,
    {
      next: (after, most) => reading.next(after, most),
      at: (sequence) => reading.at(sequence),
      definition: (sequence) => reading.definition(sequence),
      prunedThrough: () => pruned,
      carried: () => reading.carried(),
      lastSequence: () => reading.lastSequence(),
    },
    undefined,
    {},
  )
  rebuild.step(undefined, undefined, 10)
  pruned = rebuild.sequence
  assert.equal(rebuild.step(undefined, undefined, 10), true)
  pruned = rebuild.sequence + 1
  assert.throws(() => rebuild.step(), { code: 'LOG_PRUNED' })
})
