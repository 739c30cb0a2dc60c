import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { FraudError } from './errors.ts'
import { readJson } from './json-text.ts'
import { deepestNesting } from './nested-fields.ts'

function refused(bytes: Buffer): FraudError {
  try {
    readJson(bytes, 'body', 16)
  } catch (error) {
    assert(error instanceof FraudError)
    return error
  }
  assert.fail('nothing was refused')
}

describe('readJson', () => {
  test('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        assert.deepEqual(readJson(Buffer.from(text), 'body', 1000).value, JSON.parse(text))
      }),
    )
  })

  test('skips a byte order mark', () => {
    assert.deepEqual(readJson(Buffer.from('\ufeff{"a":1}'), 'body', 16).value, { a: 1 })
  })

  test('refuses what is empty, no UTF-8 or no JSON, and says which', () => {
    assert.match(refused(Buffer.alloc(0)).message, /empty/)
    assert.match(refused(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])).message, /UTF-8/)
    assert.match(refused(Buffer.from('{"a":1')).message, /JSON/)
  })

  test('never repeats what was sent', () => {
    const { message, cause } = refused(Buffer.from('{"card": 4111111111111111x}'))
    assert.doesNotMatch(message, /4111/)
    assert.equal(cause, undefined)
  })

  test('refuses one level too many, and one name too many, and takes the last that is allowed', () => {
    const nested = (depth: number) => Buffer.from(`${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`)
    assert.equal(refused(nested(deepestNesting + 2)).code, 'BODY_INVALID')
    assert.match(refused(Buffer.from('['.repeat(60_000))).message, /8 levels/)
    readJson(nested(deepestNesting), 'body', 16)
    const named = (names: number) => JSON.stringify(Object.fromEntries(Array.from({ length: names }, (_, i) => [i, 1])))
    assert.equal(refused(Buffer.from(named(17))).code, 'BODY_TOO_LARGE')
    assert.equal(refused(Buffer.from(`{"a":[${named(9)},${named(8)}]}`)).code, 'BODY_TOO_LARGE')
    readJson(Buffer.from(named(16)), 'body', 16)
  })

  test('takes brackets and colons within strings for text', () => {
    const value = { 'a:{["': ':'.repeat(50), b: '[{\\"'.repeat(50), c: [':', '"', '\\'] }
    assert.deepEqual(readJson(Buffer.from(JSON.stringify(value)), 'body', 16).value, value)
  })
})
