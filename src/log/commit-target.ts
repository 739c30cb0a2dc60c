import type { ErrorCode } from '../core/errors.ts'
import type { Person } from './personal-values.ts'

/** What becomes durable together, or not at all. */
export interface Batch {
  /** Framed records, side by side. */
  readonly frames: Uint8Array<ArrayBuffer>
  /** New ones, which become durable with the records. */
  readonly persons: readonly Person[]
  /** Those to be forgotten, without a trace. */
  readonly forgotten: readonly Pick<Person, 'key' | 'token'>[]
  /** While records through this number are being deleted: none of them holds its id any more. 0 where none are. */
  readonly prunedThrough: number
}

export interface CommitDone {
  readonly answer: 'done'
  readonly lastSequence: number
  readonly commitMs: number
  /** There is more of the same to do: a long order is done in parts, so that records get their turn in between. */
  readonly isUnfinished: boolean
  /** The log's files were gone, and were written again from what this process still held. */
  readonly isPutBack?: boolean
  /** At the start: who writes the log, where this process does not. */
  readonly leader?: Leader
}

/** Another process that writes the log, and where it takes requests; null where it has not said so. */
export interface Leader {
  readonly holder: string
  readonly url: string | null
}

export type CommitAnswer =
  | CommitDone
  | {
      readonly answer: 'failed'
      readonly reason: string
      readonly code?: ErrorCode
      /** Somebody else wrote into the log: what it holds, and what this process has in memory, is not to be trusted. */
      readonly isOverwritten?: boolean
      /** Who writes the log in place of this process, which follows it meanwhile. */
      readonly leader?: Leader
    }

/** Told once, when the order was carried out or has failed. */
export type Answered = (answer: CommitAnswer) => void

/** Where records are made durable. It is given one order at a time, and answers each. */
export interface CommitTarget {
  append(batch: Batch, answered: Answered): void
  /** After a failed commit nobody knows what is durable: sees what is, and proves that more can be. */
  recover(answered: Answered): void
  /** Deletes records through a number, or some of them. */
  prune(through: number, answered: Answered): void
  /** Leaves nothing of erased content anywhere; unfinished while a reader is in the way. */
  truncate(answered: Answered): void
  /** Sees whether the log is still where it was, while nothing is written. */
  look(answered: Answered): void
  close(answered: Answered): void
  /** Gives an answer that has come already, without waiting for the loop's next turn. */
  poll(): void
}
