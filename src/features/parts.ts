import { FraudError } from '../core/errors.ts'
import type { Transaction } from '../detector/transaction.ts'
import type { Feature } from './feature.ts'
import { computeDerived, computeRow, type FeatureSet, type RowFeatures } from './feature-set.ts'
import { type HistoriesPlan, type History, type HistoryPlan, sourcesOf } from './history.ts'

/** The features of one history: what is computed where that history is kept, and all that has to be known there. */
export interface FeaturePart extends RowFeatures {
  /** The key whose history it is. */
  readonly by: string
  /** That history alone. */
  readonly plan: HistoriesPlan
  /** Where each of the part's values belongs in the whole row. */
  readonly at: readonly number[]
  /** The texts and numbers of a transaction that the history and its features read, by their places in the layout. */
  readonly texts: readonly number[]
  readonly numbers: readonly number[]
}

/** A detector's features by the history that they read. */
export interface PartedFeatures {
  readonly whole: FeatureSet
  /** Those that read the transaction alone, as a row of the whole's length. */
  readonly own: RowFeatures
  readonly parts: readonly FeaturePart[]
}

const none: readonly History[] = []

/**
 * Takes features apart, so that each can be computed where its history is kept.
 *
 * @throws FraudError CLUSTER_UNSUPPORTED where a feature reads several histories, or histories refuse a second currency.
 */
export function partsOf(whole: FeatureSet): PartedFeatures {
  refuse(whole)
  const { own, ownAt, ownHistories, plan } = whole
  const readers = plan.histories.map((_, number) =>
    own.flatMap((feature, i) => (ownHistories[i].includes(number) ? [{ feature, at: ownAt[i] }] : [])),
  )
  const alone = own.flatMap((feature, i) => (ownHistories[i].length === 0 ? [{ feature, at: ownAt[i] }] : []))
  return {
    whole,
    own: { own: alone.map(({ feature }) => feature), ownAt: alone.map(({ at }) => at), derived: [] },
    parts: plan.histories.map((history, number) => partOf(whole, history, number, readers[number])),
  }
}

/**
 * Puts a row together: what reads the transaction alone, the parts, and features of features. Writes into `row` and returns
 * it.
 *
 * @param parts values in the order of the parts; unknown where one is missing.
 */
export function joinRow(
  { whole, own, parts }: PartedFeatures,
  transaction: Transaction,
  values: readonly (ArrayLike<number> | undefined)[],
  row: Float64Array,
): Float64Array {
  computeRow(own, transaction, none, row)
  parts.forEach(({ at }, part) => {
    for (let i = 0; i < at.length; i++) row[at[i]] = values[part]?.[i] ?? Number.NaN
  })
  return computeDerived(whole, transaction, none, row)
}

/** A part as a feature set of its own, for replays with its history alone. */
export function partAlone({ whole }: PartedFeatures, part: FeaturePart): FeatureSet {
  const { at, own, ownAt, derived, plan } = part
  const { all, declared } = whole
  return {
    ...whole,
    ...{ own, ownAt, derived, plan, columns: undefined },
    names: at.map((place) => whole.names[place]),
    all: at.map((place) => all[place]),
    declared: at.map((place) => declared[place]),
  }
}

function partOf(
  { plan }: FeatureSet,
  history: HistoryPlan,
  number: number,
  readers: readonly { readonly feature: Feature; readonly at: number }[],
): FeaturePart {
  const sources = sourcesOf(history)
  const indexes = (from: 'text' | 'number') =>
    sources.flatMap((source) => (source.from === from ? [source.index] : [])).sort((a, b) => a - b)
  return {
    by: history.by ?? '',
    plan: { histories: [history], eventsPerKey: plan.eventsPerKey, currency: undefined },
    own: readers.map(({ feature }) => readingFirst(feature, number)),
    ownAt: [...readers.keys()],
    derived: [],
    at: readers.map(({ at }) => at),
    texts: [...new Set([history.text, ...indexes('text')])],
    numbers: [...new Set(indexes('number'))],
  }
}

/** A feature that finds its history, which has this number in the whole plan, as the first and only one. */
function readingFirst(feature: Feature, number: number): Feature {
  const lent: History[] = []
  return {
    ...feature,
    compute: (transaction, [history], inputs) => {
      lent[number] = history
      return feature.compute(transaction, lent, inputs)
    },
  }
}

function refuse({ own, ownHistories, plan }: FeatureSet): void {
  const several = own.filter((_, i) => ownHistories[i].length > 1)
  if (several.length > 0) {
    const names = several.map(({ name }) => `"${name}"`).join(', ')
    throw new FraudError(
      'CLUSTER_UNSUPPORTED',
      `Key by key, ${names} can't be computed: each reads the histories of several keys; name one by "by", or leave it out`,
    )
  }
  if (plan.currency === undefined) return
  throw new FraudError(
    'CLUSTER_UNSUPPORTED',
    "Key by key, amounts of a second currency can't be refused, since histories of other keys have counted them by then; declare amount.conversion, the field with the rate to one common currency",
  )
}
