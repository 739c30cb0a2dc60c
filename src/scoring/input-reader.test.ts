import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createInputReader } from './input-reader.ts'

const once = undefined

describe('an input reader', () => {
  test('fills the row in the order of the inputs, whatever the order of the fields', () => {
    const reader = createInputReader(['V1', 'Amount'])
    assert.deepEqual(reader.read({ Amount: 2, Time: 'x', V1: -1 }, once), [])
    assert.deepEqual([...reader.row], [-1, 2])
  })

  test('takes a name in another case where it can mean only one input', () => {
    const reader = createInputReader(['V1', 'Amount'])
    assert.deepEqual(reader.read({ AMOUNT: 2, v1: -1 }, once), [])
    assert.deepEqual([...reader.row], [-1, 2])
  })

  test('prefers the exact name, and refuses two others that differ in case only', () => {
    const reader = createInputReader(['Amount'])
    assert.deepEqual(reader.read({ amount: 1, Amount: 2 }, once), [])
    assert.deepEqual([...reader.row], [2])
    assert.deepEqual(reader.read({ amount: 1, AMOUNT: 2 }, once), [
      { field: 'Amount', reason: 'is given more than once' },
    ])
  })

  test('takes only exact names for inputs that differ in case only', () => {
    const reader = createInputReader(['a', 'A'])
    assert.deepEqual(reader.read({ a: 1, A: 2 }, once), [])
    assert.deepEqual([...reader.row], [1, 2])
    assert.deepEqual(reader.read({ a: 1 }, once), [{ field: 'A', reason: 'is missing' }])
  })

  test('lists every bad field, with what is wrong with it', () => {
    const reader = createInputReader(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
    const body: unknown = JSON.parse('{"a":null,"b":"1","c":true,"d":[1],"e":{},"f":1e999,"h":0}')
    assert.deepEqual(reader.read(body, new Set(['h'])), [
      { field: 'a', reason: 'is null, where a number is required' },
      { field: 'b', reason: 'is text, where a number is required' },
      { field: 'c', reason: 'is a boolean, where a number is required' },
      { field: 'd', reason: 'is an array, where a number is required' },
      { field: 'e', reason: 'is an object, where a number is required' },
      { field: 'f', reason: 'is too large for a 64-bit number' },
      { field: 'g', reason: 'is missing' },
      { field: 'h', reason: 'is given more than once' },
    ])
  })

  test('refuses a body that is no object', () => {
    const reader = createInputReader(['a'])
    for (const [body, kind] of [
      [[1], 'an array'],
      [null, 'null'],
      ['a', 'text'],
      [1, 'a number'],
    ]) {
      assert.deepEqual(reader.read(body, once), [
        { field: '(body)', reason: `is ${kind}, where an object is required` },
      ])
    }
  })

  test('takes no input from a prototype', () => {
    const reader = createInputReader(['constructor', '__proto__', 'toString', 'V1'])
    const missing = ['constructor', '__proto__', 'toString', 'V1'].map((field) => ({ field, reason: 'is missing' }))
    assert.deepEqual(reader.read({}, once), missing)
    const own: unknown = JSON.parse('{"constructor":1,"__proto__":2,"toString":3,"V1":4}')
    assert.deepEqual(reader.read(own, once), [])
    assert.deepEqual([...reader.row], [1, 2, 3, 4])
    const polluting: unknown = JSON.parse('{"__proto__":{"V1":4,"toString":3,"constructor":1}}')
    assert.deepEqual(
      reader.read(polluting, once).map(({ field }) => field),
      ['constructor', '__proto__', 'toString', 'V1'],
    )
  })

  test('reads inputs that are paths out of nested objects, and refuses what comes in two ways', () => {
    const reader = createInputReader(['payment.amount', 'V1'])
    for (const body of [
      { payment: { amount: 2 }, V1: 1 },
      { 'payment.amount': 2, V1: 1 },
      { Payment: { AMOUNT: 2 }, v1: 1 },
    ]) {
      assert.deepEqual(reader.read(body, once), [])
      assert.deepEqual([...reader.row], [2, 1])
    }
    const field = 'payment.amount'
    const twice = { 'payment.amount': 2, payment: { amount: 2 }, V1: 1 }
    const reason = 'is given in two ways, as the flat field "payment.amount" and nested in "payment"'
    assert.deepEqual(reader.read(twice, once), [{ field, reason }])
    assert.deepEqual(reader.read({ payment: { amount: 'x' } }, once), [
      { field, reason: 'is text, where a number is required' },
      { field: 'V1', reason: 'is missing' },
    ])
    assert.deepEqual(reader.read({ payment: { amount: 2 }, V1: 1 }, new Set(['payment'])), [
      { field: 'payment', reason: 'is given more than once' },
    ])
  })
})
