import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knownThen } from './known-labels.ts'

test('training rows end where the labels of legitimate ones do, though later frauds are known already', () => {
  const times = Float64Array.of(0, 1, 2, 3, 4, 5)
  const labels = Uint8Array.of(0, 1, 0, 1, 0, 1)
  const knownAt = Float64Array.of(10, 20, 12, 4, 14, 6)
  const rows = Uint32Array.from(times.keys())
  // The fraud at 1 was not known at 12; those at 3 and 5 were, but their legitimate neighbours were not.
  assert.deepEqual([...knownThen(rows, { times, labels, knownAt }, 12)], [0, 2])
  assert.deepEqual([...knownThen(rows, { times, labels, knownAt }, 14)], [0, 2, 3, 4])
  assert.deepEqual([...knownThen(rows, { times, labels, knownAt }, 9)], [])
})
