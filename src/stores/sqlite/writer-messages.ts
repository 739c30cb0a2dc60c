import type { MessagePort } from 'node:worker_threads'
import type { ErrorCode } from '../../core/errors.ts'

/** A personal value and the token that stands for it. */
export interface Person {
  readonly key: string
  readonly value: string
  readonly token: string
}

/** What the log asks of the thread that writes. */
export type WriterOrder =
  | {
      readonly order: 'append'
      /** Framed records, side by side. */
      readonly frames: Uint8Array
      /** New ones, which become durable with the records. */
      readonly persons: readonly Person[]
      /** Those to be forgotten, without a trace. */
      readonly forgotten: readonly Pick<Person, 'key' | 'token'>[]
      /** While records through this number are being deleted: none of them holds its id any more. 0 where none are. */
      readonly prunedThrough: number
    }
  | { readonly order: 'recover' }
  | { readonly order: 'prune'; readonly through: number }
  /** Leave nothing of erased content in the write-ahead log; unfinished while a reader holds it. */
  | { readonly order: 'truncate' }
  /** See whether the log's files are still under their names, where nothing was written for a while. */
  | { readonly order: 'look' }
  | { readonly order: 'close' }

/** What it answers, one answer for each order. */
export type WriterAnswer =
  | {
      readonly answer: 'done'
      readonly lastSequence: number
      readonly commitMs: number
      /** There is more of the same to do: a long order is done in parts, so that records get their turn in between. */
      readonly isUnfinished: boolean
      /** The log's files were gone, and were written again from what this process still held. */
      readonly isPutBack?: boolean
    }
  | {
      readonly answer: 'failed'
      readonly reason: string
      readonly code?: ErrorCode
      /** Somebody else wrote into the log's files: what they hold, and what this process has in memory, is not to be trusted. */
      readonly isOverwritten?: boolean
    }

export interface WriterData {
  readonly path: string
  readonly key: string | undefined
  /** Where orders come from and answers go. */
  readonly port: MessagePort
}
