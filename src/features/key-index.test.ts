import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { KeyIndex } from './key-index.ts'

describe('the numbers of keys', () => {
  test('are those of a map from which keys are removed', () => {
    const keys = fc.oneof(fc.integer({ min: 0, max: 400 }).map(String), fc.constantFrom('', 'é', '\0', 'constructor'))
    const action = fc.record({ key: keys, isRemoved: fc.boolean() })
    const property = fc.property(fc.array(action, { maxLength: 600, size: 'max' }), (actions) => {
      const index = new KeyIndex()
      const map = new Map<string, number>()
      for (const { key, isRemoved } of actions) {
        const number = map.get(key)
        assert.equal(index.find(key), number ?? -1)
        if (number === undefined) {
          const added = index.add(key)
          assert.ok(![...map.values()].includes(added), 'a number belongs to one key')
          assert.ok(added >= 0 && added < index.capacity)
          map.set(key, added)
        } else if (isRemoved) {
          index.remove(number)
          map.delete(key)
        }
        assert.equal(index.size, map.size)
      }
      for (const [key, number] of map) assert.equal(index.find(key), number)
      for (let i = 0; i <= 400; i++) if (!map.has(String(i))) assert.equal(index.find(String(i)), -1)
    })
    fc.assert(property, { numRuns: 100 })
  })

  test('are given again, so that keys which come and go take no more room', () => {
    const index = new KeyIndex()
    for (let i = 0; i < 1000; i++) index.add(`k${i}`)
    const { bytes, capacity } = index
    for (let i = 0; i < 100_000; i++) {
      index.remove(index.find(`k${i}`))
      index.add(`k${i + 1000}`)
    }
    assert.equal(index.size, 1000)
    assert.equal(index.capacity, capacity)
    // A shard may have had to grow for once.
    assert.ok(index.bytes < bytes * 1.5)
    for (let i = 100_000; i < 101_000; i++) assert.ok(index.find(`k${i}`) >= 0)
    assert.equal(index.find('k99999'), -1)
  })

  test('are removed once', () => {
    const index = new KeyIndex()
    const number = index.add('a')
    index.remove(number)
    index.remove(number)
    assert.equal(index.size, 0)
    assert.notEqual(index.add('a'), index.add('b'))
  })
})
