import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assertClose } from '../../../test/close.ts'
import { type AlertedRows, alertDaily } from './card-precision.ts'
import { dayMs } from './fold.ts'

interface Golden {
  readonly versions: Readonly<Record<string, string>>
  readonly small: readonly {
    readonly days: number
    readonly k: number
    readonly hours: readonly number[]
    readonly cards: readonly number[]
    readonly labels: readonly number[]
    readonly scores: readonly number[]
    readonly precision: number
    readonly alerted: readonly number[]
  }[]
}

const golden: Golden = JSON.parse(readFileSync('test/golden/handbook-protocol.json', 'utf8'))
const startMs = Date.UTC(2018, 7, 8)
const mostDays = 4

interface Row {
  readonly hour: number
  readonly card: number
  readonly label: number
  readonly score: number
}

function alertedRows(rows: readonly Row[]): AlertedRows {
  return {
    times: Float64Array.from(rows, ({ hour }) => startMs + Math.round(hour * 3_600_000)),
    cards: Int32Array.from(rows, ({ card }) => card),
    labels: Uint8Array.from(rows, ({ label }) => label),
    scores: Float64Array.from(rows, ({ score }) => score),
  }
}

/** Few cards over few days, so that found cards come again, and few scores, so that ties abound. */
const someRows = fc
  .array(
    fc.record({
      hour: fc.integer({ min: 0, max: 24 * mostDays - 1 }),
      card: fc.integer({ min: -1, max: 6 }),
      label: fc.integer({ min: 0, max: 1 }),
      score: fc.oneof(
        fc.integer({ min: 0, max: 4 }).map((votes) => votes / 4),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
    }),
    { maxLength: 60 },
  )
  .map((rows) => rows.toSorted((one, other) => one.hour - other.hour))

const alertsOf = (isAlerted: Uint8Array) => [...isAlerted.keys()].filter((row) => isAlerted[row] === 1)

describe(`card precision agrees with pandas ${golden.versions.pandas}`, () => {
  for (const { days, k, hours, cards, labels, scores, precision, alerted } of golden.small) {
    test(`on ${hours.length} rows of ${days} days, ${k} cards a day`, () => {
      const rows = hours.map((hour, row) => ({ hour, card: cards[row], label: labels[row], score: scores[row] }))
      const alerts = alertDaily(alertedRows(rows), startMs, days, k)
      assertClose(alerts.precision, precision, 1e-12)
      assert.deepEqual(alertsOf(alerts.isAlerted), alerted)
    })
  }
})

test('a card is alerted if fewer than k open ones come before it that day, and a hit closes it', () => {
  fc.assert(
    fc.property(someRows, fc.integer({ min: 1, max: 5 }), (rows, k) => {
      const dayOf = (row: number) => Math.floor(rows[row].hour / 24)
      // A row without a card is a card of its own.
      const nameOf = (row: number) => (rows[row].card < 0 ? `row ${row}` : `card ${rows[row].card}`)
      const closed = new Set<string>()
      const alerted: number[] = []
      let hits = 0
      for (let day = 0; day < mostDays; day++) {
        const today = [...rows.keys()].filter((row) => dayOf(row) === day && !closed.has(nameOf(row)))
        const of = (name: string) => today.filter((row) => nameOf(row) === name)
        const score = (name: string) => Math.max(...of(name).map((row) => rows[row].score))
        const names = [...new Set(today.map(nameOf))]
        const isBefore = (one: string, other: string) =>
          score(one) > score(other) || (score(one) === score(other) && of(one)[0] < of(other)[0])
        const top = names.filter((name) => names.filter((other) => isBefore(other, name)).length < k)
        for (const name of top) {
          alerted.push(...of(name))
          if (!of(name).some((row) => rows[row].label === 1)) continue
          hits++
          closed.add(name)
        }
      }
      const alerts = alertDaily(alertedRows(rows), startMs, mostDays, k)
      assertClose(alerts.precision, hits / k / mostDays, 1e-12)
      assert.deepEqual(
        alertsOf(alerts.isAlerted),
        alerted.toSorted((one, other) => one - other),
      )
    }),
  )
})

test('only the order of the scores counts', () => {
  fc.assert(
    fc.property(someRows, fc.integer({ min: 1, max: 5 }), (rows, k) => {
      const alerts = alertDaily(alertedRows(rows), startMs, mostDays, k)
      const distinct = [...new Set(rows.map(({ score }) => score))].sort((one, other) => one - other)
      const ranked = rows.map((row) => ({ ...row, score: distinct.indexOf(row.score) - 3 }))
      assert.deepEqual(alertDaily(alertedRows(ranked), startMs, mostDays, k), alerts)
    }),
  )
})

test('with time for every card each compromised one is found once, on the first day of its fraud', () => {
  fc.assert(
    fc.property(someRows, (rows) => {
      const k = rows.length + 1
      const compromised = new Set(
        rows.flatMap(({ label, card }, row) => (label === 0 ? [] : [card < 0 ? `row ${row}` : `card ${card}`])),
      )
      const { precision } = alertDaily(alertedRows(rows), startMs, mostDays, k)
      assertClose(precision * k * mostDays, compromised.size, 1e-9)
    }),
  )
})

test('a card counts with its best score, and as fraud where any of its transactions is', () => {
  const rows = [
    { hour: 1, card: 1, label: 1, score: 0.1 },
    { hour: 2, card: 2, label: 0, score: 0.5 },
    { hour: 3, card: 1, label: 0, score: 0.9 },
  ]
  const { precision, isAlerted } = alertDaily(alertedRows(rows), startMs, 1, 1)
  assert.equal(precision, 1)
  assert.deepEqual([...isAlerted], [1, 0, 1])
})

test('a false alarm may be raised for the same card day after day, a hit only once', () => {
  const daily = (label: number) =>
    alertDaily(alertedRows([0, 1, 2].map((day) => ({ hour: 24 * day, card: 7, label, score: 0.9 }))), startMs, 3, 1)
  assert.deepEqual([...daily(0).isAlerted], [1, 1, 1])
  assert.deepEqual([...daily(1).isAlerted], [1, 0, 0])
  assertClose(daily(1).precision, 1 / 3, 1e-15)
})

test("a day begins at its first millisecond, and rows before the first or after the last day are nobody's", () => {
  const times = Float64Array.of(startMs - 1, startMs, startMs + dayMs - 1, startMs + dayMs, startMs + 2 * dayMs)
  const rows = {
    times,
    cards: Int32Array.of(0, 1, 2, 3, 4),
    labels: new Uint8Array(5).fill(1),
    scores: Float64Array.of(1, 0.5, 0.6, 0.1, 1),
  }
  assert.deepEqual([...alertDaily(rows, startMs, 2, 1).isAlerted], [0, 0, 1, 1, 0])
})

test('fewer cards than k are still divided by k', () => {
  const { precision } = alertDaily(alertedRows([{ hour: 5, card: 1, label: 1, score: 0.5 }]), startMs, 1, 4)
  assert.equal(precision, 1 / 4)
})
