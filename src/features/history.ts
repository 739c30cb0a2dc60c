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
  /** Transactions of the window that are known to be fraud by now: those of them with a condition, by its number among labels. */
  fraudCount(window: number, condition?: number): number
  /** Those of them whose text, by its number among labels, is known and another one than this; any, for NaN. */
  otherFrauds(window: number, text: number, value: number): number
  /** When the first or the last of them took place; NaN where there are none. */
  fraudTime(window: number, which: 'first' | 'last'): number
  /**
   * How many of them came one behind the other up to the last one, with nothing else between. The order within an instant is
   * not kept, so one whose transactions are not all known to be fraud is where the run begins.
   */
  fraudRun(window: number): number
  /** When that run began; NaN where there is none. */
  fraudRunStart(window: number): number
}

/** A span of event time before a transaction: (t - delay - width, t - delay]. */
export interface Window {
  readonly widthMs: number
  readonly delayMs: number
  /** Whether it ends right before the transaction itself, which it would hold otherwise. */
  readonly excludesSelf?: true
}

/**
 * Where the values of a history's field come from. An exact amount is whole minor units, whose sums are exact; a text
 * is kept as its hash (core/hash-text.ts).
 */
export type SourceOfField =
  | { readonly from: 'amount'; readonly isExact: boolean }
  | { readonly from: 'number' | 'text'; readonly index: number }

/** 1 where a transaction has a condition; 0 where it doesn't, or where what is missing would decide. */
export interface ConditionField {
  readonly from: 'condition'
  readonly text: string
  readonly reads: readonly SourceOfField[]
  readonly test: (transaction: Transaction) => number
}

/**
 * 1 where a transaction was the key's first with its text, as far back as that window goes, when it came; 0 where it was not, or
 * has none.
 */
export interface FirstField {
  readonly from: 'first'
  /** The text's number among the history's fields. */
  readonly field: number
  readonly widthMs: number
}

export type HistoryField = SourceOfField | ConditionField | FirstField

/** What histories by one key have to keep. */
export interface HistoryPlan {
  /** The key's or category's name; null for one history of everything. */
  readonly by: string | null
  /** Where the key stands among a transaction's texts. */
  readonly text: number
  readonly fields: readonly HistoryField[]
  readonly windows: readonly Window[]
  readonly countsFrauds: boolean
  /** What labels of fraud keep of their transactions. */
  readonly labelFields: readonly (SourceOfField | ConditionField)[]
  /** Its longest window plus delay: what is older than the newest transaction of all by this much is forgotten. */
  readonly spanMs: number
}

/** What of a transaction a history reads beside its key: for itself, and for labels. */
export function sourcesOf({ fields, labelFields }: HistoryPlan): readonly SourceOfField[] {
  return [...fields, ...labelFields].flatMap((field) => {
    if (field.from === 'condition') return field.reads
    // The text of one that tells firsts is a field of its own.
    return field.from === 'first' ? [] : [field]
  })
}

/** What all of a detector's histories keep, and for how long. */
export interface HistoriesPlan {
  readonly histories: readonly HistoryPlan[]
  /** How many of its newest transactions a key keeps exactly. */
  readonly eventsPerKey: number
  /** Where the currency stands among a transaction's texts, if amounts of two must not meet in one history. */
  readonly currency: number | undefined
}

/** For each history of a plan its place in another plan that keeps the same in one; undefined where none does. */
export type StandingPlaces = readonly (number | undefined)[]

/** A transaction that a label speaks of. */
export interface LabelledEvent extends Transaction {
  readonly sequence: number
}

/** What turned out to be true, and when it became known. */
export interface Label {
  readonly isFraud: boolean
  readonly knownAtMs: number
  /** How far its source is believed: of two labels the higher counts; 0 by default. */
  readonly rank?: number
  /** Its own number, by which it is withdrawn: another label may say the same at the same time; 0 where none ever is. */
  readonly number?: number
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
