import { FraudError } from '../core/errors.ts'

/** Beyond these, sums of squares are no longer finite, or vanish. */
const [least, most] = [1e-100, 1e100]

/** Rows' weights as they came; DATA_INVALID names the first that is none. */
export function checkWeights(weights: Float64Array, field: string): Float64Array {
  const bad = weights.findIndex((weight) => weight !== 0 && !(weight >= least && weight <= most))
  if (bad < 0) return weights
  throw new FraudError(
    'DATA_INVALID',
    `Row ${bad} has the weight ${weights[bad]} in ${field}; weights are 0, or from 1e-100 to 1e100`,
  )
}
