import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import {
  amountPredictor,
  assertReplayed,
  cardsDetector,
  closedAfterEach,
  dayMs,
  openTestDecisions,
  snapshotNow,
  startMs,
  type TestDecisionsOptions,
  takenThrough,
} from '../../test/service/decisions-fixture.ts'
import { warmUp as warmUpPath } from '../http/warm-up.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { verifyLog } from '../stores/sqlite/verify-log.ts'
import { createDetectorInForce, type DetectorInForce } from './detector-in-force.ts'
import type { TakenSnapshot } from './keeper.ts'
import type { Projections } from './projections.ts'
import { Rebuild } from './rebuild.ts'

const open = closedAfterEach()

async function start(options: TestDecisionsOptions = {}) {
  const running = await openTestDecisions(options)
  open.push(running)
  await running.service.resume()
  return running
}

const noWait = () => 0
const purchase = (i: number, more: object = {}) => ({
  ...{ ID: `t-${i}`, TIME: startMs + i * 1000, AMOUNT: 10 + (i % 7), CARD: `c-${i % 3}`, SHOP: `s-${i % 2}`, ...more },
})
const one = createDetectorInForce(cardsDetector(), amountPredictor('one@000000000001'))
const other = createDetectorInForce(
  cardsDetector({
    features: [{ count: { by: 'shop', over: '2d' } }, { mean: { of: 'amount', by: 'shop', over: '2d' } }],
    policy: { review: 0.1 },
  }),
  amountPredictor('other@000000000002', 100),
)
const third = createDetectorInForce(cardsDetector({ policy: { decline: 0.1 } }), amountPredictor('third@000000000003'))

describe('a service', () => {
  test('is not ready before its histories are there, and refuses until then', async () => {
    const running = await openTestDecisions()
    open.push(running)
    assert.equal(running.service.isReady, false)
    assert.throws(() => running.service.decide(purchase(1), undefined, noWait), { code: 'LOG_UNAVAILABLE' })
    await assert.rejects(running.service.label({ transactionId: 't', isFraud: true }, 'key:desk'), {
      code: 'LOG_UNAVAILABLE',
    })
    await running.service.resume()
    assert.equal(running.service.isReady, true)
  })

  test('that starts again goes on as if it had never stopped', async () => {
    const rows: number[][][] = []
    for (const restarts of [false, true]) {
      let running = await start({ inForce: one })
      for (let i = 0; i < 30; i++) {
        running.clock.nowMs = startMs + i * 1000
        await running.service.decide(purchase(i), undefined, noWait)
        if (i % 4 === 0)
          await running.service.label({ transactionId: `t-${i + (i % 8)}`, isFraud: i % 3 > 0 }, 'key:desk')
        if (!restarts || i % 10 !== 7) continue
        await running.close({ keep: true })
        running = await start({ inForce: one, directory: running.path })
      }
      rows.push(
        Array.from({ length: 30 }, (_, i) => {
          const record = running.log.reading.find(`t-${i}`)
          return record?.kind === 'decision' ? [...record.row] : []
        }),
      )
      assert.deepEqual(running.log.reading.definitionSequences(), [1])
      await running.close({ keep: true })
      assert.deepEqual(assertReplayed(running.logPath, [one]), [30])
    }
    assert.deepEqual(rows[1], rows[0])
  })

  test('that starts with a clock that was set back warns that decisions bear the time of the newest', async () => {
    const before = await start({ inForce: one })
    before.clock.nowMs = startMs + 2 * 3_600_000
    await before.service.decide(purchase(1, { TIME: startMs }), undefined, noWait)
    await before.close({ keep: true })
    const { say } = await start({ inForce: one, directory: before.path })
    const warnings = say.lines.filter((line) => line.includes('the clock is behind the newest decision'))
    assert.equal(warnings.length, 1)
    assert.match(warnings[0], /"newestDecision":"2026-11-22T11:00:00.000Z","now":"2026-11-22T09:00:00.000Z"/)
  })

  test('that starts with a snapshot goes on as with the whole log', async () => {
    const first = await start({ inForce: one })
    for (let i = 0; i < 20; i++) await first.service.decide(purchase(i), undefined, noWait)
    await first.service.label(
      [
        { transactionId: 't-3', isFraud: true },
        { transactionId: 't-99', isFraud: true },
      ],
      'key:desk',
    )
    const snapshot = snapshotNow(first.service, first.log.reading.lastSequence())
    for (let i = 20; i < 25; i++) await first.service.decide(purchase(i), undefined, noWait)
    await first.close({ keep: true })
    const again = await start({ inForce: one, directory: first.path, findSnapshot: () => snapshot })
    for (let i = 25; i < 35; i++) await again.service.decide(purchase(i), undefined, noWait)
    await again.service.decide(purchase(99, { TIME: startMs + 40_000 }), undefined, noWait)
    await again.service.decide(purchase(36, { TIME: startMs + 41_000, CARD: 'c-0' }), undefined, noWait)
    await again.close({ keep: true })
    assert.deepEqual(assertReplayed(again.logPath, [one]), [37])
  })
})

