import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  openTestDecisions,
} from '../../test/service/decisions-fixture.ts'
import { createRandom } from '../core/random.ts'
import { binOf } from '../core/value-bins.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import { type Performance, performanceOf } from './performance.ts'

const open = closedAfterEach()
const hourMs = 3_600_000
const mondayMs = Date.UTC(2026, 10, 23)

interface Row {
  readonly week: number
  readonly score: number
  readonly outcome: string
  readonly amountMinor: number
  isFraud: boolean | undefined
}

/** The figures of a week, by the definitions, from the rows themselves. */
function bruteForce(rows: readonly Row[]) {
  const flagged = rows.filter(({ outcome }) => outcome !== 'approve')
  const frauds = (some: readonly Row[]) => some.filter(({ isFraud }) => isFraud === true)
  const legitimate = flagged.filter(({ isFraud }) => isFraud === false)
  const ranked = rows.filter(({ outcome, isFraud }) => outcome === 'approve' || isFraud !== undefined)
  const bins = [...new Set(ranked.map(({ score }) => binOf(score)))].sort((a, b) => b - a)
  const all = frauds(ranked).length
  let averagePrecision = 0
  for (const bin of bins) {
    const above = ranked.filter(({ score }) => binOf(score) >= bin)
    const here = frauds(ranked.filter(({ score }) => binOf(score) === bin)).length
    averagePrecision += (here / all) * (frauds(above).length / above.length)
  }
  const money = (some: readonly Row[]) => some.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
  return {
    decisions: rows.length,
    frauds: frauds(rows).length,
    precision: frauds(flagged).length / (frauds(flagged).length + legitimate.length),
    recall: frauds(flagged).length / frauds(rows).length,
    averagePrecision,
    calibration: ranked.reduce((sum, { score }) => sum + score, 0) / all,
    stoppedMinor: money(frauds(flagged)),
    lostMinor: money(frauds(rows)) - money(frauds(flagged)),
    heldMinor: money(flagged),
  }
}

test('figures of weeks are those of a script that looks at every row, after labels that came, changed or came first', async () => {
  const running = await openTestDecisions({ maxAheadMs: Number.POSITIVE_INFINITY })
  open.push(running)
  const { service, clock } = running
  await service.resume()
  const random = createRandom(7)
  const rows: Row[] = []
  const label = async (i: number, isFraud: boolean) => {
    await service.label({ transactionId: `t-${i}`, isFraud }, 'key:desk')
    if (rows[i] !== undefined) rows[i].isFraud = isFraud
  }
  await service.label({ transactionId: 't-50', isFraud: true }, 'key:desk')
  for (let i = 0; i < 300; i++) {
    clock.nowMs = mondayMs + i * hourMs
    const cents = Math.round(1000 * 100 * random.uniform() ** 2)
    const purchase = { ID: `t-${i}`, TIME: clock.nowMs, AMOUNT: cents / 100, CARD: `c-${i % 9}`, SHOP: 's' }
    const { score, outcome } = await service.decide(purchase, undefined, () => 0)
    assert(score !== null)
    const week = Math.floor((clock.nowMs - mondayMs) / (168 * hourMs))
    rows.push({ week, score, outcome, amountMinor: cents, isFraud: i === 50 ? true : undefined })
    const of = random.integer(i + 1)
    const isFraud = random.uniform() < 0.3 * rows[of].score
    if (i % 3 > 0 && (isFraud || rows[of].outcome !== 'approve')) await label(of, isFraud)
    if (i % 40 === 0 && rows[of].isFraud !== undefined) await label(of, !rows[of].isFraud)
  }
  const weeks: readonly Performance[] = performanceOf(service.performance)
  assert.deepEqual(
    weeks.map(({ week }) => (week - mondayMs) / (168 * hourMs)),
    [1, 0],
  )
  for (const got of weeks) {
    const wanted = bruteForce(rows.filter(({ week }) => week === (got.week - mondayMs) / (168 * hourMs)))
    const { precision, recall, averagePrecision, calibration, money, decisions, frauds } = got
    assert.deepEqual(
      { decisions, frauds, ...money },
      {
        ...{ decisions: wanted.decisions, frauds: wanted.frauds, stoppedMinor: wanted.stoppedMinor },
        ...{ lostMinor: wanted.lostMinor, heldMinor: wanted.heldMinor },
      },
    )
    for (const [name, figure, value] of [
      ['precision', precision, wanted.precision],
      ['recall', recall, wanted.recall],
      ['averagePrecision', averagePrecision, wanted.averagePrecision],
      ['calibration', calibration, wanted.calibration],
    ] as const) {
      assert.ok(figure !== null && Math.abs(figure.value - value) < 1e-9, `${name}: ${figure?.value} and ${value}`)
      assert.ok(figure.lower <= figure.value && figure.value <= figure.upper && figure.lower < figure.upper, name)
    }
  }
  // The label's delay is a day, and the second week is not over.
  assert.deepEqual(
    weeks.map(({ isMature }) => isMature),
    [false, true],
  )
})

