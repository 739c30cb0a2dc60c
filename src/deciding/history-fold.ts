import { FraudError } from '../core/errors.ts'
import type { Transaction } from '../detector/transaction.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import type { Histories, History, LabelledEvent } from '../features/history.ts'
import type { LogReading, TransactionRecord } from '../log/decision-log.ts'
import type { LabelRecord, Sequenced } from '../log/log-record.ts'
import { longestSpanMs, mismatch, type RecordTransactions } from './live-detector.ts'

type PendingLabel = Pick<LabelRecord, 'id' | 'isFraud' | 'knownAtMs' | 'receivedAtMs' | 'by'>

interface WaitingLabels {
  readonly labels: PendingLabel[]
  /** Since when the newest of them waits. */
  readonly sinceMs: number
}

/** How long labels wait, by event time, where no feature looks back, so that a transaction may be of any age. */
const endlessWaitMs = 30 * 86_400_000

/**
 * How long a label waits for its transaction, by event time: as long as one that took place before the label was known
 * could still be taken in.
 */
export function labelWaitMs(features: FeatureSet): number {
  const spanMs = longestSpanMs(features)
  return spanMs === Number.POSITIVE_INFINITY ? endlessWaitMs : spanMs
}

/** Since when a label waits: by its own record, so that a log that is gone through again forgets the same ones. */
function waitsSinceMs({ knownAtMs, receivedAtMs }: Pick<LabelRecord, 'knownAtMs' | 'receivedAtMs'>): number {
  return Math.max(knownAtMs, receivedAtMs)
}

/**
 * Histories as a fold over the log: what a transaction or a label does to them, in the order of sequence numbers. The live
 * path, a restart and `features --from-log` all go through here, so they can't differ.
 */
export class HistoryFold<Kept extends Histories = Histories> {
  readonly histories: Kept
  readonly #waitMs: number
  /** Labels whose transactions have not come, by id; in the order in which their last labels came. */
  readonly #pending = new Map<string, WaitingLabels>()
  #waiting = 0
  /** How many of them each has sent. */
  readonly #waitingBy = new Map<string, number>()
  #resumedAtMs: number | undefined

  constructor(histories: Kept, waitMs: number, pending: Iterable<PendingLabel> = [], resumedAtMs?: number) {
    this.histories = histories
    this.#waitMs = waitMs
    this.#resumedAtMs = resumedAtMs
    for (const label of pending) this.#wait(label)
  }

  /** When transactions came again after a silence longer than histories reach; undefined where there was none. */
  get resumedAtMs(): number | undefined {
    return this.#resumedAtMs
  }

  /** Transactions that have a label but have not come. */
  get pendingTransactions(): number {
    this.#dropOld()
    return this.#pending.size
  }

  /** Labels of those transactions. */
  get pendingLabels(): number {
    this.#dropOld()
    return this.#waiting
  }

  /** Those of one sender. */
  pendingLabelsBy(by: string): number {
    this.#dropOld()
    return this.#waitingBy.get(by) ?? 0
  }

  /**
   * Takes a transaction in, and returns its histories for computing its row; `end` is to be called after that.
   *
   * @throws FraudError CURRENCY_MIXED, before anything was changed.
   */
  begin(transaction: Transaction): readonly History[] {
    const { newestMs } = this.histories
    const histories = this.histories.observe(transaction)
    const isAfterSilence = transaction.timestampMs > newestMs + this.#waitMs && newestMs > Number.NEGATIVE_INFINITY
    if (isAfterSilence) this.#resumedAtMs = transaction.timestampMs
    return histories
  }

  /** Labels that came before their transaction take effect after its row. */
  end(sequence: number, id: string, { timestampMs, texts }: Transaction): void {
    if (this.#pending.size === 0) return
    for (const label of this.#takeWaiting(id)) {
      if (!this.#isOld(waitsSinceMs(label))) this.#apply(label, { timestampMs, texts, sequence })
    }
  }

  /** Labels of a transaction that came, and that these histories can't hold, wait for nothing. */
  forget(id: string): void {
    this.#takeWaiting(id)
  }

  /** Takes in what a transaction turned out to be; without an event it waits for it. */
  label(label: PendingLabel, event: LabelledEvent | undefined): void {
    if (event === undefined) this.#wait(label)
    else this.#apply(label, event)
  }

  #apply({ isFraud, knownAtMs }: PendingLabel, event: LabelledEvent): void {
    this.histories.label(event, { isFraud, knownAtMs: Math.max(knownAtMs, event.timestampMs) })
  }

  #wait(label: PendingLabel): void {
    this.#dropOld()
    const waiting = this.#pending.get(label.id)
    const labels = waiting?.labels ?? []
    labels.push(label)
    const sinceMs = Math.max(waitsSinceMs(label), waiting?.sinceMs ?? Number.NEGATIVE_INFINITY)
    this.#pending.delete(label.id)
    this.#pending.set(label.id, { labels, sinceMs })
    this.#waiting += 1
    this.#countBy(label, 1)
  }

  #countBy({ by }: PendingLabel, change: 1 | -1): void {
    if (by === undefined) return
    const count = (this.#waitingBy.get(by) ?? 0) + change
    if (count > 0) this.#waitingBy.set(by, count)
    else this.#waitingBy.delete(by)
  }

  #takeWaiting(id: string): readonly PendingLabel[] {
    const labels = this.#pending.get(id)?.labels ?? []
    this.#pending.delete(id)
    this.#waiting -= labels.length
    for (const label of labels) this.#countBy(label, -1)
    return labels
  }

  #isOld(sinceMs: number): boolean {
    return sinceMs + this.#waitMs < this.histories.newestMs
  }

  #dropOld(): void {
    for (const [id, { sinceMs }] of this.#pending) {
      if (!this.#isOld(sinceMs)) return
      this.#takeWaiting(id)
    }
  }
}

/** What is seen of each transaction that is taken from the log. */
export type OnTransaction = (record: TransactionRecord, transaction: Transaction, histories: readonly History[]) => void

/** Takes one record of the log into histories. */
export function foldRecord(
  fold: HistoryFold,
  record: Sequenced,
  transactions: RecordTransactions,
  reading: Pick<LogReading, 'at'>,
  onTransaction?: OnTransaction,
): void {
  if (record.kind === 'decision' || record.kind === 'history') {
    const transaction = transactions.of(record)
    if (transaction === undefined) {
      fold.forget(record.id)
      return
    }
    const histories = begin(fold, record.sequence, transaction)
    onTransaction?.(record, transaction, histories)
    fold.end(record.sequence, record.id, transaction)
  } else if (record.kind === 'label') {
    const event = eventOf(record.of, transactions, reading)
    // A label of a transaction that is no longer kept has nothing left to say.
    if (record.of === 0 || event !== undefined) fold.label(record, event)
  }
}

function begin(fold: HistoryFold, sequence: number, transaction: Transaction): readonly History[] {
  try {
    return fold.begin(transaction)
  } catch (error) {
    if (!(error instanceof FraudError) || error.code !== 'CURRENCY_MIXED') throw error
    throw mismatch(sequence, error.message)
  }
}

/** The transaction under a number, as a label speaks of it; undefined where there is none, or none any more. */
function eventOf(
  sequence: number,
  transactions: RecordTransactions,
  reading: Pick<LogReading, 'at'>,
): LabelledEvent | undefined {
  const record = sequence === 0 ? undefined : reading.at(sequence)
  if (record?.kind !== 'decision' && record?.kind !== 'history') return undefined
  const transaction = transactions.of(record)
  return transaction && { sequence, timestampMs: record.timestampMs, texts: transaction.texts }
}
