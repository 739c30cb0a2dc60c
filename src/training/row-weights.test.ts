import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bootstrapIntervals } from '../evaluation/intervals.ts'
import { rankingMetrics } from '../evaluation/metrics.ts'
import { rankScores, weighGroups } from '../models/ranking.ts'
import { checkWeights } from './row-weights.ts'

test('weights are those of which figures can be made', () => {
  const labels = Uint8Array.of(0, 1, 0, 1, 0)
  const rawScores = Float64Array.of(0.1, 0.9, 0.5, 0.4, 0.2)
  for (const scale of [1e-100, 1e100]) {
    const weights = checkWeights(Float64Array.of(1, 1, 0, 1, 1), 'w').map((weight) => weight * scale)
    assert.equal(checkWeights(weights, 'w'), weights)
    const { rocAuc, averagePrecision } = rankingMetrics(weighGroups(rankScores(rawScores), labels, weights))
    assert.deepEqual([rocAuc, averagePrecision], [1, 1])
    const input = { labels, rawScores, probabilities: rawScores, weights, seed: 1, replicates: 20 }
    for (const { lower, upper } of Object.values(bootstrapIntervals(input))) assert.ok(lower <= upper)
  }
  for (const weight of [1e300, 1.1e100, 1e-101, -1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => checkWeights(Float64Array.of(1, weight), 'w'), {
      code: 'DATA_INVALID',
      message: `Row 1 has the weight ${weight} in w; weights are 0, or from 1e-100 to 1e100`,
    })
})
