import { z } from '../../core/zod.ts'
import { logisticLink, spread } from '../carry-to-probability.ts'
import { gaussLegendre } from '../gauss-legendre.ts'
import { defineModelKind, type LinkedExplainer } from '../model-kind.ts'
import { createNeuralNetwork, gradientAt, type NeuralNetwork } from '../neural-network.ts'
import { farthest, standardize } from '../scaling.ts'
import type { TensorReader } from '../tensor-reader.ts'

export const neuralNetworkKind = defineModelKind({
  kind: 'neural-network',
  form: () => z.strictObject({ kind: z.literal('neural-network'), layers: z.int().min(1).max(64) }),
  write({ kind, layers, inputs }: NeuralNetwork) {
    const ofLayers = layers.flatMap(({ weights, biases }, i) => [
      [`layer${i}.weights`, weights] as const,
      [`layer${i}.biases`, biases] as const,
    ])
    return {
      form: { kind, layers: layers.length },
      tensors: { mean: inputs.mean, scale: inputs.scale, ...Object.fromEntries(ofLayers) },
    }
  },
  read: ({ layers }, reader) => createNeuralNetwork(reader.features, reader.scaling(), readLayers(reader, layers)),
  explain: explainNetwork,
  describe: ({ layers }) => `${layers.length} layers`,
})

function readLayers(reader: TensorReader, count: number) {
  let width = reader.features.length
  let most = farthest
  return Array.from({ length: count }, (_, i) => {
    const layer = reader.part(`layer${i}.`)
    const biases = layer.numbers('biases')
    const weights = layer.numbers('weights', biases.length * width)
    width = biases.length
    if (width === 0 || (i === count - 1 && width !== 1)) throw reader.invalid('its layers do not fit together')
    // More than any of its outputs can be.
    most = Math.max(most, 1) * (sizeOf(weights) + sizeOf(biases))
    if (!Number.isFinite(most)) throw reader.invalid('its weights are too large to be added up')
    return { weights, biases }
  })
}

function sizeOf(numbers: Float64Array): number {
  return numbers.reduce((sum, each) => sum + Math.abs(each), 0)
}

/** Pieces of the way from the mean to the row, and points in each. */
const pieces = 16
const pointsPerPiece = 8

/** Integrated gradients from the mean (Sundararajan, Taly and Yan, 2017). */
function explainNetwork(model: NeuralNetwork): LinkedExplainer {
  const { mean, scale } = model.inputs
  const { points, weights } = gaussLegendre(pointsPerPiece)
  const origin = gradientAt(model, new Float64Array(mean.length))
  return {
    scale: 'log-odds',
    link: logisticLink,
    explain(row) {
      const target = row.map((value, i) => standardize(value, mean[i], scale[i]))
      const slopes = new Float64Array(target.length)
      for (let piece = 0; piece < pieces; piece++) {
        points.forEach((point, at) => {
          const { gradient } = gradientAt(
            model,
            target.map((value) => ((piece + point) / pieces) * value),
          )
          for (let i = 0; i < slopes.length; i++) slopes[i] += (weights[at] / pieces) * gradient[i]
        })
      }
      const parts = slopes.map((slope, i) => slope * target[i])
      const missed = gradientAt(model, target).output - origin.output - parts.reduce((sum, part) => sum + part, 0)
      return { scale: 'log-odds', base: origin.output, contributions: spread(parts, missed), error: Math.abs(missed) }
    },
  }
}
