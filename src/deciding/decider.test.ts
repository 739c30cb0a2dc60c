import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import {
  amountPredictor,
  assertReplayed,
  cardsDetector,
  closedAfterEach,
  dayMs,
  openTestDecisions,
  snapshotNow,
  startMs,
  type TestDecisions,
  type TestDecisionsOptions,
  without,
} from '../../test/service/decisions-fixture.ts'
import type { FraudError } from '../core/errors.ts'
import type { Decision, Degradation } from '../decisioning/decision.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import type { PolicyProjection } from './policy-projection.ts'
import { RuleFiguresProjection } from './rule-figures-projection.ts'

const open = closedAfterEach()

const noWait = () => 0

async function start(options: TestDecisionsOptions = {}) {
  const running = await openTestDecisions(options)
  open.push(running)
  await running.service.resume()
  const decide = (changed: object = {}, waitedMs = noWait): Promise<Decision> =>
    running.service.decide(
      { ID: 't-1', TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's', ...changed },
      undefined,
      waitedMs,
    )
  const label = async (transactionId: string, isFraud: boolean, more: object = {}) => {
    const [answer] = await running.service.label({ transactionId, isFraud, ...more }, 'anyone')
    return answer
  }
  /** Of the last record, as the log has it. */
  const rowOf = (id: string) => {
    const record = running.log.reading.find(id)
    assert.equal(record?.kind, 'decision')
    return record?.kind === 'decision' ? [...record.row] : []
  }
  return { ...running, decide, label, rowOf }
}

/** What a call refuses with, thrown at once or later. */
async function refusal(call: () => Promise<unknown>): Promise<Pick<FraudError, 'code' | 'errors'>> {
  const error: unknown = await new Promise((resolve) => {
    try {
      call().then(() => resolve(undefined), resolve)
    } catch (thrown) {
      resolve(thrown)
    }
  })
  assert.ok(error instanceof Error && 'code' in error && 'errors' in error, 'was not refused')
  return error as Error & Pick<FraudError, 'code' | 'errors'>
}

