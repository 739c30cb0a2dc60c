import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { FraudError } from '../core/errors.ts'
import { decodeJson } from './json-text.ts'

function refused(bytes: Buffer): FraudError {
  try {
    decodeJson(bytes)
  } catch (error) {
    assert(error instanceof FraudError)
    return error
  }
  assert.fail('nothing was refused')
}

describe('decodeJson', () => {
  test('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.deepEqual(decodeJson(Buffer.from(text)).value, JSON.parse(text))
      }),
    )
  })

  test('skips a byte order mark', () => {
    assert.deepEqual(decodeJson(Buffer.from('\ufeff{"a":1}')).value, { a: 1 })
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
})
