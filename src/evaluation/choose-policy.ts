import { policyOf, warnOfPolicy } from '../decisioning/policy.ts'
import type { Detector } from '../detector/detector.ts'
import type { BundleContent } from '../models/bundle.ts'
import { highestProbability } from '../models/calibration.ts'
import { highestRawScore } from '../models/learned-model.ts'
import type { PredictionThreshold } from '../models/prediction-threshold.ts'
import { lowestThresholdAt } from './choose-threshold.ts'
import { expectedLabels } from './expected-labels.ts'
import { countFrauds, fewestForLabels, type HeldRows } from './held-choice.ts'

/** What may be declined without a person having looked: nine of ten are fraud. */
const declinePrecision = 0.9

/**
 * The detector with thresholds for its outcomes, where it names none: what is predicted as fraud is reviewed, and from
 * where nine of ten of the held rows are fraud it is declined. A detector that names one is left as it is.
 */
export function choosePolicy(detector: Detector, threshold: PredictionThreshold, held: HeldRows | undefined): Detector {
  const { policy = {} } = detector
  const { challenge, review: ownReview, decline: ownDecline } = policy
  if (challenge !== undefined || ownReview !== undefined || ownDecline !== undefined) return detector
  const review = threshold.inclusive ? threshold.value : nextDouble(threshold.value)
  // The choice was to alert on nothing, so nothing is declined either.
  if (review > 1) return detector
  const wanted = { atLeast: declinePrecision, from: review }
  const decline = held && declineFrom(held, wanted)
  return { ...detector, policy: { ...policy, review, ...(decline !== undefined && { decline }) } }
}

function declineFrom(held: HeldRows, wanted: { readonly atLeast: number; readonly from: number }): number | undefined {
  const { labels, probabilities, weights } =
    countFrauds(held) < fewestForLabels ? expectedLabels(held.probabilities, held.weights) : held
  return lowestThresholdAt(labels, probabilities, weights, wanted)
}

/** What a person should know of a bundle's policy: that nothing but approve can come of it. */
export function warnOfBundle({
  detector,
  calibration,
  model,
}: Pick<BundleContent, 'detector' | 'calibration' | 'model'>) {
  return warnOfPolicy(policyOf(detector), highestProbability(calibration, highestRawScore(model)))
}

/** The recipe alerts strictly above its threshold, a policy from its own up. */
function nextDouble(value: number): number {
  const double = new Float64Array([value])
  const bits = new BigInt64Array(double.buffer)
  bits[0] += 1n
  return double[0]
}
