import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { trainIsolationForest } from './isolation-forest.ts'

test('rows that nothing tells apart are as deep as is usual, so their score is one half', async () => {
  const { model } = await trainIsolationForest({ features: ['x'], columns: [new Float64Array(300).fill(4)] })
  assert.ok(Math.abs(model.predictProba(Float64Array.of(4)) - 0.5) < 1e-12)
})

test('the usual depth is that of scikit-learn: 10.2448 for 256 rows', async () => {
  const columns = [Float64Array.from({ length: 300 }, (_, row) => row)]
  const { model } = await trainIsolationForest({ features: ['x'], columns }, { nEstimators: 5 })
  const { combination } = model
  assert.ok(combination.kind === 'isolation' && Math.abs(combination.usualDepth - 10.244770920119) < 1e-9)
})

test('what lies far out is isolated soonest', async () => {
  const random = createRandom(1)
  const columns = [0, 1].map(() => Float64Array.from({ length: 1000 }, () => random.normal()))
  columns[0][7] = 12
  columns[1][7] = -12
  const { model } = await trainIsolationForest({ features: ['x', 'y'], columns })
  const scores = columns[0].map((x, row) => model.predictProba(Float64Array.of(x, columns[1][row])))
  assert.equal(scores.indexOf(Math.max(...scores)), 7)
  assert.ok(scores[7] > 0.7, String(scores[7]))
})
