import type { MessagePort } from 'node:worker_threads'

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
    }
  | { readonly order: 'recover' }
  | { readonly order: 'prune'; readonly through: number }
  /** Leave nothing of erased content in the write-ahead log; unfinished while a reader holds it. */
  | { readonly order: 'truncate' }
  | { readonly order: 'close' }

/** What it answers, one answer for each order. */
export type WriterAnswer =
  | {
      readonly answer: 'done'
      readonly lastSequence: number
      readonly commitMs: number
      /** There is more of the same to do: a long order is done in parts, so that records get their turn in between. */
      readonly isUnfinished: boolean
    }
  | { readonly answer: 'failed'; readonly reason: string }

export interface WriterData {
  readonly path: string
  readonly key: string | undefined
  /** Where orders come from and answers go. */
  readonly port: MessagePort
}
