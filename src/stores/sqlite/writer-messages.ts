import type { MessagePort } from 'node:worker_threads'
import type { Batch } from '../../log/commit-target.ts'

/** What the log asks of the thread that writes; a `CommitAnswer` answers each. */
export type WriterOrder =
  | (Batch & { readonly order: 'append' })
  | { readonly order: 'recover' }
  | { readonly order: 'prune'; readonly through: number }
  /** Leave nothing of erased content in the write-ahead log; unfinished while a reader holds it. */
  | { readonly order: 'truncate' }
  /** See whether the log's files are still under their names, where nothing was written for a while. */
  | { readonly order: 'look' }
  /** Nothing answers this one: it is for a log that others follow. */
  | { readonly order: 'announce'; readonly url: string }
  | { readonly order: 'close' }

export interface WriterData {
  readonly path: string
  readonly key: string | undefined
  /** Where orders come from and answers go. */
  readonly port: MessagePort
}
