import { explainModel } from './learned-model.ts'
import type { Explainer, KindedModel } from './model-kind.ts'
import type { Scaling } from './scaling.ts'

/**
 * Explains each row as the model's kind does (kinds/). Undefined for models that can't be explained: `whyUnexplained` says
 * why.
 *
 * @param scaling that the model was trained behind; rows are given as they are.
 */
export function createExplainer(model: KindedModel, scaling?: Scaling): Explainer | undefined {
  const explainer = explainModel(model)
  if (typeof explainer === 'string') return undefined
  if (scaling === undefined) return explainer
  const { mean, scale } = scaling
  return { ...explainer, explain: (row) => explainer.explain(row.map((value, i) => (value - mean[i]) / scale[i])) }
}

/** Why a model can't be explained; undefined if it can. */
export function whyUnexplained(model: KindedModel): string | undefined {
  const explainer = explainModel(model)
  return typeof explainer === 'string' ? explainer : undefined
}
