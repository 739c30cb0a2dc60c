import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../core/json-value.ts'
import { namesOf } from '../deciding/policy-vocabulary.ts'
import type { PolicyNames } from '../decisioning/index.ts'
import { type DeclaredField, declaredFields } from '../detector/declared-fields.ts'
import { type Detector, detectorError, type LocatedDetector, parseDetector } from '../detector/detector.ts'
import { addFeatures } from '../features/add-features.ts'
import { compileDetector, compileFeatures, type FeatureSet } from '../features/feature-set.ts'
import type { Definition } from '../log/log-record.ts'

/** The detector that transactions of the past are looked at by: its names are what rules may speak of. */
export interface Wanted {
  readonly detector: Detector
  readonly features: FeatureSet
  readonly columns: readonly DeclaredField[]
  readonly names: PolicyNames
}

/**
 * @param more features that policies declare beside the detector's.
 * @param hasModel whether anything gives a score.
 */
export function wantedOf(
  { detector, locate }: LocatedDetector,
  hasModel: boolean,
  more: Detector['features'] = [],
): Wanted {
  const own = compileFeatures({ detector, locate })
  const { detector: whole, problems } = addFeatures(detector, own, more)
  if (problems.length > 0) throw detectorError(problems, () => 'The policy')
  const features = more.length === 0 ? own : compileDetector(whole)
  return {
    ...{ detector: whole, features, columns: declaredFields(whole, features.layout) },
    names: namesOf({ detector: whole, features, ...(!hasModel && { predictor: undefined }) }),
  }
}

/**
 * Where the row of a record has each wanted feature; -1 where it has none that is the same, which is that of the same
 * declaration over the same transactions.
 */
export function storedFeatures({ detector, features }: Wanted, definition: Definition): Int32Array {
  const places = new Int32Array(features.names.length).fill(-1)
  const then = detectorOf(definition)
  if (then === undefined || !isDeepStrictEqual(basis(detector), basis(then))) return places
  const before = new Map(compileDetector(then).declared.map(({ name, declaration }) => [name, declaration]))
  const isSame = features.declared.map(({ name, declaration }) => {
    return definition.features.includes(name) && before.get(name) === declaration
  })
  // A feature of other features is the same where they are.
  for (const { at, inputs } of features.derived) isSame[at] &&= inputs.every((input) => isSame[input])
  features.names.forEach((name, i) => {
    if (isSame[i]) places[i] = definition.features.indexOf(name)
  })
  return places
}

/** Whether a record's fields are read as the wanted detector reads them. */
export function readsAlike({ detector }: Wanted, definition: Definition): boolean {
  const then = detectorOf(definition)
  return then !== undefined && isDeepStrictEqual(basis(detector), basis(then))
}

function detectorOf({ detector }: Definition): Detector | undefined {
  return isRecord(detector) ? parseDetector(detector) : undefined
}

/** What every feature rests on. What else is kept, and which keys may be missing, changes none. */
function basis({ transaction: { keep, optionalKeys, ...transaction }, histories }: Detector): unknown {
  return { transaction, histories }
}
