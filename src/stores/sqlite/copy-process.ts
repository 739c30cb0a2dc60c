import { SqliteLogReader } from './sqlite-log-reader.ts'

/** What SQLite said. */
export interface CopyFailure {
  readonly message: string
  readonly code?: string
  readonly errcode?: number
}

// A process that copies a log for `copyLog`.

const [from, to] = process.argv.slice(2)
try {
  const reader = new SqliteLogReader(from)
  reader.database.prepare('VACUUM INTO ?').run(to)
  reader.close()
} catch (error) {
  if (!(error instanceof Error) || !('errcode' in error)) throw error
  process.send?.({ ...error, message: error.message })
} finally {
  process.disconnect?.()
}
