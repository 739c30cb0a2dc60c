import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FraudError } from '../core/errors.ts'
import { assertProtected, createKeyCheck, parseApiKeys } from './api-keys.ts'

const first = 'first-key-of-sixteen-or-more'
const second = 'second-key-of-sixteen-or-more'

describe('API keys', () => {
  test('are separated by commas, and none is no key', () => {
    assert.deepEqual(parseApiKeys(` ${first} ,${second},`), [first, second])
    assert.deepEqual(parseApiKeys(undefined), [])
    assert.deepEqual(parseApiKeys(''), [])
  })

  test('that are short or not printable are refused without being shown', () => {
    for (const bad of ['short', 'a key with some spaces', 'ключ-ключ-ключ-ключ']) {
      assert.throws(
        () => parseApiKeys(`${first},${bad}`),
        (error) =>
          error instanceof FraudError &&
          error.code === 'OPTION_INVALID' &&
          error.message.includes('key 2 of 2') &&
          !error.message.includes(bad),
      )
    }
  })

  test('are known each, and only as a whole and as a Bearer token', () => {
    const isKnown = createKeyCheck([first, second])
    for (const header of [`Bearer ${first}`, `bearer ${second}`, `Bearer  ${second} `]) assert(isKnown(header))
    for (const header of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      first,
      `Basic ${first}`,
      `Bearer ${first.slice(1)}`,
      `Bearer ${first}x`,
      `Bearer ${first},${second}`,
      `Bearer ${first} ${second}`,
    ]) {
      assert(!isKnown(header), String(header))
    }
  })
})

describe('a host', () => {
  test('that is loopback needs no keys', () => {
    for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) assertProtected(host, [], false)
  })

  test('that others can reach needs keys, or to be asked for as insecure', () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', 'localhost.example.com', '']) {
      assert.throws(
        () => assertProtected(host, [], false),
        (error) => error instanceof FraudError && error.code === 'OPTION_INVALID',
      )
      assertProtected(host, [first], false)
      assertProtected(host, [], true)
    }
  })
})
