import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDetector } from '../detector/detector.ts'
import type { Transaction } from '../detector/transaction.ts'
import { kindNames } from './declare-features.ts'
import { sayValue, showFeature } from './feature.ts'
import { compileDetector } from './feature-set.ts'

const transactionOf = (currency: unknown) => ({
  id: 'id',
  time: { field: 'time', format: 'iso' },
  zone: 'Europe/Berlin',
  amount: { field: 'paid', digits: 2, ...(currency !== 'none' && { currency }) },
  keys: { card: 'card_id', terminal: 'terminal_id', device: 'device_id' },
  fields: { category: 'category', km: 'km' },
  position: { latitude: 'lat', longitude: 'lon' },
  label: { field: 'fraud', delay: '7d' },
})

const week = { by: 'card', over: '7d' }
const noPayment = 'No payment of this card within 7 days is known'

/** By kind: a declaration, a value, its words, and those of an unknown value. */
const expected: Readonly<Record<string, readonly [unknown, number, string, string]>> = {
  amount: ['amount', 159532.85, 'The amount is 159532.85 EUR', 'amount is unknown'],
  column: ['V14', -5.40125766344812, 'V14 is -5.401258', 'V14 is unknown'],
  signedLog: ['signedLog', Math.log1p(217.71), 'The amount is 217.71 EUR', 'amount_signed_log is unknown'],
  hour: ['hour', 3, 'The payment is made between 3:00 and 3:59 (Europe/Berlin)', 'hour is unknown'],
  weekday: ['weekday', 6, 'The payment is made on a Sunday', 'weekday is unknown'],
  weekend: ['weekend', 1, 'The payment is made at a weekend', 'weekend is unknown'],
  night: ['night', 0, 'The payment is not made between 0:00 and 6:59 (Europe/Berlin)', 'night is unknown'],
  oneHot: [
    { oneHot: { of: 'category', values: ['travel'] } },
    1,
    'The category is travel',
    'category_one_hot_travel is unknown',
  ],
  distance: [
    { distance: { latitude: 'lat', longitude: 'long', as: 'home_distance' } },
    12.345,
    'The home distance is 12.3 km',
    'The home distance is not known',
  ],
  category: [
    { category: { of: 'category', values: ['food', 'travel'] } },
    1,
    'The category is travel',
    'The category is missing or not a value that the model knows',
  ],
  count: [
    { count: { by: 'card', over: '10m' } },
    9,
    '9 payments of this card within 10 minutes',
    'No payment of this card within 10 minutes is known',
  ],
  sum: [
    { sum: { of: 'amount', ...week } },
    1234.5,
    'The amount of all payments of this card within 7 days is 1234.50 EUR',
    noPayment,
  ],
  mean: [
    { mean: { of: 'amount', ...week } },
    42.105,
    'The average amount of this card within 7 days is 42.10 EUR',
    noPayment,
  ],
  min: [{ min: { of: 'km', ...week } }, 3.25, 'The smallest km of this card within 7 days is 3.25', noPayment],
  max: [
    { max: { of: 'amount', ...week } },
    1e6,
    'The largest amount of this card within 7 days is 1000000.00 EUR',
    noPayment,
  ],
  median: [
    { median: { of: 'amount', ...week } },
    10,
    'The median amount of this card within 7 days is 10.00 EUR',
    noPayment,
  ],
  standardDeviation: [
    { standardDeviation: { of: 'amount', ...week } },
    2.5,
    'The amount of payments of this card within 7 days differs from its average by 2.50 EUR, as a standard deviation',
    noPayment,
  ],
  ratioToMean: [
    { ratioToMean: { of: 'amount', ...week } },
    8.3,
    '42.10 EUR is 8.3 times the average amount of this card within 7 days',
    noPayment,
  ],
  ratioToMedian: [
    { ratioToMedian: { of: 'amount', ...week } },
    8.3,
    '42.10 EUR is 8.3 times the median amount of this card within 7 days',
    noPayment,
  ],
  ratioToMax: [
    { ratioToMax: { of: 'amount', ...week } },
    0.5,
    '42.10 EUR is 0.5 times the largest amount of this card within 7 days',
    noPayment,
  ],
  distinct: [
    { distinct: { of: 'device', ...week } },
    2,
    'Payments of this card with 2 different devices within 7 days',
    noPayment,
  ],
  fraudCount: [
    { fraudCount: { by: 'terminal', over: '30d' } },
    1,
    '1 payment of this terminal in the 30 days until 7 days before is known to be fraud',
    'No payment of this terminal in the 30 days until 7 days before is known',
  ],
  fraudRate: [
    { fraudRate: { by: 'terminal', over: '1d', delay: '0d' } },
    0.125,
    '12.5 % of the payments of this terminal within 1 day are known to be fraud',
    'No payment of this terminal within 1 day is known',
  ],
  zScore: [
    { zScore: { of: 'amount', ...week, excludeSelf: true } },
    -2.5,
    '42.10 EUR is 2.5 standard deviations below the average amount of this card in the 7 days before',
    'No payment of this card in the 7 days before is known',
  ],
  share: [
    { share: { of: 'category', value: 'travel', ...week } },
    0.25,
    '25 % of the payments of this card within 7 days are with the category travel',
    'The category of this payment, or of any of this card within 7 days, is not known',
  ],
  entropy: [
    { entropy: { of: 'terminal', ...week } },
    1.5,
    'The terminal of payments of this card within 7 days varies by 1.5 bits',
    noPayment,
  ],
  newPairs: [
    { newPairs: { of: 'card', by: 'device', over: '1d' } },
    3,
    '3 payments of this device within 1 day with a card that was new to it',
    'No payment of this device within 1 day is known',
  ],
  timeSinceFraud: [
    { timeSinceFraud: { by: 'card', over: '30d', delay: '0d', which: 'first' } },
    7200,
    '2 hours since the first payment of this card within 30 days that is known to be fraud',
    'No payment of this card within 30 days is known to be fraud',
  ],
  fraudRun: [
    { fraudRun: { by: 'terminal', over: '28d', what: 'length' } },
    4,
    '4 payments of this terminal in the 28 days until 7 days before, one after the other, are known to be fraud',
    'No payment of this terminal in the 28 days until 7 days before is known to be fraud',
  ],
  linkedFrauds: [
    { linkedFrauds: { of: 'card', by: 'device', over: '30d', delay: '0d' } },
    2,
    '2 payments of another card of this device within 30 days are known to be fraud',
    'No payment of this device within 30 days is known',
  ],
  riskOf: [
    { riskOf: { of: 'category', over: '30d', prior: 0.01 } },
    0.025,
    '2.5 % of the payments of this category in the 30 days until 7 days before are fraud, shrunk to the usual',
    'No payment of this category in the 30 days until 7 days before is known',
  ],
  timeSinceLast: [
    { timeSinceLast: { by: 'card' } },
    90,
    '1.5 minutes since the last payment of this card',
    'No earlier payment of this card within 30 days is known',
  ],
  firstSeen: [
    { firstSeen: { of: 'terminal', by: 'card', over: '60d' } },
    1,
    'First payment of this card at this terminal within 60 days',
    'The payment names no terminal',
  ],
  distanceFromLast: [
    { distanceFromLast: { by: 'card' } },
    1234.5,
    '1230 km from the last payment of this card',
    'The distance from the last payment of this card within 30 days is not known',
  ],
  speedFromLast: [
    { speedFromLast: { by: 'card' } },
    800,
    '800 km/h from where the last payment of this card was made',
    'The speed since the last payment of this card within 30 days is not known',
  ],
  frequency: [
    { frequency: { of: 'category', by: 'card', over: '30d' } },
    0.02,
    '2 % of the payments of this card within 30 days are in this category',
    'card_category_frequency_30d is unknown',
  ],
  ratio: [{ ratio: { of: 'hour', to: 'night', as: 'odd' } }, 2, 'hour is 2 times night', 'odd is unknown'],
}

