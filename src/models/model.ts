import type { Steps } from '../core/time-slices.ts'

/** A trained model: complete, immutable, and ignorant of training. */
export interface Model {
  readonly features: readonly string[]
  /** The model's own probability of fraud, before calibration, of one row in the order of `features`; NaN is missing. */
  predictProba(row: Float64Array): number
  /** The same, bit for bit, for rows that stand one behind the other: faster where there are many. */
  predictProbaOfRows(rows: Float64Array): Float64Array
  /** Makes what the first row needs, which it makes itself where nobody has called this; missing where that is nothing. */
  makeReady?(): Steps
}
