import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FraudError } from '../core/errors.ts'
import {
  assertProtected,
  createKeyRing,
  digestKey,
  formatKeyFile,
  parseApiKeys,
  parseKeyFile,
  type StoredKey,
} from './keys.ts'
import { everyRole, type Role, roles } from './roles.ts'

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
    const { principalOf } = createKeyRing([first, second])
    const isKnown = (header: string | undefined) => principalOf(header) !== undefined
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

describe('a key ring', () => {
  const stored = (key: string, ...roles: Role[]): StoredKey => ({
    name: key,
    roles,
    sha256: digestKey(key),
    createdAt: '2026-11-24T09:00:00.000Z',
  })
  const keys = [stored('till', 'score'), stored('desk', 'label', 'score'), stored('boss', 'admin')]

  test('knows what each key is good for: those of the environment and of administrators for everything', () => {
    const { principalOf } = createKeyRing([first], keys)
    assert.deepEqual(principalOf(`Bearer ${first}`), { name: 'environment:1', roles: everyRole })
    assert.deepEqual(principalOf('Bearer till'), { name: 'key:till', roles: new Set(['score']) })
    assert.deepEqual(principalOf('bearer desk'), { name: 'key:desk', roles: new Set(['score', 'label']) })
    assert.deepEqual(principalOf('Bearer boss'), { name: 'key:boss', roles: everyRole })
    for (const header of [
      undefined,
      '',
      'till',
      'Bearer',
      'Bearer tills',
      `Bearer ${digestKey('till')}`,
      'Basic till',
    ]) {
      assert.equal(principalOf(header), undefined, header)
    }
  })

  test('spells out what a role includes, and keeps apart what it does not', () => {
    const included: Record<Role, readonly Role[]> = {
      score: ['score'],
      label: ['label'],
      viewer: ['viewer'],
      analyst: ['viewer', 'analyst'],
      author: ['viewer', 'author'],
      approver: ['viewer', 'approver'],
      admin: roles,
    }
    for (const role of roles) {
      const { principalOf } = createKeyRing([], [stored('one', role)])
      assert.deepEqual(principalOf('Bearer one')?.roles, new Set(included[role]), role)
    }
  })

  test('asks for a key where there is one, or a file that had one', () => {
    assert.equal(createKeyRing([]).asksForKey, false)
    assert.equal(createKeyRing([first]).asksForKey, true)
    assert.equal(createKeyRing([], keys).asksForKey, true)
    assert.equal(createKeyRing([], []).asksForKey, true)
  })

  test('comes from a file that reads back as it was written, and has no key in it', () => {
    const text = formatKeyFile(keys)
    assert.deepEqual(parseKeyFile(text), keys)
    assert.deepEqual(parseKeyFile(formatKeyFile([])), [])
    assert.ok(!formatKeyFile([{ ...stored(first, 'admin'), name: 'x' }]).includes(first))
  })

  test('comes from no damaged file', () => {
    const text = formatKeyFile(keys)
    for (const [damaged, reason] of [
      ['', /is not JSON/],
      [text.slice(0, -10), /is not JSON/],
      ['[]', /the whole/],
      [text.replace('"version": 1', '"version": 2'), /version/],
      [text.replace('"score"', '"everything"'), /keys\.0\.roles\.0/],
      [text.replace(/"sha256": "./, '"sha256": "'), /keys\.0\.sha256/],
      [text.replace('2026-', '2026'), /keys\.0\.createdAt/],
      [text.replace('"name"', '"nmae"'), /keys\.0/],
    ] as const) {
      assert.throws(
        () => parseKeyFile(damaged),
        (error) => error instanceof FraudError && error.code === 'DATA_INVALID' && reason.test(error.message),
        damaged,
      )
    }
  })
})

describe('a host', () => {
  test('that is loopback needs no keys', () => {
    for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) assertProtected(host, false, false)
  })

  test('that others can reach needs keys, or to be asked for as insecure', () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', 'localhost.example.com', '']) {
      assert.throws(
        () => assertProtected(host, false, false),
        (error) => error instanceof FraudError && error.code === 'OPTION_INVALID',
      )
      assertProtected(host, true, false)
      assertProtected(host, false, true)
    }
  })
})
