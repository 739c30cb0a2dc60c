import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { definedFeatures } from '../../test/feature-definitions.ts'
import { featuresOf, runStream, type Step, steps } from '../../test/feature-stream.ts'
import { FraudError } from '../core/errors.ts'
import type { Transaction } from '../detector/transaction.ts'
import { kindNames } from './declare-features.ts'
import { compileDetector, computeRow, type FeatureSet } from './feature-set.ts'
import type { Histories, History } from './history.ts'
import { MemoryHistories } from './memory-histories.ts'
import { type FeaturePart, joinRow, partsOf } from './parts.ts'

/** Kinds that read no history, and features of features. */
const others = [
  'amount',
  'POINTS',
  'hour',
  'weekday',
  'weekend',
  { night: {} },
  'signedLog',
  { oneHot: { of: 'city', values: ['Rome', 'Oslo'] } },
  { category: { of: 'city', values: ['Rome', 'Oslo'] } },
  { distance: { latitude: 'LATITUDE', longitude: 'LONGITUDE' } },
  { count: { by: 'card', over: '5h', as: 'cards' } },
  { count: { by: 'shop', over: '5h', as: 'shops' } },
  { ratio: { of: 'cards_5h', to: 'shops_5h' } },
  { ratio: { of: 'cards_5h_ratio_to_shops_5h', to: 'amount', as: 'ratio_of_ratio' } },
]
const everybodys = { frequency: { of: 'city', over: '6h' } }
const parted = [...definedFeatures.map(({ entry }) => entry), ...others].filter(
  (entry) => JSON.stringify(entry) !== JSON.stringify(everybodys),
)

/** What of a transaction one part is told: anything else is missing, so a feature that reads more gives another value. */
function onlyFor({ texts, numbers }: FeaturePart, transaction: Transaction): Transaction {
  return {
    ...transaction,
    texts: transaction.texts.map((text, i) => (texts.includes(i) ? text : undefined)),
    numbers: Float64Array.from(transaction.numbers, (value, i) => (numbers.includes(i) ? value : Number.NaN)),
  }
}

/** Histories of the whole and of each part, which take in the same; `see` gets the whole row and the joined one. */
function sideBySide(
  set: FeatureSet,
  stream: readonly Step[],
  see: (whole: Float64Array, joined: Float64Array) => void,
) {
  const features = partsOf(set)
  const whole = new MemoryHistories(set.plan)
  const keepers = features.parts.map((part) => ({ part, histories: new MemoryHistories(part.plan) }))
  const joined = new Float64Array(set.names.length)
  const both: Histories = {
    get newestMs() {
      return whole.newestMs
    },
    observe(transaction): readonly History[] {
      const values = keepers.map(({ part, histories }) => {
        const told = onlyFor(part, transaction)
        return computeRow(part, told, histories.observe(told), new Float64Array(part.at.length))
      })
      joinRow(features, transaction, values, joined)
      return whole.observe(transaction)
    },
    label(event, label) {
      whole.label(event, label)
      for (const { part, histories } of keepers) {
        histories.label({ ...onlyFor(part, event), sequence: event.sequence }, label)
      }
    },
    withdraw(event, label) {
      whole.withdraw(event, label)
      for (const { part, histories } of keepers) {
        histories.withdraw({ ...onlyFor(part, event), sequence: event.sequence }, label)
      }
    },
    degraded: () => whole.degraded(),
    stats: () => whole.stats(),
  }
  runStream(set, both, stream, {}, (row) => see(row, joined))
}

describe('a row in parts, one for each history', () => {
  test('joined again is the whole row in each bit, for every kind, from what each part is told alone', () => {
    for (const eventsPerKey of [4096, 3]) {
      const set = featuresOf(parted, { eventsPerKey })
      const property = fc.property(steps, (stream) =>
        sideBySide(set, stream, (whole, joined) => {
          for (const [i, name] of set.names.entries()) {
            assert.ok(Object.is(joined[i], whole[i]), `${name} is ${joined[i]} in parts, ${whole[i]} as a whole`)
          }
        }),
      )
      fc.assert(property, { numRuns: examples(15) })
    }
  })

  test('is tried here with every kind that there is', () => {
    const tried = new Set(
      [...parted, everybodys].map((entry) => (typeof entry === 'string' ? entry : Object.keys(entry)[0])),
    )
    assert.deepEqual(
      kindNames.filter((kind) => !tried.has(kind)),
      ['column'],
      'POINTS is a column',
    )
  })

  test('has a value for each feature once, and knows which features read no history', () => {
    const set = featuresOf(parted)
    const { own, parts } = partsOf(set)
    const places = [...own.ownAt, ...parts.flatMap(({ at }) => at), ...set.derived.map(({ at }) => at)]
    assert.deepEqual(
      places.sort((a, b) => a - b),
      [...set.names.keys()],
    )
    assert.deepEqual(
      parts.map(({ by }) => by),
      set.plan.histories.map(({ by }) => by),
    )
  })

  test('has unknown values where a part is missing, and in what is made of them', () => {
    const set = featuresOf([
      'amount',
      { count: { by: 'card', over: '5h' } },
      { ratio: { of: 'card_count_5h', to: 'amount' } },
    ])
    const transaction = { timestampMs: 0, amount: 250, texts: ['c1'], numbers: [] }
    assert.deepEqual(
      [...joinRow(partsOf(set), transaction, [undefined], new Float64Array(3))],
      [2.5, Number.NaN, Number.NaN],
    )
  })
})

describe('features that can’t be taken apart are refused', () => {
  const refused = (set: FeatureSet) => {
    try {
      partsOf(set)
    } catch (error) {
      assert.ok(error instanceof FraudError, String(error))
      return `${error.code}: ${error.message}`
    }
    return assert.fail('nothing was refused')
  }

  test('by name, where one reads several histories', () => {
    const of = { frequency: { of: 'shop', over: '1d' } }
    assert.equal(
      refused(featuresOf(['amount', everybodys, of])),
      'CLUSTER_UNSUPPORTED: Key by key, "city_frequency_6h", "shop_frequency_1d" can\'t be computed: each reads the histories of several keys; name one by "by", or leave it out',
    )
  })

  test('where amounts of two currencies would be refused', () => {
    const set = compileDetector({
      detector: 'cards',
      transaction: {
        time: { field: 'TIME', format: 'iso' },
        amount: { field: 'AMOUNT', digits: 2, currency: { field: 'CURRENCY' } },
        keys: { card: 'CARD' },
        label: { field: 'FRAUD', delay: '7d' },
      },
      features: [{ sum: { of: 'amount', by: 'card', over: '1d' } }],
    })
    assert.match(refused(set), /^CLUSTER_UNSUPPORTED: .*declare amount\.conversion/)
  })
})