test('what labels do not say is said', async () => {
  const running = await openTestDecisions({ maxAheadMs: Number.POSITIVE_INFINITY })
  open.push(running)
  const { service, clock } = running
  await service.resume()
  for (let i = 0; i < 20; i++) {
    clock.nowMs = mondayMs + i * hourMs
    await service.decide({ ID: `t-${i}`, TIME: clock.nowMs, AMOUNT: 40 * i, CARD: 'c', SHOP: 's' }, undefined, () => 0)
  }
  const [before] = performanceOf(service.performance)
  assert.deepEqual(
    [before.precision, before.recall, before.averagePrecision, before.calibration],
    [null, null, null, null],
  )
  assert.deepEqual(new Set(Object.values(before.notKnown)), new Set(['no-labels']))
  await service.label({ transactionId: 't-19', isFraud: true }, 'key:desk')
  const [after] = performanceOf(service.performance)
  assert.equal(after.precision, null)
  assert.equal(after.notKnown.precision, 'only-frauds-labelled')
  assert.equal(after.recall?.value, 1)
})

test('a control group stands for the declines that it might have had, and for nothing else', async () => {
  const running = await openTestDecisions({ maxAheadMs: Number.POSITIVE_INFINITY })
  open.push(running)
  const { service, clock } = running
  await service.resume()
  const random = createRandom(3)
  /** What a row counts for, and whether it was stopped, or would have been. */
  const rows: { id: string; score: number; weight: number; isStopped: boolean; isFraud: boolean }[] = []
  let share = 0
  for (let i = 0; i < 160; i++) {
    if (i % 80 === 0) {
      share = i === 0 ? 0.5 : 0.15
      const policy = { thresholds: { review: 0.5, decline: 0.9 }, controlGroup: { share, upTo: 970 } }
      await service.change({ kind: 'policy', policy }, { by: 'user:ann', why: 'a test' })
    }
    clock.nowMs = mondayMs + i * hourMs
    const purchase = { ID: `t-${i}`, TIME: clock.nowMs, AMOUNT: 400 + ((i * 37) % 600), CARD: `c-${i}`, SHOP: 's' }
    const { score, outcome } = await service.decide(purchase, undefined, () => 0)
    assert(score !== null)
    const isDrawn = score >= 0.9 && purchase.AMOUNT <= 970
    const isControl = isDrawn && outcome === 'approve'
    const weight = isControl ? 1 / share : isDrawn ? 0 : 1
    const isFraud = random.uniform() < 0.8 * score
    rows.push({ id: `t-${i}`, score, weight, isStopped: isControl || outcome !== 'approve', isFraud })
    await service.label({ transactionId: `t-${i}`, isFraud }, 'key:desk')
  }
  const sum = (some: typeof rows) => some.reduce((total, { weight }) => total + weight, 0)
  const frauds = rows.filter(({ isFraud }) => isFraud)
  const all = sum(frauds)
  let averagePrecision = 0
  for (const bin of new Set(rows.map(({ score }) => binOf(score)))) {
    const above = (some: typeof rows) => some.filter(({ score }) => binOf(score) >= bin)
    const here = frauds.filter(({ score }) => binOf(score) === bin)
    averagePrecision += (sum(here) / all) * (sum(above(frauds)) / sum(above(rows)))
  }
  const [got] = performanceOf(service.performance)
  for (const [figure, value] of [
    [got.recall, sum(frauds.filter(({ isStopped }) => isStopped)) / all],
    [got.averagePrecision, averagePrecision],
    [got.calibration, rows.reduce((total, { score, weight }) => total + score * weight, 0) / all],
  ] as const) {
    assert.ok(figure !== null && Math.abs(figure.value - value) < 1e-9, `${figure?.value} and ${value}`)
  }
  // What is taken back leaves nothing of its weight behind.
  for (const { id } of frauds) await service.label({ transactionId: id, isFraud: false }, 'key:desk')
  const [after] = performanceOf(service.performance)
  assert.deepEqual(
    [after.recallBy, after.recall, after.averagePrecision, after.calibration],
    ['control-group', null, null, null],
  )
})

