import assert from 'node:assert/strict'
import { test } from 'node:test'
import { warnOfFewFrauds } from './few-frauds.ts'

/** What is told of a model that learned from so many frauds, and was calibrated on so many. */
function told(learned: number, held: number, given = false, weights?: Float64Array): string[] {
  const labels = new Uint8Array(2_000).fill(1, 0, learned).fill(1, 1_000, 1_000 + held)
  const parts = {
    fit: Uint32Array.from({ length: 1_000 }, (_, row) => row),
    calibration: Uint32Array.from({ length: 1_000 }, (_, row) => 1_000 + row),
  }
  return warnOfFewFrauds(
    { labels, ...(weights && { weights }) },
    parts,
    {
      threshold: { value: 0.31234, inclusive: true, chosenBy: 'for the best F1', interval: { lower: 0.1, upper: 0.5 } },
      calibration: { method: 'platt', epsilon: 0.01, slope: 1, intercept: 0 },
      detector: { policy: { review: 0.31234 } },
    },
    { weightUse: 'both', ...(given && { threshold: 0.3 }) },
  )
}

test('the fewer frauds, the more is warned of', () => {
  assert.deepEqual(told(200, 200), [])
  assert.match(told(199, 200).join('\n'), /^The model learned from 199 frauds, few enough for each fifty more to show$/)
  assert.match(told(49, 200)[0], /^The model learned from 49 frauds: which patterns it knows depends/)
  assert.match(told(9, 200)[0], /^The model learned from 9 frauds alone: .* use its score for reviews alone/)
  assert.match(told(1, 200)[0], /^The model learned from 1 fraud alone/)
})

test('a threshold that few frauds decided is told with where it may as well be', () => {
  assert.deepEqual(told(200, 199), [
    '199 frauds to choose the threshold 0.312 on, for the best F1; other such rows would have led to one from 0.1 to 0.5',
  ])
  const [calibration, threshold, decline] = told(200, 3)
  assert.match(calibration, /^Only 3 frauds to calibrate with: .* at about 0.80 at most$/)
  assert.match(threshold, /^Only 3 frauds to choose the threshold 0.312 on, .* from 0.1 to 0.5$/)
  assert.match(decline, /nothing is declined by score/)
  assert.ok(!told(200, 3, true).join('\n').includes('to choose the threshold'), 'a threshold that was given')
})

test('frauds of unequal weight count as so many of equal weight', () => {
  const even = new Float64Array(2_000).fill(6.84)
  assert.deepEqual(told(200, 200, false, even), [])
  // One of them weighs more than all others together.
  const uneven = even.map((weight, row) => (row === 0 || row === 1_000 ? 1e9 : weight))
  assert.match(told(200, 200, false, uneven).join('\n'), /from 1 fraud alone[\s\S]*Only 1 fraud to calibrate with/)
})
