import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  openDeciding,
  type TestDecisions,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import type { Detector } from '../detector/detector.ts'
import { computeRow } from '../features/feature-set.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { appendChange } from './append-change.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import { Rebuild } from './rebuild.ts'
import { withPolicyFeatures } from './united-features.ts'

const open = closedAfterEach()
const minuteMs = 60_000
const velocity = { count: { by: 'card', over: '10m' } }
const fast = {
  id: 'fast',
  when: 'card_count_10m > 3',
  then: 'decline',
  state: 'live',
  reason: '{card_count_10m} payments',
}
const model = () => createDetectorInForce(cardsDetector(), amountPredictor())

/** A transaction each minute; a change as an author makes it. */
async function start(options: TestDecisionsOptions = {}) {
  const running = await openDeciding(open, options, minuteMs)
  const { service } = running
  const change = (given: object) => service.change(given, { by: 'user:ann', why: 'a test' })
  const setFeatures = (...features: Detector['features']) =>
    change({ kind: 'policy', policy: { thresholds: { review: 0.5 }, features } })
  return { ...running, change, setFeatures, filled: () => filled(running) }
}

/** Resolves once nothing is filled any more. */
async function filled({ service }: Pick<TestDecisions, 'service'>): Promise<void> {
  while (service.policyFeatures.some(({ state }) => state === 'filling')) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function refusal(reason: RegExp, code = 'INPUT_INVALID') {
  return (error: unknown) => {
    assert.ok(error instanceof Error && 'code' in error && 'errors' in error && Array.isArray(error.errors))
    const told = error.errors.map(({ field, reason }) => `${field}: ${reason}`).join('\n')
    assert.match(told, reason)
    assert.equal(error.code, code)
    return true
  }
}

describe('a feature of the policy', () => {
  test('is unknown until it was filled from the log, and then knows what came before it', async () => {
    const { decide, change, setFeatures, filled, service, rowOf } = await start()
    for (let i = 0; i < 3; i++) await decide(i)
    const before = rowOf(2).length
    await setFeatures(velocity)
    assert.deepEqual(service.policyFeatures, [{ name: 'card_count_10m', state: 'filling' }])
    // Before the log has been read, which takes turns of the loop.
    const { version } = await change({ kind: 'rule', rule: fast })
    assert.ok(version > 0)
    await filled()
    assert.deepEqual(service.policyFeatures, [{ name: 'card_count_10m', state: 'computed' }])
    const after = await decide(3)
    assert.equal(after.outcome, 'decline')
    assert.deepEqual(after.reasons, [{ code: 'rule:fast', text: '4 payments' }])
    assert.deepEqual([before + 1, rowOf(3).at(-1)], [rowOf(3).length, 4])
    const detail = await service.find('t-3')
    assert.equal(detail?.features.card_count_10m, 4)
    assert.equal(detail?.score, 0.01)
  })

  test('is refused with the place of what is wrong with it', async () => {
    const { setFeatures, change, log } = await start()
    const next = log.nextSequence
    await assert.rejects(
      setFeatures({ count: { by: 'crad', over: '10m' } }),
      refusal(/^policy\.features\.0\.count\.by: .*"crad"/),
    )
    await assert.rejects(
      setFeatures(velocity, { cuont: { by: 'card' } }),
      refusal(/^policy\.features\.1\.cuont: .*count/),
    )
    await assert.rejects(
      setFeatures({ ratio: { of: 'card_count_10m', to: 'amount' } }),
      refusal(/^policy\.features\.0\.ratio: there is no feature "card_count_10m"/),
    )
    // The same name, and something else.
    await assert.rejects(
      setFeatures({ count: { by: 'card', over: ['10m', '1h'], delay: '1d' } }),
      refusal(
        /^policy\.features\.0\.count: the model has another feature "card_count_1h", .*"over":"1h".*"delay":"1d"/,
      ),
    )
    await assert.rejects(
      setFeatures(velocity, { count: { by: 'card', over: '10m', delay: '1d' } }),
      refusal(/^policy\.features\.1\.count: this list has another feature "card_count_10m"/),
    )
    await assert.rejects(change({ kind: 'rule', rule: fast }), refusal(/^rules\.fast\.when: .*card_count_10m/))
    assert.equal(log.nextSequence, next)
  })

  test('is refused where rules would never read it, or nobody sends it', async () => {
    const { setFeatures } = await start()
    await assert.rejects(
      setFeatures(velocity, 'NOET'),
      refusal(/^policy\.features\.1: the detector declares no column "NOET". Did you mean "NOTE"\?$/),
    )
    await assert.rejects(setFeatures('hoour'), refusal(/"hoour". Did you mean "hour"\?$/))
    for (const as of ['score', 'time', 'card', 'note']) {
      const feature = { ratio: { of: 'card_count_1h', to: 'card_count_1d', as } }
      await assert.rejects(setFeatures(feature), refusal(/policy\.features\.0\.ratio: .*another one by "as"$/))
    }
    // What the model has, too, is what it is there.
    await setFeatures('amount', 'hour')
  })

  test('can’t look back further than records are kept', async () => {
    const { setFeatures } = await start({ retainMs: 10 * 86_400_000 })
    await assert.rejects(
      setFeatures({ count: { by: 'card', over: '30d' } }),
      refusal(/^policy\.features: .*retain.* must be at least 31d/),
    )
  })

  test('comes with a rule in one change, and does not go while a rule or a segment reads it', async () => {
    const { change, setFeatures, filled, decide, service } = await start()
    const policy = { thresholds: { review: 0.5 }, features: [velocity] }
    await change({
      kind: 'together',
      changes: [
        { kind: 'policy', policy },
        { kind: 'rule', rule: fast },
      ],
    })
    await filled()
    await assert.rejects(setFeatures(), refusal(/^rules\.fast\.when: .*card_count_10m/))
    const segments = [{ name: 'busy', when: 'card_count_10m > 1', thresholds: { review: 0.001 } }]
    await change({ kind: 'policy', policy: { ...policy, segments } })
    await assert.rejects(
      change({ kind: 'policy', policy: { segments } }),
      refusal(/rules\.fast\.when.*\n?.*|policy\.segments\.busy\.when: .*card_count_10m/),
    )
    await change({ kind: 'rule-removed', id: 'fast' })
    await setFeatures()
    while (service.inForce.policyFeatures.length > 0) await new Promise((resolve) => setTimeout(resolve, 2))
    await decide(0)
    const detail = await service.find('t-0')
    assert.ok(detail !== undefined && !('card_count_10m' in detail.features))
  })

  test('that is declared otherwise is unknown until it is filled again', async () => {
    const { setFeatures, filled, decide, service } = await start()
    await setFeatures({ count: { by: 'card', over: '10m', as: 'velocity' } })
    await filled()
    await decide(0)
    await decide(1, { SHOP: 'other' })
    await setFeatures({ count: { by: 'shop', over: '10m', as: 'velocity' } })
    assert.deepEqual(service.policyFeatures, [{ name: 'velocity_10m', state: 'filling' }])
    await filled()
    await decide(2)
    const detail = await service.find('t-2')
    assert.equal(detail?.features.velocity_10m, 2)
  })

  test('stays through a reload, and through a restart with or without a snapshot', async () => {
    const { change, setFeatures, filled, decide, service, close, path } = await start()
    await setFeatures(velocity)
    await change({ kind: 'rule', rule: fast })
    await filled()
    for (let i = 0; i < 3; i++) await decide(i)
    await service.use(createDetectorInForce(cardsDetector(), amountPredictor('next@000000000001')))
    assert.equal((await decide(3)).outcome, 'decline')
    // It has the feature itself.
    const { features } = cardsDetector()
    const own = createDetectorInForce(
      cardsDetector({ features: [...features, { count: { by: 'card', over: ['5m', '10m'] } }] }),
      amountPredictor('own@000000000001'),
    )
    await service.use(own)
    assert.deepEqual(service.inForce.features.names, own.features.names)
    assert.equal((await decide(4)).outcome, 'decline')
    // Something else by that name.
    const other = { count: { by: 'card', over: '10m', delay: '1d' } }
    const clash = createDetectorInForce(cardsDetector({ features: [...features, other] }), amountPredictor('clash@1'))
    await assert.rejects(
      service.use(clash),
      refusal(/^policy\.features\.0\.count: the model has another feature/, 'POLICY_NAMES_LOST'),
    )
    assert.equal((await decide(5)).outcome, 'decline')
    await close({ keep: true })
    const again = await start({ directory: path, inForce: model() })
    assert.deepEqual(again.service.policyFeatures, [{ name: 'card_count_10m', state: 'computed' }])
    assert.equal((await again.decide(6)).outcome, 'decline')
    assert.equal(again.rowOf(6).at(-1), 7)
  })

  test('whose change the log has, and not its definition, is filled after a restart', async () => {
    // The thread that fills it never comes to its end.
    const { promise: never, reject: end } = Promise.withResolvers<never>()
    const { setFeatures, decide, close, path, logPath } = await start({ makeElsewhere: () => never })
    for (let i = 0; i < 3; i++) await decide(i)
    // Other histories of cards than those that stand.
    await setFeatures({ count: { by: 'card', over: '8d' } })
    const closed = close({ keep: true })
    end(new Error('the thread has ended'))
    await closed
    const reader = new SqliteLogReader(logPath)
    assert.equal(reader.lastDefinition()?.definition.policyFeatures, undefined)
    reader.close()
    const again = await start({ directory: path })
    assert.deepEqual(again.service.policyFeatures, [{ name: 'card_count_8d', state: 'computed' }])
    await again.decide(3)
    assert.equal(again.rowOf(3).at(-1), 4)
  })

  test('that the log can’t give is said to have failed, and what decides goes on', async () => {
    const currency = { amount: { field: 'AMOUNT', digits: 2, currency: { field: 'CURRENCY' } } }
    const plain = createDetectorInForce(cardsDetector({ features: ['amount'] }, currency), amountPredictor())
    const { setFeatures, filled, decide, service, say } = await start({ inForce: plain })
    await decide(0, { CURRENCY: 'EUR' })
    await decide(1, { CURRENCY: 'USD' })
    await setFeatures({ sum: { of: 'amount', by: 'card', over: '1h' } })
    await filled()
    const [{ name, state, reason }] = service.policyFeatures
    assert.deepEqual([name, state], ['card_amount_sum_1h', 'failed'])
    assert.match(reason ?? '', /record 3 .*USD/)
    assert.ok(say.lines.some((line) => /can't be computed/.test(JSON.stringify(line))))
    assert.equal((await decide(2, { CURRENCY: 'USD' })).outcome, 'approve')
    await setFeatures()
    assert.deepEqual(service.policyFeatures, [])
  })

  test('that was recorded before anything looked at it has failed, and hinders neither others nor a start', async () => {
    const { log, filled, decide, close, path, rowOf, service } = await start()
    const policy = { thresholds: { review: 0.5 }, features: [velocity, { cuont: { by: 'card' } }] }
    const change = { kind: 'policy', policy }
    await appendChange(log, { kind: 'policy', by: 'user:ann', why: '', atMs: 0, change })
    await filled()
    const told = [
      { name: 'card_count_10m', state: 'computed' },
      {
        ...{ name: 'features.1.cuont', state: 'failed' },
        reason: 'there is no kind of feature "cuont". Did you mean "count"?',
      },
    ]
    assert.deepEqual(service.policyFeatures, told)
    await decide(0)
    assert.equal(rowOf(0).at(-1), 1)
    await close({ keep: true })
    const again = await start({ directory: path })
    assert.deepEqual(again.service.policyFeatures, told)
  })

  test('is not known to the model, nor are its categories', async () => {
    const { setFeatures, filled, decide, service } = await start()
    await setFeatures({ category: { of: 'note', values: ['a', 'b'] } })
    await filled()
    const { degraded } = await decide(0, { NOTE: 'c' })
    assert.ok(!degraded.includes('category-unknown'))
    assert.equal((await service.find('t-0'))?.features.note_category, null)
  })

  test('makes decisions say that history is short where the log does not reach as far back', async () => {
    const { setFeatures, filled, decide } = await start()
    for (let day = 0; day < 10; day++) await decide(day * 1440)
    assert.deepEqual((await decide(10 * 1440)).degraded, [])
    const { warnings } = await setFeatures({ count: { by: 'card', over: '12d' } })
    const reason =
      'the log reaches back 10 days, and the longest window 12: until it does, decisions are degraded by history-short'
    assert.deepEqual(warnings, [{ field: 'policy.features', reason }])
    await filled()
    assert.deepEqual((await decide(11 * 1440)).degraded, ['history-short'])
    assert.deepEqual((await setFeatures({ count: { by: 'card', over: ['12d', '10d'] } })).warnings, [])
    assert.deepEqual((await decide(12 * 1440)).degraded, [])
    const [endless] = (await setFeatures({ count: { by: 'card', over: '999999d' } })).warnings
    assert.match(endless.reason, /and the longest window 999,999: /)
  })
})

const entries = fc.constantFrom<Detector['features'][number]>(
  velocity,
  { count: { by: 'card', over: ['10m', '1h', '3h'] } },
  { sum: { of: 'amount', by: 'shop', over: '2h' } },
  { fraudCount: { by: 'shop', over: '7d', delay: '1h' } },
  { median: { of: 'amount', by: 'card', over: '1d' } },
  { distinct: { of: 'shop', by: 'card', over: '1d' } },
  'weekend',
  { ratio: { of: 'card_count_1h', to: 'card_count_1d' } },
)
const steps = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({ card: fc.nat(2), shop: fc.nat(2), amount: fc.integer({ min: 1, max: 900 }) }),
    },
    { weight: 2, arbitrary: fc.record({ label: fc.nat(30) }) },
    { weight: 2, arbitrary: fc.record({ features: fc.uniqueArray(entries, { maxLength: 4 }) }) },
    { weight: 1, arbitrary: fc.constant({ restart: true } as const) },
  ),
  { minLength: 10, maxLength: 60 },
)