describe('a transaction', () => {
  test('is decided by its score, with reasons, and is durable once it is answered', async () => {
    const { decide, log, clock } = await start()
    clock.nowMs = startMs + 123
    const decision = await decide({ AMOUNT: 831.2 })
    assert.deepEqual(decision, {
      transactionId: 't-1',
      outcome: 'review',
      score: 0.8312,
      reasons: [{ code: 'score_over_review', text: 'Score 0.83 is over the review threshold 0.50' }],
      rules: [],
      model: 'amounts@0123456789ab',
      policy: 1,
      decidedAt: '2026-11-22T09:00:00.123Z',
      duplicate: false,
      degraded: ['history-short'],
    })
    const record = log.reading.find('t-1')
    assert.deepEqual(
      record?.kind === 'decision' && [record.sequence, record.outcome, record.score, record.definition],
      [...[2, 'review', 0.8312, 1]],
    )
  })

  test('sees those that were decided before it, itself included', async () => {
    const { decide, rowOf } = await start()
    const all = [0, 1, 2].map((i) => decide({ ID: `t-${i}`, TIME: startMs + i * 1000, AMOUNT: 10 + i }))
    await Promise.all(all)
    assert.deepEqual(
      [0, 1, 2].map((i) => rowOf(`t-${i}`)),
      [
        [10, 1, 1, 10, 0, Number.NaN],
        [11, 2, 2, 21, 0, 1],
        [12, 3, 3, 33, 0, 1],
      ],
    )
  })

  test('that comes twice is answered as the first time, and changes nothing', async () => {
    const { decide, log, rowOf } = await start()
    const first = await decide()
    assert.deepEqual(await decide(), { ...first, duplicate: true })
    assert.deepEqual(await decide({ OTHER: 'ignored' }), { ...first, duplicate: true })
    assert.equal(log.reading.lastSequence(), 2)
    await decide({ ID: 't-2' })
    assert.deepEqual(rowOf('t-2').slice(1, 3), [2, 2])
  })

  test('that comes twice at once shares one commit and one answer', async () => {
    const { decide, log } = await start()
    const [first, second, third] = await Promise.all([decide(), decide(), decide()])
    assert.deepEqual([first.duplicate, second.duplicate, third.duplicate], [false, true, true])
    assert.deepEqual({ ...second, duplicate: false }, first)
    assert.equal(log.reading.lastSequence(), 2)
  })

  test('is a conflict where another of its id came first, by the names of what differs', async () => {
    const { decide, log } = await start()
    const first = decide()
    const other = { TIME: startMs + 1, AMOUNT: 11, CARD: undefined, NOTE: 'new', SHOP: 's' }
    const reason = 'differs from what was sent first'
    const fields = ['TIME', 'AMOUNT', 'CARD', 'NOTE'].map((field) => ({ field, reason }))
    const inFlight = await refusal(() => decide(other))
    await first
    const durable = await refusal(() => decide(other))
    for (const { code, errors } of [inFlight, durable]) {
      assert.deepEqual([code, errors], ['TRANSACTION_CONFLICT', fields])
    }
    assert.deepEqual((await refusal(() => decide({ CARD: 'C' }))).errors, [{ field: 'CARD', reason }])
    assert.equal(log.reading.lastSequence(), 2)
  })

  test('is a conflict where it was brought in as history', async () => {
    const { service, decide, log } = await start()
    const value = { ID: 't-1', TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's' }
    const brought = service.bringIn(value, true)
    assert.equal((await refusal(() => decide())).code, 'TRANSACTION_CONFLICT')
    assert.equal(await service.bringIn(value, true), false)
    assert.equal(await brought, true)
    const { code, errors } = await refusal(() => decide())
    assert.deepEqual([code, errors], ['TRANSACTION_CONFLICT', []])
    assert.equal(await service.bringIn(value, true), false)
    assert.equal(log.reading.lastSequence(), 2)
  })

  test('may have a time up to five minutes ahead of the clock, to the millisecond', async () => {
    const { decide, log } = await start()
    const early = async () => decide({ TIME: startMs + 300_001 })
    const message = new RegExp(`times after ${new Date(startMs + 300_000).toISOString()} are not accepted`)
    await assert.rejects(early, { code: 'TRANSACTION_IN_FUTURE', message })
    assert.equal(log.reading.lastSequence(), 1)
    assert.equal((await decide({ TIME: startMs + 300_000 })).duplicate, false)
  })

  test('may lie as far ahead of the newest as histories reach, where times count from an unknown start', async () => {
    const detector = cardsDetector({}, { time: { field: 'TIME', format: 'hours-since' } })
    const inForce = createDetectorInForce(detector, amountPredictor())
    const { decide, log } = await start({ inForce })
    await decide({ TIME: 700 })
    const message = /times after TIME 868 are not accepted now, unless option `maxAhead` allows more/
    await assert.rejects(async () => decide({ ID: 't-2', TIME: 868.5 }), { code: 'TRANSACTION_IN_FUTURE', message })
    assert.equal(log.reading.lastSequence(), 2)
    await decide({ ID: 't-3', TIME: 868 })
    await decide({ ID: 't-4', TIME: 700 })
    const old = /times before TIME 700 are not accepted now/
    await assert.rejects(async () => decide({ ID: 't-5', TIME: 699.5 }), { code: 'TRANSACTION_TOO_OLD', message: old })
  })

  test('may be as old as the longest window is long, to the millisecond, by the newest time that was taken in', async () => {
    const { decide, clock, log } = await start()
    clock.nowMs = startMs + 100 * dayMs
    await decide()
    assert.equal(
      (await refusal(() => decide({ ID: 't-2', TIME: startMs - 7 * dayMs - 1 }))).code,
      'TRANSACTION_TOO_OLD',
    )
    assert.equal((await decide({ ID: 't-2', TIME: startMs - 7 * dayMs })).duplicate, false)
    assert.equal(log.reading.lastSequence(), 3)
    await decide({ ID: 't-3', TIME: startMs + 7 * dayMs + 1 })
    assert.equal((await refusal(() => decide({ ID: 't-4' }))).code, 'TRANSACTION_TOO_OLD')
    assert.equal((await decide()).duplicate, true, 'but a known one is answered however old it is')
  })

  test('leaves no trace where it is refused', async () => {
    const detector = cardsDetector({}, { amount: { field: 'AMOUNT', digits: 2, currency: { field: 'CCY' } } })
    const inForce = createDetectorInForce(detector, amountPredictor())
    const { decide, log, rowOf, service } = await start({ inForce })
    await decide({ CCY: 'EUR' })
    assert.equal((await refusal(() => decide({ ID: 't-2', CCY: 'USD' }))).code, 'CURRENCY_MIXED')
    assert.equal((await refusal(() => decide({ ID: 't-3', AMOUNT: 'much' }))).code, 'INPUT_INVALID')
    assert.equal((await refusal(() => decide({ ID: 't-4', TIME: startMs + dayMs }))).code, 'TRANSACTION_IN_FUTURE')
    assert.equal(service.decider.state?.projections.histories.histories.stats().events, 2)
    await decide({ ID: 't-2', CCY: 'EUR' })
    assert.deepEqual(rowOf('t-2').slice(1, 4), [2, 2, 20])
    assert.equal(log.reading.lastSequence(), 3)
  })

  test('is refused where too many wait for the disk, and those known are answered all the same', async () => {
    const { decide, log, label } = await start({ maxPending: 3 })
    const first = decide()
    const others = [decide({ ID: 't-2' }), decide({ ID: 't-3' })]
    assert.equal(log.pending, 3)
    assert.equal((await refusal(() => decide({ ID: 't-4' }))).code, 'OVERLOADED')
    assert.equal((await refusal(() => label('t-1', true))).code, 'OVERLOADED')
    const again = decide()
    await Promise.all([first, ...others])
    assert.equal((await again).duplicate, true)
    assert.equal((await decide({ ID: 't-4' })).duplicate, false)
  })
})

