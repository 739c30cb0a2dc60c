/** One row of a classification report: a class, or an average over both. */
export interface ClassScores {
  readonly precision: number
  readonly recall: number
  readonly f1: number
  /** Rows, or their weight where rows are weighted. */
  readonly support: number
}

export interface ClassificationReport {
  readonly legitimate: ClassScores
  readonly fraud: ClassScores
  readonly accuracy: number
  readonly macroAverage: ClassScores
  readonly weightedAverage: ClassScores
}

/** Counts of rows, or sums of their weights: true and false negatives and positives. */
export interface Confusion {
  readonly tn: number
  readonly fp: number
  readonly fn: number
  readonly tp: number
}

export interface Interval {
  readonly lower: number
  readonly upper: number
}

/** What a model is worth on rows that it was not trained on. Every figure but `rows` and `frauds` is weighted. */
export interface Evaluation {
  readonly rows: number
  readonly frauds: number
  /** Ranking metrics, of the raw scores. */
  readonly rocAuc: number
  readonly averagePrecision: number
  readonly recallAt1PercentFpr: number
  readonly precisionAt: readonly { readonly k: number; readonly precision: number; readonly interval?: Interval }[]
  /** Measures of the calibrated probability. */
  readonly brier: number
  readonly logLoss: number
  /** Mean predicted probability over the fraud rate: 1 is right, above 1 predicts too much fraud. */
  readonly calibrationRatio: number
  readonly threshold: number
  readonly confusion: Confusion
  readonly classificationReport: ClassificationReport
  /** Where rows are weighted: how many of equal weight would tell as much. */
  readonly effectiveRows?: { readonly frauds: number; readonly legitimate: number }
  /** 95 % intervals by metric name. */
  readonly intervals: Readonly<Record<string, Interval>>
}
