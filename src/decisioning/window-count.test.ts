import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WindowCount } from './window-count.ts'

const hourMs = 3_600_000
const startMs = Date.UTC(2026, 0, 1)

test('counts what falls into the part of now and the 59 before it, saved and loaded at any time', () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat(20 * 60_000), isLoaded: fc.boolean() }), { maxLength: 200 })
  const property = fc.property(steps, (given) => {
    let window = new WindowCount(hourMs)
    const seen: number[] = []
    let nowMs = startMs
    for (const { afterMs, isLoaded } of given) {
      nowMs += afterMs
      seen.push(nowMs)
      window.add(nowMs)
      const minute = (ms: number) => Math.floor(ms / 60_000)
      const expected = seen.filter((ms) => minute(ms) > minute(nowMs) - 60).length
      const later = nowMs + afterMs
      assert.equal(window.at(later), seen.filter((ms) => minute(ms) > minute(later) - 60).length)
      assert.equal(window.count(nowMs), expected)
      if (!isLoaded) continue
      const saved = window.save()
      window = new WindowCount(hourMs)
      window.load(saved)
      assert.deepEqual(window.save(), saved)
    }
  })
  fc.assert(property)
})

test('a silence of a width empties it, and an empty one is saved as nothing', () => {
  const window = new WindowCount(hourMs)
  assert.equal(window.count(startMs), 0)
  for (let i = 0; i < 5; i++) window.add(startMs + i)
  assert.equal(window.count(startMs + hourMs - 60_000), 5)
  assert.equal(window.count(startMs + hourMs), 0)
  assert.deepEqual(new WindowCount(hourMs).save(), [])
})

test('a window of nothing ends, too, as a log may hold one', () => {
  const window = new WindowCount(0)
  for (let i = 0; i < 3; i++) window.add(startMs)
  assert.equal(window.count(startMs), 3)
  assert.equal(window.count(startMs + 1), 0)
  assert.equal(window.at(startMs + 1), 0)
})
