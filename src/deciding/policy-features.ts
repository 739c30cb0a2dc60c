import { isDeepStrictEqual } from 'node:util'
import type { DeclareFeatures } from '../decisioning/policy-names.ts'
import type { FeatureEntry } from '../detector/detector-schema.ts'
import { addFeatures } from '../features/add-features.ts'
import { compileDetector } from '../features/feature-set.ts'
import type { DetectorInForce, HistoryMaker } from './detector-in-force.ts'
import { namesLost } from './lost-names.ts'
import { whyNotRetained } from './retention.ts'

/**
 * The same model with the features that a policy declares now.
 *
 * @throws FraudError POLICY_NAMES_LOST where the model's detector can't have them.
 */
export function withPolicyFeatures(inForce: DetectorInForce, declared: readonly FeatureEntry[]): DetectorInForce {
  if (isDeepStrictEqual(declared, inForce.policyFeatures)) return inForce
  const { own } = inForce
  const { detector, problems } = addFeatures(own.detector, own.features, declared)
  if (problems.length > 0) {
    throw namesLost(problems.map(({ path, reason }) => ({ field: ['policy', ...path].join('.'), reason })))
  }
  return { ...inForce, detector, features: compileDetector(detector), policyFeatures: declared }
}

/** Looks at what a policy declares: what the row in force has already, and what it can't have. */
export function policyFeaturesOf(
  { detector, features, own = { detector, features } }: HistoryMaker,
  retainMs: number | undefined,
): DeclareFeatures {
  return (declared) => {
    const { detector: wanted, added, problems } = addFeatures(own.detector, own.features, declared)
    const placeOf = ({ feature, declaration }: (typeof added)[number]) => {
      const at = features.names.indexOf(feature.name)
      return features.declared[at]?.declaration === declaration ? at : undefined
    }
    return {
      features: added.map((each) => ({ name: each.feature.name, at: placeOf(each), range: each.range })),
      problems: problems.length > 0 ? problems : tooLong(wanted, retainMs),
    }
  }
}

function tooLong(detector: HistoryMaker['detector'], retainMs: number | undefined) {
  const reason = whyNotRetained({ detector, features: compileDetector(detector) }, retainMs)
  return reason === undefined ? [] : [{ path: ['features'], reason }]
}
