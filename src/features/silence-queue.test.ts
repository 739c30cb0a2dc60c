import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { SilenceQueue } from './silence-queue.ts'

describe('keys in the order of their last use', () => {
  test('come out once each, none of them before it was silent, and all of them in the end', () => {
    const use = fc.record({ key: fc.nat(200), forward: fc.nat(3), late: fc.constantFrom(0, 0, 5), asked: fc.nat(3) })
    const property = fc.property(fc.array(use, { maxLength: 500, size: 'max' }), (uses) => {
      const queue = new SilenceQueue()
      const lastUsed = new Map<number, number>()
      const usedMs = (key: number) => lastUsed.get(key) ?? assert.fail(`${key} is not queued`)
      let now = 0
      const take = (horizon: number) => {
        const key = queue.next(horizon, usedMs)
        if (key < 0) return
        assert.ok(usedMs(key) <= horizon, 'it was silent')
        lastUsed.delete(key)
      }
      for (const { key, forward, late, asked } of uses) {
        now += forward
        if (!lastUsed.has(key)) queue.add(key, now - late)
        lastUsed.set(key, Math.max(lastUsed.get(key) ?? -Infinity, now - late))
        for (let i = 0; i < asked; i++) take(now - 40)
        assert.equal(queue.length, lastUsed.size)
      }
      for (let i = 0; i < 2 * uses.length + 2; i++) take(now)
      assert.deepEqual([queue.length, lastUsed.size], [0, 0])
      assert.equal(queue.next(now, usedMs), -1)
      assert.equal(queue.oldest(usedMs), -1)
    })
    fc.assert(property, { numRuns: 200 })
  })

  test('come out early where room is wanted, those first that were not used since they were queued', () => {
    const queue = new SilenceQueue()
    const lastUsed = new Map<number, number>()
    const usedMs = (key: number) => lastUsed.get(key) ?? Number.NaN
    for (let key = 0; key < 1000; key++) {
      queue.add(key, key)
      lastUsed.set(key, key)
    }
    for (let key = 0; key < 1000; key += 2) lastUsed.set(key, 2000 + key)
    const order = Array.from({ length: 1000 }, () => queue.oldest(usedMs))
    assert.deepEqual(
      order.slice(0, 500),
      Array.from({ length: 500 }, (_, i) => 2 * i + 1),
    )
    assert.deepEqual(
      order.slice(500),
      Array.from({ length: 500 }, (_, i) => 2 * i),
    )
    assert.equal(queue.length, 0)
  })
})
