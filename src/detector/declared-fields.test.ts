import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { declaredFields, TransactionMaker } from './declared-fields.ts'
import type { Detector } from './detector.ts'
import type { TransactionLayout } from './transaction.ts'

const detector: Detector = {
  detector: 'test',
  transaction: {
    id: 'ID',
    time: { field: 'TIME', format: 'iso' },
    amount: { field: 'AMOUNT', digits: 2, currency: { field: 'CCY' }, conversion: 'RATE' },
    keys: { card: 'CARD', shop: 'SHOP' },
    fields: { city: 'CITY', points: 'POINTS', note: 'NOTE', card: 'CARD' },
    position: { latitude: 'LAT', longitude: 'LONG' },
    label: { field: 'FRAUD' },
  },
  features: ['V1'],
}
const layout: TransactionLayout = {
  texts: [
    { name: 'shop', column: 'SHOP' },
    { name: 'points', column: 'POINTS' },
  ],
  numbers: [
    { name: 'points', column: 'POINTS' },
    { name: 'V1', column: 'V1' },
    { name: 'SHOP', column: 'SHOP' },
  ],
}

describe('the declared fields', () => {
  test('are all that a detector speaks of but id, time and label, each once, with what it may hold', () => {
    assert.deepEqual(
      declaredFields(detector, layout).map(({ column, kind }) => `${column}: ${kind}`),
      [
        ...['AMOUNT: number', 'RATE: number', 'CCY: text', 'CARD: text', 'SHOP: either', 'LAT: number', 'LONG: number'],
        ...['POINTS: either', 'V1: number', 'CITY: either', 'NOTE: either'],
      ],
    )
  })

  test('are none where there is nothing', () => {
    const bare: Detector = { ...detector, transaction: { label: { field: 'FRAUD' } } }
    assert.deepEqual(declaredFields(bare, { texts: [], numbers: [] }), [])
  })
})

describe('a transaction of declared fields', () => {
  const columns = ['V1', 'SHOP', 'AMOUNT', 'RATE', 'POINTS']
  const maker = new TransactionMaker(detector, layout, columns)

  test('has its values in the order of the layout, each as its use wants it', () => {
    const fields = [0.5, 7, 10, 1.5, '12']
    const amount = maker.amountOf(fields)
    assert.equal(amount, 1500)
    assert.deepEqual(maker.make(5, 1500, fields), {
      ...{ timestampMs: 5, amount: 1500, texts: ['7', '12'], numbers: Float64Array.of(12, 0.5, 7) },
    })
  })

  test('lacks what the columns of its time did not have', () => {
    const fields = new TransactionMaker(detector, layout, ['AMOUNT', 'RATE']).make(5, 1, [1, 1])
    assert.deepEqual(fields.texts, [undefined, undefined])
    assert.deepEqual(fields.numbers, Float64Array.of(Number.NaN, Number.NaN, Number.NaN))
  })

  test('has an amount that is wrong by its field and a reason, never by its value', () => {
    const of = (amount: number | undefined, rate: number | undefined) => maker.amountOf([0, 0, amount, rate, 0])
    assert.deepEqual(of(undefined, 1), { field: 'AMOUNT', reason: 'has no amount' })
    assert.deepEqual(of(1, undefined), { field: 'RATE', reason: 'has no rate' })
    assert.deepEqual(of(1e17, 1), { field: 'AMOUNT', reason: 'is too large' })
    const plain: Detector = {
      ...detector,
      transaction: { ...detector.transaction, amount: { field: 'AMOUNT', digits: 0 } },
    }
    assert.deepEqual(new TransactionMaker(plain, layout, columns).amountOf([0, 0, 1.5]), {
      ...{ field: 'AMOUNT', reason: 'has more than 0 decimals' },
    })
  })
})
