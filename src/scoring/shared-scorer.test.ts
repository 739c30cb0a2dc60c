import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomForest } from '../../test/random-trees.ts'
import { cardsDetector } from '../../test/service/decisions-fixture.ts'
import { amountBundle } from '../../test/service/model-fixture.ts'
import { createRandom } from '../core/random.ts'
import { atOnce } from '../core/time-slices.ts'
import type { Bundle } from '../models/bundle.ts'
import { decodeBundle } from '../models/bundle.ts'
import { createTreeEnsemble } from '../models/trees/tree-ensemble.ts'
import { createPredictor } from './load-predictor.ts'
import { shareModel } from './shared-model.ts'
import { createSharedScorer } from './shared-scorer.ts'

const pool = [-1.5, 0, 0.25, 3, 100]
const { model, ...rest } = decodeBundle(amountBundle(cardsDetector(), 20).bytes)
const { features } = model
const trees = createTreeEnsemble(features, randomForest(40, 9, features.length, 3, pool))
const platt = { method: 'platt', epsilon: 0.01, slope: 1.3, intercept: -0.7 } as const
const scaling = { mean: new Float64Array(features.length).fill(0.1), scale: new Float64Array(features.length).fill(3) }
const bundles: readonly Bundle[] = [
  { ...rest, model: trees },
  { ...rest, model: trees, calibration: platt },
  { ...rest, model: trees, calibration: platt, scaling },
]

test('a shared model scores as its predictor does, to the bit', () => {
  const random = createRandom(5)
  for (const bundle of bundles) {
    const { predict } = createPredictor(bundle)
    const shared = atOnce(shareModel(bundle))
    assert.ok(Object.values(shared.written.tensors).every(({ buffer }) => buffer instanceof SharedArrayBuffer))
    const score = atOnce(createSharedScorer(shared))
    for (let i = 0; i < 500; i++) {
      const row = Float64Array.from(features, () => {
        const from = random.integer(pool.length + 2)
        return pool[from] ?? (from === pool.length ? Number.NaN : random.normal() * 10)
      })
      assert.ok(Object.is(score(row), predict(row).probability), String(row))
    }
  }
})

test('only a model whose trees are many is shared', () => {
  assert.equal(createPredictor(bundles[0]).share, undefined)
  const nodes = randomForest(500, 10, features.length, 3, pool)
  assert.ok(nodes.feature.length >= 250_000, `${nodes.feature.length} nodes`)
  assert.notEqual(createPredictor({ ...rest, model: createTreeEnsemble(features, nodes) }).share, undefined)
})
