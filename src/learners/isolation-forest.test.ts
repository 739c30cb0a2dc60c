import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
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

interface Case {
  readonly columns: number[][]
  readonly options: { readonly nEstimators: number; readonly sampleSize: number }
  readonly scores: number[]
  /** The furthest that a score of one seed is from the mean of five. */
  readonly spread: number
}

const { cases }: { readonly cases: Case[] } = JSON.parse(readFileSync('test/golden/isolation-forest.json', 'utf8'))

for (const { columns, options, scores, spread } of cases) {
  test(`scores of ${options.sampleSize} rows a tree are those of scikit-learn, as far as seeds agree`, async () => {
    const given = columns.map((column) => Float64Array.from(column))
    const { model } = await trainIsolationForest({ features: ['a', 'b', 'c'], columns: given }, options)
    const own = scores.map((_, row) => model.predictProba(Float64Array.from(given, (column) => column[row])))
    const furthest = Math.max(...own.map((score, row) => Math.abs(score - scores[row])))
    assert.ok(furthest < 1.5 * spread, `${furthest} with a spread of ${spread}`)
    const mean = own.reduce((sum, score, row) => sum + score - scores[row], 0) / own.length
    assert.ok(Math.abs(mean) < spread / 4, `they are ${mean} off on average`)
  })
}
