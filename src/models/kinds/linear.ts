import { z } from '../../core/zod.ts'
import { logisticLink } from '../carry-to-probability.ts'
import { createLinearModel, type LinearModel } from '../linear.ts'
import { defineModelKind, type LinkedExplainer } from '../model-kind.ts'
import { farthest, standardize } from '../scaling.ts'

export const linearKind = defineModelKind({
  kind: 'linear',
  form: () => z.strictObject({ kind: z.literal('linear'), intercept: z.number() }),
  write({ kind, intercept, weights, inputs }: LinearModel) {
    return { form: { kind, intercept }, tensors: { weights, mean: inputs.mean, scale: inputs.scale } }
  },
  read({ intercept }, reader) {
    const { features } = reader
    const weights = reader.numbers('weights', features.length)
    const most = weights.reduce((sum, weight) => sum + farthest * Math.abs(weight), Math.abs(intercept))
    if (!Number.isFinite(most)) throw reader.invalid('its weights are too large to be added up')
    return createLinearModel(features, reader.scaling(), weights, intercept)
  },
  explain: explainLinear,
  describe: ({ weights }) => `${weights.length} weights`,
})

/** The weights' parts, which are exact. */
function explainLinear({ weights, inputs, intercept }: LinearModel): LinkedExplainer {
  const { mean, scale } = inputs
  return {
    scale: 'log-odds',
    link: logisticLink,
    explain: (row) => ({
      scale: 'log-odds',
      base: intercept,
      contributions: weights.map((weight, i) => weight * standardize(row[i], mean[i], scale[i])),
      error: 0,
    }),
  }
}