describe('a decision without a score', () => {
  const isUnavailable = (decision: Decision, ...degraded: readonly Degradation[]) => {
    assert.deepEqual([decision.outcome, decision.score], ['decline', null])
    assert.deepEqual(decision.reasons, [
      { code: 'score_unavailable', text: 'No score was available in time; the policy falls back to decline' },
    ])
    assert.deepEqual(decision.degraded, ['history-short', ...degraded])
  }
  const policy = { review: 0.5, whenUnavailable: 'decline', deadlineMs: 20 } as const

  test('is the policy’s where the deadline has passed, and not where it is just reached', async () => {
    const inForce = createDetectorInForce(cardsDetector({ policy }), amountPredictor())
    const { decide, log, rowOf } = await start({ inForce })
    const late = await decide({}, () => 20.001)
    isUnavailable(late, 'deadline-passed')
    assert.deepEqual(await decide(), { ...late, duplicate: true })
    assert.equal((await decide({ ID: 't-2' }, () => 20)).outcome, 'approve')
    assert.deepEqual(rowOf('t-1').slice(0, 2), [10, 1])
    const record = log.reading.find('t-1')
    assert.deepEqual(record?.kind === 'decision' && [record.score, record.outcome], [null, 'decline'])
  })

  test('is the policy’s where the model throws, or gives no probability, and is logged like any other', async () => {
    for (const wrong of [Number.NaN, -0.1, 1.1, 'throws'] as const) {
      const predict = (row: Float64Array) => {
        // It can predict its own example, or nobody would let it decide.
        if (row.length === 1) return { isFraud: false, probability: 0 }
        if (wrong === 'throws') throw new Error('a bug')
        return { isFraud: true, probability: wrong }
      }
      const inForce = createDetectorInForce(cardsDetector({ policy }), { ...amountPredictor(), predict })
      const { decide, rowOf, close, logPath } = await start({ inForce })
      isUnavailable(await decide(), 'model-failed')
      await decide({ ID: 't-2' })
      assert.deepEqual(rowOf('t-2').slice(1, 3), [2, 2])
      await close({ keep: true })
      assert.deepEqual(assertReplayed(logPath, [inForce]), [2])
    }
  })

  test('is the policy’s where a feature fails, with a row of nothing', async () => {
    const sound = createDetectorInForce(cardsDetector({ policy }), amountPredictor())
    let isBroken = true
    const [first, ...rest] = sound.features.own
    const broken = {
      ...first,
      compute: (...given: Parameters<typeof first.compute>) => {
        if (isBroken) throw new Error('a bug')
        return first.compute(...given)
      },
    }
    const inForce = { ...sound, features: { ...sound.features, own: [broken, ...rest] } }
    const { decide, rowOf } = await start({ inForce })
    isUnavailable(await decide(), 'features-failed')
    assert.deepEqual(rowOf('t-1'), new Array(6).fill(Number.NaN))
    isBroken = false
    await decide({ ID: 't-2' })
    assert.deepEqual(rowOf('t-2').slice(1, 3), [2, 2], 'the transaction itself is known')
  })
})

