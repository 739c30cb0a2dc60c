import type { Outcome } from '../detector/detector-schema.ts'

/** A value of a key as the log keeps it: a token, a hash, or the value itself. */
export interface KeyValue {
  readonly key: string
  readonly token: string
}

export interface KeyQuery extends KeyValue {
  readonly limit: number
  /** Only older ones than this sequence number. */
  readonly before?: number
  /** From when the windows of figures reach back. */
  readonly asOfMs: number
}

/** One transaction of a key. */
export interface KeyUse {
  readonly sequence: number
  readonly transactionId: string
  readonly timestampMs: number
  /** Null of one that was brought in and not decided. */
  readonly outcome: Outcome | null
  readonly score: number | null
  /** As it was sent. */
  readonly amount: number | null
  /** What the amount is in; empty where all have one currency. */
  readonly currency: string
  readonly keys: Readonly<Record<string, string>>
  /** What it turned out to be by the label that counts; null where there is none. */
  readonly isFraud: boolean | null
}

/** What a key's transactions of a window come to. */
export interface KeyFigures {
  /** Null: all that are counted. */
  readonly windowMs: number | null
  readonly transactions: number
  /** Null where it would be of several currencies. */
  readonly amount: number | null
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>
  readonly frauds: number
  readonly legitimate: number
}

/** A value that is linked with the one that was asked for, by transactions of both or by a value between them. */
export interface LinkedValue extends KeyValue {
  /** 1 of those in the same transaction, 2 of those that share one of these. */
  readonly steps: 1 | 2
  /** Transactions that were looked at, and those of them that are known to be fraud. */
  readonly transactions: number
  readonly frauds: number
}

export interface KeyLink {
  readonly from: KeyValue
  readonly to: KeyValue
  readonly transactions: number
}

/** What is known of one value of a key. */
export interface KeyView {
  /** Newest first. */
  readonly uses: readonly KeyUse[]
  readonly next: number | null
  readonly figures: readonly KeyFigures[]
  readonly linked: readonly LinkedValue[]
  readonly links: readonly KeyLink[]
  /** Where something is told of less than there is. */
  readonly isCut: {
    /** Older transactions than this are not searched. */
    readonly searchedSinceMs: number | null
    /** Figures count so many, the newest; null where they count all. */
    readonly figuresOf: number | null
    /** Whether there are more linked values, or transactions between them. */
    readonly links: boolean
  }
}

/** Finds what is known of a key's value, away from the path of decisions. */
export interface KeyViews {
  viewKey(query: KeyQuery): Promise<KeyView>
}
