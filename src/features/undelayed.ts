import type { Detector } from '../detector/detector.ts'
import type { FeatureSet } from './feature-set.ts'

/** A detector whose labels are known at once. */
export function withoutDelay(detector: Detector): Detector {
  const { transaction } = detector
  return { ...detector, transaction: { ...transaction, label: { field: transaction.label.field } } }
}

/** The places in a row of what labels that are known at once can change: features of frauds, and features of those. */
export function undelayedPlaces({ ownAt, ownCountFrauds, derived }: FeatureSet): Uint32Array {
  const places = new Set(ownAt.filter((_, own) => ownCountFrauds[own]))
  for (const { at, inputs } of derived) if (inputs.some((input) => places.has(input))) places.add(at)
  return Uint32Array.from(places)
}
