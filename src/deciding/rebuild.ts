import { MemoryHistories, type MemoryHistoriesOptions } from '../features/memory-histories.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { Snapshot } from '../log/snapshots.ts'
import { foldRecord, HistoryFold, labelWaitMs, type OnTransaction } from './history-fold.ts'
import { type LiveDetector, RecordTransactions } from './live-detector.ts'

/**
 * Histories as the log makes them: a snapshot's, if there is one that serves, and the tail behind it; a group of records
 * at a time, so that whoever drives it can do other things in between.
 */
export class HistoryRebuild {
  readonly fold: HistoryFold<MemoryHistories>
  readonly #reading: LogReading
  readonly #transactions: RecordTransactions
  #sequence: number

  /** @throws FraudError SNAPSHOT_INVALID */
  constructor(
    live: Pick<LiveDetector, 'detector' | 'features'>,
    reading: LogReading,
    snapshot: Snapshot | undefined,
    options: MemoryHistoriesOptions,
  ) {
    const { plan } = live.features
    this.#reading = reading
    this.#sequence = snapshot?.sequence ?? reading.prunedThrough()
    this.#transactions = new RecordTransactions(live, reading)
    const histories =
      snapshot === undefined
        ? new MemoryHistories(plan, options)
        : MemoryHistories.restore(plan, snapshot.chunks(), options)
    const waitMs = labelWaitMs(live.features)
    const pending = reading.pendingLabels(this.#sequence, histories.newestMs - waitMs)
    this.fold = new HistoryFold(histories, waitMs, pending, snapshot?.resumedAtMs)
  }

  /** The last record that went in. */
  get sequence(): number {
    return this.#sequence
  }

  /**
   * Takes the next records in; false once there are no more.
   *
   * @throws FraudError LOG_INVALID or LOG_MISMATCH
   */
  step(onTransaction?: OnTransaction): boolean {
    const records = this.#reading.next(this.#sequence)
    for (const record of records) {
      foldRecord(this.fold, record, this.#transactions, this.#reading, onTransaction)
      this.#sequence = record.sequence
    }
    return records.length > 0
  }
}
