import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../core/random.ts'
import type { createNeuralNetwork } from '../../models/neural-network.ts'
import { Backpropagation } from './backpropagation.ts'
import { trainNeuralNetwork } from './neural-network.ts'

test('a network learns what no linear model can', async () => {
  const random = createRandom(1)
  const columns = [0, 1].map(() => Float64Array.from({ length: 600 }, () => random.uniform() * 2 - 1))
  const labels = Uint8Array.from(columns[0], (x, row) => (x * columns[1][row] > 0 ? 1 : 0))
  const options = { hidden: [16], epochs: 120, learningRate: 0.01, dropout: 0 }
  const { model } = await trainNeuralNetwork({ features: ['x', 'y'], columns, labels }, options)
  const wrong = labels.filter(
    (label, row) => (model.predictProba(Float64Array.of(columns[0][row], columns[1][row])) > 0.5 ? 1 : 0) !== label,
  )
  assert.ok(wrong.length < 30, String(wrong.length))
})

test('a step goes down the slope that differences of the loss show', () => {
  const random = createRandom(2)
  const draw = (length: number) => Float64Array.from({ length }, () => random.normal())
  const rows = { rows: draw(12), labels: Uint8Array.of(0, 1, 1, 0), weights: Float64Array.of(1, 2, 0.5, 1) }
  const layers = () => {
    const one = createRandom(3)
    const same = (length: number) => Float64Array.from({ length }, () => one.normal())
    return [
      { weights: same(12), biases: same(4) },
      { weights: same(4), biases: same(1) },
    ]
  }
  const options = { batchSize: 4, learningRate: 1e-6, dropout: 0, weightDecay: 0 }
  const moved = layers()
  new Backpropagation(moved, rows, options, random).epoch().next()
  const before = layers()
  const loss = (changed: ReturnType<typeof layers>) => new Backpropagation(changed, rows, options, random).loss(rows)
  before.forEach(({ weights, biases }, layer) => {
    for (const [part, values] of [['weights', weights] as const, ['biases', biases] as const]) {
      values.forEach((value, i) => {
        const [more, less] = [layers(), layers()]
        more[layer][part][i] = value + 1e-5
        less[layer][part][i] = value - 1e-5
        const slope = (loss(more) - loss(less)) / 2e-5
        const step = moved[layer][part][i] - value
        // Adam's first step is as long as its rate, against the slope.
        if (Math.abs(slope) > 1e-4)
          assert.ok(step * slope < 0 && Math.abs(Math.abs(step) - 1e-6) < 1e-8, `${step} ${slope}`)
      })
    }
  })
})

test('a network that is stopped early keeps the weights that did best on later rows', async () => {
  const random = createRandom(4)
  const make = () => {
    const columns = [Float64Array.from({ length: 80 }, () => random.normal())]
    return {
      features: ['x'],
      columns,
      labels: Uint8Array.from(columns[0], (x) => (x + 2 * random.normal() > 0 ? 1 : 0)),
    }
  }
  const [dataset, later] = [make(), make()]
  const options = { hidden: [32], epochs: 60, learningRate: 0.05, dropout: 0 }
  const loss = (model: ReturnType<typeof createNeuralNetwork>) =>
    later.labels.reduce((sum, label, row) => {
      const score = model.predictProba(Float64Array.of(later.columns[0][row]))
      return sum - Math.log(label === 1 ? score : 1 - score)
    }, 0)
  const stopped = await trainNeuralNetwork(dataset, { ...options, earlyStoppingRounds: 5 }, {}, later)
  const whole = await trainNeuralNetwork(dataset, options)
  assert.ok(loss(stopped.model) < loss(whole.model))
})