describe('a decision says what it rests on less than it should', () => {
  test('where nothing came for longer than the longest window, until one has passed, and after a restart', async () => {
    const { decide, clock, close, path } = await start()
    clock.nowMs = startMs + 100 * dayMs
    await decide()
    await decide({ ID: 't-2', TIME: startMs + 7 * dayMs })
    assert.deepEqual((await decide({ ID: 't-3', TIME: startMs + 14 * dayMs })).degraded, [])
    assert.deepEqual((await decide({ ID: 't-4', TIME: startMs + 21 * dayMs + 1 })).degraded, ['history-short'])
    await close({ keep: true })
    const again = await start({ directory: path })
    again.clock.nowMs = clock.nowMs
    assert.deepEqual((await again.decide({ ID: 't-5', TIME: startMs + 28 * dayMs })).degraded, ['history-short'])
    assert.deepEqual((await again.decide({ ID: 't-6', TIME: startMs + 28 * dayMs + 1 })).degraded, [])
    await again.close({ keep: true })
    const warns = (running: TestDecisions) =>
      running.say.lines.some((line) => line.includes('histories of new transactions are empty'))
    const late = await start({ directory: path, clock: () => startMs + 36 * dayMs })
    assert.deepEqual([warns(again), warns(late)], [false, true])
  })

  test('where the log does not reach back as far as the longest window, to the millisecond', async () => {
    const { decide, clock } = await start()
    clock.nowMs = startMs + 100 * dayMs
    assert.deepEqual((await decide()).degraded, ['history-short'])
    assert.deepEqual((await decide({ ID: 't-2', TIME: startMs + 7 * dayMs - 1 })).degraded, ['history-short'])
    assert.deepEqual((await decide({ ID: 't-3', TIME: startMs + 7 * dayMs })).degraded, [])
  })

  test('where it came so late that the beginning of its longest window is forgotten', async () => {
    const features = [{ count: { by: 'card', over: '1d' } }]
    const inForce = createDetectorInForce(cardsDetector({ features }), amountPredictor())
    const { decide, clock, rowOf } = await start({ inForce })
    clock.nowMs = startMs + 100 * dayMs
    const hourMs = dayMs / 24
    for (const [ID, hours] of [
      ['t-0', 0],
      ['t-1', 70],
      ['t-2', 80],
    ] as const)
      await decide({ ID, TIME: startMs + hours * hourMs, CARD: ID === 't-0' ? 'other' : 'c' })
    await decide({ ID: 'newest', TIME: startMs + 100 * hourMs, CARD: 'other' })
    assert.deepEqual((await decide({ ID: 'bit', TIME: startMs + 99 * hourMs, CARD: 'third' })).degraded, [])
    const late = await decide({ ID: 'late', TIME: startMs + 90 * hourMs, CARD: 'c' })
    // The first of its card's two is within its day, but histories reach back from the newest.
    assert.deepEqual([late.degraded, rowOf('late')[0]], [['history-short'], 2])
  })

  test('where a key has had more transactions than are kept exactly', async () => {
    const inForce = createDetectorInForce(cardsDetector({ histories: { eventsPerKey: 2 } }), amountPredictor())
    const { decide, rowOf } = await start({ inForce })
    const degraded: (readonly string[])[] = []
    for (let i = 0; i < 3; i++) degraded.push((await decide({ ID: `t-${i}`, TIME: startMs + i })).degraded)
    assert.deepEqual(degraded, [['history-short'], ['history-short'], ['history-capped', 'history-short']])
    assert.deepEqual(rowOf('t-2').slice(1, 4), [3, 3, 30])
  })

  test('where a key was not sent, or a category is none of those that the detector lists', async () => {
    const detector = cardsDetector({
      features: [
        'amount',
        { oneHot: { of: 'note', values: ['web', ' shop '] } },
        { category: { of: 'note', values: ['app'] } },
      ],
    })
    const { decide, rowOf } = await start({ inForce: createDetectorInForce(detector, amountPredictor()) })
    const degraded: (readonly string[])[] = []
    const sent = [
      {},
      { CARD: undefined },
      { SHOP: '  ' },
      { NOTE: 'web' },
      { NOTE: ' shop' },
      { NOTE: 'app' },
      { NOTE: 'Web' },
    ]
    for (const [i, changed] of [...sent, { CARD: null, NOTE: 'fax' }].entries())
      degraded.push((await decide({ ID: `t-${i}`, ...changed })).degraded)
    const both = ['key-missing', 'category-unknown']
    assert.deepEqual(degraded, [[], [both[0]], [both[0]], [], [], [], [both[1]], both])
    assert.deepEqual(rowOf('t-4').slice(1), [0, 1, Number.NaN])
    // As the log has it.
    assert.deepEqual((await decide({ ID: 't-7', CARD: null, NOTE: 'fax' })).degraded, both)
  })

  test('of a key that some transactions do not have by nature is not worth a word', async () => {
    const detector = cardsDetector({ features: ['amount'] })
    const optional = { ...detector, transaction: { ...detector.transaction, optionalKeys: ['card'] } }
    const { decide } = await start({ inForce: createDetectorInForce(optional, amountPredictor()) })
    assert.deepEqual((await decide({ ID: 't-1', CARD: null })).degraded, [])
    assert.deepEqual((await decide({ ID: 't-2', SHOP: null })).degraded, ['key-missing'])
  })
})

