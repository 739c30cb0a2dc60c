import { isRecord } from '../core/json-value.ts'
import type { Detector, DetectorProblem } from '../detector/detector.ts'
import type { FeatureEntry } from '../detector/detector-schema.ts'
import { type DeclaredFeature, declareFeatures } from './declare-features.ts'
import { orderFeatures } from './feature-order.ts'
import type { FeatureSet } from './feature-set.ts'

/** What entries come to that are added to a detector's own features, as a policy does. */
interface AddedFeatures {
  /** Its own features first, so that their row is the beginning of the whole one; then those that it did not have. */
  readonly detector: Detector
  /** All that the entries stand for, those included that the detector has itself. */
  readonly added: readonly Pick<DeclaredFeature, 'feature' | 'declaration' | 'range' | 'kind' | 'path'>[]
  /** What is wrong with the entries, by their place: features.0.count.by. */
  readonly problems: readonly DetectorProblem[]
  /** Those of them that are another feature of a name that is taken. */
  readonly clashes: readonly DetectorProblem[]
}

/**
 * Adds features to a detector's own: a union by name. The same feature may be declared by both; another one of the same name
 * is a problem, and then the detector is not to be used.
 */
export function addFeatures(detector: Detector, own: FeatureSet, entries: readonly FeatureEntry[]): AddedFeatures {
  const parts = entries.flatMap((entry, of) => byWindow(entry).map((part) => ({ part, of })))
  const found = declareFeatures(
    detector,
    parts.map(({ part }) => part),
    parts.map(({ of }) => ['features', of]),
  )
  const clashes: DetectorProblem[] = []
  const known = new Map(own.declared.map(({ name, declaration }) => [name, declaration]))
  const fresh: DeclaredFeature[] = []
  for (const declared of found.declared) {
    const { feature, declaration, path } = declared
    const before = known.get(feature.name)
    if (before === undefined) {
      known.set(feature.name, declaration)
      fresh.push(declared)
    } else if (before !== declaration) clashes.push({ path, reason: tellClash(feature.name, before, declaration, own) })
  }
  const problems = [...found.problems, ...clashes]
  const all = [...own.all, ...fresh.map(({ feature }) => feature)]
  orderFeatures(all, [...own.names.map(() => ['features']), ...fresh.map(({ path }) => path)], problems)
  const kept = new Set(fresh.map(({ entry }) => entry))
  const whole = entries.flatMap((entry, of) => {
    const wanted = parts.flatMap(({ part, of: each }, i) => (each === of && kept.has(i) ? [part] : []))
    return wanted.length === parts.filter((part) => part.of === of).length ? [entry] : wanted
  })
  return {
    detector: { ...detector, features: [...detector.features, ...whole] },
    added: found.declared,
    clashes,
    problems: problems.filter((problem, i) => problems.findIndex((each) => isSame(each, problem)) === i),
  }
}

/** An entry of several windows as one for each: another part may have some of them. */
function byWindow(entry: FeatureEntry): readonly FeatureEntry[] {
  if (typeof entry === 'string') return [entry]
  const [[kind, parameters] = [], ...others] = Object.entries(entry)
  if (kind === undefined || others.length > 0 || !isRecord(parameters) || !Array.isArray(parameters.over))
    return [entry]
  const { over } = parameters
  return over.length < 2 ? [entry] : over.map((each) => ({ [kind]: { ...parameters, over: each } }))
}

function tellClash(name: string, before: string, declaration: string, own: FeatureSet): string {
  const whose = own.names.includes(name) ? 'the model has' : 'this list has'
  return `${whose} another feature "${name}", ${before}, and this one is ${declaration}: give it another name by "as"`
}

function isSame(one: DetectorProblem, other: DetectorProblem): boolean {
  return one.reason === other.reason && one.path.join('.') === other.path.join('.')
}
