import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { definedFeatures, spansOf } from '../../test/feature-definitions.ts'
import { featuresOf, hourMs, runStream, type Step, steps, toTransaction } from '../../test/feature-stream.ts'
import { featureKinds } from './definitions/index.ts'
import { computeRow, type FeatureSet } from './feature-set.ts'
import { checkRow, entriesOf, keepsHistories } from './histories.contract.ts'
import { MemoryHistories } from './memory-histories.ts'
import { Replay } from './replay.ts'

keepsHistories('in memory', (plan) => new MemoryHistories(plan))

describe('features are defined by hand', () => {
  test('of every kind that looks at the past', () => {
    const tried = new Set(definedFeatures.flatMap(({ entry }) => Object.keys(entry)))
    const ofOneTransaction = 'amount category column distance hour night oneHot ratio signedLog weekday weekend'.split(
      ' ',
    )
    const kinds = featureKinds.map(({ kind }) => kind).filter((kind) => !ofOneTransaction.includes(kind))
    assert.deepEqual([...tried].sort(), kinds.sort())
  })
})

/** A file's rows: in the order of their times, each with what it turned out to be and when that was known. */
interface Labelled {
  readonly isFraud: boolean | undefined
  readonly knownAt: number
}

function inOrder(stream: readonly Step[]) {
  const purchases = stream.flatMap((step) => ('purchase' in step ? [step.purchase] : []))
  return purchases.sort((one, other) => one.time - other.time)
}

describe('replay gives the rows by definition', () => {
  const labels = fc.infiniteStream(
    fc.record({ isFraud: fc.constantFrom(true, false, undefined), after: fc.constantFrom(-1, 0, 1, 2, 2, 5) }),
  )
  for (const [name, delay] of [
    ['where labels are known two hours later', 2],
    ['where each label says when it was known', undefined],
  ] as const) {
    test(name, () => {
      const set = featuresOf(entriesOf(definedFeatures))
      const spans = spansOf(definedFeatures)
      const property = fc.property(steps, labels, (stream, drawn) => {
        const all = inOrder(stream)
        const known = all.map(({ time }): Labelled => {
          const { isFraud, after } = drawn.next().value
          return { isFraud, knownAt: time + (delay ?? after) * hourMs }
        })
        const replay = new Replay(set, new MemoryHistories(set.plan))
        all.forEach((now, i) => {
          const transaction = toTransaction(now, set.layout)
          const verdicts = known.flatMap(({ isFraud, knownAt }, about) =>
            about < i && isFraud !== undefined ? [{ about, isFraud, knownAt }] : [],
          )
          checkRow(replay.next(transaction), definedFeatures, { all: all.slice(0, i + 1), now, verdicts, spans })
          const { isFraud, knownAt } = known[i]
          if (isFraud !== undefined) replay.label(transaction, { isFraud, knownAtMs: knownAt })
        })
      })
      fc.assert(property, { numRuns: examples(8) })
    })
  }

  test('which are the rows that the decision path gave, late arrivals included', () => {
    const set = featuresOf(entriesOf(definedFeatures))
    const property = fc.property(steps, (stream) => {
      const [served, again] = [[], []] as number[][][]
      for (const rows of [served, again]) {
        runStream(set, new MemoryHistories(set.plan), stream, {}, (row) => rows.push([...row]))
      }
      assert.deepEqual(again, served)
    })
    fc.assert(property, { numRuns: examples(10) })
  })
})

describe('a feature of other features', () => {
  test('is computed after them, wherever it is listed', () => {
    const names = ['card_count_3h', 'card_count_10h', 'twice', 'thrice']
    const set = featuresOf([
      { ratio: { of: 'twice', to: 'card_count_10h', as: 'thrice' } },
      { ratio: { of: 'card_count_3h', to: 'card_count_10h', as: 'twice' } },
      { count: { by: 'card', over: ['3h', '10h'] } },
      { ratio: { of: 'card_count_3h', to: 'card_amount_sum_3h' } },
      { sum: { of: 'amount', by: 'card', over: '3h' } },
    ])
    assert.deepEqual(set.names, [
      ...['thrice', 'twice', ...names.slice(0, 2)],
      ...['card_count_3h_ratio_to_card_amount_sum_3h', 'card_amount_sum_3h'],
    ])
    const property = fc.property(steps, (stream) =>
      runStream(set, new MemoryHistories(set.plan), stream, {}, ([thrice, twice, three, ten, toSum, sum], { now }) => {
        const isUnknown = now.card === undefined
        assert.equal(twice, isUnknown ? Number.NaN : three / ten)
        assert.equal(thrice, isUnknown ? Number.NaN : twice / ten)
        assert.equal(toSum, sum === 0 ? Number.NaN : three / sum)
      }),
    )
    fc.assert(property, { numRuns: examples(20) })
  })
})

