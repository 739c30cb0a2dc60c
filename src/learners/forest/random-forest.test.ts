import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../../test/examples.ts'
import { FraudError } from '../../core/errors.ts'
import { createRandom } from '../../core/random.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { TreeEnsemble } from '../../models/trees/tree-ensemble.ts'
import { trainDecisionTree, trainRandomForest } from './random-forest.ts'

function noisyDataset(rows: number, seed = 1): Dataset {
  const random = createRandom(seed)
  const labels = Uint8Array.from({ length: rows }, (_, row) => (row % 7 === 0 ? 1 : 0))
  const columns = Array.from({ length: 5 }, (_, feature) =>
    Float64Array.from(labels, (label) => random.normal() + label * feature * 0.5),
  )
  return { features: ['a', 'b', 'c', 'd', 'e'], columns, labels }
}

function rowOf(dataset: Dataset, row: number): Float64Array {
  return Float64Array.from(dataset.columns, (column) => column[row])
}

function bytesOf({ nodes }: TreeEnsemble): Buffer {
  return Buffer.concat(
    Object.values(nodes).map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength)),
  )
}

/** The weighted Gini impurity times the weight, of the rows for which `belongs` holds. */
function giniSum(dataset: Dataset, belongs: (row: number) => boolean): number {
  const sums = [0, 0]
  dataset.labels.forEach((label, row) => {
    if (belongs(row)) sums[label] += dataset.weights?.[row] ?? 1
  })
  const total = sums[0] + sums[1]
  return total === 0 ? 0 : total - (sums[0] ** 2 + sums[1] ** 2) / total
}

/** The least impurity that any single question `x <= t`, missing values on either side, can leave. */
function bestByBruteForce(dataset: Dataset, minSamplesLeaf: number): number {
  let best = Infinity
  for (const column of dataset.columns) {
    for (const threshold of [...column.filter((value) => !Number.isNaN(value)), Infinity]) {
      for (const missingGoesLeft of [false, true]) {
        const left = (row: number) => (Number.isNaN(column[row]) ? missingGoesLeft : column[row] <= threshold)
        const leftCount = column.keys().filter(left).toArray().length
        if (leftCount < minSamplesLeaf || column.length - leftCount < minSamplesLeaf) continue
        best = Math.min(best, giniSum(dataset, left) + giniSum(dataset, (row) => !left(row)))
      }
    }
  }
  return best
}

const cell = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 2, arbitrary: fc.double({ noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0, 1e-300) },
)
const smallDataset = fc
  .record({ features: fc.integer({ min: 1, max: 3 }), rows: fc.integer({ min: 2, max: 40 }) })
  .chain(({ features, rows }) =>
    fc.record({
      columns: fc.array(fc.array(cell, { minLength: rows, maxLength: rows }), {
        minLength: features,
        maxLength: features,
      }),
      labels: fc.array(fc.constantFrom(0, 1), { minLength: rows, maxLength: rows }),
      weights: fc.array(fc.constantFrom(0.5, 1, 2, 6.84), { minLength: rows, maxLength: rows }),
    }),
  )
  .filter(({ labels }) => labels.includes(0) && labels.includes(1))
  .map(
    ({ columns, labels, weights }): Dataset => ({
      features: columns.map((_, i) => `f${i}`),
      columns: columns.map((column) => Float64Array.from(column)),
      labels: Uint8Array.from(labels),
      weights: Float64Array.from(weights),
    }),
  )

describe('a decision tree', () => {
  for (const minSamplesLeaf of [1, 3]) {
    test(`splits at the least Gini impurity that any cut reaches (minSamplesLeaf ${minSamplesLeaf})`, async () => {
      await fc.assert(
        fc.asyncProperty(smallDataset, async (dataset) => {
          const { model } = await trainDecisionTree(dataset, { maxDepth: 1, minSamplesLeaf }, { threads: 1 })
          const best = bestByBruteForce(dataset, minSamplesLeaf)
          const leafOf = (row: number) => model.predictProba(rowOf(dataset, row))
          if (model.nodes.feature.length === 1) {
            assert.ok(best === Infinity, `no split, though one leaves ${best}`)
            return
          }
          const leaves = new Set(dataset.labels.keys().map(leafOf))
          const left = [...leaves].reduce((sum, leaf) => sum + giniSum(dataset, (row) => leafOf(row) === leaf), 0)
          assert.ok(left <= best + 1e-9, `${left} is left, and ${best} could be`)
        }),
        { numRuns: examples(10) },
      )
    })
  }

  test('grown to full depth repeats the labels of distinct rows', async () => {
    const dataset = noisyDataset(500)
    const { model } = await trainDecisionTree(dataset)
    for (let row = 0; row < 500; row++) assert.equal(model.predictProba(rowOf(dataset, row)), dataset.labels[row])
  })

  test('grown to full depth repeats them where there are so many that rows are copied', async () => {
    const dataset = noisyDataset(420_000)
    const { model } = await trainDecisionTree(dataset, { maxFeatures: 1 }, { threads: 1 })
    const wrong = dataset.labels.filter((label, row) => model.predictProba(rowOf(dataset, row)) !== label)
    assert.equal(wrong.length, 0)
  })

  test("is scikit-learn's tree: the same thresholds and leaves", async () => {
    const golden = JSON.parse(readFileSync('test/golden/decision-tree.json', 'utf8'))
    for (const { columns, labels, weights, maxDepth, maxLeafNodes, predictions, importances } of golden.cases) {
      const dataset: Dataset = {
        features: columns.map((_: unknown, i: number) => `f${i}`),
        columns: columns.map((column: (number | null)[]) => Float64Array.from(column, (value) => value ?? Number.NaN)),
        labels: Uint8Array.from(labels),
        ...(weights && { weights: Float64Array.from(weights) }),
      }
      const { model, importance } = await trainDecisionTree(dataset, { maxDepth, maxLeafNodes })
      predictions.forEach((expected: number, row: number) => {
        assert.ok(Math.abs(model.predictProba(rowOf(dataset, row)) - expected) < 1e-12)
      })
      importances.forEach((expected: number, i: number) => {
        assert.ok(Math.abs(importance[i] - expected) < 1e-9, `importance ${i}: ${importance[i]}, not ${expected}`)
      })
    }
  })
})

