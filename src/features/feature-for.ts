import { FraudError } from '../core/errors.ts'
import type { Detector } from '../detector/detector-schema.ts'
import { featureKinds } from './definitions/index.ts'
import { compileDetector } from './feature-set.ts'
import { featureName } from './names.ts'

/** A feature as the detector file writes it: `{ count: { by: card, over: 1h } }`. */
type Declaration = Readonly<Record<string, Readonly<Record<string, string>>>>

/** The declaration that gives a feature of this name under the detector; undefined where none of a kind with a window does. */
export function featureFor(detector: Detector, name: string): Declaration | undefined {
  const { keys = {}, fields = {}, amount } = detector.transaction
  const over = /_(\d{1,9}(?:ms|s|m|h|d|w))$/.exec(name)?.[1]
  if (over === undefined) return undefined
  const sources = [...Object.keys(keys), ...Object.keys(fields), ...(amount === undefined ? [] : ['amount'])]
  const candidates = [...Object.keys(keys), ...Object.keys(fields)].flatMap((by) =>
    featureKinds.flatMap(({ kind }): readonly Declaration[] => {
      const ofNone = featureName([by, kind, over]) === name ? [{ [kind]: { by, over } }] : []
      const named = sources.filter((of) => featureName([by, of, kind, over]) === name)
      return [...ofNone, ...named.map((of) => ({ [kind]: { of, by, over } }))]
    }),
  )
  return candidates.find((each) => isFeature(detector, each, name))
}

/** Names of features of the same kind: of another key, or of another window. */
export function relatedFeatures(name: string, names: readonly string[]): readonly string[] {
  const [window] = /_\d+[a-z]+$/.exec(name) ?? ['']
  const stem = name.slice(0, name.length - window.length)
  const parts = stem.split('_')
  const isRelated = (other: string) => {
    const [otherWindow] = /_\d+[a-z]+$/.exec(other) ?? ['']
    const otherStem = other.slice(0, other.length - otherWindow.length)
    if (otherStem === stem) return true
    return otherWindow === window && window !== '' && sameButFirst(parts, otherStem.split('_'))
  }
  return names.filter(isRelated)
}

/** Whether two stems differ in the key alone, their first part: `customer_count` and `card_count`. */
function sameButFirst(one: readonly string[], other: readonly string[]): boolean {
  return one.length > 1 && one.slice(1).join('_') === other.slice(1).join('_')
}

function isFeature(detector: Detector, declaration: Declaration, name: string): boolean {
  try {
    return compileDetector({ ...detector, features: [declaration] }).names.includes(name)
  } catch (error) {
    if (error instanceof FraudError) return false
    throw error
  }
}
