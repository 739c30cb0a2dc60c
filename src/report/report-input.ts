import type { Evaluation, Interval } from '../evaluation/evaluation.ts'
import type { PolicyFigures } from '../evaluation/policy-figures.ts'
import type { SegmentFigures } from '../evaluation/segment-figures.ts'
import type { Estimate } from '../evaluation/supported-digits.ts'
import type { LearnerSpace } from '../evaluation/tuning/space.ts'
import type { Trial } from '../evaluation/tuning/trial.ts'
import type { TuningRecord } from '../models/bundle.ts'
import type { PredictionThreshold } from '../models/prediction-threshold.ts'

/** A column of numbers, plain or typed. */
export type Numbers = ArrayLike<number>

interface ReportVersions {
  readonly shrike: string
  readonly nodeMajor: number
  readonly arch: string
}

/** What one numeric column holds, over the rows that were read. */
export interface ColumnSummary {
  readonly name: string
  readonly missing: number
  readonly mean: number
  readonly standardDeviation: number
  readonly min: number
  readonly max: number
}

/** A stretch of time, each end as the reader of the data would write it: a date, or seconds since the start. */
interface ReportPeriod {
  readonly from: string
  readonly to: string
}

interface DataSummary {
  readonly source: string
  readonly rows: number
  readonly frauds: number
  /** The share in 0..1, weighted where rows are. */
  readonly fraudRate: number
  readonly period?: ReportPeriod
  readonly fingerprint: string
  readonly badRowsSkipped: number
  readonly columns: readonly ColumnSummary[]
}

export interface PartSummary {
  readonly rows: number
  readonly frauds: number
}

/** Rows of which no label was looked at. */
export interface UnlabelledSummary {
  readonly rows: number
  readonly frauds: null
}

interface SplitSummary {
  readonly method: 'time' | 'random' | 'elsewhere' | 'none'
  /** The first moment of the test rows, as the reader of the data would write it; none in a random split. */
  readonly boundary?: string
  readonly train: PartSummary | UnlabelledSummary
  /** The rows that calibration and threshold were chosen on; none where nothing was. */
  readonly calibration?: PartSummary
  readonly test: PartSummary
  /** Rows before the test whose labels were not known yet when it began: they are in no part. */
  readonly unknownThen?: number
  /** The training rows after oversampling. */
  readonly oversampled?: PartSummary
  /** Without a column they are those of the control group. */
  readonly weights?: { readonly column?: string; readonly use: 'evaluation' | 'training' | 'both' }
  /** Of rows of a log: what it tells of those that were declined. */
  readonly declined?: {
    readonly passed: number
    readonly weight: number
    readonly stoodFor: number
    readonly unlabelled: number
  }
}

interface CalibrationSummary {
  readonly method: 'none' | 'platt' | 'isotonic' | 'rank'
  /** Mean predicted probability over the fraud rate on the calibration rows; the test rows' is in the evaluation. */
  readonly ratio?: number
}

interface ThresholdSummary {
  readonly threshold: PredictionThreshold
  /** How it was chosen, to follow "Chosen": "for the best F1 on the calibration rows". */
  readonly chosen: string
}

/** Precision over recall, from the highest threshold to the lowest. */
interface PrecisionRecallCurve {
  readonly recall: Numbers
  readonly precision: Numbers
}

/** True over false positive rate, from (0, 0) to (1, 1). */
interface RocCurve {
  readonly falsePositiveRate: Numbers
  readonly truePositiveRate: Numbers
}

/** Rows in bins of about the same predicted probability: its mean, the fraud rate found there, and how many rows. */
interface CalibrationBins {
  readonly predicted: Numbers
  readonly observed: Numbers
  readonly intervals: readonly Interval[]
}

/** Rows (or their weight) per bin of score; `edges` is one longer than the counts. */
interface ScoreHistogram {
  readonly edges: Numbers
  readonly legitimate: Numbers
  readonly fraud: Numbers
}

/** What a threshold would have meant on the test rows; a cost where the run was told what mistakes cost. */
export interface ThresholdOutcome {
  readonly threshold: number
  readonly alerts: number
  readonly recall: number
  readonly precision: number
  readonly cost?: number
}

