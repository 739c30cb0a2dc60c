import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom } from '../../core/random.ts'
import { atOnce } from '../../core/time-slices.ts'
import type { Dataset } from '../../data/dataset.ts'
import { readModel, writeModel } from '../../models/learned-model.ts'
import { categoriesIn } from '../../models/trees/category-sets.ts'
import type { TreeEnsemble } from '../../models/trees/tree-ensemble.ts'
import { trainGradientBoosting } from './gradient-boosting.ts'

const merchantCategories = [4829, 5411, 5732, 5812, 5967, 6011, 7995]
const risky = [4829, 5967, 7995]

/** Fraud is frequent in the risky categories, whose numbers lie between others', and where none is known. */
function makeDataset(rows: number, seed: number): Dataset {
  const random = createRandom(seed)
  const category = Float64Array.from({ length: rows }, () =>
    random.uniform() < 0.05 ? Number.NaN : merchantCategories[random.integer(merchantCategories.length)],
  )
  const amount = Float64Array.from({ length: rows }, () => random.uniform())
  const labels = Uint8Array.from(category, (value) =>
    random.uniform() < (risky.includes(value) || Number.isNaN(value) ? 0.5 : 0.05) ? 1 : 0,
  )
  return { features: ['amount', 'mcc'], columns: [amount, category], labels }
}

const options = { nEstimators: 10, maxLeaves: 4, learningRate: 0.3, categories: ['mcc'] }
const scoreOf = (model: TreeEnsemble, mcc: number) => model.predictProba(Float64Array.of(0.5, mcc))

/** The most that two sides of categories gain, by trying every subset. */
function bestGain({ columns, labels }: Dataset): number {
  const rate = labels.reduce((sum, label) => sum + label, 0) / labels.length
  const groups = [...merchantCategories, Number.NaN].map((category) => {
    const own = [...labels].filter((_, row) => Object.is(columns[1][row], category))
    const gradient = own.reduce((sum, label) => sum + rate - label, 0)
    return { gradient, hessian: own.length * rate * (1 - rate) }
  })
  let best = 0
  for (let subset = 1; subset < 2 ** groups.length - 1; subset++) {
    const sides = [0, 1].map((side) => groups.filter((_, i) => ((subset >>> i) & 1) === side))
    const gain = sides.reduce((sum, side) => {
      const hessian = side.reduce((total, group) => total + group.hessian, 0)
      return sum + side.reduce((total, { gradient }) => total + gradient, 0) ** 2 / hessian
    }, 0)
    best = Math.max(best, gain)
  }
  return best
}

describe('categories in boosting', () => {
  test('are split as the best of all subsets is', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const dataset = makeDataset(3000, seed)
      const { model } = await trainGradientBoosting(dataset, {
        ...options,
        nEstimators: 1,
        maxLeaves: 2,
        learningRate: 1,
      })
      const { value, cover, categories } = model.nodes
      const { setAt, sets } = categories ?? assert.fail('no split on categories')
      const left = categoriesIn(sets, setAt[0])
      // Either side may be named; what is missing is as risky as the risky ones.
      assert.deepEqual(
        left,
        merchantCategories.filter((category) => !risky.includes(category)),
      )
      const rate = dataset.labels.reduce((sum, label) => sum + label, 0) / dataset.labels.length
      const gain = [1, 2].reduce((sum, leaf) => sum + value[leaf] ** 2 * cover[leaf] * rate * (1 - rate), 0)
      assert.ok(Math.abs(gain - bestGain(dataset)) < 1e-4 * gain, `${gain} ${bestGain(dataset)}`)
    }
  })

  test('tell more with few leaves than the same numbers in their order', async () => {
    const [dataset, later] = [makeDataset(3000, 1), makeDataset(3000, 9)]
    const few = { ...options, maxLeaves: 2, nEstimators: 3 }
    const [own, ordered] = await Promise.all(
      [few.categories, []].map(async (categories) => {
        const { model } = await trainGradientBoosting(dataset, { ...few, categories })
        return later.labels.reduce((loss, label, row) => {
          const probability = model.predictProba(Float64Array.from(later.columns, (column) => column[row]))
          return loss - Math.log(label === 1 ? probability : 1 - probability)
        }, 0)
      }),
    )
    assert.ok(own < 0.97 * ordered, `${own} ${ordered}`)
  })

  test('that training did not see are taken for missing ones', async () => {
    const { model } = await trainGradientBoosting(makeDataset(3000, 2), options)
    for (const unseen of [0, 31, 1_000_000, -1, 5812.5e9]) {
      assert.equal(scoreOf(model, unseen), scoreOf(model, Number.NaN), `${unseen}`)
    }
  })

  test('that are too many for bins: those that weigh least are taken for missing ones', async () => {
    const { model } = await trainGradientBoosting(makeDataset(3000, 3), { ...options, maxBins: 3 })
    const scores = new Set([...merchantCategories, Number.NaN].map((category) => scoreOf(model, category)))
    assert.ok(scores.size <= 4, `${scores.size}`)
  })

  test('give the same model with any number of threads, and after saving', async () => {
    const dataset = makeDataset(2000, 4)
    const validation = makeDataset(500, 5)
    const varied = { ...options, subsample: 0.7, earlyStoppingRounds: 5, nEstimators: 30 }
    const [one, ...others] = await Promise.all(
      [1, 2].map(async (threads) => {
        const { model } = await trainGradientBoosting(dataset, varied, { threads }, validation)
        return model
      }),
    )
    for (const other of others) assert.deepEqual(other.nodes, one.nodes)
    const { form, tensors } = writeModel(one)
    const read = atOnce(readModel(form, tensors, one.features, (reason) => new Error(reason)))
    const rows = Float64Array.from(merchantCategories.flatMap((category) => [0.3, category]))
    assert.deepEqual(read.predictProbaOfRows(rows), one.predictProbaOfRows(rows))
    merchantCategories.forEach((category, i) => {
      const alone = one.predictProba(Float64Array.of(0.3, category))
      assert.equal(one.predictProbaOfRows(rows)[i], alone)
    })
  })

  test('must be whole numbers from 0, and named once as features', async () => {
    const dataset = makeDataset(100, 6)
    for (const wrong of [-1, 0.5, 65_536, Number.POSITIVE_INFINITY]) {
      const columns = [dataset.columns[0], dataset.columns[1].with(7, wrong)]
      await assert.rejects(trainGradientBoosting({ ...dataset, columns }, options), { code: 'DATA_INVALID' })
    }
    await assert.rejects(trainGradientBoosting(dataset, { categories: ['nothing'] }), { code: 'OPTION_INVALID' })
    const both = { categories: ['mcc'], monotone: { mcc: 1 } }
    await assert.rejects(trainGradientBoosting(dataset, both), { code: 'OPTION_INVALID' })
  })
})
