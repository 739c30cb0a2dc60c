import { isDeepStrictEqual } from 'node:util'
import { suggestion } from '../core/closest-name.ts'
import { type FieldError, FraudError } from '../core/errors.ts'
import type { DeclareFeatures } from '../decisioning/policy-names.ts'
import { declaredFields } from '../detector/declared-fields.ts'
import type { Detector, DetectorProblem } from '../detector/detector.ts'
import type { FeatureEntry } from '../detector/detector-schema.ts'
import { keptNames } from '../detector/kept-fields.ts'
import { addFeatures } from '../features/add-features.ts'
import { kindNames } from '../features/declare-features.ts'
import { compileDetector } from '../features/feature-set.ts'
import type { Predictor } from '../scoring/predictor.ts'
import {
  type DetectorInForce,
  type HistoryMaker,
  longestSpanMs,
  type OtherModel,
  type OtherModels,
  type RowMaker,
} from './detector-in-force.ts'
import { namesLost } from './lost-names.ts'
import { whyNotRetained } from './retention.ts'

/**
 * The same champion with other models beside it, whose features are added to the row.
 *
 * @throws FraudError MODELS_DIFFER where they can't share histories, INPUT_INVALID of a canary's key that is not one
 */
export function withOthers(inForce: DetectorInForce, others: OtherModels): DetectorInForce {
  const { own } = inForce
  for (const { predictor, own: other } of allOthers(others)) {
    const errors = otherTransaction(own.detector, other.detector)
    if (errors.length > 0) throw modelsDiffer(inForce, predictor.modelId, errors)
  }
  const { canary } = others
  if (canary !== undefined && own.detector.transaction.keys?.[canary.by] === undefined) {
    const errors = [{ field: 'by', reason: 'is not a key of the detector' }]
    throw new FraudError('INPUT_INVALID', 'A canary is drawn by a key', { errors })
  }
  return unite({ ...inForce, others })
}

/**
 * The same models with the features that a policy declares now.
 *
 * @throws FraudError POLICY_NAMES_LOST where the champion's detector can't have them.
 */
export function withPolicyFeatures(inForce: DetectorInForce, policyFeatures: readonly FeatureEntry[]): DetectorInForce {
  return isUnited(inForce, policyFeatures) ? inForce : unite({ ...inForce, policyFeatures })
}

/** Whether the row holds what models and policy need, and nothing else. */
export function isUnited({ policyFeatures, isWide }: DetectorInForce, wanted: readonly FeatureEntry[]): boolean {
  return isWide !== true && isDeepStrictEqual(wanted, policyFeatures)
}

/**
 * Another line-up on the row that there is, where the champion's detector is the same and the row has all that it needs:
 * then no history has to be made. Undefined where something is missing.
 */
export function onRowOf(next: DetectorInForce, now: DetectorInForce): DetectorInForce | undefined {
  const { own } = now
  // The same bundle loaded again has its histories made again.
  if (isSameLineup(next, now)) return undefined
  // The first model brings its policy.
  if ((next.predictor === undefined) !== (now.predictor === undefined)) return undefined
  if (!isDeepStrictEqual(next.own.detector, own.detector)) return undefined
  const there = new Set(now.features.declared.map(({ name, declaration }) => `${name} ${declaration}`))
  if (!next.features.declared.every(({ name, declaration }) => there.has(`${name} ${declaration}`))) return undefined
  const { detector, features } = now
  const isWide = next.features.declared.length < features.declared.length
  return { ...next, own, detector, features, ...(isWide && { isWide }) }
}

/** Looks at what a policy declares: what the row in force has already, and what it can't have. */
export function policyFeaturesOf(
  { detector, features, own = { detector, features } }: HistoryMaker,
  retainMs: number | undefined,
): DeclareFeatures {
  return (declared) => {
    const { detector: wanted, added, problems, clashes } = addFeatures(own.detector, own.features, declared)
    const placeOf = ({ feature, declaration }: (typeof added)[number]) => {
      const at = features.names.indexOf(feature.name)
      return features.declared[at]?.declaration === declaration ? at : undefined
    }
    const found = { features: added.map((each) => ({ name: each.feature.name, at: placeOf(each), range: each.range })) }
    if (problems.length > 0) return { ...found, problems, clashes }
    const whole = { detector: wanted, features: compileDetector(wanted) }
    const late = [...unreadable(own, added), ...tooLong(whole, retainMs)]
    const [before, spanMs] = [own, whole].map((maker) => longestSpanMs(maker.features))
    const isLonger = Number.isFinite(spanMs) && !(before >= spanMs && Number.isFinite(before))
    return { ...found, problems: late, clashes, ...(isLonger && { spanMs }) }
  }
}

/** Whether the same models decide. */
export function isSameLineup(one: DetectorInForce, other: DetectorInForce): boolean {
  return isDeepStrictEqual(rolesOf(one), rolesOf(other))
}

