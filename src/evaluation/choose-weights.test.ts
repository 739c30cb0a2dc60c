import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { chooseWeights } from './choose-weights.ts'
import { averagePrecision } from './metrics.ts'

test('an average is never worse than its best model on the rows that its weights are chosen on', () => {
  const random = createRandom(1)
  for (let repeat = 0; repeat < 10; repeat++) {
    const labels = Uint8Array.from({ length: 400 }, (_, row) => (row % 10 === 0 ? 1 : 0))
    const scores = [0.5, 1, 2].map((noise) => Float64Array.from(labels, (label) => label + noise * random.normal()))
    const rowWeights = repeat % 2 === 0 ? undefined : Float64Array.from(labels, () => 1 + random.integer(3))
    const weights = chooseWeights(labels, scores, rowWeights)
    assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-12)
    const mixed = Float64Array.from(labels, (_, row) => scores.reduce((sum, own, i) => sum + weights[i] * own[row], 0))
    const best = Math.max(...scores.map((own) => averagePrecision(labels, own, rowWeights)))
    assert.ok(averagePrecision(labels, mixed, rowWeights) >= best - 1e-12)
  }
})

test('a model that is right alone has all the weight', () => {
  const labels = Uint8Array.of(0, 0, 1, 1)
  const right = Float64Array.of(0.1, 0.2, 0.8, 0.9)
  const wrong = Float64Array.of(5, 4, 3, 2)
  assert.deepEqual(chooseWeights(labels, [wrong, right], undefined), Float64Array.of(0, 1))
})