describe('a label', () => {
  test('counts from the next transaction on, and is durable once it is answered', async () => {
    const { decide, label, rowOf, log, clock } = await start()
    await decide()
    clock.nowMs = startMs + 5
    assert.deepEqual(await label('t-1', true, { source: 'chargeback' }), {
      transactionId: 't-1',
      isFraud: true,
      knownAt: '2026-11-22T09:00:00.005Z',
      source: 'chargeback',
      pending: false,
      duplicate: false,
    })
    assert.deepEqual(
      log.reading.labelsOf('t-1').map(({ sequence, of, isFraud }) => [sequence, of, isFraud]),
      [[3, 2, true]],
    )
    await decide({ ID: 't-2', TIME: startMs + 4 })
    await decide({ ID: 't-3', TIME: startMs + 5 })
    assert.deepEqual([rowOf('t-1')[4], rowOf('t-2')[4], rowOf('t-3')[4]], [0, 0, 1], 'known only from its time on')
  })

  test('that says the same again changes nothing', async () => {
    const { decide, label, log } = await start()
    await decide()
    const first = await label('t-1', true, { source: 'analyst' })
    assert.deepEqual(await label('t-1', true, { source: 'analyst' }), { ...first, duplicate: true })
    assert.deepEqual(await label('t-1', true), { ...first, duplicate: true })
    assert.deepEqual(await label('t-1', true, { knownAt: first.knownAt }), { ...first, duplicate: true })
    assert.equal(log.reading.lastSequence(), 3)
  })

  test('that comes twice at once is one, and no answer comes before it is durable', async () => {
    const { decide, service, log } = await start()
    await decide()
    const say = { transactionId: 't-1', isFraud: true }
    const first = service.label(say, 'key:desk')
    const [again] = await service.label(say, 'key:desk')
    assert.equal(log.reading.labelsOf('t-1').length, 1, 'durable when the second was answered')
    assert.deepEqual([again, (await first)[0].duplicate], [{ ...(await first)[0], duplicate: true }, false])
    const both = await service.label(
      [
        { ...say, isFraud: false },
        { ...say, isFraud: false },
      ],
      'key:desk',
    )
    assert.deepEqual(
      both.map(({ duplicate }) => duplicate),
      [false, true],
    )
    assert.equal(log.reading.lastSequence(), 4)
  })

  test('that says otherwise is kept beside the first, and the later counts', async () => {
    const { decide, label, rowOf, log } = await start()
    await decide()
    for (const [isFraud, frauds] of [
      [true, 1],
      [false, 0],
      [true, 1],
    ] as const) {
      assert.equal((await label('t-1', isFraud)).duplicate, false)
      const id = `after-${log.reading.lastSequence()}`
      await decide({ ID: id })
      assert.equal(rowOf(id)[4], frauds)
    }
    assert.deepEqual(
      log.reading.labelsOf('t-1').map(({ isFraud }) => isFraud),
      [true, false, true],
    )
    assert.equal((await label('t-1', true, { source: 'other' })).duplicate, false)
    assert.equal((await label('t-1', true, { knownAt: '2026-11-22T09:00:00.001Z' })).duplicate, false)
  })

  test('is not known before its transaction took place', async () => {
    const { decide, label, service, log, clock } = await start()
    await decide({ TIME: startMs + 1000 })
    const early = { knownAt: '2026-11-22T09:00:00.999Z' }
    const { code, errors } = await refusal(() => label('t-1', true, early))
    assert.deepEqual(
      [code, errors],
      ['INPUT_INVALID', [{ field: 'knownAt', reason: "is before the transaction's own time", id: 't-1' }]],
    )
    const both = [
      { transactionId: 't-1', isFraud: true },
      { transactionId: 't-1', isFraud: false, ...early },
    ]
    assert.deepEqual((await refusal(() => service.label(both, 'key:desk'))).errors[0].field, '[1].knownAt')
    assert.equal(log.reading.labelsOf('t-1').length, 0, 'neither of them')
    // Labels are taken in a few at a time; an index is that of the array all the same, and nothing before it counts.
    const many = Array.from({ length: 100 }, (_, i) => (i === 75 || i === 99 ? both[1] : both[0]))
    const { errors: late } = await refusal(() => service.label(many, 'key:desk'))
    assert.deepEqual(
      late.map(({ field }) => field),
      ['[75].knownAt', '[99].knownAt'],
    )
    assert.equal(log.reading.labelsOf('t-1').length, 0, 'none of them')
    assert.equal((await refusal(() => service.label([both[1]], 'key:desk'))).errors[0].field, '[0].knownAt')
    // By the clock alone it would be early: the transaction is ahead of it.
    assert.equal(clock.nowMs, startMs)
    assert.equal((await label('t-1', true)).knownAt, '2026-11-22T09:00:01.000Z')
  })

  test('of a transaction that is still to come waits for it, and counts after its row', async () => {
    const { decide, label, rowOf, service, log } = await start()
    const first = await label('t-1', true)
    assert.deepEqual([first.pending, first.duplicate], [true, false])
    assert.deepEqual(await label('t-1', true), { ...first, duplicate: true })
    assert.equal(service.decider.state?.projections.pending.transactions, 1)
    await decide()
    assert.equal(service.decider.state?.projections.pending.transactions, 0)
    await decide({ ID: 't-2' })
    assert.deepEqual([rowOf('t-1')[4], rowOf('t-2')[4]], [0, 1])
    assert.deepEqual(await label('t-1', true), { ...first, pending: false, duplicate: true })
    assert.equal(log.reading.lastSequence(), 4)
  })

  test('of one transaction that contradict each other are refused over a limit, whether it has come or not', async () => {
    const { decide, label, service, log } = await start()
    await decide()
    for (const id of ['t-1', 'to-come']) {
      const many = Array.from({ length: 99 }, (_, i) => ({ transactionId: id, isFraud: i % 2 === 0 }))
      assert.equal((await service.label(many, 'key:desk')).filter(({ duplicate }) => duplicate).length, 0)
      const two = [false, true].map((isFraud) => ({ transactionId: id, isFraud }))
      const before = log.reading.lastSequence()
      assert.equal((await refusal(() => service.label(two, 'key:desk'))).code, 'LABELS_FULL')
      assert.equal(log.reading.lastSequence(), before, 'neither of them')
      // The last one that there is room for, and one more while it is on its way to the disk.
      const last = label(id, false)
      assert.equal((await refusal(() => label(id, true))).code, 'LABELS_FULL')
      assert.equal((await last).duplicate, false)
      assert.equal((await refusal(() => label(id, true))).code, 'LABELS_FULL')
      assert.equal((await label(id, false)).duplicate, true)
      assert.equal(log.reading.labelsOf(id).length, 100)
    }
    assert.equal((await label('t-2', true)).duplicate, false)
    await decide({ ID: 'to-come' })
    assert.equal((await service.find('to-come'))?.labels.length, 100)
    assert.equal((await service.find('to-come'))?.labels.at(-1)?.isFraud, false)
  })

  test('of one transaction, in thousands in a log of an older version, are shown from the newest on', async () => {
    const { decide, label, service, log } = await start()
    await decide()
    const said = { kind: 'label', id: 't-1', source: undefined, receivedAtMs: startMs, of: 2 } as const
    await Promise.all(
      Array.from({ length: 150 }, (_, i) => {
        const record = { ...said, isFraud: i % 2 === 0, knownAtMs: startMs + i }
        return new Promise<void>((resolve) => void log.append(record, () => resolve()))
      }),
    )
    const { labels = [], hasOlderLabels } = (await service.find('t-1')) ?? {}
    assert.deepEqual([labels.length, hasOlderLabels], [100, true])
    assert.deepEqual([labels[0].knownAt, labels[99].knownAt], ['2026-11-22T09:00:00.050Z', '2026-11-22T09:00:00.149Z'])
    assert.equal((await label('t-1', false)).duplicate, true)
    assert.equal((await refusal(() => label('t-1', true))).code, 'LABELS_FULL')
  })

  test('of transactions that do not come are refused over a limit, others are not', async () => {
    const { decide, label, service, log, metrics } = await start({ maxPendingLabels: 2 })
    await decide()
    await label('a', true)
    await label('a', false)
    for (const send of [
      () => label('b', true),
      () => label('a', true),
      () => service.label([{ transactionId: 'b', isFraud: true }], 'key:desk'),
    ]) {
      assert.equal((await refusal(send)).code, 'PENDING_LABELS_FULL')
    }
    assert.equal((await label('a', false)).duplicate, true)
    assert.equal((await label('t-1', true)).pending, false)
    assert.equal(log.reading.lastSequence(), 5)
    assert.match(await metrics.registry.metrics(), /shrike_labels_refused_total 3\n/)
    await decide({ ID: 'a' })
    assert.equal((await label('b', true)).pending, true)
  })

  test('of one key wait in half of the room, over restarts too, and leave the rest to others', async () => {
    const first = await start({ maxPendingLabels: 4 })
    const labelAs = (service: TestDecisions['service'], by: string) => (id: string) =>
      service.label([{ transactionId: id, isFraud: true }], by)
    await first.decide()
    const desk = labelAs(first.service, 'key:desk')
    await desk('a')
    await desk('b')
    await assert.rejects(desk('c'), { code: 'PENDING_LABELS_FULL', message: /^2 labels of this key already wait/ })
    assert.equal((await desk('t-1'))[0].pending, false)
    await labelAs(first.service, 'key:bank')('d')
    await first.close({ keep: true })
    const again = await start({ maxPendingLabels: 4, directory: first.path })
    const still = labelAs(again.service, 'key:desk')
    await assert.rejects(still('c'), { code: 'PENDING_LABELS_FULL' })
    await again.decide({ ID: 'a', TIME: startMs + 1 })
    assert.equal((await still('c'))[0].pending, true)
    await labelAs(again.service, 'key:bank')('e')
    await assert.rejects(labelAs(again.service, 'key:third')('f'), { message: /^4 labels already wait/ })
  })

  test('wait as long as a transaction of theirs could come, by their own times, over restarts', async () => {
    const { decide, label, service, clock, path, close, log } = await start({ maxPendingLabels: 2 })
    await decide({ ID: 't-0' })
    await label('a', true, { knownAt: '2026-11-01T00:00:00Z' })
    clock.nowMs = startMs + dayMs
    await label('b', true)
    assert.equal((await refusal(() => label('c', true))).code, 'PENDING_LABELS_FULL')
    clock.nowMs = startMs + 100 * dayMs
    assert.equal(service.decider.state?.projections.pending.count, 2, 'the clock alone ages nothing')
    // The longest window is seven days, and a label waits from when it was received.
    await decide({ ID: 't-1', TIME: startMs + 7 * dayMs })
    assert.equal(service.decider.state?.projections.pending.count, 2)
    await decide({ ID: 't-2', TIME: startMs + 7 * dayMs + 1 })
    assert.equal(service.decider.state?.projections.pending.count, 1)
    assert.equal((await label('c', true, { knownAt: '2026-11-25T00:00:00Z' })).pending, true)
    const snapshot = snapshotNow(service, log.reading.lastSequence())
    await close({ keep: true })
    for (const held of [undefined, snapshot, without(snapshot, 'pending-labels')]) {
      const findSnapshot = () => held
      const again = await start({ directory: path, findSnapshot })
      assert.equal(again.service.decider.state?.projections.pending.count, 2)
      await again.close({ keep: true })
    }
    const last = await start({ directory: path })
    last.clock.nowMs = clock.nowMs
    await last.decide({ ID: 'a', TIME: startMs + 7 * dayMs + 2 })
    await last.decide({ ID: 'c', TIME: startMs + 7 * dayMs + 3 })
    await last.decide({ ID: 't-4', TIME: startMs + 7 * dayMs + 4 })
    assert.deepEqual(
      ['a', 'c', 't-4'].map((id) => last.rowOf(id)[4]),
      [0, 0, 1],
      'what waited too long is not counted',
    )
    await last.close({ keep: true })
    assert.deepEqual(assertReplayed(last.logPath, [createDetectorInForce(cardsDetector(), amountPredictor())]), [6])
  })

  test('of a transaction that is on its way to the disk is not pending', async () => {
    const { decide, label, log } = await start()
    const [, answer] = await Promise.all([decide(), label('t-1', true)])
    assert.equal(answer.pending, false)
    assert.equal(log.reading.labelsOf('t-1')[0].of, 2)
  })
})