function rolesOf({ predictor: champion, others: { canary, shadows } }: DetectorInForce): unknown {
  const { share, by, predictor } = canary ?? {}
  const drawn = [share, by, predictor?.modelId]
  return { champion: champion?.modelId, drawn, shadows: shadows.map((shadow) => shadow.predictor.modelId) }
}

export function allOthers({ canary, shadows }: OtherModels): readonly OtherModel[] {
  return canary === undefined ? shadows : [canary, ...shadows]
}

/** All that are in force, the champion first. */
export function predictorsOf({
  predictor,
  others,
}: Pick<DetectorInForce, 'predictor' | 'others'>): readonly Predictor[] {
  return [...(predictor === undefined ? [] : [predictor]), ...allOthers(others).map((other) => other.predictor)]
}

function unite(inForce: DetectorInForce): DetectorInForce {
  const { own, others, policyFeatures, isWide: _, ...rest } = inForce
  const models = allOthers(others)
  let united = own
  for (const { own: other, predictor } of models) {
    const { detector, problems } = addFeatures(united.detector, united.features, other.detector.features)
    if (problems.length > 0) throw modelsDiffer(inForce, predictor.modelId, tell(problems))
    united = { detector, features: compileDetector(detector) }
  }
  const { detector } = withSound(united, policyFeatures)
  return { ...rest, own, others, policyFeatures, detector, features: compileDetector(detector) }
}

/**
 * Adds those features that can be computed. A policy may have declared others before anything looked at them, or for the
 * keys of another bundle; rules that read one are refused elsewhere.
 */
function withSound(to: RowMaker, declared: readonly FeatureEntry[]): Pick<RowMaker, 'detector'> {
  const { detector, problems, clashes } = addFeatures(to.detector, to.features, declared)
  if (clashes.length > 0) throw namesLost(tell(clashes, 'policy'))
  if (problems.length === 0) return { detector }
  const bad = new Set(problems.map(({ path }) => path[1]))
  return withSound(
    to,
    declared.filter((_, i) => !bad.has(i)),
  )
}

function tell(problems: readonly DetectorProblem[], ...at: readonly string[]): readonly FieldError[] {
  return problems.map(({ path, reason }) => ({ field: [...at, ...path].join('.'), reason }))
}

function modelsDiffer({ predictor }: DetectorInForce, other: string, errors: readonly FieldError[]): FraudError {
  const told = errors.map(({ field, reason }) => `${field}: ${reason}`).join('; ')
  const champion = predictor?.modelId ?? 'the detector that decides'
  return new FraudError('MODELS_DIFFER', `${other} can't be computed beside ${champion}: ${told}`, { errors })
}

/** Parts of a transaction that a feature rests on and two detectors read differently: the same name would be two values. */
function otherTransaction(one: Detector, other: Detector): readonly FieldError[] {
  const [mine, theirs] = [one.transaction, other.transaction]
  const maps = (['keys', 'fields'] as const).flatMap((part) =>
    Object.entries(theirs[part] ?? {})
      .filter(([name, column]) => mine[part]?.[name] !== column)
      .map(([name]) => `transaction.${part}.${name}`),
  )
  const parts = (['id', 'time', 'amount', 'position', 'zone', 'personal', 'hashCardNumber'] as const)
    .filter((part) => !isDeepStrictEqual(mine[part], theirs[part]))
    .map((part) => `transaction.${part}`)
  const label = mine.label.delay === theirs.label.delay ? [] : ['transaction.label.delay']
  const histories = isDeepStrictEqual(one.histories, other.histories) ? [] : ['histories']
  const reason = 'the two detectors declare it differently'
  return [...maps, ...parts, ...label, ...histories].map((field) => ({ field, reason }))
}

/**
 * Features that rules would never read, or that would always be missing: a name that is something else to a rule, and a
 * column that nobody declares, such as one that is misspelt.
 */
function unreadable({ detector, features }: RowMaker, added: ReturnType<typeof addFeatures>['added']) {
  const { amount, keys = {}, fields = {} } = detector.transaction
  const columns = declaredFields(detector, features.layout).map(({ column }) => column)
  const taken = new Set([
    'time',
    'score',
    ...Object.keys(keys),
    ...Object.keys(fields),
    ...keptNames(detector.transaction),
  ])
  if (amount !== undefined) taken.add('amount')
  return added.flatMap(({ feature: { name }, kind, path }) => {
    if (features.names.includes(name)) return []
    if (kind === 'column' && !columns.includes(name)) {
      const reason = `the detector declares no column "${name}"${suggestion(name, [...columns, ...kindNames])}`
      return [{ path, reason }]
    }
    const reason = `rules read something else by the name "${name}": ${kind === 'column' ? 'use that' : 'give it another one by "as"'}`
    return taken.has(name) ? [{ path, reason }] : []
  })
}

function tooLong(maker: RowMaker, retainMs: number | undefined) {
  const reason = whyNotRetained(maker, retainMs)
  return reason === undefined ? [] : [{ path: ['features'], reason }]
}
