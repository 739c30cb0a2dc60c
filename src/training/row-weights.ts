import { FraudError } from '../core/errors.ts'

/** Rows' weights as they came; DATA_INVALID names the first that is none. */
export function checkWeights(weights: Float64Array, field: string): Float64Array {
  const bad = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity))
  if (bad < 0) return weights
  throw new FraudError('DATA_INVALID', `Row ${bad} has the weight ${weights[bad]} in ${field}; weights are 0 or more`)
}
