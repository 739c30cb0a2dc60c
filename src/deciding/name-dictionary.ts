import { isRecord } from '../core/json-value.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { Definitions, PolicyNames } from '../decisioning/index.ts'
import type { Detector } from '../detector/detector.ts'
import { columnOfName } from '../detector/personal-columns.ts'
import type { DeclaredFeature, FeatureSet } from '../features/feature-set.ts'
import type { DecisionRecord, Definition } from '../log/log-record.ts'
import type { DecisionView } from './decision-view.ts'

/** A name that conditions may use. */
export interface NameEntry {
  readonly name: string
  readonly type: string
  /** Where its values come from: a field of the transaction, a feature as it is declared, the values of a list. */
  readonly from: string
  /** The least and the most that it can be, where that is known; null where there is no bound. */
  readonly range?: { readonly least: number; readonly most: number | null } | undefined
  /** Texts that the detector lists of it. */
  readonly values?: readonly string[] | undefined
  /** Of the newest decisions, the newest first; none of what is kept as a token. */
  readonly examples: readonly (string | number)[]
}

/** A decision as examples are taken from it. */
export interface ExampleDecision {
  readonly record: DecisionRecord
  readonly definition: Definition
  readonly transaction: DecisionView['transaction']
}

const mostExamples = 5

/** Every name that a condition may use under the detector in force, in the order of the detector, then the lists. */
export function nameDictionary(
  { detector, features }: { readonly detector: Detector; readonly features: FeatureSet },
  { names }: PolicyNames,
  lists: Definitions['lists'],
  decisions: readonly ExampleDecision[],
): readonly NameEntry[] {
  const declared = new Map(features.declared.map((feature) => [feature.name, feature]))
  const entries = [...names].map(([name, { type, range, texts = [] }]): NameEntry => {
    const from = sourceOf(name, detector, declared.get(name))
    const values = type === 'token' ? [] : decisions.map((decision) => exampleOf(name, detector, decision))
    const isBounded = range !== undefined && Number.isFinite(range.least)
    return {
      name,
      type,
      from,
      ...(isBounded && { range: { least: range.least, most: Number.isFinite(range.most) ? range.most : null } }),
      ...(texts.length > 0 && { values: texts }),
      examples: [...new Set(values.filter((value) => value !== undefined))].slice(0, mostExamples),
    }
  })
  const ofLists = [...lists.values()].map(({ name, of, effect }): NameEntry => {
    return { name: `lists.${name}`, type: 'list', from: `list of ${of}, effect ${effect}`, examples: [] }
  })
  return [...entries, ...ofLists]
}

function sourceOf(name: string, { transaction }: Detector, feature: DeclaredFeature | undefined): string {
  const column = columnOf(name, transaction)
  if (name === 'amount' && transaction.amount !== undefined) return `field ${transaction.amount.field}`
  if (name === 'time') return `field ${transaction.time?.field ?? 'time'}`
  if (name === 'score') return 'the model'
  if (column !== undefined) return `field ${column}`
  return feature === undefined ? 'the detector' : `feature ${written(feature)}`
}

function columnOf(name: string, transaction: Detector['transaction']): string | undefined {
  const { fields = {} } = transaction
  return columnOfName(transaction, name) ?? (Object.hasOwn(fields, name) ? fields[name] : undefined)
}

/** A declaration, with the window of this feature alone where it has several. */
function written({ name, kind, parameters }: DeclaredFeature): string {
  const shown = Object.entries(isRecord(parameters) ? parameters : {}).map(([parameter, value]) => {
    const own = Array.isArray(value) && parameter === 'over' ? value.find((each) => name.endsWith(`_${each}`)) : value
    return `${parameter}: ${typeof own === 'string' ? own : JSON.stringify(own)}`
  })
  return shown.length === 0 ? kind : `${kind}: { ${shown.join(', ')} }`
}

function exampleOf(name: string, detector: Detector, decision: ExampleDecision): string | number | undefined {
  const { transaction } = detector
  const { record, definition } = decision
  if (name === 'time') return formatIsoTime(record.timestampMs)
  if (name === 'score') return record.score ?? undefined
  if (name === 'amount' && transaction.amount !== undefined) return amountOf(transaction.amount, decision)
  const column = columnOf(name, transaction)
  if (column !== undefined) return decision.transaction[column] ?? undefined
  const value = record.row[definition.features.indexOf(name)]
  return value === undefined || Number.isNaN(value) ? undefined : value
}

/** In major units, as rules have it. */
function amountOf(
  { field, digits = 0, minorUnits = false }: NonNullable<Detector['transaction']['amount']>,
  { transaction }: ExampleDecision,
): number | undefined {
  const sent = Number(transaction[field] ?? Number.NaN)
  if (Number.isNaN(sent)) return undefined
  return minorUnits ? sent / 10 ** digits : sent
}