describe('a log that can not be written', () => {
  test('answers everything on the way with that, forgets it, and goes on from what it has', async () => {
    const { decide, label, rowOf, log, logPath, service, say: logger, close } = await start()
    await decide()
    const other = new DatabaseSync(logPath, { timeout: 5000 })
    other.exec("CREATE TRIGGER refuse BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'no more'); END")
    const lost = await Promise.all(
      [decide({ ID: 't-2' }), decide({ ID: 't-2' }), label('t-1', true), label('t-9', true)].map((each) =>
        refusal(() => each),
      ),
    )
    assert.deepEqual(
      lost.map(({ code }) => code),
      new Array(4).fill('LOG_UNAVAILABLE'),
    )
    assert.equal(service.isReady, false)
    assert.equal((await refusal(() => decide())).code, 'LOG_UNAVAILABLE')
    assert.equal((await refusal(() => service.erase('card', 'c', 'key:desk'))).code, 'LOG_UNAVAILABLE')
    other.exec('DROP TRIGGER refuse')
    other.close()
    await service.resume()
    assert.equal(service.isReady, true)
    assert.ok(logger.lines.some((line) => line.startsWith('error the log could not be written')))
    assert.equal(log.reading.lastSequence(), 2)
    assert.equal((await decide({ ID: 't-2' })).duplicate, false)
    assert.deepEqual(rowOf('t-2').slice(1, 5), [2, 2, 20, 0], 'as if what was lost had never been')
    assert.equal((await label('t-1', true)).duplicate, false)
    await close({ keep: true })
    assert.deepEqual(assertReplayed(logPath, [service.inForce]), [2])
  })
})

