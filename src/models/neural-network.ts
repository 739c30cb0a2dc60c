import { probabilityOf } from './log-odds.ts'
import type { Model } from './model.ts'
import { type Scaling, standardize } from './scaling.ts'

/** One layer: `weights` holds, unit by unit, a weight for each input; outputs are ReLU but in the last layer. */
export interface Layer {
  readonly weights: Float64Array
  readonly biases: Float64Array
}

/** A multilayer perceptron over standardised inputs; its last layer's only unit is the log-odds. A missing input is its mean. */
export interface NeuralNetwork extends Model {
  readonly kind: 'neural-network'
  readonly inputs: Scaling
  readonly layers: readonly Layer[]
}

export function createNeuralNetwork(
  features: readonly string[],
  inputs: Scaling,
  layers: readonly Layer[],
): NeuralNetwork {
  const { mean, scale } = inputs
  const first = new Float64Array(features.length)
  const values = layers.map(({ biases }) => new Float64Array(biases.length))
  const probabilityAt = (rows: Float64Array, start: number) => {
    for (let i = 0; i < first.length; i++) first[i] = standardize(rows[start + i], mean[i], scale[i])
    let from = first
    for (let layer = 0; layer < layers.length; layer++) {
      forward(layers[layer], from, values[layer], layer < layers.length - 1)
      from = values[layer]
    }
    return probabilityOf(from[0])
  }
  return {
    kind: 'neural-network',
    features,
    inputs,
    layers,
    predictProba: (row) => probabilityAt(row, 0),
    predictProbaOfRows: (rows) =>
      Float64Array.from({ length: rows.length / features.length }, (_, row) =>
        probabilityAt(rows, row * features.length),
      ),
  }
}

/** A layer's outputs for its inputs. */
export function forward({ weights, biases }: Layer, from: Float64Array, to: Float64Array, rectifies: boolean): void {
  const width = from.length
  for (let unit = 0; unit < to.length; unit++) {
    let sum = biases[unit]
    const start = unit * width
    for (let i = 0; i < width; i++) sum += weights[start + i] * from[i]
    to[unit] = rectifies && sum < 0 ? 0 : sum
  }
}

/** The log-odds at standardised inputs, and their slope in each of them. */
export function gradientAt(
  { layers }: Pick<NeuralNetwork, 'layers'>,
  inputs: Float64Array,
): { readonly output: number; readonly gradient: Float64Array } {
  const outputs: Float64Array[] = [inputs]
  layers.forEach((layer, i) => {
    const to = new Float64Array(layer.biases.length)
    forward(layer, outputs[i], to, i < layers.length - 1)
    outputs.push(to)
  })
  let slopes = Float64Array.of(1)
  for (let i = layers.length - 1; i >= 0; i--) {
    const { weights } = layers[i]
    const from = outputs[i]
    const before = new Float64Array(from.length)
    slopes.forEach((slope, unit) => {
      for (let k = 0; k < from.length; k++) before[k] += slope * weights[unit * from.length + k]
    })
    // A hidden output of 0 was cut off.
    slopes = i === 0 ? before : before.map((slope, k) => (from[k] > 0 ? slope : 0))
  }
  return { output: outputs[layers.length][0], gradient: slopes }
}
