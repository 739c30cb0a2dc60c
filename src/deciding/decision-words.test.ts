import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DecisionRecord, type Definition, recordFormat } from '../log/log-record.ts'
import { DecisionWords } from './decision-words.ts'

const definition: Definition = {
  format: recordFormat,
  detector: {
    detector: 'cards',
    transaction: {
      id: 'id',
      time: { field: 'time', format: 'iso' },
      amount: { field: 'amt', digits: 2, currency: 'EUR' },
      keys: { card: 'card' },
      label: { field: 'fraud' },
    },
    features: [
      'amount',
      { count: { by: 'card', over: '10m' } },
      { ratioToMean: { of: 'amount', by: 'card', over: '30d' } },
    ],
    reasons: { card_count_10m: '{value} in a row' },
  },
  model: 'm@1',
  policy: { version: 1, whenUnavailable: 'review', deadlineMs: 100 },
  columns: ['amt', 'card'],
  features: ['amount', 'card_count_10m', 'card_amount_ratio_to_mean_30d'],
  runtime: 'node 24',
}

const record: DecisionRecord = {
  kind: 'decision',
  id: 't-1',
  timestampMs: 0,
  outcome: 'decline',
  score: 0.9,
  decidedAtMs: 0,
  definition: 1,
  degraded: [],
  fields: [159532.85, 'c-1'],
  row: Float64Array.of(159532.85, 9, 8.3),
  contributions: [0, 1, 2].map((feature) => ({ feature, value: 3 - feature })),
}

const textsOf = (of: DecisionRecord, by: Definition) => new DecisionWords().reasonsOf(of, by).map(({ text }) => text)

test('a decision of the log is told in the words of its own definition, with its own amount', () => {
  assert.deepEqual(textsOf(record, definition), [
    'The amount is 159532.85 EUR',
    '9 in a row',
    '159532.85 EUR is 8.3 times the average amount of this card within 30 days',
  ])
  const codes = new DecisionWords().reasonsOf(record, definition).map(({ code }) => code)
  assert.deepEqual(codes, definition.features)
})

test('definitions that this version can’t make features of keep names and exact numbers', () => {
  const detector = { detector: 'old', features: ['amount', { gone: {} }], reasons: { amount: 'Paid: {value}' } }
  const old = {
    ...definition,
    detector,
    features: ['amount', 'gone', 'channel'],
    categories: { channel: ['web', 'pos'] },
  }
  const row = Float64Array.of(217.71, 159532.85, 1)
  assert.deepEqual(textsOf({ ...record, row }, old), ['Paid: 217.71', 'gone is 159532.85', 'channel is pos'])
  const unknown = textsOf({ ...record, row: row.fill(Number.NaN) }, { ...old, detector: undefined })
  assert.equal(unknown[1], 'gone is unknown, which the model treats as a sign of fraud')
})

test('two definitions keep their words apart', () => {
  const words = new DecisionWords()
  words.reasonsOf(record, definition)
  const dollars = structuredClone(definition)
  Object.assign(Object(dollars.detector).transaction.amount, { currency: 'USD' })
  const [{ text }] = words.reasonsOf({ ...record, definition: 2 }, dollars)
  assert.equal(text, 'The amount is 159532.85 USD')
})
