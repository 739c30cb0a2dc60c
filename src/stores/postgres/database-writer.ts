import { hostname } from 'node:os'
import { workerScript } from '../../core/worker-script.ts'
import type { OtherWriter } from '../sqlite/sqlite-target.ts'
import type { DatabaseWriterData } from './writer-data.ts'

/** Who writes into the database at an address, and what that holds into this machine's copy. */
export function databaseWriter(url: string): OtherWriter {
  const data: Pick<DatabaseWriterData, 'url' | 'holder'> = { url, holder: `process ${process.pid} on ${hostname()}` }
  return { script: workerScript('./writer-worker', import.meta.url), data }
}
