import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Detector } from '../detector/detector.ts'
import { compileDetector } from './feature-set.ts'
import { historiesFingerprint } from './fingerprint.ts'

type Transaction = Detector['transaction']

const usual: Transaction = {
  time: { field: 'TIME', format: 'epoch-ms' },
  amount: { field: 'AMOUNT', digits: 2 },
  keys: { card: 'CARD', shop: 'SHOP' },
  fields: { city: 'CITY', points: 'POINTS' },
  label: { field: 'FRAUD', delay: '2h' },
}
const sum = { sum: { of: 'amount', by: 'card', over: ['1d', '7d'] } }

function fingerprint(
  features: Detector['features'],
  transaction: Partial<Transaction> = {},
  histories?: Detector['histories'],
): string {
  const detector: Detector = {
    detector: 'test',
    transaction: { ...usual, ...transaction },
    features,
    ...(histories && { histories }),
  }
  return historiesFingerprint(detector, compileDetector(detector))
}

describe('the fingerprint of histories', () => {
  test('is SHA-256 in hex, and the same each time', () => {
    assert.match(fingerprint([sum]), /^[0-9a-f]{64}$/)
    assert.equal(fingerprint([sum]), fingerprint([sum]))
  })

  test('is the same for features that look at the same histories in other ways', () => {
    const same = [
      [{ mean: { of: 'amount', by: 'card', over: ['1d', '7d'] } }],
      [{ max: { of: 'amount', by: 'card', over: '1d' } }, { ratioToMedian: { of: 'amount', by: 'card', over: '7d' } }],
      [sum, 'amount', 'weekend', { night: { untilHour: 6 } }, 'V1'],
      [sum, { count: { by: 'card', over: '7d' } }],
      [{ sum: { ...sum.sum, over: '7d' } }],
      [{ sum: { ...sum.sum, over: ['7d', '2d'] } }, { count: { by: 'card', over: '5d', delay: '1d' } }],
      [sum, { mean: { of: 'amount', by: 'card', over: '7d', excludeSelf: true } }],
    ]
    for (const features of same) assert.equal(fingerprint(features), fingerprint([sum]), JSON.stringify(features))
    assert.equal(fingerprint([sum], {}, { eventsPerKey: 4096 }), fingerprint([sum]))
    assert.equal(fingerprint([sum], { zone: 'Europe/Paris', personal: ['card'] }), fingerprint([sum]))
    assert.equal(fingerprint([sum], { keys: { account: 'OTHER', card: 'CARD' } }), fingerprint([sum]))
  })

  test('is another where anything that is kept is other', () => {
    const online = { count: { by: 'card', over: '7d', where: 'city == "Rome"' } }
    const frauds = { fraudCount: { by: 'card', over: '7d', delay: '0h' } }
    const others = {
      usual: fingerprint([sum]),
      'a condition': fingerprint([sum, online]),
      'another condition': fingerprint([sum, { count: { ...online.count, where: 'city == "Oslo"' } }]),
      'what a condition reads': fingerprint([sum, online], { fields: { city: 'TOWN', points: 'POINTS' } }),
      'firsts of a field': fingerprint([sum, { newPairs: { of: 'city', by: 'card', over: '1d', memory: '7d' } }]),
      'a longer memory': fingerprint([sum, { newPairs: { of: 'city', by: 'card', over: '1d', memory: '8d' } }]),
      'a condition of frauds': fingerprint([sum, { fraudCount: { ...frauds.fraudCount, where: 'city == "Rome"' } }]),
      'a text of frauds': fingerprint([sum, { linkedFrauds: { of: 'shop', by: 'card', over: '7d', delay: '0h' } }]),
      'a window': fingerprint([{ sum: { ...sum.sum, over: ['1d', '8d'] } }]),
      'a delay': fingerprint([{ sum: { ...sum.sum, delay: '1h' } }]),
      'another key': fingerprint([{ sum: { ...sum.sum, by: 'shop' } }]),
      "the key's column": fingerprint([sum], { keys: { card: 'PAN_TOKEN' } }),
      'a field': fingerprint([{ sum: { ...sum.sum, of: 'points' } }]),
      "the field's column": fingerprint([{ sum: { ...sum.sum, of: 'points' } }], { fields: { points: 'MILES' } }),
      'no field': fingerprint([{ count: { by: 'card', over: ['1d', '7d'] } }]),
      frauds: fingerprint([sum, { fraudCount: { by: 'card', over: '1d', delay: '0s' } }]),
      'another history': fingerprint([sum, { count: { by: 'shop', over: '1d' } }]),
      'one of everything': fingerprint([sum, { frequency: { of: 'city', over: '1d' } }]),
      'how many events of a key are kept': fingerprint([sum], {}, { eventsPerKey: 4095 }),
      'the column of amounts': fingerprint([sum], { amount: { field: 'NET', digits: 2 } }),
      'the decimals of amounts': fingerprint([sum], { amount: { field: 'AMOUNT', digits: 3 } }),
      'amounts as they come': fingerprint([sum], { amount: { field: 'AMOUNT' } }),
      'a currency': fingerprint([sum], { amount: { field: 'AMOUNT', digits: 2, currency: { field: 'CCY' } } }),
      'a rate': fingerprint([sum], {
        amount: { field: 'AMOUNT', digits: 2, currency: { field: 'CCY' }, conversion: 'RATE' },
      }),
    }
    const seen = new Map(Object.entries(others).map(([what, value]) => [value, what]))
    assert.deepEqual([...seen.values()].sort(), Object.keys(others).sort())
  })

  test('does not mind how amounts are written where no history keeps them', () => {
    const count = { count: { by: 'card', over: '1d' } }
    assert.equal(fingerprint([count], { amount: { field: 'NET', digits: 0 } }), fingerprint([count]))
  })
})