describe('another detector', () => {
  test('decides from the next transaction on, with its own features, policy and definition', async () => {
    const { service, log } = await start({ inForce: one })
    await service.decide(purchase(1), undefined, noWait)
    await service.use(other)
    assert.equal(service.inForce, other)
    const decision = await service.decide(purchase(3), undefined, noWait)
    assert.deepEqual([decision.model, decision.policy], ['other@000000000002', 2])
    const record = log.reading.find('t-3')
    assert.deepEqual(record?.kind === 'decision' && [record.definition, ...record.row], [3, 2, 12])
    await service.use(other)
    await service.use(one)
    const definitions = log.reading.definitionSequences()
    assert.deepEqual(definitions, [1, 3, 5])
    assert.deepEqual(
      definitions.map((sequence) => log.reading.definition(sequence).policy.version),
      [1, 2, 3],
    )
    const before = await service.decide(purchase(3), undefined, noWait)
    assert.deepEqual(before, { ...decision, duplicate: true }, 'what was decided stays as it was answered')
    assert.deepEqual((await service.find('t-3'))?.features, { shop_count_2d: 2, shop_amount_mean_2d: 12 })
  })

  test('and another after it, under load: each decision is by one of them, on everything before it', async () => {
    const { service, log, clock, close, logPath } = await start({ inForce: one })
    clock.nowMs = startMs + dayMs
    let isOver = false
    let made = 0
    const work = Array.from({ length: 8 }, async (_, worker) => {
      for (let i = 0; !isOver; i++) {
        const id = worker * 1_000_000 + i
        const value = purchase(id, { TIME: startMs + made++ })
        if (i % 5 === 4) await service.bringIn(value, false)
        else await service.decide(value, undefined, noWait)
        if (i % 7 === 6) await service.label({ transactionId: `t-${id}`, isFraud: i % 2 === 0 }, 'key:desk')
        if (i % 3 === 0) await nextTurn()
      }
    })
    const someAreMade = async () => {
      for (const enough = made + 100; made < enough; ) await nextTurn()
    }
    for (const inForce of [other, one, third, other]) {
      await someAreMade()
      await service.use(inForce)
    }
    // Two that are asked for at once take over one after the other.
    await Promise.all([service.use(one), service.use(third), service.use(other)])
    await someAreMade()
    isOver = true
    await Promise.all(work)
    assert.equal(service.inForce, other)
    await close({ keep: true })
    const counts = assertReplayed(logPath, [one, other, third])
    assert.ok(counts[0] > 10 && counts[1] > 10, `${counts}`)
    assert.equal(log.failure, undefined)
    assertDefinitionsInOrder(logPath)
  })

  test('that was asked for last is the one that stays, however long the one before takes to be ready', async () => {
    const { service } = await start({ inForce: one })
    const predictor = amountPredictor('slow@000000000004')
    const slow = createDetectorInForce(cardsDetector(), {
      ...predictor,
      predict(row) {
        const untilMs = performance.now() + 30
        while (performance.now() < untilMs);
        return predictor.predict(row)
      },
    })
    await Promise.all([service.use(slow), service.use(other)])
    assert.equal(service.inForce, other)
  })

  for (const [name, following] of [
    ['while its definition is on its way to the disk', [other]],
    ['while that of the last of three that were asked for at once is', [other, one, third]],
  ] as const) {
    test(`takes in what comes ${name}`, async () => {
      const { service, log, close, logPath } = await start({ inForce: one })
      await service.decide(purchase(0), undefined, noWait)
      const first = log.nextSequence
      const taken = following.map((inForce) => service.use(inForce))
      while (log.nextSequence < first + following.length) await nextTurn()
      const came = [
        service.decide(purchase(2), undefined, noWait),
        service.bringIn(purchase(4), false),
        service.label({ transactionId: 't-0', isFraud: true }, 'key:desk'),
        service.decide(purchase(6), undefined, noWait),
      ]
      await Promise.all([...taken, ...came])
      await service.decide(purchase(8), undefined, noWait)
      await close({ keep: true })
      assertDefinitionsInOrder(logPath)
      assert.equal(assertReplayed(logPath, following).at(-1), 3)
    })
  }

  test('that needs more than is kept is refused, and the one before goes on', async () => {
    const { service } = await start({ inForce: one, retainMs: 8 * dayMs })
    const longer = createDetectorInForce(
      cardsDetector({ features: [{ count: { by: 'card', over: '8d' } }] }),
      amountPredictor(),
    )
    await assert.rejects(service.use(longer), { code: 'OPTION_INVALID', message: /at least 9d/ })
    assert.equal(service.inForce, one)
    assert.equal((await service.decide(purchase(1), undefined, noWait)).model, 'one@000000000001')
  })

  test('whose transactions the log can not give is refused, and the one before goes on', async () => {
    const { service } = await start({ inForce: one })
    await service.decide(purchase(1), undefined, noWait)
    const net = createDetectorInForce(cardsDetector({}, { amount: { field: 'NET', digits: 2 } }), amountPredictor())
    await assert.rejects(service.use(net), { code: 'HISTORIES_LOST', message: /of 1 transactions none has "NET"/ })
    const whole = createDetectorInForce(
      cardsDetector({}, { amount: { field: 'AMOUNT', digits: 0 } }),
      amountPredictor(),
    )
    await service.decide(purchase(7, { AMOUNT: 7.5 }), undefined, noWait)
    await assert.rejects(service.use(whole), {
      code: 'LOG_MISMATCH',
      message:
        /^The log is sound, but its record 3 is not a transaction of this detector: AMOUNT has more than 0 decimals/,
    })
    assert.equal((await service.decide(purchase(2), undefined, noWait)).model, 'one@000000000001')
  })
})

