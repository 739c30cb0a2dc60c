import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assertAllClose, assertClose } from '../../../test/close.ts'
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
    /** Of that mean, where it is one over random orders of tied cards. */
    readonly precisionDeviation: number
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

/** A row without a card is a card of its own. */
const nameOf = (rows: readonly Row[], row: number) => (rows[row].card < 0 ? `row ${row}` : `card ${rows[row].card}`)

describe(`card precision agrees with pandas ${golden.versions.pandas}`, () => {
  for (const { days, k, hours, cards, labels, scores, precision, precisionDeviation, alerted } of golden.small) {
    test(`on ${hours.length} rows of ${days} days, ${k} cards a day`, () => {
      const rows = hours.map((hour, row) => ({ hour, card: cards[row], label: labels[row], score: scores[row] }))
      const alerts = alertDaily(alertedRows(rows), startMs, days, k)
      // Where cards tie, pandas' figures are means over random orders.
      assertClose(alerts.precision, precision, 1e-12 + 5 * precisionDeviation)
      assertAllClose(alerts.alerted, alerted, precisionDeviation === 0 ? 1e-12 : 0.05)
    })
  }
})

test('what is left of k goes to tied cards in equal shares, and a hit closes its share of the card', () => {
  fc.assert(
    fc.property(someRows, fc.integer({ min: 1, max: 5 }), (rows, k) => {
      const open = new Map<string, number>()
      const expected = new Float64Array(rows.length)
      let hits = 0
      for (let day = 0; day < mostDays; day++) {
        const today = [...rows.keys()].filter((row) => Math.floor(rows[row].hour / 24) === day)
        const names = [...new Set(today.map((row) => nameOf(rows, row)))]
        const of = (name: string) => today.filter((row) => nameOf(rows, row) === name)
        const score = (name: string) => Math.max(...of(name).map((row) => rows[row].score))
        const openCards = (among: readonly string[]) => among.reduce((sum, name) => sum + (open.get(name) ?? 1), 0)
        const shares = names.map((name) => {
          const above = openCards(names.filter((other) => score(other) > score(name)))
          const tied = openCards(names.filter((other) => score(other) === score(name)))
          return tied === 0 ? 0 : Math.min(Math.max((k - above) / tied, 0), 1) * (open.get(name) ?? 1)
        })
        names.forEach((name, i) => {
          for (const row of of(name)) expected[row] = shares[i]
          if (!of(name).some((row) => rows[row].label === 1)) return
          hits += shares[i]
          open.set(name, (open.get(name) ?? 1) - shares[i])
        })
      }
      const { precision, alerted } = alertDaily(alertedRows(rows), startMs, mostDays, k)
      assertClose(precision, hits / k / mostDays, 1e-12)
      assertAllClose(alerted, expected, 1e-12)
    }),
  )
})

test('on one day it is the mean over every order of the tied cards', () => {
  const orders = (names: readonly string[]): string[][] =>
    names.length === 0
      ? [[]]
      : names.flatMap((name) => orders(names.filter((other) => other !== name)).map((order) => [name, ...order]))
  fc.assert(
    fc.property(someRows, fc.integer({ min: 1, max: 3 }), (some, k) => {
      const rows = some.slice(0, 8).map((row) => ({ ...row, hour: row.hour % 24, card: Math.abs(row.card) % 5 }))
      const names = [...new Set(rows.map((_, row) => nameOf(rows, row)))]
      const of = (name: string) => rows.filter((_, row) => nameOf(rows, row) === name)
      const score = (name: string) => Math.max(...of(name).map((row) => row.score))
      const sorted = orders(names).filter((order) =>
        order.every((name, place) => place === 0 || score(order[place - 1]) >= score(name)),
      )
      const hits = sorted.map(
        (order) => order.slice(0, k).filter((name) => of(name).some(({ label }) => label === 1)).length,
      )
      const mean = hits.reduce((sum, each) => sum + each, 0) / hits.length / k
      assertClose(alertDaily(alertedRows(rows), startMs, 1, k).precision, mean, 1e-12)
    }),
  )
})

test('neither the order of the rows nor the numbers of the cards mean anything', () => {
  fc.assert(
    fc.property(someRows, fc.integer({ min: 1, max: 5 }), (rows, k) => {
      const { precision } = alertDaily(alertedRows(rows), startMs, mostDays, k)
      const other = rows.toReversed().map((row) => (row.card < 0 ? row : { ...row, card: 90 - 7 * row.card }))
      assertClose(alertDaily(alertedRows(other), startMs, mostDays, k).precision, precision, 1e-12)
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
  const { precision, alerted } = alertDaily(alertedRows(rows), startMs, 1, 1)
  assert.equal(precision, 1)
  assert.deepEqual([...alerted], [1, 0, 1])
})

test('a false alarm may be raised for the same card day after day, a hit only once', () => {
  const daily = (label: number) =>
    alertDaily(alertedRows([0, 1, 2].map((day) => ({ hour: 24 * day, card: 7, label, score: 0.9 }))), startMs, 3, 1)
  assert.deepEqual([...daily(0).alerted], [1, 1, 1])
  assert.deepEqual([...daily(1).alerted], [1, 0, 0])
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
  assert.deepEqual([...alertDaily(rows, startMs, 2, 1).alerted], [0, 0, 1, 1, 0])
})

test('fewer cards than k are still divided by k', () => {
  const { precision } = alertDaily(alertedRows([{ hour: 5, card: 1, label: 1, score: 0.5 }]), startMs, 1, 4)
  assert.equal(precision, 1 / 4)
})
