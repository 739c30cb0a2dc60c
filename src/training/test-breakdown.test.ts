import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom } from '../core/random.ts'
import type { Detector } from '../detector/detector.ts'
import { comparableAmounts, type LabelledRows } from './labelled-rows.ts'
import { costModelOn } from './mistake-costs.ts'
import { breakDown } from './test-breakdown.ts'
import { dividePeriods } from './test-periods.ts'
import { divide } from './test-segments.ts'

const hourMs = 3_600_000
const startMs = Date.UTC(2026, 2, 2, 5)

const detector: Detector = {
  detector: 'cards',
  transaction: { label: { field: 'fraud' }, time: { field: 'time', format: 'iso' }, fields: { shop: 'shop' } },
  features: ['V1', 'night', { category: { of: 'shop', values: ['food', 'fuel'] } }],
}

/** A row each hour: cards 0 to 9 at first, 10 to 19 from the middle on. */
function makeRows(count: number, change: Partial<LabelledRows> = {}): LabelledRows {
  const random = createRandom(4)
  const V1 = Float64Array.from({ length: count }, (_, row) => random.normal() + (row >= count * 0.9 ? 3 : 0))
  const shops = Float64Array.from({ length: count }, (_, row) => [0, 1, Number.NaN][row % 3])
  return {
    source: 'made',
    detector,
    fingerprint: '',
    features: ['V1', 'night', 'shop_category'],
    columns: [V1, Float64Array.from({ length: count }, (_, row) => row % 2), shops],
    labels: Uint8Array.from({ length: count }, (_, row) => Number(row % 20 === 0)),
    times: Float64Array.from({ length: count }, (_, row) => startMs + row * hourMs),
    isoTimes: true,
    amounts: Float64Array.from({ length: count }, (_, row) => 1 + (row % 100)),
    cards: Int32Array.from({ length: count }, (_, row) =>
      row % 7 === 0 ? -1 : (row % 10) + (row >= count / 2 ? 10 : 0),
    ),
    badRows: { count: 0, first: [] },
    ...change,
  } as LabelledRows
}

const from = (first: number, count: number) => Uint32Array.from({ length: count - first }, (_, i) => first + i)

function names(rows: LabelledRows, part: Uint32Array, before: Uint32Array | undefined) {
  const divided = divide(rows, part, before)
  return Object.fromEntries(
    divided.map(({ by, segments }) => [by, segments.map(({ name, places }) => `${name}: ${places.length}`)]),
  )
}

describe('test rows divide', () => {
  test('by amount, by cards that are new, and by values of which there are few', () => {
    const rows = makeRows(1000)
    assert.deepEqual(names(rows, from(400, 1000), from(0, 400)), {
      amount: ['under 50: 294', '50 to under 100: 300', '100 and more: 6'],
      card: ['seen before the test: 86', 'first seen in the test: 429', 'without a card: 85'],
      night: ['0: 300', '1: 300'],
      shop_category: ['food: 200', 'fuel: 200', 'missing or not listed: 200'],
    })
  })

  test('each row once, and not by what all have in common', () => {
    const rows = makeRows(500, { amounts: new Float64Array(500).fill(7) })
    const part = from(0, 500)
    for (const { segments } of divide(rows, part, undefined)) {
      const places = segments.flatMap((segment) => [...segment.places]).sort((a, b) => a - b)
      assert.deepEqual(places, [...part.keys()])
    }
    assert.deepEqual(Object.keys(names(rows, part, undefined)), ['night', 'shop_category'])
  })

  test('by amounts that are unknown, negative or nothing', () => {
    const amounts = Float64Array.from({ length: 100 }, (_, row) => [Number.NaN, -20, 0, 30][row % 4])
    const { amount } = names(makeRows(100, { amounts }), from(0, 100), undefined)
    assert.deepEqual(amount, ['under 0: 25', '0 to under 20: 25', '20 and more: 25', 'unknown: 25'])
  })
})