function compile(features: readonly unknown[], currency: unknown = 'EUR') {
  return compileDetector(parseDetector({ detector: 'words', transaction: transactionOf(currency), features }))
}

const paid = (set: ReturnType<typeof compile>, texts: Readonly<Record<string, string>>): Transaction => ({
  timestampMs: 0,
  amount: 4210,
  texts: set.layout.texts.map(({ name }) => texts[name]),
  numbers: new Float64Array(set.layout.numbers.length),
})

const everyKey = { card: 'c', terminal: 't', device: 'd', category: 'food' }

test('every kind of feature has words for a person, and for what is unknown', () => {
  assert.deepEqual(Object.keys(expected).sort(), [...kindNames].sort())
  for (const [kind, [declaration, value, words, unknown]] of Object.entries(expected)) {
    const set = compile(kind === 'ratio' ? ['hour', 'night', declaration] : [declaration])
    const feature = set.all[set.all.length - 1]
    assert.equal(sayValue(feature, value, paid(set, everyKey)), words)
    assert.equal(sayValue(feature, Number.NaN, paid(set, everyKey)), unknown)
    assert.match(sayValue(feature, value), /^(?!.*(?:NaN|undefined|\[object)).+$/, 'without the transaction, too')
    assert.match(showFeature(feature, value), /\d|travel/)
  }
})

test('a count with a condition says which', () => {
  const where = 'category == "food" && amount < 10.0'
  const set = compile([
    { count: { by: 'card', over: '1h', where, as: 'small' } },
    { fraudRun: { by: 'card', over: '1d', what: 'age' } },
  ])
  assert.equal(
    sayValue(set.all[0], 3, paid(set, everyKey)),
    '3 payments of this card within 1 hour with category == "food" && amount < 10.0',
  )
  assert.equal(
    sayValue(set.all[1], 3600, paid(set, everyKey)),
    '1 hour since known fraud of this card in the 1 day until 7 days before began that nothing interrupted',
  )
})

test('a payment that names no card is not told of the card’s payments', () => {
  const set = compile([{ count: { by: 'card', over: '1h' } }, { timeSinceLast: { by: 'card' } }])
  const nameless = paid(set, { terminal: 't' })
  for (const [i, value] of [0, Number.NaN].entries()) {
    assert.equal(sayValue(set.all[i], value, nameless), 'The payment names no card')
  }
})

test('amounts have their currency’s decimals and code, whatever their size', () => {
  const of = (currency: unknown, texts: Readonly<Record<string, string>> = {}) => {
    const set = compile([{ mean: { of: 'amount', by: 'card', over: '1d' } }], currency)
    return showFeature(set.all[0], 217.71, paid(set, texts))
  }
  assert.equal(of('EUR'), '217.71 EUR')
  assert.equal(of('none'), '217.71')
  assert.equal(of({ field: 'cur' }, { currency: 'CHF' }), '217.71 CHF')
  assert.equal(of({ field: 'cur' }, { currency: 'no code' }), '217.71')

  const yen = { ...transactionOf('JPY'), amount: { field: 'paid', digits: 0, currency: 'JPY' } }
  const [amount, column] = compileDetector(
    parseDetector({ detector: 'yen', transaction: yen, features: ['amount', 'paid'] }),
  ).all
  assert.equal(sayValue(amount, 159532), 'The amount is 159532 JPY')
  assert.equal(sayValue(column, 159532), 'paid is 159532 JPY')
  const plain = { ...yen, amount: { field: 'paid' } }
  const [inexact] = compileDetector(parseDetector({ detector: 'p', transaction: plain, features: ['amount'] })).all
  assert.deepEqual(
    [217.71, 159532.85, 85.64999999999999, 0.00012].map((value) => showFeature(inexact, value)),
    ['217.71', '159532.85', '85.65', '0.00012'],
  )
})
