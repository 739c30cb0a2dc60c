import { type Detector, parseDetector } from '../detector/detector.ts'
import { detectorSchema } from '../detector/detector-schema.ts'
import { type ModelChoice, modelSchema } from './model-choice.ts'

/** A detector file whose `model` is checked, too: what commands read that a person wrote. */
export const wholeDetector = detectorSchema.safeExtend({ model: modelSchema.optional() })

/**
 * What a detector says of its model. Services never ask, so they carry no learners.
 *
 * @throws FraudError DETECTOR_INVALID.
 */
export function modelOf(detector: Detector): ModelChoice {
  return parseDetector(detector, wholeDetector).model ?? {}
}
