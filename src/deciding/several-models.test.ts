import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  openDeciding,
  startMs,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import { draw } from '../decisioning/draws.ts'
import type { Detector } from '../detector/detector.ts'
import { computeRow } from '../features/feature-set.ts'
import type { DecisionRecord, ScoresRecord, Sequenced } from '../log/log-record.ts'
import type { Predictor } from '../scoring/predictor.ts'
import { createDetectorInForce, noOthers } from './detector-in-force.ts'
import { Rebuild } from './rebuild.ts'
import { withOthers } from './united-features.ts'

const open = closedAfterEach()
const minuteMs = 60_000
const champion = createDetectorInForce(cardsDetector(), amountPredictor('champion@000000000001'))

/** A model whose answer is one of its own inputs over ten. */
function modelOf(modelId: string, input: string, features: Detector['features'] = cardsDetector().features) {
  const { own } = createDetectorInForce(cardsDetector({ features }), undefined)
  const { names } = own.features
  const at = names.indexOf(input)
  const predictor: Predictor = {
    ...{ modelId, inputs: names, example: {} },
    predict: (row) => {
      assert.equal(row.length, names.length)
      return { isFraud: false, probability: row[at] / 10 }
    },
    contributionScale: 'log-odds',
    explainsDecisions: true,
    explain: (row) => ({ scale: 'log-odds', base: 0, contributions: row.map((_, i) => (i === at ? 1 : 0)), error: 0 }),
  }
  return { own, predictor }
}

const faster = modelOf('faster@000000000002', 'card_count_10m', [
  { count: { by: 'card', over: ['10m', '1h'] } },
  'amount',
  { sum: { of: 'amount', by: 'shop', over: '2h' } },
])

/** A transaction each minute, of one of ten cards; the secret of draws is there. */
async function start(options: TestDecisionsOptions = {}) {
  const running = await openDeciding(open, { inForce: champion, ...options }, minuteMs)
  await running.service.change({ kind: 'policy', policy: { thresholds: { review: 0.4 } } }, { by: 'user:ann', why: '' })
  const recordOf = (i: number) => {
    const found = running.log.reading.find(`t-${i}`)
    assert.ok(found?.kind === 'decision')
    return found
  }
  return { ...running, recordOf, decide: (i: number) => running.decide(i, { CARD: `c${i % 10}` }) }
}

function recordsOf({ log }: Pick<Awaited<ReturnType<typeof start>>, 'log'>) {
  const records: Sequenced[] = []
  for (let after = 0; ; after = records.at(-1)?.sequence ?? after) {
    const next = log.reading.next(after)
    if (next.length === 0) return records
    records.push(...next)
  }
}

