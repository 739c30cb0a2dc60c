import type { Transaction } from '../detector/transaction.ts'

/**
 * The past of one key as it stood when the transaction in hand came, that transaction included: what features may ask.
 * Windows and fields are numbers that the feature set gave out. Events are in (time, sequence) order; an event is a
 * position, valid until the next transaction is observed.
 */
export interface History {
  /** Transactions in the window. */
  count(window: number): number
  /** The sum of a field over the window, missing values left out: whole minor units for an exact amount. */
  sum(window: number, field: number): number
  /** How many values that sum has. */
  known(window: number, field: number): number
  /** The field's known values in the window, oldest first. Overwritten by the next call; may be sorted in place. */
  values(window: number, field: number): Float64Array
  /**
   * The newest event of the window before the transaction in hand (whose field is known, from field 0 up); -1 where
   * there is none.
   */
  previous(window: number, field: number): number
  /** Whether an event of the window before the transaction in hand has this value. */
  has(window: number, field: number, value: number): boolean
  /** The field of an event. */
  valueOf(event: number, field: number): number
  timeOf(event: number): number
  /** Transactions of the window that are known to be fraud by now. */
  fraudCount(window: number): number
}

/** A span of event time before a transaction: (t - delay - width, t - delay]. */
export interface Window {
  readonly widthMs: number
  readonly delayMs: number
}

/**
 * Where the values of a history's field come from. An exact amount is whole minor units, whose sums are exact; a text
 * is kept as its hash (core/hash-text.ts).
 */
export type HistoryField =
  | { readonly from: 'amount'; readonly isExact: boolean }
  | { readonly from: 'number' | 'text'; readonly index: number }

/** What histories by one key have to keep. */
export interface HistoryPlan {
  /** The key's or category's name; null for one history of everything. */
  readonly by: string | null
  /** Where the key stands among a transaction's texts. */
  readonly text: number
  readonly fields: readonly HistoryField[]
  readonly windows: readonly Window[]
  readonly countsFrauds: boolean
  /** Its longest window plus delay: what is older than the newest transaction of all by this much is forgotten. */
  readonly spanMs: number
}

/** What all of a detector's histories keep, and for how long. */
export interface HistoriesPlan {
  readonly histories: readonly HistoryPlan[]
  /** How many of its newest transactions a key keeps exactly. */
  readonly eventsPerKey: number
  /** Where the currency stands among a transaction's texts, if amounts of two must not meet in one history. */
  readonly currency: number | undefined
}

/** A transaction that a label speaks of. */
export interface LabelledEvent {
  readonly timestampMs: number
  readonly texts: readonly (string | undefined)[]
  readonly sequence: number
}

/** What turned out to be true, and when it became known. */
export interface Label {
  readonly isFraud: boolean
  readonly knownAtMs: number
  /** How far its source is believed: of two labels the higher counts; 0 by default. */
  readonly rank?: number
}

/** How well the histories are. */
export interface HistoriesStats {
  readonly keys: number
  readonly events: number
  readonly bytes: number
  /** Keys that were dropped because memory was short before they were old enough. */
  readonly droppedForMemory: number
}

/** The pasts of all keys: what the decision path, replay and backtests write to and read from. */
export interface Histories {
  /** The newest event time of all. */
  readonly newestMs: number
  /**
   * Takes a transaction in and returns the history of each plan's key as it stands now, valid until the next call.
   *
   * @throws FraudError CURRENCY_MIXED, before anything was changed.
   */
  observe(transaction: Transaction): readonly History[]
  /** Takes in what a transaction turned out to be; the later of two labels of one rank counts. */
  label(event: LabelledEvent, label: Label): void
  /** Takes a label back that was taken in before. */
  withdraw(event: LabelledEvent, label: Label): void
  /** Whether the last transaction's histories hold less than exact windows want, in the words of `degraded`. */
  degraded(): readonly string[]
  stats(): HistoriesStats
}
