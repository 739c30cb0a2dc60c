import { isRecord } from '../core/json-value.ts'
import type { Definition } from './log-record.ts'

/** The detector that a definition's model was trained for, without what the policy's features added to it. */
export function ownDetector({ detector, policyFeatures }: Definition): unknown {
  if (policyFeatures === undefined || !isRecord(detector) || !Array.isArray(detector.features)) return detector
  return { ...detector, features: detector.features.slice(0, policyFeatures.from) }
}
