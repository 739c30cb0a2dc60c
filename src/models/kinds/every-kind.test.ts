import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { randomForest } from '../../../test/random-trees.ts'
import { FraudError } from '../../core/errors.ts'
import { createRandom } from '../../core/random.ts'
import { atOnce } from '../../core/time-slices.ts'
import { createAverage } from '../average.ts'
import { carryToProbability } from '../carry-to-probability.ts'
import {
  describeModel,
  explainModel,
  highestRawScore,
  type LearnedModel,
  readModel,
  writeModel,
} from '../learned-model.ts'
import { createLinearModel } from '../linear.ts'
import { readOnnx } from '../loaders/onnx.ts'
import { createNeuralNetwork } from '../neural-network.ts'
import { createOnnxGraph } from '../onnx-graph.ts'
import type { Tensor } from '../safetensors.ts'
import { type Combination, createTreeEnsemble } from '../trees/tree-ensemble.ts'

const features = ['a', 'b', 'c', 'd']
const random = createRandom(5)
const draw = (length: number) => Float64Array.from({ length }, () => random.normal())
const inputs = { mean: draw(4), scale: Float64Array.of(2, 3, 1, 4) }
const trees = (combination: Combination) =>
  createTreeEnsemble(features, randomForest(3, 3, 4, 7, [0, 1, 2, 3, 5]), combination)
const linear = createLinearModel(features, inputs, draw(4), -1)

function graph(): LearnedModel {
  const { cases } = JSON.parse(readFileSync('test/golden/onnx-models.json', 'utf8'))
  const { model } = cases.find(({ name }: { name: string }) => name === 'LogisticRegression')
  const read = readOnnx(Buffer.from(model, 'base64'))
  assert.ok(read.kind === 'onnx')
  return createOnnxGraph(features.slice(0, read.width), read, invalid)
}

/** Small ones of each kind, one for each way that it can answer. */
const examples: Readonly<Record<LearnedModel['kind'], readonly LearnedModel[]>> = {
  'tree-ensemble': [
    trees({ kind: 'mean' }),
    trees({ kind: 'log-odds', base: -1 }),
    trees({ kind: 'isolation', usualDepth: 2 }),
  ],
  linear: [linear],
  'neural-network': [
    createNeuralNetwork(features, inputs, [
      { weights: draw(12), biases: draw(3) },
      { weights: draw(3), biases: draw(1) },
    ]),
  ],
  onnx: [graph()],
  average: [createAverage<LearnedModel>(features, [linear, trees({ kind: 'mean' })], Float64Array.of(0.25, 0.75))],
}

function invalid(reason: string): FraudError {
  return new FraudError('BUNDLE_INVALID', reason)
}

const near = [0, -0, 1, -1, 3]
const far = [1e9, -1e300, Infinity, -Infinity]

/** A third of them odd; a graph of another library refuses what is far out or missing. */
function rowsOf({ kind, features: { length } }: LearnedModel, others = [...far, Number.NaN]): readonly Float64Array[] {
  const odd = [...near, ...(kind === 'onnx' ? [] : others)]
  return Array.from({ length: 60 }, (_, i) =>
    Float64Array.from({ length }, () => (i % 3 === 0 ? odd[random.integer(odd.length)] : 6 * random.normal())),
  )
}

function reread(model: LearnedModel, changed: Readonly<Record<string, Tensor | undefined>> = {}): LearnedModel {
  const { form, tensors } = writeModel(model)
  const given = Object.entries({ ...tensors, ...changed }).filter(([, tensor]) => tensor !== undefined)
  const named = Object.fromEntries(given) as Record<string, Tensor>
  return atOnce(readModel(JSON.parse(JSON.stringify(form)), named, model.features, invalid))
}

function isRefusal(error: unknown): boolean {
  return error instanceof FraudError && ['BUNDLE_INVALID', 'MODEL_UNSUPPORTED', 'MODEL_INVALID'].includes(error.code)
}

for (const [kind, models] of Object.entries(examples)) {
  describe(`a model of kind ${kind}`, () => {
    test('answers with probabilities, a row as many rows, before it is written and after it is read', () => {
      for (const model of models) {
        const rows = rowsOf(model)
        const read = reread(model)
        const all = model.predictProbaOfRows(Float64Array.from(rows.flatMap((row) => [...row])))
        rows.forEach((row, i) => {
          assert.ok(all[i] >= 0 && all[i] <= highestRawScore(model), `${all[i]} of ${row}`)
          assert.deepEqual([model.predictProba(row), read.predictProba(row)], [all[i], all[i]], String(row))
        })
        assert.deepEqual([read.kind, describeModel(read) !== ''], [kind, true])
        assert.deepEqual(writeModel(read), writeModel(model))
      }
    })

    test('is refused without one of its tensors, or with an empty one', () => {
      for (const model of models) {
        for (const [name, tensor] of Object.entries(writeModel(model).tensors)) {
          for (const changed of [undefined, tensor.slice(0, 0)]) {
            assert.throws(() => reread(model, { [name]: changed }), isRefusal, name)
          }
        }
      }
    })

    test('is refused with what makes no probability, or answers with one nevertheless', () => {
      for (const model of models) {
        const rows = rowsOf(model)
        for (const [name, tensor] of Object.entries(writeModel(model).tensors)) {
          assertProbabilities(() => reread(model, { [name]: tensor.slice(1) }), rows, `${name} cut short`)
          for (let i = 0; i < tensor.length; i += Math.ceil(tensor.length / 12)) {
            for (const value of [Number.NaN, Infinity, -Infinity, 1e308, -1e308, -1, 0, 5, 2 ** 31 - 1]) {
              const changed = tensor.slice()
              changed[i] = value
              assertProbabilities(() => reread(model, { [name]: changed }), rows, `${name}[${i}] = ${value}`)
            }
          }
        }
      }
    })

    test('is explained by what adds up to its answer, or says why not', () => {
      for (const model of models) {
        const explainer = explainModel(model)
        if (typeof explainer === 'string') {
          assert.match(explainer, /^it/)
          continue
        }
        for (const row of rowsOf(model, [Number.NaN])) {
          const own = explainer.explain(row)
          const { base, contributions } = explainer.link === undefined ? own : carryToProbability(own, explainer.link)
          const sum = contributions.reduce((total, part) => total + part, base)
          assert.ok(Math.abs(sum - model.predictProba(row)) < 1e-9, `${sum} of ${row}`)
        }
      }
    })
  })
}

function assertProbabilities(read: () => LearnedModel, rows: readonly Float64Array[], what: string): void {
  let model: LearnedModel
  try {
    model = read()
  } catch (error) {
    assert.ok(isRefusal(error), `${what}: ${error}`)
    return
  }
  for (const row of rows) {
    const probability = model.predictProba(row)
    assert.ok(probability >= 0 && probability <= 1, `${what}: ${probability} of ${row}`)
  }
}
