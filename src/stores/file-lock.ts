import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

const sqliteBusy = 5

/**
 * Takes the lock of a file that is for nothing else, or may hold a note. It is the operating system's, so it ends with the
 * process, however that ends, or when the database is closed; undefined while another holds it.
 */
export function tryLock(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if (isBusy(error)) return undefined
    throw error
  }
}

/** Whether another holds the lock of a file; this process does not take it, and makes no file. */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    database.prepare('PRAGMA user_version').get()
    return false
  } catch (error) {
    // A lock that can't be read, of a process that was killed say, is found fault with by who takes it.
    return isBusy(error)
  } finally {
    database.close()
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}
