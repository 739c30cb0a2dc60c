import type { WriterData } from '../sqlite/writer-messages.ts'

/** What the thread needs that writes into a database and this machine's copy of it. */
export interface DatabaseWriterData extends WriterData {
  readonly url: string
  /** Who this process is, for those whom it keeps out. */
  readonly holder: string
  /** Whether it follows another process that writes, until it can itself; by default it does not begin then. */
  readonly follows: boolean
}
