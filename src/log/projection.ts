import type { Steps } from '../core/time-slices.ts'
import type { DecisionRecord, HistoryRecord, LogRecord, Sequenced } from './log-record.ts'

/** The transaction that a label speaks of, as its record has it; rows are lent, and not kept for that. */
export type LabelledTransaction = Omit<Sequenced<DecisionRecord>, 'row'> | Sequenced<HistoryRecord>

/**
 * Takes a record at its place in the log. A label comes with the transaction that it speaks of, so that nobody has to
 * look back; without one where its transaction had not come (`of` is 0) or is no longer kept. The row of a decision is
 * lent: it is another's as soon as this returns.
 */
export type TakeRecord = (record: LogRecord, sequence: number, about?: LabelledTransaction) => void

/**
 * What records make, taken one after the other in the order of the log. The decision path and a rebuild go through the
 * same `take`, so that both lead to the same state.
 */
export interface Projection {
  /** The name of its part in snapshots and checkpoints, which never changes. */
  readonly name: string
  /**
   * The version of the form in which `save` writes, from 1; a part with a higher one is not read, but computed from the
   * log.
   */
  readonly version: number
  take: TakeRecord
  /**
   * Whether what has been made so far rests on records that may be let go of, and has to outlive them: then a
   * checkpoint carries it. Missing of one that retention keeps enough records for, as it does for histories. One that
   * is carried reads nothing of one that is not.
   */
  isCarried?(): boolean
  /** Forgets what it keeps of single records through a number, as it does at a checkpoint, before that carries it. */
  letGo?(through: number): void
  /** All of the state, the same bytes for the same records however they were taken. */
  save(): Iterable<Uint8Array>
  /**
   * Puts a saved state, of this version or an earlier one, in the place of the empty one; done once its steps are.
   *
   * @throws FraudError SNAPSHOT_INVALID where it is something else; the projection is of no use then.
   */
  load(chunks: Iterable<Uint8Array>, version: number): Steps
}

/** The transaction that a record speaks of, where it is a label and that one is kept. */
export function aboutOf(
  record: LogRecord,
  reading: { at(sequence: number): Sequenced | undefined },
): LabelledTransaction | undefined {
  const isOfOne = record.kind === 'label' || record.kind === 'label-withdrawn'
  const about = isOfOne && record.of > 0 ? reading.at(record.of) : undefined
  return about?.kind === 'decision' || about?.kind === 'history' ? about : undefined
}
