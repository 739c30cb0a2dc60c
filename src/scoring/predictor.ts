import type { Steps } from '../core/time-slices.ts'
import type { ContributionScale } from '../decisioning/contribution.ts'
import type { Explanation } from '../models/contributions.ts'
import type { TrainingHistograms } from '../models/training-histograms.ts'
import type { SharedModel } from './shared-model.ts'

/** A loaded bundle, ready to answer for one row: what the HTTP routes, `shrike score` and the benchmarks call. */
export interface Predictor {
  /** `name@` and the first 12 hex digits of the bundle's hash. */
  readonly modelId: string
  /** The model's inputs, in the order of a row. */
  readonly inputs: readonly string[]
  /** A real row of the training data's shape, for documentation and a `curl` that works. */
  readonly example: Readonly<Record<string, number>>
  /** The highest probability that calibration lets it give; 1 where that is not known. */
  readonly highestScore?: number
  /** How its training rows were spread; missing of older bundles. */
  readonly histograms?: TrainingHistograms
  /** What it was worth on rows after those that it learned from; missing where that is not known. */
  readonly metrics?: Readonly<Record<string, unknown>>
  /** The threshold of a bundle whose scores say how strange a row is, and are not probabilities. */
  readonly ranksFrom?: number
  /** A row in the order of `inputs` -> the calibrated probability and what the bundle's threshold makes of it. */
  predict(row: Float64Array): Prediction
  /** Makes what the first row needs, which takes long for a large forest; missing where that is nothing. */
  makeReady?(): Steps
  /** Gives the model to other threads, where a row takes so long that it is worth asking them. */
  share?(): Steps<SharedModel>
  /** The scale of `explain`; missing where the model can't be explained. */
  readonly contributionScale?: ContributionScale
  /** Whether it explains a row fast enough to do so while it decides. */
  readonly explainsDecisions?: boolean
  /** What each input added to the model's own output for a row. */
  explain?(row: Float64Array): Explanation
}

export interface Prediction {
  readonly isFraud: boolean
  readonly probability: number
}
