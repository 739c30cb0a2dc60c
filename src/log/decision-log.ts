import type { FraudError } from '../core/errors.ts'
import type { Leader } from './commit-target.ts'
import type {
  CarriedPart,
  DecisionRecord,
  Definition,
  HistoryRecord,
  LabelRecord,
  LogRecord,
  Sequenced,
} from './log-record.ts'
import type { Person } from './personal-values.ts'
import type { LabelledTransaction, TakeRecord } from './projection.ts'

export type TransactionRecord = Sequenced<DecisionRecord> | Sequenced<HistoryRecord>

/** What goes with a record that is appended. */
export interface Beside {
  /** The persons that it is the first to name. */
  readonly newPersons?: readonly Person[]
  /** The transaction of a label, where it is kept. */
  readonly about?: LabelledTransaction | undefined
}

/** Told once a record is durable, or with why it is not. */
export type Settled = (error?: FraudError) => void

/**
 * The log as its own machine reads it, without waiting: every record that is durable and still kept. What a service is
 * asked for waits (`LookUps`, `DecisionPages`). Here are the few small things that each decision needs at once,
 * definitions and the newest number; what goes through all of the log, whose last step has to be one with what follows
 * it, as a takeover is; and what commands ask of a data directory.
 */
export interface LogReading {
  /** What many reads in a row see of one instant, and faster than each alone. Nothing may wait in between. */
  atOneInstant<Result>(read: () => Result): Result
  /** The transaction of an id. */
  find(id: string): TransactionRecord | undefined
  /** Ids of transactions that end so, which takes as long as there are transactions. */
  idsEndingIn(ending: string): readonly string[]
  /** The record of a number. */
  at(sequence: number): Sequenced | undefined
  /** Labels of a transaction's id that stand, in the order in which they came: the last ones where there are more than `most`. */
  labelsOf(id: string, most?: number): readonly Sequenced<LabelRecord>[]
  /** The last of them. */
  lastLabel(id: string): Sequenced<LabelRecord> | undefined
  /** The next records after a number, in order, at most so many; none where it was the last. */
  next(after: number, most?: number): readonly Sequenced[]
  /** How many of the records that `next` returned hold each part that a newer version wrote and this one skips. */
  readonly unread: Readonly<Record<string, number>>
  /** Every label that is kept and stands, in the order in which they came, but for those of transactions that are let go of. */
  allLabels(): Iterable<Sequenced<LabelRecord>>
  /** The definition that stands under a number. */
  definition(sequence: number): Definition
  /** The newest definition and its number. */
  lastDefinition(): { readonly sequence: number; readonly definition: Definition } | undefined
  /** The number of all that are known, including those of records that are no longer kept. */
  definitionSequences(): readonly number[]
  /** The number of the newest record; 0 where there is none. */
  lastSequence(): number
  /** How many transactions there are after one number and up to another, and the newest of their times. */
  transactionsIn(after: number, through: number): { readonly count: number; readonly newestMs: number }
  /** When the first transaction that is kept took place; undefined where there is none. */
  firstTransactionMs(): number | undefined
  /** The numbers of definitions and of changes of the policy before a number, in order. */
  changesBefore(sequence: number): readonly number[]
  /** Records through this number are no longer kept. */
  prunedThrough(): number
  /** What those records had made that has to outlive them, by projection. */
  carried(): Readonly<Record<string, CarriedPart>>
}

/** What is known of an id. */
export interface Found {
  readonly transaction: TransactionRecord | undefined
  /** The labels in the order in which they arrived. */
  readonly labels: readonly Sequenced<LabelRecord>[]
}

/**
 * What is asked of a log while it serves: before a transaction or a label takes its place in it, and by those who want
 * to see a decision. Asking changes nothing, and may take as long as a database across a network does: one round trip
 * for all that is asked for at once.
 */
export interface LookUps {
  /** False only of an id of which the log holds no transaction, which is known without waiting. */
  mayHold(id: string): boolean
  /** The transactions of those ids that have one, durable and still kept. */
  find(ids: readonly string[]): Promise<ReadonlyMap<string, TransactionRecord>>
  /** The same for each of the ids, with its labels: the last ones where there are more than `most`. */
  findLabelled(ids: readonly string[], most?: number): Promise<ReadonlyMap<string, Found>>
}

/**
 * Where decisions and labels are kept, in order, so that nothing that was acknowledged is ever lost. One process at a
 * time appends.
 */
export interface DecisionLog {
  readonly reading: LogReading
  readonly lookUps: LookUps
  /** How many records are on the way to the disk. */
  readonly pending: number
  /** Why nothing can be appended; undefined while all is well. */
  readonly failure: FraudError | undefined
  /** Who appends in place of this process, which follows; undefined where this one does, or nobody is known to. */
  readonly leader?: Leader | undefined
  /** The number that the next record gets. */
  readonly nextSequence: number
  /**
   * Appends a record, which is encoded before this returns; records become durable in the order of their numbers, and
   * the new persons of a transaction with its record, or not at all. Refused with LOG_UNAVAILABLE after a failure. What
   * `take` throws is thrown, and the record does not become durable: the log fails as `mistrust` has it.
   */
  append(record: LogRecord, settled: Settled, beside?: Beside): number
  /**
   * What is appended meanwhile becomes durable together, or not at all. Where it throws after it has appended something, the
   * log fails as `mistrust` has it.
   */
  together<Result>(write: () => Result): Result
  /**
   * Calls `finish` before anything takes a place, when the log fails, before it goes on after that, and when it closes:
   * what was begun appends its records then, or hears of the failure. It is called for what it appends itself, too.
   */
  precede(finish: () => void): void
  /**
   * Calls `take` with each new record before `append` returns, instead of the previous one.
   */
  follow(take: TakeRecord): void
  /**
   * What records made may be wrong, such as histories that hold a transaction without a record: the log fails, as it does
   * where it can't be written, so that all of it is made again.
   */
  mistrust(error: unknown): void
  /** Settles what has become durable by now, without waiting for the loop's next turn. */
  poll(): void
  /** Called when appending has failed, after everything on the way was settled with the failure. */
  onFailure(handle: () => void): void
  /** Tries to write again, and says whether that worked. Numbers then go on from what is in the log. */
  recover(): Promise<boolean>
}