test('rows with features of the policy are those of a detector that had them from the beginning', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      let running = await start()
      let sent = 0
      for (const step of steps) {
        if ('card' in step) {
          await running.decide(sent++, { CARD: `c${step.card}`, SHOP: `s${step.shop}`, AMOUNT: step.amount })
        } else if ('label' in step) {
          await running.service.label({ transactionId: `t-${step.label}`, isFraud: true }, 'key:desk')
        } else if ('features' in step) await running.setFeatures(...step.features)
        else {
          await running.close({ keep: true })
          running = await start({ directory: running.path })
        }
      }
      await running.filled()
      await running.decide(sent++)
      await running.close({ keep: true })
      assertRows(running.logPath)
      await running.close()
    }),
    { numRuns: examples(5) },
  )
})

/** Each definition's rows, made by a replay that has its features from the first record on. */
function assertRows(logPath: string): void {
  const reader = new SqliteLogReader(logPath)
  try {
    let compared = 0
    for (const sequence of reader.definitionSequences()) {
      const { policyFeatures, features: names } = reader.definition(sequence)
      const inForce = withPolicyFeatures(model(), policyFeatures?.declared ?? [])
      assert.deepEqual(inForce.features.names, names)
      const row = new Float64Array(names.length)
      const rebuild = new Rebuild(inForce, reader, undefined, {})
      const isInStep = () =>
        rebuild.step((record, transaction, histories) => {
          computeRow(inForce.features, transaction, histories, row)
          if (record.kind !== 'decision' || record.definition !== sequence) return
          compared += 1
          assert.deepEqual([...record.row], [...row], `record ${record.sequence}`)
        })
      while (isInStep());
    }
    assert.ok(compared > 0)
  } finally {
    reader.close()
  }
}