describe('a canary', () => {
  test('decides for its share of the key’s values, which stay on one side, and each decision says who made it', async () => {
    const running = await start()
    const { service, decide, recordOf } = running
    for (let i = 0; i < 20; i++) await decide(i)
    await service.use(withOthers(champion, { canary: { ...faster, share: 0.5, by: 'card' }, shadows: [] }))
    const secret = service.decider.state?.projections.policy.secret ?? assert.fail()
    const sides = new Map<string, string | null>()
    for (let i = 20; i < 60; i++) {
      const decision = await decide(i)
      const card = `c${i % 10}`
      const isCanary = draw(secret, 'canary:faster@000000000002', card) < 0.5
      assert.equal(decision.model, isCanary ? 'faster@000000000002' : 'champion@000000000001')
      assert.equal(sides.get(card) ?? decision.model, decision.model)
      sides.set(card, decision.model)
      const record = recordOf(i)
      assert.equal(record.model, isCanary ? 'faster@000000000002' : undefined)
      // The card comes every ten minutes, and the window's edge is open.
      assert.equal(decision.score, isCanary ? 0.1 : 0.01)
      const detail = await service.find(`t-${i}`, true).catch((error: unknown) => error)
      if (isCanary) assert.deepEqual(Object.keys(explained(detail)), faster.predictor.inputs)
    }
    assert.deepEqual(new Set(sides.values()).size, 2)
    assertReplayed(running)
  })

  test('is held to the time of its own scores, whatever else its decisions wait for', async () => {
    const { service } = await start()
    let nowMs = 0
    const slow = (row: Float64Array) => {
      nowMs += 30
      return faster.predictor.predict(row)
    }
    const canary = { ...faster, predictor: { ...faster.predictor, predict: slow }, share: 1, by: 'card' }
    await service.use(withOthers(champion, { canary, shadows: [] }))
    for (let i = 0; i < 100; i++) {
      assert.equal(service.decider.state?.judge.canaryP99Ms, undefined)
      const transaction = { ID: `w-${i}`, TIME: startMs + i * minuteMs, AMOUNT: 10, CARD: 'c', SHOP: 's' }
      await service.decide(transaction, undefined, () => 500 + nowMs)
    }
    assert.equal(service.decider.state?.judge.canaryP99Ms, 30)
  })

  test('has its reasons by its own features, told by their places in the whole row', async () => {
    const { service, decide, log } = await start()
    await service.use(withOthers(champion, { canary: { ...faster, share: 1, by: 'card' }, shadows: [] }))
    await decide(0)
    await decide(10)
    const again = await service.decide(
      { ID: 'x', TIME: (log.reading.find('t-10')?.timestampMs ?? 0) + 1, AMOUNT: 10, CARD: 'c0', SHOP: 's' },
      undefined,
      () => 0,
      true,
    )
    const [reason] = again.reasons.filter(({ code }) => code === 'card_count_10m')
    assert.match(reason.text, /^2 payments/)
    assert.equal(again.contributionScale, 'log-odds')
  })

  test('leaves a transaction without the key to the champion, and retires at once', async () => {
    const running = await start()
    const { service, log } = running
    const optional = { optionalKeys: ['card'] }
    const base = createDetectorInForce(cardsDetector({}, optional), amountPredictor('champion@000000000001'))
    const other = {
      ...faster,
      own: createDetectorInForce(cardsDetector({ features: faster.own.detector.features }, optional), undefined).own,
    }
    await service.use(withOthers(base, { canary: { ...other, share: 1, by: 'card' }, shadows: [] }))
    assert.equal((await running.decide(0)).model, 'faster@000000000002')
    const without = { ID: 'none', TIME: 1000 * minuteMs, AMOUNT: 10, SHOP: 's' }
    const time = { TIME: (log.reading.find('t-0')?.timestampMs ?? 0) + 1 }
    assert.equal((await service.decide({ ...without, ...time }, undefined, () => 0)).model, 'champion@000000000001')
    const before = service.decider.state?.projections
    const retiring = service.use(withOthers(base, noOthers))
    await retiring
    // Without histories being made: the row is what it was.
    assert.equal(service.decider.state?.projections, before)
    assert.equal((await running.decide(1)).model, 'champion@000000000001')
    // What only the canary needed goes afterwards, beside what decides.
    while (service.inForce.features.names.includes('shop_amount_sum_2h'))
      await new Promise((next) => setTimeout(next, 2))
    assert.equal((await running.decide(2)).model, 'champion@000000000001')
    assert.deepEqual(service.inForce.features.names, base.features.names)
  })

  test('that would read the same name otherwise is refused with both named, and so is another transaction', async () => {
    const delayed = modelOf('delayed@1', 'card_count_1h', [{ count: { by: 'card', over: '1h', delay: '1d' } }])
    assert.throws(() => withOthers(champion, { canary: undefined, shadows: [delayed] }), {
      code: 'MODELS_DIFFER',
      message: /delayed@1 can't be computed beside champion@000000000001: features\.0\.count: .*card_count_1h/,
    })
    const abroad = createDetectorInForce(cardsDetector({}, { zone: 'Asia/Tokyo' }), undefined)
    const shadow = { own: abroad.own, predictor: amountPredictor('abroad@1') }
    assert.throws(() => withOthers(champion, { canary: undefined, shadows: [shadow] }), {
      code: 'MODELS_DIFFER',
      message: /transaction\.zone: the two detectors declare it differently/,
    })
    assert.throws(() => withOthers(champion, { canary: { ...faster, share: 0.1, by: 'customer' }, shadows: [] }), {
      code: 'INPUT_INVALID',
    })
  })
})

