import assert from 'node:assert/strict'

/** Fails unless the two differ by at most `tolerance` of the larger one, or of 1 where both are smaller. */
export function assertClose(actual: number, expected: number, tolerance: number, what = 'value'): void {
  const allowed = tolerance * Math.max(1, Math.abs(actual), Math.abs(expected))
  assert.ok(Math.abs(actual - expected) <= allowed, `${what}: ${actual} is not ${expected} within ${tolerance}`)
}

export function assertAllClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = 'value',
): void {
  assert.equal(actual.length, expected.length, `${what}: length`)
  for (let i = 0; i < actual.length; i++) assertClose(actual[i], expected[i], tolerance, `${what} ${i}`)
}
