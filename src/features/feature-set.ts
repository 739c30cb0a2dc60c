import { durationMs } from '../core/duration.ts'
import { type DetectorProblem, detectorError, inMemory, type LocatedDetector } from '../detector/located-detector.ts'
import type { Transaction, TransactionLayout } from '../detector/transaction.ts'
import { declareFeatures } from './declare-features.ts'
import type { Feature, ValueRange } from './feature.ts'
import { orderFeatures } from './feature-order.ts'
import type { HistoriesPlan, History } from './history.ts'
import { findLabelReaders } from './label-columns.ts'
import type { ListedText } from './scope.ts'

/** What computes a row's values, or some of them. */
export interface RowFeatures {
  /** Features that need no others, and where in the row each stands. */
  readonly own: readonly Feature[]
  readonly ownAt: readonly number[]
  /** Features of other features, each after those that it needs, with their places in the row. */
  readonly derived: readonly { readonly feature: Feature; readonly at: number; readonly inputs: readonly number[] }[]
}

/** A detector's features, ready to compute rows, and what they need of transactions and histories. */
export interface FeatureSet extends RowFeatures {
  /** The columns of a row, in declared order. */
  readonly names: readonly string[]
  /** All of them, in the same order. */
  readonly all: readonly Feature[]
  /** How each of them is declared, in the same order. */
  readonly declared: readonly DeclaredFeature[]
  /** The histories that each of its own looks at, by their numbers in the plan. */
  readonly ownHistories: readonly (readonly number[])[]
  /** Whether each of its own looks at which transactions are known to be fraud. */
  readonly ownCountFrauds: readonly boolean[]
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
export interface DeclaredFeature {
  readonly name: string
  readonly kind: string
  readonly parameters: unknown
  readonly range: ValueRange | undefined
  /** Two features of one name are the same where these texts are the same. */
  readonly declaration: string
}

const defaultEventsPerKey = 4096

/**
 * Makes a detector's features.
 *
 * @throws FraudError DETECTOR_INVALID, with the place and the reason of each declaration that can't be.
 */
export function compileFeatures({ detector, locate }: LocatedDetector): FeatureSet {
  const paths = detector.features.map((_, i) => ['features', i])
  const { declared, columns, scope, problems: found } = declareFeatures(detector, detector.features, paths)
  const problems: DetectorProblem[] = [...findLabelReaders(detector), ...found]
  const features = declared.map(({ feature }) => feature)
  const { order, inputs } = orderFeatures(
    features,
    declared.map(({ path }) => path),
    problems,
  )
  if (problems.length > 0) throw detectorError(problems, locate)
  const { label, amount } = detector.transaction
  // A file's column is not the feature where amounts come in minor units.
  const isConverted = amount?.minorUnits === true
  const ownAt = order.filter((at) => inputs[at].length === 0)
  return {
    names: features.map(({ name }) => name),
    all: features,
    declared: declared.map(({ feature: { name }, kind, parameters, range, declaration }) => ({
      ...{ name, kind, parameters, range, declaration },
    })),
    own: ownAt.map((at) => features[at]),
    ownAt,
    ownHistories: ownAt.map((at) => declared[at].histories),
    ownCountFrauds: ownAt.map((at) => declared[at].countsFrauds),
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
  features: RowFeatures,
  transaction: Transaction,
  histories: readonly History[],
  row: Float64Array,
): Float64Array {
  const { own, ownAt } = features
  for (let i = 0; i < own.length; i++) row[ownAt[i]] = own[i].compute(transaction, histories, none)
  return computeDerived(features, transaction, histories, row)
}

/** Computes the features of a row that need others of it, which are there. */
export function computeDerived(
  { derived }: RowFeatures,
  transaction: Transaction,
  histories: readonly History[],
  row: Float64Array,
): Float64Array {
  for (const { feature, at, inputs } of derived) {
    row[at] = feature.compute(
      transaction,
      histories,
      inputs.map((input) => row[input]),
    )
  }
  return row
}
