/** What a learner learns from: inputs by column, a label and, where rows do not count alike, a weight for each row. */
export interface Dataset {
  readonly features: readonly string[]
  /** One column per feature; a missing value is NaN. */
  readonly columns: readonly Float64Array[]
  /** 1 fraud, 0 legitimate. */
  readonly labels: Uint8Array
  /** Missing where every row weighs 1. */
  readonly weights?: Float64Array
}