describe('a feature of the transaction alone', () => {
  const set = featuresOf([
    'amount',
    'signedLog',
    { signedLog: { of: 'points' } },
    { oneHot: { of: 'shop', values: ['s1', 'S-2'] } },
    { category: { of: 'shop', values: ['s0', 's1'] } },
    'POINTS',
  ])

  test('is named after what it is of', () => {
    assert.deepEqual(set.names, [
      ...['amount', 'amount_signed_log', 'points_signed_log', 'shop_one_hot_s1', 'shop_one_hot_s_2'],
      ...['shop_category', 'POINTS'],
    ])
    assert.deepEqual(set.categories, { shop_category: ['s0', 's1'] })
    assert.deepEqual(set.plan.histories, [])
  })

  test('reads nothing else', () => {
    const property = fc.property(steps, (stream) =>
      runStream(set, new MemoryHistories(set.plan), stream, {}, (row, { now }) => {
        const log = (value: number) => (value < 0 ? -Math.log1p(-value) : Math.log1p(value))
        const [amount, points] = [now.amount / 100, now.points]
        const category = now.shop === 's0' ? 0 : now.shop === 's1' ? 1 : Number.NaN
        const expected = [amount, log(amount), log(points), Number(now.shop === 's1'), 0, category, points]
        assert.deepEqual([...row], expected)
      }),
    )
    fc.assert(property, { numRuns: examples(20) })
  })
})

describe('hour, weekday, weekend and night', () => {
  const entries = ['hour', 'weekday', 'weekend', 'night', { night: { untilHour: 0 } }]
  const at = (zone: string, isoTime: string) => {
    // `night` twice would be one name twice.
    const sets: FeatureSet[] = [featuresOf(entries.slice(0, 4), { zone }), featuresOf(entries.slice(4), { zone })]
    const transaction = { timestampMs: Date.parse(isoTime), amount: 0, texts: [], numbers: [] }
    return sets.flatMap((set) => [...computeRow(set, transaction, [], new Float64Array(set.names.length))])
  }

  test('go by the clocks of the detector’s zone', () => {
    assert.deepEqual(at('UTC', '2026-11-20T23:30:00Z'), [23, 4, 0, 0, 0])
    assert.deepEqual(at('Europe/Paris', '2026-11-20T23:30:00Z'), [0, 5, 1, 1, 1])
    assert.deepEqual(at('Asia/Kathmandu', '2026-11-22T18:14:59.999Z'), [23, 6, 1, 0, 0])
    assert.deepEqual(at('Asia/Kathmandu', '2026-11-22T18:15:00Z'), [0, 0, 0, 1, 1])
    assert.deepEqual(at('America/New_York', '2026-11-23T04:59:59Z'), [23, 6, 1, 0, 0])
    // The night that Paris sets its clocks back has the hour 2 twice.
    assert.deepEqual(at('Europe/Paris', '2026-10-25T00:59:00Z'), [2, 6, 1, 1, 0])
    assert.deepEqual(at('Europe/Paris', '2026-10-25T01:59:00Z'), [2, 6, 1, 1, 0])
    assert.deepEqual(at('Europe/Paris', '2026-10-25T02:00:00Z'), [3, 6, 1, 1, 0])
  })

  test('count the last hour of the night in', () => {
    assert.deepEqual(at('UTC', '2026-11-20T06:59:59.999Z'), [6, 4, 0, 1, 0])
    assert.deepEqual(at('UTC', '2026-11-20T07:00:00Z'), [7, 4, 0, 0, 0])
    assert.deepEqual(at('UTC', '2026-11-20T00:59:59.999Z'), [0, 4, 0, 1, 1])
  })

  test('agree with the calendar before and after 1970', () => {
    const minutes = fc.integer({ min: -30_000_000, max: 60_000_000 })
    const property = fc.property(minutes, (minute) => {
      const date = new Date(minute * 60_000)
      const [hour, weekday] = [date.getUTCHours(), (date.getUTCDay() + 6) % 7]
      const isWeekend = weekday > 4 ? 1 : 0
      assert.deepEqual(at('UTC', date.toISOString()), [
        ...[hour, weekday, isWeekend, hour <= 6 ? 1 : 0, hour === 0 ? 1 : 0],
      ])
    })
    fc.assert(property)
  })
})
