import { workerScript } from '../../core/worker-script.ts'
import { describeSelf } from '../lock-holder.ts'
import type { OtherWriter } from '../sqlite/sqlite-target.ts'
import { WorkerThread } from '../sqlite/writer-thread.ts'
import type { DatabaseWriterData } from './writer-data.ts'

/** Who writes into the database at an address, and what that holds into this machine's copy. */
export function databaseWriter(url: string, follows = false): OtherWriter {
  const holder = describeSelf()
  return (path, key) => {
    const data: Omit<DatabaseWriterData, 'port'> = { path, key, url, holder, follows }
    return new WorkerThread(workerScript('./writer-worker', import.meta.url), data)
  }
}
