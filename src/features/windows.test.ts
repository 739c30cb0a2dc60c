import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Transaction } from '../core/transaction.ts'
import { compileDetector, computeRow } from './feature-set.ts'
import { MemoryHistories } from './memory-histories.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** What a stream is made of: a transaction, or what an earlier one turned out to be. */
type Step =
  | {
      readonly at: number
      readonly amount: number
      readonly card: string | undefined
      readonly shop: string | undefined
      readonly points: number
    }
  | { readonly of: number; readonly isFraud: boolean; readonly knownAt: number }

interface Past {
  readonly transaction: Transaction
  readonly labels: { readonly isFraud: boolean; readonly knownAt: number }[]
}

// Few keys and coarse times, so that keys meet, times tie, and windows end on an event.
const hours = fc.integer({ min: 0, max: 80 }).map((hour) => hour * hourMs)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      at: hours,
      amount: fc.integer({ min: -300, max: 3000 }),
      card: fc.constantFrom('a', 'b', undefined),
      shop: fc.constantFrom('x', 'y', 'z', undefined),
      points: fc.constantFrom(0, 1.5, -2.25, 0.1, Number.NaN),
    }),
  },
  { weight: 2, arbitrary: fc.record({ of: fc.nat(30), isFraud: fc.boolean(), knownAt: hours }) },
)
const steps = fc.array(step, { minLength: 8, maxLength: 60, size: 'max' })

const detector = (features: readonly (string | Record<string, unknown>)[], eventsPerKey = 4096) =>
  compileDetector({
    detector: 'test',
    transaction: {
      time: { field: 'time', format: 'epoch-ms' },
      amount: { field: 'amount', digits: 2 },
      keys: { card: 'card', shop: 'shop' },
      fields: { points: 'points' },
      label: { field: 'fraud', delay: '6h' },
    },
    features: [...features],
    histories: { eventsPerKey },
  })

/** Runs a stream and compares one feature's value at each transaction with its definition. */
function compare(
  feature: Record<string, unknown>,
  span: number,
  expected: (
    past: readonly Past[],
    now: Transaction,
    key: (transaction: Transaction) => string | undefined,
    texts: readonly string[],
  ) => number,
): void {
  const set = detector([feature])
  const textNames = set.layout.texts.map(({ name }) => name)
  const by = textNames.indexOf('card')
  fc.assert(
    fc.property(steps, (stream) => {
      const histories = new MemoryHistories(set.plan)
      const row = new Float64Array(set.names.length)
      const past: Past[] = []
      let newest = Number.NEGATIVE_INFINITY
      for (const each of stream) {
        if ('of' in each) {
          const labelled = past[each.of]
          if (labelled === undefined) continue
          const { isFraud, knownAt } = each
          const { timestampMs, texts } = labelled.transaction
          histories.label({ timestampMs, texts, sequence: each.of }, { isFraud, knownAtMs: knownAt })
          labelled.labels.push({ isFraud, knownAt })
          continue
        }
        const texts = textNames.map((name) => (name === 'card' ? each.card : each.shop))
        const transaction = { timestampMs: each.at, amount: each.amount, texts, numbers: [each.points] }
        newest = Math.max(newest, each.at)
        computeRow(set, transaction, histories.observe(transaction), row)
        past.push({ transaction, labels: [] })
        const remembered = past.filter(
          ({ transaction: other }) => other === transaction || other.timestampMs > newest - span,
        )
        assert.equal(
          row[0],
          expected(remembered, transaction, ({ texts: all }) => all[by], textNames),
        )
      }
    }),
    { numRuns: 300 },
  )
}

/** The key's transactions in (t - delay - width, t - delay], in (time, sequence) order. */
function inWindow(
  past: readonly Past[],
  now: Transaction,
  key: (transaction: Transaction) => string | undefined,
  width: number,
  delay: number,
): Past[] {
  const wanted = key(now)
  const to = now.timestampMs - delay
  return past
    .filter(({ transaction }) => wanted !== undefined && key(transaction) === wanted)
    .filter(({ transaction: { timestampMs } }) => timestampMs > to - width && timestampMs <= to)
    .sort((one, other) => one.transaction.timestampMs - other.transaction.timestampMs)
}

const windows = [
  { over: '4h', width: 4 * hourMs, delay: undefined, delayMs: 0 },
  { over: '1d', width: dayMs, delay: '5h', delayMs: 5 * hourMs },
  { over: '2d', width: 2 * dayMs, delay: undefined, delayMs: 0 },
]

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b)
const middle = (values: readonly number[]) => {
  const all = sorted(values)
  const half = all.length >> 1
  return all.length % 2 === 1 ? all[half] : (all[half - 1] + all[half]) / 2
}
const deviation = (values: readonly number[]) => {
  const mean = sumOf(values) / values.length
  return Math.sqrt(sumOf(values.map((value) => (value - mean) ** 2)) / values.length)
}
const unknownIfNone = (values: readonly number[], value: () => number) => (values.length === 0 ? Number.NaN : value())

