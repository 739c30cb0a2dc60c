/** What a learner learns from: inputs by column, a label and, where rows do not count alike, weights and copies. */
export interface Dataset {
  readonly features: readonly string[]
  /** One column per feature; a missing value is NaN. */
  readonly columns: readonly Float64Array[]
  /** 1 fraud, 0 legitimate. */
  readonly labels: Uint8Array
  /** How much each row counts; missing where every row weighs 1. */
  readonly weights?: Float64Array
  /** How often an oversampler drew each row, at least 1; missing where every row stands once. */
  readonly copies?: Uint32Array
}