test('a rule is judged by all that it fired on, approved or not', async () => {
  const running = await openTestDecisions({ maxAheadMs: Number.POSITIVE_INFINITY })
  open.push(running)
  const { service, clock } = running
  await service.resume()
  const changes = [
    { kind: 'policy', policy: { thresholds: { decline: 0.9 }, controlGroup: { share: 0.5, upTo: 1000 } } },
    { kind: 'rule', rule: { id: 'large', when: 'amount > 500.0', then: 'decline', state: 'live' } },
    {
      kind: 'rule',
      rule: { id: 'known', when: 'card == "c-1"', then: 'approve', strength: 'override', state: 'live' },
    },
  ]
  for (const change of changes) await service.change(change, { by: 'user:ann', why: 'a test' })
  const random = createRandom(11)
  const wanted = { large: { frauds: 0, legitimate: 0 }, known: { frauds: 0, legitimate: 0 } }
  for (let i = 0; i < 120; i++) {
    clock.nowMs = mondayMs + i * hourMs
    const purchase = { ID: `t-${i}`, TIME: clock.nowMs, AMOUNT: random.integer(1000), CARD: `c-${i % 3}`, SHOP: 's' }
    await service.decide(purchase, undefined, () => 0)
    const isFraud = random.uniform() < 0.3
    for (const said of [!isFraud, isFraud])
      if (i % 4 === 0 || said === isFraud) await service.label({ transactionId: `t-${i}`, isFraud: said }, 'key:desk')
    const said = isFraud ? 'frauds' : 'legitimate'
    if (purchase.AMOUNT > 500) wanted.large[said] += 1
    if (i % 3 === 1) wanted.known[said] += 1
  }
  const [{ rules }] = performanceOf(service.performance)
  assert.deepEqual(
    Object.fromEntries(rules.map(({ rule, frauds, legitimate }) => [rule, { frauds, legitimate }])),
    wanted,
  )
  for (const { precision, frauds, legitimate } of rules) assert.equal(precision?.value, frauds / (frauds + legitimate))
})

test('amounts without a number of decimals are added up as they come', async () => {
  const inForce = createDetectorInForce(cardsDetector({}, { amount: { field: 'AMOUNT' } }), amountPredictor())
  const running = await openTestDecisions({ inForce, maxAheadMs: Number.POSITIVE_INFINITY })
  open.push(running)
  const { service, clock } = running
  await service.resume()
  for (const [i, AMOUNT] of [950.5, 20.25, 800, 600.125].entries()) {
    clock.nowMs = mondayMs + i * hourMs
    await service.decide({ ID: `t-${i}`, TIME: clock.nowMs, AMOUNT, CARD: 'c', SHOP: 's' }, undefined, () => 0)
    if (AMOUNT !== 800) await service.label({ transactionId: `t-${i}`, isFraud: true }, 'key:desk')
  }
  const [{ money }] = performanceOf(service.performance)
  assert.deepEqual(money, { stoppedMinor: 950.5 + 600.125, lostMinor: 20.25, heldMinor: 950.5 + 800 + 600.125 })
})

test('a label counts however many models have decided since', async () => {
  const running = await openTestDecisions({ maxAheadMs: Number.POSITIVE_INFINITY })
  open.push(running)
  const { service, clock } = running
  await service.resume()
  clock.nowMs = mondayMs
  await service.decide({ ID: 't-0', TIME: mondayMs, AMOUNT: 20, CARD: 'c', SHOP: 's' }, undefined, () => 0)
  for (let model = 1; model < 12; model++)
    await service.use(createDetectorInForce(cardsDetector(), amountPredictor(`m${model}@000000000000`)))
  await service.label({ transactionId: 't-0', isFraud: true }, 'key:desk')
  const [{ frauds, money, recall }] = performanceOf(service.performance)
  assert.deepEqual([frauds, money?.lostMinor, recall?.value], [1, 2000, 0])
})