/** Of the values that a field has in the window; a unit is what one of major units has of minor ones. */
const summaries: Record<string, (values: readonly number[], unit: number) => number> = {
  sum: (values, unit) => sumOf(values) / unit,
  mean: (values, unit) => unknownIfNone(values, () => sumOf(values) / values.length / unit),
  min: (values, unit) => unknownIfNone(values, () => sorted(values)[0] / unit),
  max: (values, unit) => unknownIfNone(values, () => sorted(values)[values.length - 1] / unit),
  median: (values, unit) => unknownIfNone(values, () => middle(values) / unit),
  standardDeviation: (values, unit) => unknownIfNone(values, () => deviation(values) / unit),
}

for (const { over, width, delay, delayMs } of windows) {
  const span = width + delayMs
  const name = delay === undefined ? over : `${over}, ${delay} ago`
  describe(`over ${name}`, () => {
    test('count counts', () => {
      compare(
        { count: { by: 'card', over, delay } },
        span,
        (past, now, key) => inWindow(past, now, key, width, delayMs).length,
      )
    })

    for (const [kind, summarise] of Object.entries(summaries)) {
      test(`${kind} of amounts, in whole minor units`, () => {
        compare({ [kind]: { of: 'amount', by: 'card', over, delay } }, span, (past, now, key) =>
          summarise(
            inWindow(past, now, key, width, delayMs).map(({ transaction }) => transaction.amount),
            100,
          ),
        )
      })

      test(`${kind} of a field, where it is known`, () => {
        compare({ [kind]: { of: 'points', by: 'card', over, delay } }, span, (past, now, key) => {
          const values = inWindow(past, now, key, width, delayMs).map(({ transaction }) => transaction.numbers[0])
          return summarise(
            values.filter((value) => !Number.isNaN(value)),
            1,
          )
        })
      })
    }

    for (const [kind, summary] of [
      ['ratioToMean', 'mean'],
      ['ratioToMedian', 'median'],
      ['ratioToMax', 'max'],
    ]) {
      test(`${kind} compares the amount`, () => {
        compare({ [kind]: { of: 'amount', by: 'card', over, delay } }, span, (past, now, key) => {
          const base = summaries[summary](
            inWindow(past, now, key, width, delayMs).map(({ transaction }) => transaction.amount),
            100,
          )
          return base === 0 ? Number.NaN : now.amount / 100 / base
        })
      })
    }

    test('distinct counts each value once', () => {
      compare({ distinct: { of: 'shop', by: 'card', over, delay } }, span, (past, now, key, texts) => {
        const shops = inWindow(past, now, key, width, delayMs).map(
          ({ transaction }) => transaction.texts[texts.indexOf('shop')],
        )
        return new Set(shops.filter((shop) => shop !== undefined)).size
      })
    })

    for (const kind of ['fraudCount', 'fraudRate']) {
      test(`${kind} goes by what is known, by the last word on each`, () => {
        compare({ [kind]: { by: 'card', over, delay: delay ?? '0s' } }, span, (past, now, key) => {
          const all = inWindow(past, now, key, width, delayMs)
          const frauds = all.filter(
            ({ labels }) => labels.findLast(({ knownAt }) => knownAt <= now.timestampMs)?.isFraud,
          )
          if (kind === 'fraudCount') return frauds.length
          return all.length === 0 ? 0 : frauds.length / all.length
        })
      })
    }
  })
}

describe('the last two days', () => {
  const past2d = { by: 'card', over: '2d' }
  const before = (past: readonly Past[], now: Transaction, key: (transaction: Transaction) => string | undefined) =>
    inWindow(past, now, key, 2 * dayMs, 0).filter(({ transaction }) => transaction !== now)

  test('timeSinceLast is the time from the one before', () => {
    compare({ timeSinceLast: past2d }, 2 * dayMs, (past, now, key) => {
      const last = before(past, now, key).at(-1)
      return last === undefined ? Number.NaN : (now.timestampMs - last.transaction.timestampMs) / 1000
    })
  })

  test('firstSeen says whether the pair is new', () => {
    compare({ firstSeen: { of: 'shop', ...past2d } }, 2 * dayMs, (past, now, key, texts) => {
      const shop = (transaction: Transaction) => transaction.texts[texts.indexOf('shop')]
      if (key(now) === undefined || shop(now) === undefined) return Number.NaN
      return before(past, now, key).some(({ transaction }) => shop(transaction) === shop(now)) ? 0 : 1
    })
  })

  test('frequency is the share of transactions with the same value', () => {
    compare({ frequency: { of: 'card', over: '2d' } }, 2 * dayMs, (past, now, key) => {
      const all = inWindow(past, now, () => 'all', 2 * dayMs, 0)
      return inWindow(past, now, key, 2 * dayMs, 0).length / all.length
    })
  })
})
