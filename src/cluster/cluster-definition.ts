import { canonicalJson, isRecord } from '../core/json-value.ts'
import { RecordTransactions } from '../deciding/detector-in-force.ts'
import type { Detector } from '../detector/detector.ts'
import { labelRanks, type RankOfSource } from '../detector/label-precedence.ts'
import type { Transaction } from '../detector/transaction.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import { computeRow } from '../features/feature-set.ts'
import { MemoryHistories } from '../features/memory-histories.ts'
import { type FeaturePart, type PartedFeatures, partsOf } from '../features/parts.ts'
import type { Definition } from '../log/log-record.ts'
import type { SentTransaction } from './entries.ts'
import { keyLane } from './lanes.ts'

/** A part of a definition's row, and what the lane of its key is told. */
export interface LanePart {
  readonly lane: string
  readonly part: FeaturePart
  /** The value that decides the partition; undefined where the transaction has none. */
  keyOf(sent: SentTransaction): string | undefined
  /** The transaction with nothing but what the part reads, under the definition whose folds make it. */
  reduce(sent: SentTransaction): SentTransaction
}

/** A definition of the control lane, made ready. */
export interface ClusterDefinition {
  readonly position: number
  readonly definition: Definition
  /** The position of the definition whose folds make its parts: its own, or that of one before with the same features. */
  readonly keyedBy: number
  readonly features: PartedFeatures
  readonly parts: readonly LanePart[]
  /** What features see of a transaction that was sent under any definition; undefined where these can't hold it. */
  transactionOf(sent: SentTransaction): Transaction | undefined
  readonly rankOf: RankOfSource
}

/**
 * @param position of the definition in the control lane.
 * @param definitionAt finds the definition that a transaction was sent under.
 * @param keyedBy the position of the definition whose folds make its parts.
 * @throws FraudError CLUSTER_UNSUPPORTED
 */
export function createClusterDefinition(
  position: number,
  { detector, features }: { readonly detector: Detector; readonly features: FeatureSet },
  definition: Definition,
  definitionAt: (position: number) => Definition,
  keyedBy = position,
): ClusterDefinition {
  const parted = partsOf(features)
  const transactions = new RecordTransactions({ detector, features }, { definition: definitionAt })
  const transactionOf = (sent: SentTransaction) => transactions.of(sent, sent.definition)
  const { amount } = detector.transaction
  const always = [amount?.field, amount?.conversion]
  const parts = parted.parts.map((part): LanePart => {
    const columnOf = (text: number) => features.layout.texts[text].column
    const columns = new Set([
      ...always,
      ...part.texts.map(columnOf),
      ...part.numbers.map((number) => features.layout.numbers[number].column),
    ])
    const isRead = definition.columns.map((column) => columns.has(column))
    const keyAt = part.plan.histories[0].text
    return {
      lane: keyLane(part.by),
      part,
      keyOf: (sent) => transactionOf(sent)?.texts[keyAt],
      reduce: (sent) => ({
        ...sent,
        definition: keyedBy,
        fields: sent.fields.map((value, i) => (isRead[i] ? value : undefined)),
      }),
    }
  })
  return { position, definition, keyedBy, features: parted, parts, transactionOf, rankOf: labelRanks(detector) }
}

/** Whether what the folds of one make serves the other: of the same fields they compute the same row. */
export function sharesFolds(one: Definition, other: Definition): boolean {
  return canonicalJson(rowOf(one)) === canonicalJson(rowOf(other))
}

function rowOf({ columns, features: names, detector }: Definition): object {
  return { columns, names, ...readBy(detector) }
}

/** What rows are made by, of all that a detector says. */
export function readBy(given: unknown): Readonly<Record<'transaction' | 'features' | 'histories', unknown>> {
  const detector: unknown = JSON.parse(JSON.stringify(given))
  const { transaction = null, features = null, histories = null } = isRecord(detector) ? detector : {}
  return { transaction, features, histories }
}

/** The values of a part whose key the transaction does not have, which no lane counts. */
export function keylessValues({ part }: LanePart, transaction: Transaction): readonly number[] {
  const histories = new MemoryHistories(part.plan).observe(transaction)
  return [...computeRow(part, transaction, histories, new Float64Array(part.at.length))]
}
