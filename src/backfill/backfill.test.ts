import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import {
  amountPredictor,
  assertReplayed,
  cardsDetector,
  closedAfterEach,
  dayMs,
  openTestDecisions,
  startMs,
} from '../../test/service/decisions-fixture.ts'
import { recordingLog } from '../../test/service/fixture.ts'
import { FraudError } from '../core/errors.ts'
import { createRandom } from '../core/random.ts'
import { createDetectorInForce, type DetectorInForce } from '../deciding/detector-in-force.ts'
import type { MakeElsewhere } from '../deciding/make-state.ts'
import { type Projections, savedParts } from '../deciding/projections.ts'
import { Rebuild } from '../deciding/rebuild.ts'
import type { Detector } from '../detector/detector.ts'
import { historiesFingerprint } from '../features/fingerprint.ts'
import { writeSnapshot } from '../stores/snapshot-files.ts'
import { createBackfill } from './backfill.ts'

const open = closedAfterEach()
const noWait = () => 0
const saved = (projections: Projections) =>
  savedParts(projections).map(({ name, chunks }) => [name, Buffer.concat([...chunks]).toString('hex')])

const detectorOf = (id: number, features: Detector['features']): DetectorInForce =>
  createDetectorInForce(cardsDetector({ features }), amountPredictor(`model@00000000000${id}`))
const first = cardsDetector().features
const maxByShop = { max: { of: 'amount', by: 'shop', over: '2d' } }
const lastSeen = { distinct: { of: 'note', by: 'shop', over: '1d' } }
const more: readonly Detector['features'][] = [
  [...first, maxByShop],
  [...first, maxByShop, { count: { by: 'card', over: ['3d', '2h'] } }],
  [...first, lastSeen, { count: { by: 'shop', over: '20d' } }],
]
const detectors = [
  createDetectorInForce(cardsDetector(), amountPredictor('model@000000000000')),
  detectorOf(1, [
    'amount',
    { fraudCount: { by: 'shop', over: '5d', delay: '0s' } },
    { count: { by: 'shop', over: '2d' } },
  ]),
  detectorOf(2, [
    'amount',
    { sum: { of: 'amount', by: 'card', over: '3d' } },
    { max: { of: 'amount', by: 'shop', over: '9d' } },
  ]),
  // To each of them some histories go on as they stand.
  detectorOf(3, more[0]),
  detectorOf(4, more[1]),
  detectorOf(5, more[2]),
]

async function start() {
  const path = await mkdtemp(join(tmpdir(), 'shrike-backfill-'))
  const logger = recordingLog()
  const backfill = createBackfill(
    join(path, 'log.sqlite'),
    { snapshotsPath: join(path, 'snapshots'), logKey: undefined },
    logger,
  )
  const threads = { begun: 0, prunedAtFirst: false }
  const makeElsewhere: MakeElsewhere = (...args) => {
    threads.begun++
    if (threads.prunedAtFirst && threads.begun === 1) return Promise.reject(new FraudError('LOG_PRUNED', 'gone'))
    return backfill(...args)
  }
  const running = await openTestDecisions({ directory: path, inForce: detectors[0], logger, makeElsewhere })
  open.push({ ...running, close: () => running.close().then(() => rm(path, { recursive: true, force: true })) })
  await running.service.resume()
  return { ...running, logger, threads }
}

/** Which detector is used next, and whether a thread makes any of its histories. */
const turns = [
  ...([
    [1, true],
    [2, true],
    [0, true],
    [3, true],
    [4, false],
    [5, true],
  ] as const),
  ...([
    [4, true],
    [1, true],
  ] as const),
] as const