test('rows are those of a replay of the log, whatever comes, late, twice, early and at once', async () => {
  const kinds = fc.record({
    kind: fc.constantFrom('decide', 'decide', 'decide', 'label', 'label', 'history', 'await'),
    id: fc.nat(30),
    forwardMs: fc.constantFrom(0, 0, 1, 1000, 3_600_000, dayMs),
    lateMs: fc.constantFrom(0, 0, 0, 1, 7_200_000, 6 * dayMs),
    amount: fc.integer({ min: 1, max: 99_999 }),
    card: fc.constantFrom('c1', 'c1', 'c2', undefined),
    shop: fc.constantFrom('s1', 's2', undefined),
    isFraud: fc.boolean(),
  })
  const property = fc.asyncProperty(fc.array(kinds, { minLength: 20, maxLength: 80 }), async (actions) => {
    const inForce = createDetectorInForce(cardsDetector({ histories: { eventsPerKey: 3 } }), amountPredictor())
    const { service, clock, close, logPath } = await start({ inForce })
    clock.nowMs = startMs + 1000 * dayMs
    let nowMs = startMs
    const underway: Promise<unknown>[] = []
    for (const { kind, id, forwardMs, lateMs, amount, card, shop, isFraud } of actions) {
      nowMs += forwardMs
      const value = { ID: `t-${id}`, TIME: nowMs - lateMs, AMOUNT: amount / 100, CARD: card, SHOP: shop }
      const act = () => {
        if (kind === 'decide') return service.decide(value, undefined, noWait)
        if (kind === 'history') return service.bringIn(value, true)
        if (kind === 'await') return nextTurn()
        return service.label(
          { transactionId: `t-${id}`, isFraud, knownAt: new Date(nowMs - lateMs).toISOString() },
          'key:desk',
        )
      }
      const done = refusalOrNothing(act)
      underway.push(done)
      if (kind === 'await') await done
    }
    await Promise.all(underway)
    await close({ keep: true })
    assertReplayed(logPath, [inForce])
  })
  await fc.assert(property, { numRuns: examples(6) })
})

