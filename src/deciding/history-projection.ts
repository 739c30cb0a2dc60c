import { FraudError } from '../core/errors.ts'
import { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import type { RankOfSource } from '../detector/label-precedence.ts'
import type { Transaction } from '../detector/transaction.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import type { HistoriesPlan, History, Label, LabelledEvent, StandingPlaces } from '../features/history.ts'
import { MemoryHistories, type MemoryHistoriesOptions } from '../features/memory-histories.ts'
import type { DecisionRecord, HistoryRecord, LabelRecord, LogRecord } from '../log/log-record.ts'
import type { LabelledTransaction, Projection } from '../log/projection.ts'
import { longestSpanMs, mismatch, type RecordTransactions } from './detector-in-force.ts'
import type { PendingLabels } from './pending-labels.ts'
import type { Remake } from './remake.ts'

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

type SaidLabel = Pick<LabelRecord, 'isFraud' | 'knownAtMs'> & {
  readonly source?: string | undefined
  readonly sequence: number
}

/** A transaction that was taken in, with its histories, which are lent until the next one. */
export interface Begun {
  readonly transaction: Transaction
  readonly histories: readonly History[]
}

/**
 * Histories as the log makes them: what a transaction or a label does to them. A row is made of histories that know its
 * transaction, so the decision path takes that one in with `begin` before there is a record, and `take` ends what was begun.
 */
export class HistoryProjection implements Projection {
  readonly name = 'histories'
  /**
   * The second keeps labels with the ranks of their sources, which versions before take for numbers of frauds; the third
   * with their own numbers, which versions before take for ranks.
   */
  readonly version = 3
  #features: FeatureSet
  readonly #options: MemoryHistoriesOptions
  #transactions: RecordTransactions
  readonly #pending: PendingLabels
  #rankOf: RankOfSource
  #waitMs: number
  #plan: HistoriesPlan
  #histories: MemoryHistories
  /** Those without a record so far, in their order. */
  readonly #begun: Transaction[] = []
  #resumedAtMs: number | undefined

  /**
   * @param transactions makes transactions of the log's records.
   * @param pending takes each record before this does.
   * @param plan where only some of the features' histories are made.
   */
  constructor(
    features: FeatureSet,
    transactions: RecordTransactions,
    pending: PendingLabels,
    rankOf: RankOfSource,
    options: MemoryHistoriesOptions,
    plan = features.plan,
  ) {
    this.#features = features
    this.#options = options
    this.#transactions = transactions
    this.#pending = pending
    this.#rankOf = rankOf
    this.#waitMs = labelWaitMs(features)
    this.#plan = plan
    this.#histories = new MemoryHistories(plan, options)
  }

  get histories(): MemoryHistories {
    return this.#histories
  }

  /** When transactions came again after a silence longer than histories reach; undefined where there was none. */
  get resumedAtMs(): number | undefined {
    return this.#resumedAtMs
  }

  /**
   * Takes a transaction in, and returns its histories for computing its row; records of transactions are
   * given to `take` in the order in which those were begun.
   *
   * @throws FraudError CURRENCY_MIXED, before anything was changed.
   */
  begin(transaction: Transaction): readonly History[] {
    const { newestMs } = this.#histories
    const histories = this.#histories.observe(transaction)
    const isAfterSilence = transaction.timestampMs > newestMs + this.#waitMs && newestMs > Number.NEGATIVE_INFINITY
    if (isAfterSilence) this.#resumedAtMs = transaction.timestampMs
    this.#begun.push(transaction)
    return histories
  }

  /**
   * As `begin`, of a transaction that the log has; undefined where these histories can't hold it.
   *
   * @throws FraudError LOG_MISMATCH where it is not a transaction of these histories' detector.
   */
  beginLogged(record: DecisionRecord | HistoryRecord, sequence: number): Begun | undefined {
    const transaction = this.#transactions.of(record, sequence)
    if (transaction === undefined) return undefined
    try {
      return { transaction, histories: this.begin(transaction) }
    } catch (error) {
      if (!(error instanceof FraudError) || error.code !== 'CURRENCY_MIXED') throw error
      throw mismatch(sequence, error.message)
    }
  }

  /** @throws FraudError LOG_MISMATCH as `beginLogged` does, and for labels of such transactions. */
  take(record: LogRecord, sequence: number, about?: LabelledTransaction): void {
    if (record.kind === 'label') {
      const event = about && this.eventOf(about)
      if (event !== undefined) this.#label({ ...record, sequence }, event)
    } else if (record.kind === 'label-withdrawn') {
      const event = about && this.eventOf(about)
      if (event !== undefined)
        this.#histories.withdraw(event, this.#asKept({ ...record, sequence: record.label }, event))
    } else if (record.kind === 'decision' || record.kind === 'history') {
      if (this.#begun.length === 0) this.beginLogged(record, sequence)
      // It is nearly always the only one, and to shift takes longer.
      const transaction = this.#begun.length > 1 ? this.#begun.shift() : this.#begun.pop()
      if (transaction === undefined) return
      // Labels that came before their transaction take effect after its row.
      for (const label of this.#pending.released) this.#label(label, { ...transaction, sequence })
    }
  }

  /**
   * A transaction as a label speaks of it; undefined where these histories can't hold it.
   *
   * @throws FraudError LOG_MISMATCH
   */
  eventOf(about: LabelledTransaction): LabelledEvent | undefined {
    const { sequence } = about
    const transaction = this.#transactions.of(about, sequence)
    return transaction && { ...transaction, sequence }
  }

  /**
   * Goes on with the histories of other features: those of them that stand here, and the others as they were made of the same
   * records. What made them is of no use from then on.
   */
  goOnAs(made: HistoryProjection, standingPlaces: StandingPlaces): void {
    const { plan } = made.#features
    this.#histories = MemoryHistories.join(plan, made.#histories, this.#histories, standingPlaces, this.#options)
    if (made.#waitMs !== this.#waitMs) this.#resumedAtMs = made.#resumedAtMs
    this.#waitMs = made.#waitMs
    this.#features = made.#features
    this.#plan = plan
    this.#transactions = made.#transactions
    this.#rankOf = made.#rankOf
  }

  /** @param remake where only what it makes is saved. */
  *save(remake?: Remake): Generator<Uint8Array> {
    const writer = new StateWriter()
    writer.double(this.#resumedAtMs ?? Number.NaN)
    yield* writer.take(true)
    yield* this.#histories.save((place) => remake?.standingPlaces[place] === undefined)
  }

  *load(chunks: Iterable<Uint8Array>): Steps {
    const reader = new StateReader(chunks)
    try {
      const resumedAtMs = reader.double()
      this.#resumedAtMs = Number.isNaN(resumedAtMs) ? undefined : resumedAtMs
      this.#histories = yield* MemoryHistories.read(this.#plan, reader, this.#options)
      reader.end()
    } finally {
      reader.close()
    }
  }

  #label(label: SaidLabel, event: LabelledEvent): void {
    this.#histories.label(event, this.#asKept(label, event))
  }

  #asKept({ isFraud, knownAtMs, source, sequence }: SaidLabel, { timestampMs }: LabelledEvent): Label {
    const rank = this.#rankOf(source)
    return { isFraud, knownAtMs: Math.max(knownAtMs, timestampMs), rank, number: sequence }
  }
}
