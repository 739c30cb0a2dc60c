import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../../core/random.ts'
import type { Dataset } from '../../data/dataset.ts'
import { trainGradientBoosting } from './gradient-boosting.ts'

const noLimits = { minChildWeight: 0, minSamplesLeaf: 1, learningRate: 1 }

/** Values from a small pool, missing ones among them, and labels that lean on the first feature. */
function makeDataset(rows: number, seed: number, missing = 0.2): Dataset {
  const random = createRandom(seed)
  const columns = Array.from({ length: 3 }, () =>
    Float64Array.from({ length: rows }, () => (random.uniform() < missing ? Number.NaN : random.integer(6))),
  )
  const labels = Uint8Array.from(columns[0], (value) => (random.uniform() < (value > 2 ? 0.7 : 0.2) ? 1 : 0))
  labels[0] = 0
  labels[1] = 1
  return { features: ['a', 'b', 'c'], columns, labels, weights: Float64Array.from(labels, () => 1 + random.integer(3)) }
}

/** The gain of the best split of all rows, over every feature, value and side for what is missing. */
function bestGain({ columns, labels, weights }: Dataset, regLambda: number): number {
  const weight = (row: number) => weights?.[row] ?? 1
  const total = labels.reduce((sum, _, row) => sum + weight(row), 0)
  const rate = labels.reduce((sum, label, row) => sum + weight(row) * label, 0) / total
  const gainOf = (rows: readonly number[]) => {
    const gradient = rows.reduce((sum, row) => sum + weight(row) * (rate - labels[row]), 0)
    const hessian = rows.reduce((sum, row) => sum + weight(row) * rate * (1 - rate), 0)
    return rows.length === 0 ? 0 : gradient ** 2 / (hessian + regLambda)
  }
  const every = [...labels.keys()]
  let best = 0
  for (const column of columns) {
    for (const threshold of [...new Set(column), Number.POSITIVE_INFINITY]) {
      for (const missingGoesLeft of [false, true]) {
        const goesLeft = (row: number) => (Number.isNaN(column[row]) ? missingGoesLeft : column[row] <= threshold)
        const left = every.filter(goesLeft)
        const right = every.filter((row) => !goesLeft(row))
        if (left.length > 0 && right.length > 0) best = Math.max(best, gainOf(left) + gainOf(right) - gainOf(every))
      }
    }
  }
  return best
}

