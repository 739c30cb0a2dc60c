/** Standardisation that a model was trained with: each input minus its mean, over its scale. */
export interface Scaling {
  readonly mean: Float64Array
  readonly scale: Float64Array
}
