import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchPressure } from './pressure.ts'

test('one late sample is a hiccup, three in a row are overload, and one in time ends it', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let nowMs = 0
  const pressure = watchPressure(100, () => nowMs)
  const sample = (lagMs: number) => {
    nowMs += 50 + lagMs
    t.mock.timers.tick(50)
    return pressure.isOverloaded()
  }
  assert.deepEqual([500, 0, 101, 101, 101, 500, 3, 101].map(sample), [
    false,
    false,
    false,
    false,
    true,
    true,
    false,
    false,
  ])
  pressure.stop()
})
