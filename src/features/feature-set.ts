import { suggestion } from '../core/closest-name.ts'
import { durationMs } from '../core/duration.ts'
import { type DetectorProblem, detectorError, inMemory, type LocatedDetector } from '../detector/detector.ts'
import type { Transaction, TransactionLayout } from '../detector/transaction.ts'
import { featureKinds } from './definitions/index.ts'
import { type Feature, type FeatureKind, type ValueRange, wholeUpTo } from './feature.ts'
import { orderFeatures } from './feature-order.ts'
import type { HistoriesPlan, History } from './history.ts'
import { findLabelReaders, labelColumns } from './label-columns.ts'
import { type ListedText, Scope, UnknownName } from './scope.ts'

/** A detector's features, ready to compute rows, and what they need of transactions and histories. */
export interface FeatureSet {
  /** The columns of a row, in declared order. */
  readonly names: readonly string[]
  /** All of them, in the same order. */
  readonly all: readonly Feature[]
  /** How each of them is declared, in the same order. */
  readonly declared: readonly DeclaredFeature[]
  /** Features that need no others, and where in the row each stands. */
  readonly own: readonly Feature[]
  readonly ownAt: readonly number[]
  /** Features of other features, each after those that it needs, with their places in the row. */
  readonly derived: readonly { readonly feature: Feature; readonly at: number; readonly inputs: readonly number[] }[]
  readonly layout: TransactionLayout
  readonly plan: HistoriesPlan
  /** The columns that the features are, where they are nothing but columns. */
  readonly columns: readonly string[] | undefined
  /** Texts whose values are listed, so that others are unknown to the model. */
  readonly listed: readonly ListedText[]
  /** The texts of the values, from 0 on, of features that are categories, by their names. */
  readonly categories: Readonly<Record<string, readonly string[]>>
  /** How long after a transaction its label is known; undefined where the detector doesn't say. */
  readonly labelDelayMs: number | undefined
}

/** A feature as the detector file declares it. */
interface DeclaredFeature {
  readonly name: string
  readonly kind: string
  readonly parameters: unknown
  readonly range: ValueRange | undefined
}

const defaultEventsPerKey = 4096
const kinds = new Map(featureKinds.map((kind) => [kind.kind, kind]))
/** Names that stand for a kind of feature, so that a column of that name has to be declared as one. */
export const kindNames: readonly string[] = [...kinds.keys()]

interface Declared {
  readonly kind: FeatureKind
  readonly parameters: unknown
  readonly path: readonly PropertyKey[]
}

/**
 * Makes a detector's features.
 *
 * @throws FraudError DETECTOR_INVALID, with the place and the reason of each declaration that can't be.
 */
export function compileFeatures({ detector, locate }: LocatedDetector): FeatureSet {
  const scope = new Scope(detector, kindNames)
  const problems: DetectorProblem[] = [...findLabelReaders(detector)]
  const ofLabel = labelColumns(detector)
  const features: Feature[] = []
  const paths: (readonly PropertyKey[])[] = []
  const columns: string[] = []
  const all: DeclaredFeature[] = []
  detector.features.forEach((given, i) => {
    const declared = readDeclaration(given, ['features', i], problems)
    if (declared === undefined) return
    try {
      for (const feature of declared.kind.declare(declared.parameters, scope)) {
        features.push(feature)
        const range = feature.categories === undefined ? declared.kind.range : wholeUpTo(feature.categories.length - 1)
        all.push({ name: feature.name, kind: declared.kind.kind, parameters: declared.parameters, range })
        paths.push(declared.path)
      }
      if (declared.kind.kind !== 'column') return
      const column = String(declared.parameters)
      columns.push(column)
      const reason = ofLabel.get(column)
      if (reason !== undefined) problems.push({ path: declared.path, reason })
    } catch (error) {
      if (!(error instanceof UnknownName)) throw error
      const path = error.parameter === '' ? declared.path : [...declared.path, error.parameter]
      problems.push({ path, reason: error.message })
    }
  })
  const { order, inputs } = orderFeatures(features, paths, problems)
  if (problems.length > 0) throw detectorError(problems, locate)
  const { label, amount } = detector.transaction
  // A file's column is not the feature where amounts come in minor units.
  const isConverted = amount?.minorUnits === true
  const ownAt = order.filter((at) => inputs[at].length === 0)
  return {
    names: features.map(({ name }) => name),
    all: features,
    declared: all,
    own: ownAt.map((at) => features[at]),
    ownAt,
    derived: order
      .filter((at) => inputs[at].length > 0)
      .map((at) => ({ feature: features[at], at, inputs: inputs[at] })),
    layout: scope.layout,
    plan: {
      histories: scope.plans,
      eventsPerKey: detector.histories?.eventsPerKey ?? defaultEventsPerKey,
      currency: scope.currency,
    },
    columns: columns.length === features.length && !isConverted ? columns : undefined,
    listed: scope.listed,
    categories: Object.fromEntries(
      features.flatMap(({ name, categories }) => (categories === undefined ? [] : [[name, categories]])),
    ),
    labelDelayMs: label.delay === undefined ? undefined : durationMs(label.delay),
  }
}