describe('a snapshot', () => {
  test('is counted, taken or not, and the service goes on where it could not be', async () => {
    let fails = true
    const takeSnapshot = () => (fails ? Promise.reject(new Error('no disk')) : Promise.resolve({ sequence: 1 }))
    const { service, say: logger, clock } = await start({ takeSnapshot })
    await service.snapshot()
    assert.deepEqual([service.snapshots, service.snapshotAtMs], [{ ok: 0, failed: 1 }, undefined])
    assert.ok(logger.lines.some((line) => line.startsWith('error a snapshot could not be taken {"reason":"no disk"}')))
    fails = false
    clock.nowMs = startMs + 5
    await service.snapshot()
    assert.deepEqual([service.snapshots, service.snapshotAtMs], [{ ok: 1, failed: 1 }, startMs + 5])
  })

  test('lets records go that are older than is to be kept, and nothing that features still see', async () => {
    const retainMs = 8 * dayMs
    let safeThrough = 0
    const takeSnapshot = async (cutoffMs?: number): Promise<TakenSnapshot> =>
      takenThrough(safeThrough, log, one, cutoffMs)
    const { service, log, clock, close, path } = await start({ inForce: one, retainMs, takeSnapshot })
    for (let i = 0; i < 20; i++) {
      clock.nowMs = startMs + i * dayMs
      await service.decide(purchase(i, { TIME: clock.nowMs }), undefined, noWait)
    }
    await service.snapshot()
    assert.equal(log.reading.prunedThrough(), 0, 'no snapshot holds what would go')
    safeThrough = log.reading.lastSequence()
    await service.snapshot()
    // Of day 11, eight days before the newest, the record is kept; it has number 13.
    assert.equal(log.reading.prunedThrough(), 12)
    while (log.reading.at(12) !== undefined) await sleep(5)
    assert.deepEqual(
      [log.reading.at(13)?.sequence, await service.find('t-10'), (await service.find('t-11'))?.score],
      [13, undefined, 0.014],
    )
    assert.equal((await service.decide(purchase(20, { TIME: clock.nowMs }), undefined, noWait)).policy, 1)
    assert.deepEqual(log.reading.definitionSequences(), [1])
    await close({ keep: true })
    const again = await start({ inForce: one, directory: path })
    again.clock.nowMs = clock.nowMs
    await again.service.decide(purchase(21, { TIME: clock.nowMs }), undefined, noWait)
    await again.close({ keep: true })
    assert.deepEqual(again.log.failure, undefined)
  })

  test('keeps labels of a transaction that is gone from a later one with its id', async () => {
    const takeSnapshot = async (cutoffMs?: number): Promise<TakenSnapshot> =>
      takenThrough(log.reading.lastSequence(), log, one, cutoffMs)
    const { service, log, clock } = await start({ inForce: one, retainMs: 8 * dayMs, takeSnapshot })
    const label = { transactionId: 't-5', isFraud: true, source: 'chargeback' }
    for (let i = 0; i < 20; i++) {
      clock.nowMs = startMs + i * dayMs
      await service.decide(purchase(i, { TIME: clock.nowMs }), undefined, noWait)
    }
    await service.label(label, 'key:bank')
    await service.snapshot()
    while (log.reading.find('t-5') !== undefined) await sleep(5)
    await service.decide(purchase(5, { TIME: clock.nowMs }), undefined, noWait)
    const { sequence = 0 } = log.reading.find('t-5') ?? {}
    const isFraud = () => service.decider.state?.projections.labels.isFraud(sequence)
    assert.deepEqual(
      [(await service.find('t-5'))?.labels, [...log.reading.allLabels()], isFraud()],
      [[], [], undefined],
    )
    const [{ duplicate }] = await service.label(label, 'key:bank')
    assert.equal(duplicate, false)
    assert.deepEqual([(await service.find('t-5'))?.labels.length, isFraud()], [1, true])
  })

  test('lets go of a label that waits for its transaction only where a checkpoint carries it', async () => {
    const takeSnapshot = async (cutoffMs?: number): Promise<TakenSnapshot> =>
      takenThrough(log.reading.lastSequence(), log, one, cutoffMs)
    const options = { inForce: one, retainMs: 8 * dayMs, takeSnapshot, maxAheadMs: Number.POSITIVE_INFINITY }
    const { service, log, clock, close, path } = await start(options)
    const decide = (i: number) => service.decide(purchase(i, { TIME: startMs + i * dayMs }), undefined, noWait)
    const label = (id: string) => service.label({ transactionId: id, isFraud: true }, 'key:desk')
    const savedOf = ({ projections }: { readonly projections: Projections }) =>
      Buffer.concat([...projections.pending.save()])
    const whole = () => {
      const rebuild = new Rebuild(one, log.reading, undefined, {})
      while (rebuild.step());
      return savedOf(rebuild)
    }
    const live = () => savedOf(service.decider.state ?? assert.fail())
    // Received long after the time of the transactions: they are of a file that is replayed.
    clock.nowMs = startMs + 100 * dayMs
    for (let i = 0; i < 15; i++) {
      if (i === 2 || i === 12) await label(`t-${i + 10}`)
      if (i === 3) await label('t-17')
      await decide(i)
    }
    await service.snapshot()
    const before = log.reading.prunedThrough()
    assert.ok(log.reading.labelsOf('t-17').length === 0, 'the record of the label is gone')
    assert.ok(Object.hasOwn(log.reading.carried(), 'pending-labels'))
    assert.deepEqual(live(), whole())
    for (let i = 15; i < 35; i++) {
      await decide(i)
      assert.deepEqual(whole(), live())
    }
    await service.snapshot()
    // Their transactions came, and are gone themselves: nothing waits any more.
    assert.ok(log.reading.prunedThrough() > before)
    assert.ok(!Object.hasOwn(log.reading.carried(), 'pending-labels'))
    assert.deepEqual(live(), whole())
    await label('t-99')
    await close({ keep: true })
    const again = await start({ ...options, directory: path })
    assert.equal(again.service.decider.state?.projections.pending.count, 1)
    await again.close()
  })

  test('refuses a log whose checkpoint carries what this version does not know', async () => {
    const { log } = await start({ inForce: one })
    for (const [carried, code] of [
      [{ tomorrows: { version: 1, state: '' } }, 'LOG_TOO_NEW'],
      [{ 'pending-labels': { version: 99, state: '' } }, 'LOG_TOO_NEW'],
      [{ 'pending-labels': { version: 1, state: 'AAAA' } }, 'LOG_INVALID'],
      [{ 'pending-labels': { version: 1, state: 'AAAA', isDeflated: true } }, 'LOG_INVALID'],
    ] as const) {
      const reading = new Proxy(log.reading, {
        get: (target, name) => (name === 'carried' ? () => carried : Reflect.get(target, name).bind?.(target)),
      })
      assert.throws(() => new Rebuild(one, reading, undefined, {}), { code })
    }
  })

  test('leaves the log with the word that its rows of persons are signed', async () => {
    const key = 'a key of sixteen characters or more'
    let safeThrough = 0
    const takeSnapshot = async (cutoffMs?: number): Promise<TakenSnapshot> =>
      takenThrough(safeThrough, log, inForce, cutoffMs)
    const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor())
    const options = { inForce, key, retainMs: 8 * dayMs, takeSnapshot }
    const { service, log, clock, close, path, logPath } = await start(options)
    for (let i = 0; i < 20; i++) {
      clock.nowMs = startMs + i * dayMs
      await service.decide(purchase(i, { TIME: clock.nowMs }), undefined, noWait)
    }
    safeThrough = log.reading.lastSequence()
    await service.snapshot()
    while (log.reading.at(12) !== undefined) await sleep(5)
    await close({ keep: true })
    const reader = new SqliteLogReader(logPath)
    assert.equal(reader.prunedThrough(), 12)
    assert.equal(reader.lastDefinition()?.definition.personMacsFrom, 1)
    assert.equal(verifyLog(reader, key).problem, undefined)
    reader.close()
    await (await start({ ...options, directory: path })).close()
  })
})