async function refusalOrNothing(act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error, String(error))
    assert.ok(
      ['INPUT_INVALID', 'TRANSACTION_CONFLICT', 'TRANSACTION_TOO_OLD'].includes(String(error.code)),
      String(error.code),
    )
  }
}

describe('a fault of the program between histories and the log', () => {
  // What no input can bring about is put in by hand.
  const faults = {
    'in the policy as it judges': (t: TestContext, { changed }: PolicyProjection) =>
      t.mock.method(changed ?? assert.fail(), 'judge', () => assert.fail('a fault')),
    'in a projection as it takes the record': (t: TestContext, policy: PolicyProjection) =>
      t.mock.method(policy, 'take', () => assert.fail('a fault')),
  }
  for (const [where, putIn] of Object.entries(faults)) {
    test(`${where} leaves no trace: all is made again from the log`, async (t) => {
      const { decide, rowOf, log, logPath, service, close } = await start()
      const rule = { id: 'all', when: 'amount > 0.0', then: 'review', state: 'live' }
      await service.change({ kind: 'rule', rule }, { by: 'user:ann', why: 'a test' })
      await decide()
      const { projections } = service.decider.state ?? assert.fail()
      putIn(t, projections.policy)
      await assert.rejects(async () => decide({ ID: 't-2' }), /a fault/)
      assert.equal(service.isReady, false)
      await service.resume()
      assert.equal(log.reading.find('t-2'), undefined)
      assert.equal((await decide({ ID: 't-2' })).outcome, 'review')
      assert.deepEqual(rowOf('t-2').slice(1, 3), [2, 2], 'it is counted once')
      await close({ keep: true })
      assertReplayed(logPath, [service.inForce])
    })
  }

  test('as the log is read again stops with the number of the record', async (t) => {
    const { decide, label, service } = await start()
    await decide()
    await label('t-1', true)
    t.mock.method(RuleFiguresProjection.prototype, 'take', () => assert.fail('a fault'))
    await assert.rejects(service.use(service.inForce), {
      code: 'LOG_INVALID',
      message: /record 1, of the kind definition, .* part rule-figures/,
    })
    t.mock.reset()
    assert.equal(service.isReady, true)
    await decide({ ID: 't-2' })
  })
})
