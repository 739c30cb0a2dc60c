import type { Transaction } from '../detector/transaction.ts'
import { computeRow, type FeatureSet } from './feature-set.ts'
import type { Histories, Label } from './history.ts'
import { LabelQueue } from './label-queue.ts'

/**
 * Transactions of the past, one after the other as they came, with labels in between as they became known: what makes
 * training rows, by the functions that serve.
 */
export class Replay {
  readonly #features: FeatureSet
  readonly #histories: Pick<Histories, 'observe' | 'label'>
  readonly #pending = new LabelQueue()
  readonly #row: Float64Array
  #sequence = 0

  constructor(features: FeatureSet, histories: Pick<Histories, 'observe' | 'label'>) {
    this.#features = features
    this.#histories = histories
    this.#row = new Float64Array(features.names.length)
  }

  /**
   * The row of the next transaction, valid until the one after. Labels that were known at its time or before come
   * first, so a label that becomes known at the very instant of a transaction is seen by it.
   */
  next(transaction: Transaction): Float64Array {
    const { timestampMs } = transaction
    for (let due = this.#pending.due(timestampMs); due !== undefined; due = this.#pending.due(timestampMs)) {
      this.#histories.label(due.event, due.label)
    }
    this.#sequence++
    return computeRow(this.#features, transaction, this.#histories.observe(transaction), this.#row)
  }

  /** Says what the last transaction turned out to be; its label comes when it was known. */
  label({ timestampMs, amount, texts, numbers }: Transaction, label: Label): void {
    // That a transaction is legitimate changes no feature unless it was called fraud before.
    if (!label.isFraud) return
    const lasting = { texts: [...texts], numbers: Float64Array.from(numbers) }
    const event = { timestampMs, amount, ...lasting, sequence: this.#sequence }
    this.#pending.add({ event, label: { ...label, knownAtMs: Math.max(label.knownAtMs, timestampMs) } })
  }
}