describe('periods', () => {
  const unitOf = (hours: number) => {
    const times = Float64Array.from({ length: hours + 1 }, (_, hour) => startMs + hour * hourMs)
    return dividePeriods(times, true)
  }
  test('are as long as leaves four of them', () => {
    assert.deepEqual(
      [2, 3, 10, 48, 24 * 5, 24 * 20, 24 * 28, 24 * 100, 24 * 400].map((hours) => unitOf(hours)?.unit),
      [undefined, 'hour', 'hour', '6 hours', 'day', 'day', 'week', '4 weeks', '13 weeks'],
    )
  })

  test('begin at midnight or at a full hour, and hold each row once', () => {
    const days = unitOf(24 * 5)
    assert.equal(days?.segments[0].name, '2026-03-02')
    assert.equal(days?.segments[1].places[0], 19)
    assert.equal(
      days?.segments.reduce((sum, { places }) => sum + places.length, 0),
      24 * 5 + 1,
    )
    assert.equal(unitOf(10)?.segments[0].name, '2026-03-02 05:00')
    const undated = dividePeriods(
      Float64Array.of(0, 24, 48, 72).map((hour) => hour * hourMs + 5),
      false,
    )
    assert.deepEqual(
      undated?.segments.map(({ name }) => name),
      ['day 0', 'day 1', 'day 2', 'day 3'],
    )
  })
})

test('a feature that moves within the test is told in the period in which it did', () => {
  const rows = makeRows(3000)
  const test = from(1500, 3000)
  const probabilities = Float64Array.from(test, (row) => (rows.labels[row] === 1 ? 0.7 : 0.01))
  const scored = { rows: test, labels: rows.labels.slice(1500), rawScores: probabilities, probabilities }
  const { periods, segments } = breakDown(
    rows,
    scored,
    { value: 0.5, inclusive: true },
    {
      training: from(0, 1500),
      isLater: true,
    },
  )
  assert.equal(periods?.unit, 'week')
  const drifts = periods?.groups.map(({ drift }) => drift?.features[0]) ?? []
  for (const [i, drift] of drifts.entries()) {
    const moved = drift?.feature === 'V1' && drift.psi.lower > 0.2
    // Of ten rows nothing can be said.
    if ((periods?.groups[i].rows ?? 0) < 100) continue
    // The last tenth of all rows has V1 three standard deviations higher: from week 7 of 9 on.
    assert.equal(moved, i >= 7, `week ${i}: ${JSON.stringify(drift)}`)
  }
  assert.deepEqual(
    segments.map(({ by }) => by),
    ['amount', 'card', 'night', 'shop_category'],
  )
})

test('bands of small amounts are told by their edges', () => {
  const amounts = Float64Array.from({ length: 100 }, (_, row) => (1 + row) / 1e5)
  const told = names(makeRows(100, { amounts }), from(0, 100), undefined).amount
  assert.deepEqual(told.slice(0, 2), ['under 0.0005: 49', '0.0005 to under 0.001: 50'])
})

test('amounts of several currencies make no bands and no costs, unless a rate converts them', () => {
  const rows = (amount: NonNullable<Detector['transaction']['amount']>) =>
    makeRows(40, { detector: { ...detector, transaction: { ...detector.transaction, amount } } })
  const costs = { falsePositive: 5, falseNegative: 'amount' } as const
  const mixed = rows({ field: 'amount', currency: { field: 'currency' } })
  assert.equal(comparableAmounts(mixed), undefined)
  assert.equal(names(mixed, from(0, 40), undefined).amount, undefined)
  assert.throws(() => costModelOn(mixed, from(0, 40), costs), { code: 'OPTION_INVALID' })
  for (const amount of [
    { field: 'amount', currency: 'EUR' },
    { field: 'amount', currency: { field: 'currency' }, conversion: 'rate' },
  ]) {
    const same = rows(amount)
    assert.ok(names(same, from(0, 40), undefined).amount.length > 1)
    assert.deepEqual(costModelOn(same, from(0, 40), costs).falseNegative, comparableAmounts(same))
  }
})
