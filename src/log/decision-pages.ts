import type { Outcome } from '../detector/detector-schema.ts'
import type { DecisionRecord, Sequenced } from './log-record.ts'

/** Which decisions are wanted: all that are given hold. */
export interface DecisionQuery {
  readonly outcome?: Outcome
  /** The bounds of the transaction's time, both included. */
  readonly fromMs?: number
  readonly toMs?: number
  /** A declared column and the value that it must have. */
  readonly field?: { readonly column: string; readonly value: string }
  readonly minScore?: number
  readonly limit: number
  /** Only older ones than this sequence number. */
  readonly before?: number
}

export interface DecisionPage {
  /** Newest first. */
  readonly records: readonly Sequenced<DecisionRecord>[]
  /** Where the next page begins; null where there is nothing older. A page may be short, or empty, and not the last. */
  readonly next: number | null
}

/** Finds decisions away from the path of those that are being made. */
export interface DecisionPages {
  page(query: DecisionQuery): Promise<DecisionPage>
}