describe('gradient boosting', () => {
  test('splits where the loss falls most, and answers what lowers it most', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const dataset = makeDataset(40, seed)
      const regLambda = seed % 3
      const options = { ...noLimits, nEstimators: 1, maxLeaves: 2, regLambda }
      const { model } = await trainGradientBoosting(dataset, options, { threads: 1 })
      const { feature, value, cover } = model.nodes
      const base = model.combination.kind === 'log-odds' ? model.combination.base : Number.NaN
      const rate = 1 / (1 + Math.exp(-base))
      assert.equal(feature[0] >= 0, true)
      // A leaf's value is its gradients over its hessians, so the gain follows from values and hessians.
      const gain = [1, 2].reduce(
        (sum, leaf) => sum + value[leaf] ** 2 * (cover[leaf] * rate * (1 - rate) + regLambda),
        0,
      )
      assert.ok(Math.abs(gain - bestGain(dataset, regLambda)) < 1e-4 * gain, `${gain} ${bestGain(dataset, regLambda)}`)
    }
  })

  test('never lets a constrained score fall, or rise, whatever else a row holds', async () => {
    const number = fc.double({ min: -1, max: 7, noNaN: true })
    for (let seed = 1; seed <= 4; seed++) {
      const monotone = { a: seed % 2 === 0 ? 1 : -1, b: -1 }
      const options = { ...noLimits, nEstimators: 20, learningRate: 0.3, regLambda: 1, monotone }
      const { model } = await trainGradientBoosting(makeDataset(300, seed), options)
      fc.assert(
        fc.property(number, number, fc.oneof(number, fc.constant(Number.NaN)), number, (one, other, b, c) => {
          const [low, high] = [Math.min(one, other), Math.max(one, other)]
          const change =
            model.predictProba(Float64Array.of(high, b, c)) - model.predictProba(Float64Array.of(low, b, c))
          assert.ok(change * monotone.a >= 0, `${low} to ${high}: ${change}`)
        }),
      )
    }
  })

  test('stops early, and keeps the trees that did best on later rows', async () => {
    const [dataset, validation] = [makeDataset(200, 1), makeDataset(200, 2)]
    const options = { ...noLimits, learningRate: 0.3, nEstimators: 200 }
    const lossOf = ({ predictProbaOfRows }: { predictProbaOfRows(rows: Float64Array): Float64Array }) => {
      const rows = Float64Array.from({ length: 600 }, (_, i) => validation.columns[i % 3][Math.floor(i / 3)])
      return predictProbaOfRows(rows).reduce((sum, score, row) => {
        const weight = validation.weights?.[row] ?? 1
        return sum - weight * Math.log(validation.labels[row] === 1 ? score : 1 - score)
      }, 0)
    }
    const losses: number[] = []
    for (let trees = 1; trees <= 12; trees++) {
      losses.push(lossOf((await trainGradientBoosting(dataset, { ...options, nEstimators: trees })).model))
    }
    const stopping = { ...options, earlyStoppingRounds: 5 }
    const { model } = await trainGradientBoosting(dataset, stopping, {}, validation)
    const count = model.nodes.roots.length
    assert.equal(count, losses.indexOf(Math.min(...losses)) + 1)
    assert.ok(Math.abs(lossOf(model) - losses[count - 1]) < 1e-9)
  })

  test('draws rows and features by its seed', async () => {
    const dataset = makeDataset(200, 5)
    const options = { ...noLimits, nEstimators: 5, subsample: 0.5, colsampleByTree: 0.4 }
    const train = async (seed: number, threads?: number) =>
      (await trainGradientBoosting(dataset, { ...options, seed }, threads === undefined ? {} : { threads })).model.nodes
    const first = await train(1, 1)
    assert.deepEqual(await train(1, 3), first)
    assert.deepEqual(await train(1), first)
    assert.notDeepEqual(await train(2, 1), first)
    // One feature of three for each tree.
    first.roots.forEach((root, tree) => {
      const end = first.roots[tree + 1] ?? first.feature.length
      assert.ok(new Set(first.feature.subarray(root, end).filter((split) => split >= 0)).size <= 1)
    })
  })

  test('bounds its trees', async () => {
    const dataset = makeDataset(300, 6)
    const options = { ...noLimits, nEstimators: 3, maxLeaves: 9, maxDepth: 3, minSamplesLeaf: 10 }
    const { nodes } = (await trainGradientBoosting(dataset, options)).model
    nodes.roots.forEach((root, tree) => {
      const end = nodes.roots[tree + 1] ?? nodes.feature.length
      assert.ok(nodes.feature.subarray(root, end).filter((split) => split < 0).length <= 8)
    })
    const wide = (await trainGradientBoosting(dataset, { ...options, minChildWeight: 1e9 })).model.nodes
    assert.equal(wide.feature.length, 3)
  })

  test('is given up when it is told to stop', async () => {
    const controller = new AbortController()
    const training = trainGradientBoosting(makeDataset(2000, 7), { nEstimators: 100_000, maxLeaves: 2 }, controller)
    setTimeout(() => controller.abort(), 300)
    await assert.rejects(training, { code: 'INTERRUPTED' })
  })

  test('is given up between short trainings, too', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 1)
    const trainings = async () => {
      for (let seed = 0; seed < 1000; seed++) {
        await trainGradientBoosting(makeDataset(20, 7), { nEstimators: 2, seed }, controller)
      }
    }
    await assert.rejects(trainings, { code: 'INTERRUPTED' })
  })

  test('refuses options that nothing can be learned with', async () => {
    for (const [name, value] of Object.entries({
      ...{ nEstimators: 0, learningRate: 0, maxLeaves: 1, maxDepth: 0, regAlpha: -1, regLambda: -1 },
      ...{ subsample: 0, colsampleByTree: 1.1, maxBins: 256, earlyStoppingRounds: 0, seed: -1 },
      ...{ monotone: { z: 1 } },
    })) {
      await assert.rejects(trainGradientBoosting(makeDataset(10, 8), { [name]: value }), {
        code: 'OPTION_INVALID',
        message: new RegExp(name),
      })
    }
  })

  test('gives the same bytes with 1 to 4 threads, of many rows, features and categories', async () => {
    const random = createRandom(5)
    const rows = 30_000
    const columns = Array.from({ length: 38 }, (_, feature) =>
      Float64Array.from({ length: rows }, () => {
        if (random.uniform() < 0.05) return Number.NaN
        return feature % 4 === 1 ? random.integer(40) : random.normal()
      }),
    )
    const labels = Uint8Array.from(columns[0], (value, row) => {
      const risk =
        (value > 1 ? 0.3 : 0.02) + (columns[1][row] % 7 === 3 ? 0.3 : 0) + (columns[9][row] % 5 === 2 ? 0.2 : 0)
      return random.uniform() < risk ? 1 : 0
    })
    const features = columns.map((_, feature) => `f${feature}`)
    const dataset = { features, columns, labels }
    const varied = { nEstimators: 12, subsample: 0.9, colsampleByTree: 0.8, categories: ['f1', 'f5', 'f9', 'f13'] }
    const models = await Promise.all(
      [1, 2, 3, 4].map(async (threads) => (await trainGradientBoosting(dataset, varied, { threads })).model),
    )
    assert.ok(models[0].nodes.categories !== undefined)
    for (const model of models) assert.deepEqual(model.nodes, models[0].nodes)
  })

  test('says which features its splits gained most by', async () => {
    const dataset = makeDataset(400, 3)
    const { importance } = await trainGradientBoosting(dataset, { nEstimators: 20 })
    const [a, b, c] = importance
    assert.ok(a > b && a > c, `${importance}`)
    assert.ok(Math.abs(a + b + c - 1) < 1e-12)
    const constant = dataset.columns.map((column) => new Float64Array(column.length))
    const { importance: none } = await trainGradientBoosting({ ...dataset, columns: constant }, { nEstimators: 3 })
    assert.deepEqual([...none], [0, 0, 0])
  })
})