describe('a shadow', () => {
  test('scores what was decided, in records that no decision rests on', async () => {
    const running = await start()
    const { service, decide, recordOf, log } = running
    for (let i = 0; i < 5; i++) await decide(i)
    await service.use(withOthers(champion, { canary: undefined, shadows: [faster] }))
    for (let i = 5; i < 40; i++) assert.equal((await decide(i)).model, 'champion@000000000001')
    const scoresOf = () =>
      recordsOf(running)
        .filter((record): record is Sequenced<ScoresRecord> => record.kind === 'scores')
        .flatMap(({ model, scores }) => scores.map((each) => ({ ...each, model })))
    while (scoresOf().length < 35) await new Promise((next) => setTimeout(next, 2))
    const at = service.inForce.features.names.indexOf('card_count_10m')
    for (const { of, score, model } of scoresOf()) {
      const decided = log.reading.at(of)
      assert.ok(decided?.kind === 'decision')
      assert.deepEqual([model, score], ['faster@000000000002', decided.row[at] / 10])
    }
    assert.deepEqual(
      scoresOf().map(({ of }) => of),
      Array.from({ length: 35 }, (_, i) => recordOf(5 + i).sequence),
    )
    assertReplayed(running)
    const { path } = running
    await running.close({ keep: true })
    const again = await start({
      directory: path,
      inForce: withOthers(champion, { canary: undefined, shadows: [faster] }),
    })
    assert.equal((await again.decide(50)).model, 'champion@000000000001')
  })

  test('keeps to its budget, and what it leaves out or fails to score is counted', async () => {
    const broken: typeof faster = {
      ...faster,
      predictor: {
        ...faster.predictor,
        modelId: 'broken@1',
        predict: () => ({ isFraud: false, probability: Number.NaN }),
      },
    }
    const { service, decide, metrics } = await start({
      inForce: withOthers(champion, { canary: undefined, shadows: [faster, broken] }),
      shadowScoresPerSecond: 10,
    })
    for (let i = 0; i < 20; i++) await decide(i)
    const told = async () => {
      const text = await metrics.registry.metrics()
      const count = (model: string, result: string) =>
        Number(
          new RegExp(`shrike_shadow_scores_total\\{model="${model}",result="${result}"\\} (\\d+)`).exec(text)?.[1] ?? 0,
        )
      return [
        [count('faster@000000000002', 'scored'), count('faster@000000000002', 'dropped')],
        [count('broken@1', 'failed'), count('broken@1', 'dropped')],
      ]
    }
    while ((await told()).flat().reduce((sum, each) => sum + each, 0) < 40)
      await new Promise((next) => setTimeout(next, 2))
    assert.deepEqual(await told(), [
      [5, 15],
      [5, 15],
    ])
    assert.equal(service.isReady, true)
  })
})

function explained(detail: unknown): object {
  assert.ok(typeof detail === 'object' && detail !== null && 'explanation' in detail)
  const { explanation } = detail
  assert.ok(typeof explanation === 'object' && explanation !== null && 'contributions' in explanation)
  return Object(explanation.contributions)
}

/** Rows and scores of every decision, made again of the log alone. */
function assertReplayed({ service, log }: Awaited<ReturnType<typeof start>>): void {
  const { inForce } = service
  const { features } = inForce
  const row = new Float64Array(features.names.length)
  const rebuild = new Rebuild(inForce, log.reading, undefined, {})
  const rescored = ({ model }: DecisionRecord) => {
    if (model === undefined) return row[features.names.indexOf('amount')] / 1000
    return row[features.names.indexOf('card_count_10m')] / 10
  }
  let compared = 0
  const isInStep = () =>
    rebuild.step((record, transaction, histories) => {
      computeRow(features, transaction, histories, row)
      if (record.kind !== 'decision') return
      assert.equal(record.score, rescored(record))
      if (record.row.length !== row.length) return
      assert.deepEqual(record.row, row)
      compared += 1
    })
  while (isInStep());
  assert.ok(compared > 10)
}
