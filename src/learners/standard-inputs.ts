import type { Dataset } from '../data/dataset.ts'
import { fitScaler } from '../data/scaler.ts'
import { type Scaling, standardize } from '../models/scaling.ts'

/** A dataset's columns standardised, missing values at the mean; and how, for the model that learns from them. */
export function standardizeInputs(
  { columns }: Pick<Dataset, 'columns'>,
  weights: Float64Array,
): { readonly scaling: Scaling; readonly columns: readonly Float64Array[] } {
  // What is infinite is as far out as there is, and says nothing of the mean.
  const finite = columns.map((column) =>
    column.every((value) => Number.isFinite(value))
      ? column
      : column.map((value) => (Number.isFinite(value) ? value : Number.NaN)),
  )
  const fitted = fitScaler(finite, { weights })
  const scaling = {
    mean: fitted.mean.map((mean) => (Number.isNaN(mean) ? 0 : mean)),
    scale: fitted.scale.map((scale) => (scale > 0 ? scale : 1)),
  }
  return { scaling, columns: applyScaling(scaling, columns) }
}

/** Columns as `standardize` has each of their values: missing ones are 0, far ones as far as may be. */
export function applyScaling({ mean, scale }: Scaling, columns: readonly Float64Array[]): readonly Float64Array[] {
  return columns.map((column, i) => column.map((value) => standardize(value, mean[i], scale[i])))
}
