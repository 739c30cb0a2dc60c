import type { ColumnKind } from '../data/column-kind.ts'
import type { Table } from '../data/table.ts'
import type { TransactionReader } from '../data/transaction-reader.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import type { Transaction } from '../detector/transaction.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import type {} from './read-input.ts'

/** One transaction of a file with its row; everything in it is valid until the next one. */
export interface ReplayedTransaction {
  readonly row: Float64Array
  /** What of the row would be otherwise if labels were known at once (`undelayedPlaces`), where that is wanted and comes along. */
  readonly undelayed?: Float64Array | undefined
  readonly transaction: Transaction
  /** 1 fraud, 0 legitimate, NaN unknown. */
  readonly label: number
  readonly knownAtMs: number
  /** Takes note of a row that is bad for another reason. */
  readonly reader: TransactionReader
  /** Where the file has it. */
  readonly table: Table
  readonly index: number
  /** Its place in the file, from 0. */
  readonly fileRow: number
}

export interface FileReplay {
  readonly located: LocatedDetector
  readonly features: FeatureSet
  readonly file: string
  /** Further columns that are wanted as a kind of their own. */
  readonly kinds?: Readonly<Record<string, ColumnKind>>
  /** The kind of all columns that are not wanted, where that matters. */
  readonly others?: ColumnKind | undefined
  /**
   * Rows that repeat the id and content of an earlier one are left out, as a log holds each transaction once, and are
   * told here; 'keep' leaves them to the work.
   */
  readonly onRepeat?: ((fileRow: number, first: number) => void) | 'keep'
  /** Whether rows of features are made, which is the default; otherwise they are empty. */
  readonly makesRows?: boolean
  /** Whether what labels that are known at once would change is wanted, too, where that takes no second replay. */
  readonly wantsUndelayed?: boolean
  /** Whether the features are not all of the detector's, so that other threads would make others of it. */
  readonly isPart?: boolean
  /** Whether transactions have to come in the order of their times, which is the default. */
  readonly isOrdered?: boolean
  /** What becomes of such rows, for people; that they are left out where it is not said. */
  readonly repeatsAre?: string
}

/** Gets a file's transactions in sequence order, in groups; each group is to be gone through once, and wholly. */
export type ReplayWork<Result> = (groups: AsyncIterable<Iterable<ReplayedTransaction>>) => Promise<Result>
