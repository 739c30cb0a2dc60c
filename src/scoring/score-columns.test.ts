import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { randomForest } from '../../test/random-trees.ts'
import { FraudError } from '../core/errors.ts'
import { createRandom } from '../core/random.ts'
import { type BundleContent, decodeBundle, encodeBundle } from '../models/bundle.ts'
import { createTreeEnsemble } from '../models/trees/tree-ensemble.ts'
import { createPredictor } from './load-predictor.ts'
import { scoreColumns } from './score-columns.ts'

const inputs = ['a', 'b', 'c']
const pool = [-1, 0, 0.25, 1]
const content: BundleContent = {
  detector: { detector: 'small', transaction: { label: { field: 'Class' } }, features: inputs },
  ...{ preset: 'default', learner: 'random-forest', options: {}, seed: 42, metrics: {}, example: {} },
  model: createTreeEnsemble(inputs, randomForest(20, 5, 3, 7, pool)),
  scaling: { mean: Float64Array.of(0, 1, 0), scale: Float64Array.of(1, 2, 1) },
  calibration: { method: 'platt', epsilon: 0.005, slope: 1.2, intercept: -1 },
  threshold: { value: 0.3, inclusive: true, chosenBy: '' },
  training: { fingerprint: '', rows: 0, frauds: 0, calibrationRows: 0, split: { by: 'elsewhere' }, refit: false },
}
const { bytes } = encodeBundle(content)

function makeColumns(rows: number): Float64Array[] {
  const random = createRandom(3)
  return inputs.map(() =>
    Float64Array.from({ length: rows }, () =>
      random.uniform() < 0.1 ? Number.NaN : random.uniform() < 0.5 ? pool[random.integer(4)] : random.uniform(),
    ),
  )
}

describe('scoring columns', () => {
  test('gives what serving gives for every row, with any number of threads', async () => {
    const columns = makeColumns(40_000)
    const predictor = createPredictor(decodeBundle(bytes))
    const wanted = columns[0].map((_, row) => predictor.predict(Float64Array.from(columns, (c) => c[row])).probability)
    for (const threads of [1, 2, 3]) {
      const { probability, prediction } = await scoreColumns(bytes, columns, { threads })
      assert.deepEqual([...probability], [...wanted])
      assert.deepEqual(
        [...prediction],
        [...wanted].map((value) => Number(value >= 0.3)),
      )
    }
  })

  test('takes one row and none', async () => {
    assert.equal((await scoreColumns(bytes, makeColumns(1))).probability.length, 1)
    assert.equal((await scoreColumns(bytes, makeColumns(0))).probability.length, 0)
  })

  test('ends when it is told to', async () => {
    const signal = AbortSignal.abort()
    const scoring = scoreColumns(bytes, makeColumns(40_000), { threads: 2, signal })
    await assert.rejects(scoring, { code: 'INTERRUPTED' })
  })

  test('refuses a damaged bundle', async () => {
    const damaged = bytes.with(bytes.length - 1, 9)
    const isInvalid = (error: unknown) => error instanceof FraudError && error.code === 'BUNDLE_INVALID'
    await assert.rejects(scoreColumns(damaged, makeColumns(1)), isInvalid)
    await assert.rejects(scoreColumns(damaged, makeColumns(40_000), { threads: 2 }), isInvalid)
  })
})
