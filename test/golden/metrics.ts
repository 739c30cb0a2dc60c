import { readFileSync } from 'node:fs'

interface Line {
  readonly slope: number
  readonly intercept: number
}

interface ReportLine {
  readonly precision: number
  readonly recall: number
  readonly 'f1-score': number
  readonly support: number
}

interface Rows {
  readonly labels: Uint8Array
  readonly scores: Float64Array
  readonly weights: Float64Array | undefined
}

interface Measured {
  readonly name: string
  readonly threshold: number
  readonly rocAuc: number
  readonly averagePrecision: number
  readonly recallAt1PercentFpr: number
  readonly recallAt20PercentFpr: number
  readonly brier: number
  readonly logLoss: number
  readonly confusion: Readonly<Record<'tn' | 'fp' | 'fn' | 'tp', number>>
  readonly roc: Readonly<Record<'falsePositiveRate' | 'truePositiveRate' | 'thresholds', readonly number[]>>
  readonly precisionRecall: Readonly<Record<'precision' | 'recall' | 'thresholds', readonly number[]>>
  readonly calibrationCurve: Readonly<Record<'observed' | 'predicted', readonly number[]>>
  readonly report: Readonly<Record<'0' | '1' | 'macro avg' | 'weighted avg', ReportLine>> & {
    readonly accuracy: number
  }
  readonly text2: string
  readonly text4: string
  readonly text14: string
}

interface Stored {
  readonly labels: readonly number[]
  readonly scores: readonly number[]
  readonly weights: readonly number[] | null
}

interface MetricsFile {
  readonly versions: Readonly<Record<string, string>>
  readonly dataSets: readonly (Measured & Stored)[]
  readonly quantileCalibration: Stored & Readonly<Record<'observed' | 'predicted', readonly number[]>>
  readonly platt: readonly (Stored & Line & { readonly epsilon: number; readonly published: Line })[]
  readonly isotonic: Readonly<Record<'labels' | 'weights' | 'fitted', readonly number[]>>
}

const file: MetricsFile = JSON.parse(readFileSync('test/golden/metrics.json', 'utf8'))

export const sklearn = `scikit-learn ${file.versions['scikit-learn']}`

function withTypedRows<T extends Stored>(stored: T): Omit<T, keyof Rows> & Rows {
  return {
    ...stored,
    labels: Uint8Array.from(stored.labels),
    scores: Float64Array.from(stored.scores),
    weights: stored.weights ? Float64Array.from(stored.weights) : undefined,
  }
}

export const goldenDataSets = file.dataSets.map(withTypedRows)
export const goldenQuantiles = withTypedRows({ ...file.quantileCalibration, weights: null })
export const goldenPlatt = file.platt.map(withTypedRows)
export const goldenIsotonic = file.isotonic
