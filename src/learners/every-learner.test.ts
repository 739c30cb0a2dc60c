import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom } from '../core/random.ts'
import { atOnce } from '../core/time-slices.ts'
import type { Dataset } from '../data/dataset.ts'
import { rocAuc } from '../evaluation/metrics.ts'
import { type LearnedModel, readModel, writeModel } from '../models/learned-model.ts'
import { learn } from './learn.ts'
import { type Learner, type LearnerOptions, learners } from './model-choice.ts'

/** Small enough to be quick, and large enough for every part of a learner to be used. */
const quick: Readonly<Record<Learner, LearnerOptions>> = {
  'decision-tree': {},
  'random-forest': { nEstimators: 7 },
  'gradient-boosting': { nEstimators: 15, minSamplesLeaf: 1, regLambda: 1 },
  'logistic-regression': {},
  'neural-network': { hidden: [8, 4], epochs: 12, learningRate: 0.01 },
  'isolation-forest': { nEstimators: 25, sampleSize: 64 },
}
const ofLabels = learners.filter((learner) => learner !== 'isolation-forest')

/** Frauds lie further out in the first two of some features; every value is one of a few. */
function makeDataset(rows: number, features: number, seed: number): Dataset {
  const random = createRandom(seed)
  const labels = Uint8Array.from({ length: rows }, (_, row) => (row % 5 === 0 ? 1 : 0))
  const columns = Array.from({ length: features }, (_, feature) =>
    Float64Array.from(labels, (label) => Math.round(8 * (random.normal() + (feature < 2 ? 2 * label : 0))) / 8),
  )
  return { features: columns.map((_, i) => `f${i}`), columns, labels }
}

function rowsOf({ columns }: Pick<Dataset, 'columns'>): Float64Array {
  return Float64Array.from(
    { length: columns.length * columns[0].length },
    (_, i) => columns[i % columns.length][Math.floor(i / columns.length)],
  )
}

function areProbabilities(scores: Float64Array): boolean {
  return scores.every((score) => score >= 0 && score <= 1)
}

function tensorsOf(model: LearnedModel) {
  return writeModel(model)
}

const wide = makeDataset(40, 10_000, 4)
const wideRows = rowsOf(wide)

