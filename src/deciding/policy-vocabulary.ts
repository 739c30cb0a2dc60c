import { isRecord } from '../core/json-value.ts'
import { type PolicyNames, policyNames } from '../decisioning/index.ts'
import { declaredFields } from '../detector/declared-fields.ts'
import type { Detector } from '../detector/detector.ts'
import { featureFor, relatedFeatures } from '../features/feature-for.ts'
import type { HistoryMaker, RowMaker } from './detector-in-force.ts'
import { policyFeaturesOf } from './united-features.ts'

/** What rules may speak of: values of the fields that a decision keeps, and of its row, with all that is known of them. */
export function namesOf(maker: HistoryMaker, retainMs?: number): PolicyNames {
  const { detector, features, own = maker } = maker
  const { names, declared } = own.features
  const ranges = new Map(declared.flatMap(({ name, range }) => (range === undefined ? [] : [[name, range]])))
  return policyNames(detector, declaredFields(detector, features.layout), names, {
    ranges,
    texts: textsOf(own),
    // Who only reads a log says nothing of a model.
    hasModel: !('predictor' in maker) || maker.predictor !== undefined,
    hint: (unknown) => hintOf(unknown, detector, names),
    width: features.names.length,
    declare: policyFeaturesOf(maker, retainMs),
  })
}

/** Texts that features list, by the column that they come from. */
function textsOf({ detector, features }: RowMaker) {
  const { transaction } = detector
  const { layout, listed, declared } = features
  const found = new Map<string, { readonly values: readonly string[]; readonly isAll: boolean }>()
  const columns = new Map(Object.entries({ ...transaction.fields, ...transaction.keys }))
  for (const { kind, parameters } of declared) {
    if (kind !== 'oneHot' || !isRecord(parameters) || !Array.isArray(parameters.values)) continue
    const column = columns.get(String(parameters.of))
    const values = parameters.values.map((value) => String(value).trim())
    if (column !== undefined) found.set(column, { values, isAll: false })
  }
  for (const { text, values } of listed) found.set(layout.texts[text].column, { values: [...values], isAll: true })
  return found
}

/** Where a name is a feature that nobody declared: which like it there are, and how to declare it. */
function hintOf(unknown: string, detector: Detector, names: readonly string[]): string | undefined {
  const declaration = featureFor(detector, unknown)
  if (declaration === undefined) return undefined
  const related = relatedFeatures(unknown, names)
  const there = related.length === 0 ? '' : `; there is ${related.slice(0, 8).join(', ')}`
  const [[kind, parameters]] = Object.entries(declaration)
  const written = `${kind}: { ${Object.entries(parameters)
    .map((each) => each.join(': '))
    .join(', ')} }`
  return `${there}; to have it, add "- ${written}" to the features of the policy`
}