/** Every decision names the newest definition before it. */
function assertDefinitionsInOrder(logPath: string): void {
  const reader = new SqliteLogReader(logPath)
  let newest = 0
  for (let after = 0; ; ) {
    const records = reader.next(after)
    if (records.length === 0) break
    for (const record of records) {
      assert.equal(record.sequence, after + 1)
      after = record.sequence
      if (record.kind === 'definition') newest = record.sequence
      else if (record.kind === 'decision' || record.kind === 'history') assert.equal(record.definition, newest)
    }
  }
  reader.close()
}

describe('a service that has just become ready', () => {
  const warmUp = (inForce: DetectorInForce) =>
    warmUpPath(inForce, { hashCardNumber: (digits) => digits, cardKeyCheck: undefined, clock: Date.now })
  const amounts = (modelId?: string) => ({ ...amountPredictor(modelId), inputs: ['amount'], example: { amount: 1 } })

  test('has nothing of its warm-up in log, histories, persons and metrics', async () => {
    const person = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amounts())
    const warm = await start({ inForce: person, warmUp })
    const cold = await start({ inForce: person })
    for (const { log, service } of [warm, cold]) {
      assert.equal(log.reading.lastSequence(), 1, 'the definition')
      assert.deepEqual(service.decider.state?.projections.histories.histories.stats().keys, 0)
      assert.equal(service.newestMs, Number.NEGATIVE_INFINITY)
      assert.equal(service.keptValue('card', 'CARD-1'), undefined)
      const decision = await service.decide(purchase(1), undefined, noWait)
      assert.equal(decision.duplicate, false)
    }
    const lines = async ({ metrics }: typeof warm) =>
      (await metrics.registry.metrics())
        .split('\n')
        .filter((line) => /^shrike_(decision|duplicate|label|score)/.test(line))
    const countsOf = async (running: typeof warm) =>
      (await lines(running)).filter((line) => !/seconds|bytes/.test(line))
    assert.deepEqual(await countsOf(warm), await countsOf(cold))
    assert.ok((await countsOf(warm)).length > 0)
  })

  test('has scored hundreds of rows by then, again after a reload, and not where it is not asked to', async () => {
    let scored = 0
    const counting = (modelId?: string) => {
      const predictor = amounts(modelId)
      const predict = (row: Float64Array) => {
        scored += 1
        return predictor.predict(row)
      }
      return createDetectorInForce(cardsDetector(), { ...predictor, predict })
    }
    const { service } = await start({ inForce: counting(), warmUp })
    const first = scored
    assert.ok(first >= 200, `${first} rows`)
    await service.use(counting('others@0123456789ab'))
    assert.ok(scored >= first + 200, `${scored} rows`)
    scored = 0
    await start({ inForce: counting() })
    assert.ok(scored < 10, `${scored} rows`)
  })
})
