/** Standardisation that a model was trained with: each input minus its mean, over its scale. */
export interface Scaling {
  readonly mean: Float64Array
  readonly scale: Float64Array
}

/** So far out that more says nothing, and still finite in every sum. */
export const farthest = 1e9

/** A standardised input: 0, which is the mean, where it is missing. */
export function standardize(value: number, mean: number, scale: number): number {
  if (Number.isNaN(value)) return 0
  return Math.min(Math.max((value - mean) / scale, -farthest), farthest)
}