/** The features of a detector that came from no file of its own. */
export function compileDetector(detector: LocatedDetector['detector']): FeatureSet {
  return compileFeatures({ detector, locate: inMemory })
}

const none: readonly number[] = []

/** Computes the row of the transaction whose histories these are. Writes into `row` and returns it. */
export function computeRow(
  { own, ownAt, derived }: FeatureSet,
  transaction: Transaction,
  histories: readonly History[],
  row: Float64Array,
): Float64Array {
  for (let i = 0; i < own.length; i++) row[ownAt[i]] = own[i].compute(transaction, histories, none)
  for (const { feature, at, inputs } of derived) {
    row[at] = feature.compute(
      transaction,
      histories,
      inputs.map((input) => row[input]),
    )
  }
  return row
}

/** Which kind an entry of the list is, and its checked parameters; what is wrong is added to the problems. */
function readDeclaration(
  given: string | Record<string, unknown>,
  path: readonly PropertyKey[],
  problems: DetectorProblem[],
): Declared | undefined {
  if (typeof given === 'string') return readName(given, path, problems)
  const [name, ...others] = Object.keys(given)
  if (name === undefined || others.length > 0) {
    const reason = 'each entry is one kind of feature; begin each with "-", and indent its parameters'
    problems.push({ path, reason })
    return undefined
  }
  const kind = kinds.get(name)
  if (kind === undefined) {
    problems.push({
      path: [...path, name],
      reason: `there is no kind of feature "${name}"${suggestion(name, kindNames)}`,
    })
    return undefined
  }
  const at = [...path, name]
  const parsed = kind.parameters.safeParse(given[name] ?? {})
  if (parsed.success) return { kind, parameters: given[name] ?? {}, path: at }
  for (const issue of parsed.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) problems.push({ path: [...at, key], reason: whyNot(key, kind) })
    } else if (issue.path.length === 0 && 'shape' in kind.parameters) {
      const names = parametersOf(kind)
      const reason = names.length === 0 ? 'it has no parameters' : `write its parameters by name: ${names.join(', ')}`
      problems.push({ path: at, reason })
    } else problems.push({ path: [...at, ...issue.path], reason: issue.message })
  }
  return undefined
}

/** A kind that needs no parameters, or a column. */
function readName(name: string, path: readonly PropertyKey[], problems: DetectorProblem[]): Declared | undefined {
  const kind = kinds.get(name)
  if (kind === undefined) {
    const [column] = featureKinds.filter((candidate) => candidate.kind === 'column')
    return { kind: column, parameters: name, path }
  }
  const parsed = kind.parameters.safeParse({})
  if (parsed.success) return { kind, parameters: {}, path }
  const wanted = parsed.error.issues.map((issue) => issue.path.join('.')).filter((parameter) => parameter !== '')
  problems.push({ path, reason: `${name} needs more parameters: ${wanted.join(', ')}` })
  return undefined
}

function whyNot(parameter: string, kind: FeatureKind): string {
  const allowed = parametersOf(kind)
  if (parameter === 'delay') {
    return `a delay moves a window back, and ${kind.kind} ${allowed.includes('over') ? 'begins at the transaction itself' : 'has no window'}; leave it out`
  }
  const none = allowed.length === 0 ? `; ${kind.kind} has no parameters` : suggestion(parameter, allowed)
  return `${kind.kind} has no parameter "${parameter}"${none}`
}

/** The names of a kind's parameters. */
function parametersOf({ parameters }: FeatureKind): readonly string[] {
  return 'shape' in parameters && typeof parameters.shape === 'object' ? Object.keys(parameters.shape ?? {}) : []
}