describe('histories that a thread makes beside decisions', () => {
  test('are those of a replay, to the last bit, whatever is decided, labelled and changed meanwhile', async () => {
    const random = createRandom(3)
    const { service, clock, logPath, log, threads, logger } = await start()
    let sent = 0
    const answers: Promise<unknown>[] = []
    const send = () => {
      clock.nowMs = startMs + sent * 600_000
      const late = random.integer(10) === 0 ? random.integer(dayMs) : 0
      const transaction = {
        ...{ ID: `t-${sent}`, TIME: clock.nowMs - late, AMOUNT: 1 + random.integer(500) },
        ...{ CARD: `c-${random.integer(7)}`, SHOP: `s-${random.integer(4)}` },
        NOTE: `n-${random.integer(3)}`,
      }
      sent++
      answers.push(service.decide(transaction, undefined, noWait))
      // Some come before their transaction, and some change what was said before.
      const label = { transactionId: `t-${random.integer(sent + 3)}`, isFraud: random.integer(3) === 0 }
      if (random.integer(3) === 0) answers.push(service.label(label, 'key:desk'))
    }
    for (let i = 0; i < 300; i++) send()
    await Promise.all(answers)
    await service.change({ kind: 'list', list: { name: 'cards', of: 'card', effect: 'watch' } }, { by: 'ann', why: '' })
    for (const [turn, hasThread] of turns) {
      const before = threads.begun
      let isTaken = false
      const taken = service.use(detectors[turn]).finally(() => {
        isTaken = true
      })
      for (let i = 0; i < 150 && !isTaken; i++) {
        send()
        if (i === 100) {
          const entries = { kind: 'entries', list: 'cards', add: [{ value: `c-${turn}` }] }
          answers.push(service.change(entries, { by: 'ann', why: '' }))
        }
        await sleep(1)
      }
      await taken
      for (let i = 0; i < 20; i++) send()
      await Promise.all(answers.splice(0))
      assert.equal(threads.begun - before, hasThread ? 1 : 0)
      const live = service.decider.state
      assert.equal(live?.inForce.predictor?.modelId, detectors[turn].predictor?.modelId)
      const rebuild = new Rebuild(detectors[turn], log.reading, undefined, {})
      while (rebuild.step());
      assert.deepEqual(live && saved(live.projections), saved(rebuild.projections))
    }
    assert.ok(logger.lines.some((line) => line.includes('"made":1,"goOn":1')))
    const counts = assertReplayed(logPath, detectors)
    assert.ok(
      counts.every((count) => count > 20),
      String(counts),
    )
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      sent,
    )
  })

  test('are not made again for a model with the same detector: it decides at once, on those that there are', async () => {
    const { service, clock, logPath, threads } = await start()
    for (let i = 0; i < 30; i++) {
      clock.nowMs = startMs + i * 1000
      if (i === 20) await service.use(createDetectorInForce(cardsDetector(), amountPredictor('again@000000000001')))
      await service.decide({ ID: `t-${i}`, TIME: clock.nowMs, AMOUNT: 10, CARD: 'c', SHOP: 's' }, undefined, noWait)
    }
    assert.equal(threads.begun, 0)
    assert.equal(service.lineup.champion.model?.modelId, 'again@000000000001')
    const again = createDetectorInForce(cardsDetector(), amountPredictor('again@000000000001'))
    assert.deepEqual(assertReplayed(logPath, [detectors[0], again]), [20, 10])
  })

  test('are all made again where a label now waits long enough for its transaction', async () => {
    const { service, clock, log, logger } = await start()
    const decide = (id: string, atMs: number) => {
      clock.nowMs = atMs
      const transaction = { ID: id, TIME: atMs, AMOUNT: 10, CARD: 'c', SHOP: 's', NOTE: 'n' }
      return service.decide(transaction, undefined, noWait)
    }
    await decide('first', startMs)
    await service.label({ transactionId: 'late', isFraud: true }, 'key:desk')
    await decide('second', startMs + 8 * dayMs)
    await decide('late', startMs + 9 * dayMs)
    await service.use(detectors[5])
    const rebuild = new Rebuild(detectors[5], log.reading, undefined, {})
    while (rebuild.step());
    const live = service.decider.state
    assert.deepEqual(live && saved(live.projections), saved(rebuild.projections))
    assert.ok(!logger.lines.some((line) => line.includes('"goOn":1')))
  })

  test('come from a snapshot that has just them, while others go on', async () => {
    const { service, clock, log, path, logger } = await start()
    const decide = async (count: number) => {
      for (let i = 0; i < count; i++) {
        clock.nowMs += 600_000
        const keys = { CARD: `c-${i % 5}`, SHOP: `s-${i % 3}`, NOTE: 'n' }
        const transaction = { ID: `at-${clock.nowMs}`, TIME: clock.nowMs, AMOUNT: 10, ...keys }
        await service.decide(transaction, undefined, noWait)
      }
    }
    const replayed = () => {
      const rebuild = new Rebuild(detectors[0], log.reading, undefined, {})
      while (rebuild.step());
      return rebuild.projections
    }
    const keepAs = (sequence: number, projections: Projections) => {
      const fingerprint = historiesFingerprint(detectors[0].detector, detectors[0].features)
      const hash = Buffer.from(log.reading.hashAt(sequence) ?? []).toString('hex')
      mkdirSync(join(path, 'snapshots'), { recursive: true })
      writeSnapshot(join(path, 'snapshots'), { fingerprint, sequence, hash }, savedParts(projections))
    }
    const live = () => {
      const state = service.decider.state
      const told = logger.lines.findLast((line) => line.includes('histories are ready'))
      assert.ok(state !== undefined && told?.includes('"made":1,"goOn":1'), told)
      return saved(state.projections)
    }
    await decide(40)
    await service.use(detectors[3])
    await decide(40)
    const then = replayed()
    keepAs(log.reading.lastSequence(), then)
    await decide(40)
    await service.use(detectors[0])
    assert.deepEqual(live(), saved(replayed()))
    // It is read: one that lacks records makes histories that lack them.
    await service.use(detectors[3])
    keepAs(log.reading.lastSequence(), then)
    await service.use(detectors[0])
    assert.notDeepEqual(live(), saved(replayed()))
  })

  test('are refused with the reason that they would be here, and what decides goes on', async () => {
    const currency = { amount: { field: 'AMOUNT', digits: 0 } }
    const other = createDetectorInForce(cardsDetector({}, currency), amountPredictor('whole@000000000001'))
    const { service, clock } = await start()
    clock.nowMs = startMs
    const decide = (id: string) =>
      service.decide({ ID: id, TIME: startMs, AMOUNT: 10.25, CARD: 'c', SHOP: 's' }, undefined, noWait)
    await decide('one')
    await assert.rejects(service.use(other), { code: 'LOG_MISMATCH', message: /record 2 .*0 decimals/ })
    assert.equal((await decide('two')).model, 'model@000000000000')
  })

  test('are made again where retention deleted records before they were read', async () => {
    const { service, logger, threads } = await start()
    threads.prunedAtFirst = true
    await service.use(detectors[1])
    assert.equal(threads.begun, 2)
    assert.equal(service.lineup.champion.model?.modelId, detectors[1].predictor?.modelId)
    assert.ok(logger.lines.some((line) => JSON.stringify(line).includes('histories are made again')))
  })

  test('end with the service', async () => {
    const { service } = await start()
    const used = service.use(detectors[1])
    const rejected = assert.rejects(used, { code: 'NOT_READY' })
    await nextTurn()
    await service.close()
    await rejected
  })
})
