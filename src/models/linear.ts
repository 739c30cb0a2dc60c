import { probabilityOf } from './log-odds.ts'
import type { Model } from './model.ts'
import { type Scaling, standardize } from './scaling.ts'

/** Logistic regression: the log-odds are the intercept and a weight for each standardised input. A missing one is its mean. */
export interface LinearModel extends Model {
  readonly kind: 'linear'
  readonly inputs: Scaling
  readonly weights: Float64Array
  readonly intercept: number
}

/** Logistic regression over standardized inputs. @param inputs the mean and scale of each feature, in their order. */
export function createLinearModel(
  features: readonly string[],
  inputs: Scaling,
  weights: Float64Array,
  intercept: number,
): LinearModel {
  const { mean, scale } = inputs
  const probabilityAt = (rows: Float64Array, start: number) => {
    let logOdds = intercept
    for (let i = 0; i < weights.length; i++) logOdds += weights[i] * standardize(rows[start + i], mean[i], scale[i])
    return probabilityOf(logOdds)
  }
  return {
    kind: 'linear',
    features,
    inputs,
    weights,
    intercept,
    predictProba: (row) => probabilityAt(row, 0),
    predictProbaOfRows: (rows) =>
      Float64Array.from({ length: rows.length / features.length }, (_, row) =>
        probabilityAt(rows, row * features.length),
      ),
  }
}
