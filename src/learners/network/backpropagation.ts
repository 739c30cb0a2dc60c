import type { Random } from '../../core/random.ts'
import { forward, type Layer } from '../../models/neural-network.ts'

/** Rows one behind the other, already standardised. */
export interface NetworkRows {
  readonly rows: Float64Array
  readonly labels: Uint8Array
  readonly weights: Float64Array
}

interface StepOptions {
  readonly batchSize: number
  readonly learningRate: number
  readonly dropout: number
  readonly weightDecay: number
}

/** What Adam keeps of a layer's weights or biases. */
interface Moments {
  readonly values: Float64Array
  readonly gradient: Float64Array
  readonly first: Float64Array
  readonly second: Float64Array
  readonly decays: boolean
}

const firstDecay = 0.9
const secondDecay = 0.999
const epsilon = 1e-8

/** Trains layers in place, batch by batch. */
export class Backpropagation {
  readonly #layers: readonly Layer[]
  readonly #training: NetworkRows
  readonly #options: StepOptions
  readonly #random: Random
  readonly #order: Uint32Array
  readonly #input: Float64Array
  /** For each layer: outputs, the share of each that is kept (0 or 1 / (1 - dropout)), and the loss's slope at them. */
  readonly #outputs: readonly Float64Array[]
  readonly #masks: readonly Float64Array[]
  readonly #slopes: readonly Float64Array[]
  readonly #moments: readonly { readonly weights: Moments; readonly biases: Moments }[]
  #steps = 0

  constructor(layers: readonly Layer[], training: NetworkRows, options: StepOptions, random: Random) {
    this.#layers = layers
    this.#training = training
    this.#options = options
    this.#random = random
    this.#order = Uint32Array.from(training.labels.keys())
    this.#input = new Float64Array(layers[0].weights.length / layers[0].biases.length)
    const likeOutputs = () => layers.map(({ biases }) => new Float64Array(biases.length))
    this.#outputs = likeOutputs()
    this.#masks = likeOutputs().map((mask) => mask.fill(1))
    this.#slopes = likeOutputs()
    this.#moments = layers.map(({ weights, biases }) => ({
      weights: createMoments(weights, true),
      biases: createMoments(biases, false),
    }))
  }

  /** One pass through all rows in a new order; yields after each batch. */
  *epoch(): Generator<void> {
    const { batchSize } = this.#options
    const order = this.#order
    for (let i = order.length - 1; i > 0; i--) {
      const other = this.#random.integer(i + 1)
      ;[order[i], order[other]] = [order[other], order[i]]
    }
    for (let from = 0; from < order.length; from += batchSize) {
      const to = Math.min(from + batchSize, order.length)
      for (let i = from; i < to; i++) this.#learnRow(order[i], to - from)
      this.#step()
      yield
    }
  }

  /** The mean log loss, with nothing left out. */
  loss({ rows, labels, weights }: NetworkRows): number {
    const last = this.#layers.length - 1
    let loss = 0
    let total = 0
    for (let row = 0; row < labels.length; row++) {
      let from = rows.subarray(row * this.#input.length, (row + 1) * this.#input.length)
      this.#layers.forEach((layer, i) => {
        forward(layer, from, this.#outputs[i], i < last)
        from = this.#outputs[i]
      })
      const margin = labels[row] === 1 ? -from[0] : from[0]
      loss += weights[row] * (Math.max(margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))))
      total += weights[row]
    }
    return loss / total
  }

  #learnRow(row: number, batch: number): void {
    const { rows, labels, weights } = this.#training
    const width = this.#input.length
    const last = this.#layers.length - 1
    for (let i = 0; i < width; i++) this.#input[i] = rows[row * width + i]
    let from = this.#input
    for (let i = 0; i <= last; i++) {
      forward(this.#layers[i], from, this.#outputs[i], i < last)
      if (i < last) this.#dropOut(i)
      from = this.#outputs[i]
    }
    const probability = 1 / (1 + Math.exp(-from[0]))
    this.#slopes[last][0] = (weights[row] * (probability - labels[row])) / batch
    for (let i = last; i >= 0; i--) this.#propagate(i)
  }

  #dropOut(layer: number): void {
    const { dropout } = this.#options
    if (dropout === 0) return
    const outputs = this.#outputs[layer]
    const mask = this.#masks[layer]
    for (let unit = 0; unit < outputs.length; unit++) {
      mask[unit] = this.#random.uniform() < dropout ? 0 : 1 / (1 - dropout)
      outputs[unit] *= mask[unit]
    }
  }

  /** Adds a layer's gradients, and gives the slope on to the layer before. */
  #propagate(layer: number): void {
    const { weights } = this.#layers[layer]
    const moments = this.#moments[layer]
    const weightGradient = moments.weights.gradient
    const biasGradient = moments.biases.gradient
    const slopes = this.#slopes[layer]
    const from = layer === 0 ? this.#input : this.#outputs[layer - 1]
    const before = layer === 0 ? undefined : this.#slopes[layer - 1].fill(0)
    const width = from.length
    for (let unit = 0; unit < slopes.length; unit++) {
      const slope = slopes[unit]
      if (slope === 0) continue
      biasGradient[unit] += slope
      const start = unit * width
      for (let i = 0; i < width; i++) weightGradient[start + i] += slope * from[i]
      if (before !== undefined) for (let i = 0; i < width; i++) before[i] += slope * weights[start + i]
    }
    if (before === undefined) return
    const mask = this.#masks[layer - 1]
    // An output of 0 was cut off, or left out.
    for (let i = 0; i < width; i++) before[i] = from[i] > 0 ? before[i] * mask[i] : 0
  }

  #step(): void {
    this.#steps++
    const { learningRate, weightDecay } = this.#options
    const rate = (learningRate * Math.sqrt(1 - secondDecay ** this.#steps)) / (1 - firstDecay ** this.#steps)
    for (const { weights, biases } of this.#moments) {
      for (const { values, gradient, first, second, decays } of [weights, biases]) {
        const kept = decays ? 1 - learningRate * weightDecay : 1
        for (let i = 0; i < values.length; i++) {
          const slope = gradient[i]
          first[i] = firstDecay * first[i] + (1 - firstDecay) * slope
          second[i] = secondDecay * second[i] + (1 - secondDecay) * slope * slope
          values[i] = values[i] * kept - (rate * first[i]) / (Math.sqrt(second[i]) + epsilon)
          gradient[i] = 0
        }
      }
    }
  }
}

function createMoments(values: Float64Array, decays: boolean): Moments {
  const like = () => new Float64Array(values.length)
  return { values, gradient: like(), first: like(), second: like(), decays }
}