describe('a random forest', () => {
  test('has trees of at most maxLeafNodes leaves', async () => {
    const dataset = noisyDataset(2000)
    const { model } = await trainRandomForest(dataset, { nEstimators: 5, maxLeafNodes: 40 })
    assert.equal(model.nodes.feature.length, 5 * (2 * 40 - 1))
    const { model: unbounded } = await trainRandomForest(dataset, { nEstimators: 5 })
    const { model: large } = await trainRandomForest(dataset, { nEstimators: 5, maxLeafNodes: 2000 })
    assert.ok(Math.abs(large.nodes.feature.length / unbounded.nodes.feature.length - 1) < 0.1)
  })

  test('is the same, byte for byte, for 1, 2 and 7 threads', async () => {
    const dataset = noisyDataset(3000)
    const forests = await Promise.all(
      [1, 2, 7].map((threads) => trainRandomForest(dataset, { nEstimators: 9, seed: 5 }, { threads })),
    )
    const [first, ...others] = forests.map(({ model }) => bytesOf(model))
    for (const other of others) assert.ok(first?.equals(other))
    const { model: reseeded } = await trainRandomForest(dataset, { nEstimators: 9, seed: 6 })
    assert.ok(!first?.equals(bytesOf(reseeded)))
  })

  test('takes a row of weight 3 for three copies of the row, where every row is used once', async () => {
    const dataset = noisyDataset(400)
    const threefold = (row: number) => row % 5 === 0
    const weights = Float64Array.from({ length: 400 }, (_, row) => (threefold(row) ? 3 : 1))
    const rows = Array.from({ length: 400 }, (_, row) => (threefold(row) ? [row, row, row] : [row])).flat()
    const repeated: Dataset = {
      features: dataset.features,
      columns: dataset.columns.map((column) => Float64Array.from(rows, (row) => column[row])),
      labels: Uint8Array.from(rows, (row) => dataset.labels[row]),
    }
    const options = { nEstimators: 4, bootstrap: false, maxFeatures: 2 }
    const weighted = await trainRandomForest({ ...dataset, weights }, options)
    const copied = await trainRandomForest(repeated, options)
    const oversampled = await trainRandomForest({ ...dataset, copies: Uint32Array.from(weights) }, options)
    assert.ok(bytesOf(weighted.model).equals(bytesOf(oversampled.model)))
    for (let row = 0; row < 400; row++) {
      assert.equal(weighted.model.predictProba(rowOf(dataset, row)), copied.model.predictProba(rowOf(dataset, row)))
    }
  })

  test('weighs the classes alike when balanced', async () => {
    const dataset = noisyDataset(700)
    const { model } = await trainRandomForest(dataset, { nEstimators: 1, bootstrap: false, classWeight: 'balanced' })
    assert.ok(Math.abs(model.nodes.value[0] - 0.5) < 1e-12)
    assert.ok(Math.abs(model.nodes.cover[0] - 700) < 1e-9)
  })

  test('scores out of bag each row by the trees that did not see it', async () => {
    const dataset = noisyDataset(1500)
    const options = { nEstimators: 60, oobScore: true }
    const one = await trainRandomForest(dataset, options, { threads: 1 })
    const three = await trainRandomForest(dataset, options, { threads: 3 })
    assert.deepEqual(one.outOfBagScores, three.outOfBagScores)
    // In the bag a full-depth tree knows the answer, out of the bag it does not: the scores must not repeat the labels.
    const scores = [...(one.outOfBagScores ?? [])]
    const wrong = scores.filter((score, row) => score > 0.5 !== (dataset.labels[row] === 1)).length
    assert.ok(wrong > 75, `${wrong} of 1,500 rows are wrong out of bag`)
    assert.ok(scores.every((score) => score >= 0 && score <= 1))
  })

  test('refuses an out-of-bag score that oversampling makes false', async () => {
    const dataset = { ...noisyDataset(100), copies: new Uint32Array(100).fill(2) }
    const attempt = trainRandomForest(dataset, { oobScore: true })
    await assert.rejects(attempt, (error) => error instanceof FraudError && error.code === 'OUT_OF_BAG_UNAVAILABLE')
  })

  test('stops when told to', async () => {
    const attempt = trainRandomForest(noisyDataset(2000), { nEstimators: 5000 }, { signal: AbortSignal.timeout(150) })
    await assert.rejects(attempt, (error) => error instanceof FraudError && error.code === 'INTERRUPTED')
  })

  test('names the option that is wrong, and data that nothing can be learnt from', async () => {
    const dataset = noisyDataset(50)
    for (const options of [
      { nEstimators: 0 },
      { maxDepth: 0.5 },
      { maxFeatures: -1 },
      { maxSamples: 2 },
      { seed: -1 },
    ]) {
      await assert.rejects(trainRandomForest(dataset, options), new RegExp(Object.keys(options)[0] ?? ''))
    }
    await assert.rejects(trainRandomForest({ ...dataset, labels: new Uint8Array(50) }), /both classes/)
    await assert.rejects(trainRandomForest({ ...dataset, weights: new Float64Array(50).fill(-1) }), /weight -1/)
  })
})
