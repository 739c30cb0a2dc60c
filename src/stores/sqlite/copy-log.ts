import { makePrivate, syncFile } from '../file-access.ts'
import type { SqliteLogReader } from './sqlite-log-reader.ts'

/** Copies a log as it stands at one instant, whole and without gaps, while another process goes on writing it. */
export function copyLog(reader: SqliteLogReader, path: string): void {
  reader.database.prepare('VACUUM INTO ?').run(path)
  makePrivate(path)
  syncFile(path)
}
