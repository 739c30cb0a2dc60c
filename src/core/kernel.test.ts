import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SharedArena } from './kernel.ts'

describe('memory that threads and kernels share', () => {
  test('gives out places of zeros that do not overlap, though it grows', () => {
    const arena = new SharedArena()
    const arrays = [1, 30_000, 7, 100_000].map((length) => arena.take(Float64Array, length))
    for (const [i, array] of arrays.entries()) {
      assert.ok(array.every((value) => value === 0))
      array.fill(i + 1)
    }
    for (const [i, array] of arrays.entries()) assert.ok(array.every((value) => value === i + 1))
  })

  test('says how much was wanted where there is not as much', () => {
    const arena = new SharedArena()
    assert.throws(() => arena.take(Float64Array, 600_000_000), { code: 'DATA_INVALID', message: /more than 4\.8 GB/ })
  })
})