test('amounts that come in minor units are told in minor units', async () => {
  const amount = { field: 'AMOUNT', digits: 2, minorUnits: true }
  const inForce = createDetectorInForce(cardsDetector({}, { amount }), amountPredictor())
  const running = await openTestDecisions({ inForce, maxAheadMs: Number.POSITIVE_INFINITY })
  open.push(running)
  const { service, clock } = running
  await service.resume()
  for (const [i, AMOUNT] of [95_050, 2025, 80_000].entries()) {
    clock.nowMs = mondayMs + i * hourMs
    await service.decide({ ID: `t-${i}`, TIME: clock.nowMs, AMOUNT, CARD: 'c', SHOP: 's' }, undefined, () => 0)
    if (AMOUNT !== 80_000) await service.label({ transactionId: `t-${i}`, isFraud: true }, 'key:desk')
  }
  const [{ money }] = performanceOf(service.performance)
  assert.deepEqual(money, { stoppedMinor: 95_050, lostMinor: 2025, heldMinor: 95_050 + 80_000 })
})

describe('amounts of several currencies', () => {
  const currency = { field: 'CURRENCY' }
  const money = async (amount: Parameters<typeof cardsDetector>[1]) => {
    const inForce = createDetectorInForce(cardsDetector({}, amount), amountPredictor())
    const running = await openTestDecisions({ inForce, maxAheadMs: Number.POSITIVE_INFINITY })
    open.push(running)
    const { service, clock } = running
    await service.resume()
    for (const [i, [AMOUNT, CURRENCY, RATE]] of payments.entries()) {
      clock.nowMs = mondayMs + i * hourMs
      const purchase = { ID: `t-${i}`, TIME: clock.nowMs, AMOUNT, CURRENCY, RATE, CARD: `c-${i}`, SHOP: `s-${i}` }
      await service.decide(purchase, undefined, () => 0)
      if (i !== 2) await service.label({ transactionId: `t-${i}`, isFraud: true }, 'key:desk')
    }
    const [{ money, notKnown }] = performanceOf(service.performance)
    return [money, notKnown.money]
  }
  const payments = [
    [300.25, 'KWD', 3],
    [2000, 'JPY', 0.006],
    [800, 'EUR', 1],
  ] as const

  test('are added up in the one that their rates lead to', async () => {
    const converted = { field: 'AMOUNT', digits: 2, currency, conversion: 'RATE' }
    assert.deepEqual(await money({ amount: converted }), [
      { stoppedMinor: 90_075, lostMinor: 1200, heldMinor: 90_075 + 80_000 },
      undefined,
    ])
    const plain = { field: 'AMOUNT', currency, conversion: 'RATE' }
    assert.deepEqual(await money({ amount: plain }), [
      { stoppedMinor: 900.75, lostMinor: 12, heldMinor: 1700.75 },
      undefined,
    ])
  })

  test('are not told of a model that decided before there were rates, too', async () => {
    const digits = { field: 'AMOUNT', digits: 2, currency }
    const running = await openTestDecisions({
      inForce: createDetectorInForce(cardsDetector({}, { amount: digits }), amountPredictor()),
      maxAheadMs: Number.POSITIVE_INFINITY,
      acceptLostHistories: true,
    })
    open.push(running)
    const { service, clock } = running
    await service.resume()
    const decide = (ID: string) => {
      clock.nowMs += hourMs
      const purchase = { ID, TIME: clock.nowMs, AMOUNT: 20, CURRENCY: 'EUR', RATE: 1, CARD: 'c', SHOP: 's' }
      return service.decide(purchase, undefined, () => 0)
    }
    clock.nowMs = mondayMs
    await decide('t-1')
    const converted = cardsDetector({}, { amount: { ...digits, conversion: 'RATE' } })
    await service.use(createDetectorInForce(converted, amountPredictor()))
    await decide('t-2')
    const [{ money, notKnown }] = performanceOf(service.performance)
    assert.deepEqual([money, notKnown.money], [null, 'no-one-currency'])
  })

  test('are not told without rates', async () => {
    assert.deepEqual(await money({ amount: { field: 'AMOUNT', digits: 2, currency } }), [null, 'no-one-currency'])
  })
})