export interface CostSummary {
  readonly falsePositive: number
  /** What a missed fraud costs, or that it costs its own amount. */
  readonly falseNegative: number | 'amount'
  /** The cost of the mistakes at the threshold in use. */
  readonly atThreshold: number
  /** What missing every fraud would have cost, minus `atThreshold`. */
  readonly savings: number
}

export interface FeatureImportance {
  readonly feature: string
  /** Its share of what splits gained: of impurity in forests, of log loss in boosting. */
  readonly splitGain?: number
  /** How much the metric falls when the feature's values are shuffled. */
  readonly permutation?: { readonly mean: number; readonly standardDeviation: number }
}

export interface ImportanceSummary {
  /** The metric that permutation importance is measured in, as in "average precision". */
  readonly metric: string
  readonly features: readonly FeatureImportance[]
}

/** All that a search for hyper-parameters tried, and where it looked. */
export interface SearchSummary {
  readonly trials: readonly Trial[]
  readonly spaces: readonly LearnerSpace[]
}

/** How far a column is from where it was; `noise` is what chance alone brings. */
export interface DriftSummary {
  readonly feature?: string
  readonly psi: Estimate & { readonly noise: number }
}

export interface PeriodSummary extends SegmentFigures {
  readonly drift?: { readonly score: DriftSummary; readonly features: readonly DriftSummary[] }
}

/** The test rows in parts. */
export interface BreakdownSummary {
  readonly segments: readonly { readonly by: string; readonly groups: readonly SegmentFigures[] }[]
  readonly periods?: { readonly unit: string; readonly groups: readonly PeriodSummary[] }
}

/** What parts of the training rows were worth, and where that leads. */
export interface LearningCurveSummary {
  readonly by: 'frauds' | 'history'
  readonly points: readonly {
    readonly share: number
    readonly rows: number
    readonly frauds: number
    readonly averagePrecision: number
  }[]
  readonly forecast?: readonly {
    readonly times: number
    readonly frauds: number
    readonly averagePrecision: Estimate
  }[]
  readonly check?: { readonly expected: Estimate; readonly measured: number; readonly isWithin: boolean }
}

export type OptionValue = string | number | boolean | null

/**
 * All that a report shows. Nothing in it is a clock's time, a host or a duration: the same run gives the same report.
 */
export interface ReportInput {
  readonly title: string
  /** `name@hash`. */
  readonly bundle: string
  readonly detector: string
  readonly learner: string
  readonly options: Readonly<Record<string, OptionValue>>
  readonly preset: string
  readonly seed: number
  readonly versions: ReportVersions
  /** The command line that repeats the run. */
  readonly command: string
  readonly data: DataSummary
  readonly split: SplitSummary
  /**
   * The evaluation on the test rows. Intervals are shown for `precisionAt` and, by name, for `averagePrecision`,
   * `rocAuc`, `recall`, `precision`, `f1`, `recallAt1PercentFpr`, `brier`, `logLoss` and `calibrationRatio`, each where
   * it is there.
   */
  readonly evaluation: Evaluation
  /** What the detector's policy does with the test rows. */
  readonly policy: PolicyFigures
  /** The classification report as monospace text. */
  readonly classificationText: string
  readonly calibration: CalibrationSummary
  readonly threshold: ThresholdSummary
  readonly precisionRecall: PrecisionRecallCurve
  readonly roc: RocCurve
  readonly calibrationBins: CalibrationBins
  readonly scores: ScoreHistogram
  /** The outcomes in any order; for the table of other thresholds and the charts over the threshold. */
  readonly thresholds: readonly ThresholdOutcome[]
  readonly cost?: CostSummary
  readonly importance?: ImportanceSummary
  readonly breakdown?: BreakdownSummary
  readonly learningCurves?: readonly LearningCurveSummary[]
  readonly warnings: readonly string[]
  /** The test rows overlap the training rows, so all figures are optimistic. */
  readonly includesTrainingRows: boolean
  /** After the evaluation the model was trained again on all rows. */
  readonly refit: boolean
  /** How the model's options were found, where they were searched for. */
  readonly tuning?: TuningRecord
  /** Its trials, in the run that searched. */
  readonly search?: SearchSummary
}