for (const learner of learners) {
  // To start a thread takes longer than most of these trainings.
  const train = (dataset: Dataset, options: LearnerOptions = {}, threads = 1) =>
    learn(learner, dataset, { ...quick[learner], ...options }, { threads })

  describe(learner, () => {
    const dataset = makeDataset(400, 5, 1)
    const later = rowsOf(makeDataset(200, 5, 2))

    test('tells frauds apart on rows that it has not seen, by probabilities', async () => {
      const { model } = await train(dataset)
      const scores = model.predictProbaOfRows(later)
      assert.ok(areProbabilities(scores))
      const auc = rocAuc(makeDataset(200, 5, 2).labels, scores)
      assert.ok(auc > (learner === 'decision-tree' || learner === 'isolation-forest' ? 0.7 : 0.85), String(auc))
      scores.forEach((score, row) => {
        assert.equal(model.predictProba(later.slice(row * 5, row * 5 + 5)), score)
      })
    })

    test('gives the same model for the same seed and any number of threads', async () => {
      const [first, again, two, seven] = await Promise.all([
        train(dataset),
        train(dataset),
        train(dataset, {}, 2),
        train(dataset, {}, 7),
      ])
      for (const other of [again, two, seven]) assert.deepEqual(tensorsOf(other.model), tensorsOf(first.model))
    })

    test('is the same after it was saved and read', async () => {
      const { model } = await train(dataset)
      const { form, tensors } = writeModel(model)
      const invalid = (reason: string) => new Error(reason)
      const read = atOnce(readModel(JSON.parse(JSON.stringify(form)), tensors, model.features, invalid))
      assert.deepEqual(read.predictProbaOfRows(later), model.predictProbaOfRows(later))
      for (const name of Object.keys(tensors)) {
        const { [name]: _, ...rest } = tensors
        assert.throws(() => atOnce(readModel(form, rest, model.features, invalid)), /is missing/)
      }
    })

    test('takes missing, infinite and constant inputs, in training and after', async () => {
      const columns = dataset.columns.map((column, i) =>
        column.map((value, row) => {
          if (i === 2) return 7
          if (i === 3) return Number.NaN
          // Squares of these are infinite.
          if (i === 4) return value * 1e300
          if ((row + i) % 11 === 0) return Number.NaN
          return (row + i) % 53 === 0 ? (row % 2 === 0 ? Infinity : -Infinity) : value
        }),
      )
      const { model } = await train({ ...dataset, columns })
      const odd = Float64Array.from(later, (value, i) => [value, Number.NaN, Infinity, -Infinity, 1e300, -0][i % 6])
      assert.ok(areProbabilities(model.predictProbaOfRows(odd)))
      assert.ok(areProbabilities(model.predictProbaOfRows(later)))
      const { form, tensors } = writeModel(model)
      const read = atOnce(readModel(form, tensors, model.features, (reason) => new Error(reason)))
      assert.deepEqual(read.predictProbaOfRows(odd), model.predictProbaOfRows(odd))
    })

    test('learns from one feature, and from ten thousand', async () => {
      const { model } = await train(makeDataset(60, 1, 3))
      assert.ok(areProbabilities(model.predictProbaOfRows(Float64Array.of(-3, 0, 3))))
      const { model: ofMany } = await train(wide, learner === 'neural-network' ? { hidden: [2], epochs: 1 } : {})
      assert.ok(areProbabilities(ofMany.predictProbaOfRows(wideRows)))
    })

    test('refuses no feature, and options of other learners', async () => {
      await assert.rejects(train({ features: [], columns: [], labels: Uint8Array.of(0, 1) }), { code: 'DATA_INVALID' })
      assert.throws(() => train(dataset, { [learner === 'neural-network' ? 'nEstimators' : 'epochs']: 3 }), {
        code: 'OPTION_INVALID',
      })
    })
  })
}

for (const learner of ofLabels) {
  describe(`${learner}, of labels`, () => {
    const train = (dataset: Dataset, options: LearnerOptions = {}) =>
      learn(learner, dataset, { ...quick[learner], ...options }, { threads: 1 })

    test('refuses rows of one class, and so a single row', async () => {
      const { features, columns } = makeDataset(20, 2, 5)
      for (const rows of [1, 20]) {
        const one = columns.map((column) => column.subarray(0, rows))
        await assert.rejects(train({ features, columns: one, labels: new Uint8Array(rows) }), {
          code: 'DATA_INVALID',
          message: /both classes/,
        })
      }
    })

    test('learns from a row of weight k what it learns from k rows, where it draws none', async () => {
      if (learner === 'random-forest' || learner === 'neural-network') return
      const { features, columns, labels } = makeDataset(300, 3, 6)
      const weights = Float64Array.from(labels, (_, row) => 1 + (row % 3))
      const repeated = Uint32Array.from(labels.keys()).reduce<number[]>((all, row) => {
        for (let i = 0; i < weights[row]; i++) all.push(row)
        return all
      }, [])
      const weighted = await train({ features, columns, labels, weights })
      const copied = await train({
        features,
        columns: columns.map((column) => Float64Array.from(repeated, (row) => column[row])),
        labels: Uint8Array.from(repeated, (row) => labels[row]),
      })
      const rows = rowsOf({ columns })
      const [one, other] = [weighted, copied].map(({ model }) => model.predictProbaOfRows(rows))
      one.forEach((score, row) => {
        assert.ok(Math.abs(score - other[row]) < 1e-6, `${score} ${other[row]}`)
      })
    })
  })
}

test('an isolation forest looks at no label', async () => {
  const dataset = makeDataset(100, 3, 7)
  const [one, other] = await Promise.all(
    [dataset, { ...dataset, labels: new Uint8Array(100) }].map((each) => learn('isolation-forest', each, {}, {})),
  )
  assert.deepEqual(writeModel(one.model), writeModel(other.model))
})
