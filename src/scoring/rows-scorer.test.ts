import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { randomForest } from '../../test/random-trees.ts'
import { createRandom } from '../core/random.ts'
import { createAverage } from '../models/average.ts'
import { countNodes } from '../models/learned-model.ts'
import { createTreeEnsemble } from '../models/trees/tree-ensemble.ts'
import { createRowsScorer } from './load-predictor.ts'
import { withRowsScorer } from './rows-scorer.ts'

const features = ['a', 'b', 'c']
const { signal } = new AbortController()
const scaling = { mean: Float64Array.of(0, 1, 0), scale: Float64Array.of(1, 2, 1) }
const forest = createTreeEnsemble(features, randomForest(140, 12, 3, 7, [-1, 0, 0.25, 1]))
const small = createTreeEnsemble(features, randomForest(5, 4, 3, 8, [0, 1]))

function makeRows(count: number): Float64Array {
  const random = createRandom(5)
  return Float64Array.from({ length: count * features.length }, () =>
    random.uniform() < 0.1 ? Number.NaN : 2 * random.uniform() - 1,
  )
}

describe('scoring rows by a forest that is large', () => {
  test('gives the same bits with any number of threads, of averages and scaled rows, too', async () => {
    assert.ok(countNodes(forest) > 250_000, `${countNodes(forest)} nodes`)
    const average = createAverage(features, [forest, small], Float64Array.of(0.7, 0.3), 'log-odds')
    for (const { model, threads, count } of [
      { model: forest, threads: 2, count: 501 },
      { model: average, threads: 3, count: 2 },
    ]) {
      const rows = makeRows(count)
      const scores = await withRowsScorer({ model, scaling }, { threads, signal }, (score) => score(rows))
      assert.deepEqual(scores, createRowsScorer({ model, scaling })(rows))
    }
  })

  test('ends when it is told to', async () => {
    const scoring = withRowsScorer({ model: forest }, { threads: 2, signal: AbortSignal.abort() }, (score) =>
      score(makeRows(10)),
    )
    await assert.rejects(scoring, { code: 'INTERRUPTED' })
  })
})
