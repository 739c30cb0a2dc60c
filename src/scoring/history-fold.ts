import { FraudError } from '../core/errors.ts'
import type { Transaction } from '../core/transaction.ts'
import type { LogReading, TransactionRecord } from '../decisioning/decision-log.ts'
import type { LabelRecord, Sequenced } from '../decisioning/log-record.ts'
import type { Histories, History, LabelledEvent } from '../features/history.ts'
import { mismatch, type RecordTransactions } from './live-detector.ts'

type PendingLabel = Pick<LabelRecord, 'id' | 'isFraud' | 'knownAtMs'>

/**
 * Histories as a fold over the log: what a transaction or a label does to them, in the order of sequence numbers. The live
 * path, a restart and `features --from-log` all go through here, so they can't differ.
 */
export class HistoryFold<Kept extends Histories = Histories> {
  readonly histories: Kept
  /** Labels whose transactions have not come. */
  readonly #pending = new Map<string, PendingLabel[]>()

  constructor(histories: Kept, pending: Iterable<PendingLabel> = []) {
    this.histories = histories
    for (const label of pending) this.#wait(label)
  }

  get pendingLabels(): number {
    return this.#pending.size
  }

  /**
   * Takes a transaction in, and returns its histories for computing its row; `end` is to be called after that.
   *
   * @throws FraudError CURRENCY_MIXED, before anything was changed.
   */
  begin(transaction: Transaction): readonly History[] {
    return this.histories.observe(transaction)
  }

  /** Labels that came before their transaction take effect after its row. */
  end(sequence: number, id: string, { timestampMs, texts }: Transaction): void {
    if (this.#pending.size === 0) return
    const waiting = this.#pending.get(id)
    if (waiting === undefined) return
    this.#pending.delete(id)
    for (const label of waiting) this.#apply(label, { timestampMs, texts, sequence })
  }

  /** Labels of a transaction that came, and that these histories can't hold, wait for nothing. */
  forget(id: string): void {
    this.#pending.delete(id)
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
    const waiting = this.#pending.get(label.id)
    if (waiting === undefined) this.#pending.set(label.id, [label])
    else waiting.push(label)
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
