import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { FraudError } from '../core/errors.ts'

/** Where a service keeps what must survive it. */
export interface DataDirectory {
  readonly path: string
  readonly logPath: string
  readonly snapshotsPath: string
  readonly keysPath: string
}

export function dataDirectory(path: string): DataDirectory {
  return {
    path,
    logPath: join(path, 'log.sqlite'),
    snapshotsPath: join(path, 'snapshots'),
    keysPath: join(path, 'keys.json'),
  }
}

export interface DirectoryLock {
  release(): void
}

/**
 * Makes the directory where there is none and keeps other processes from writing in it. The lock is one of the operating
 * system on an open file (SQLite's exclusive lock), so it ends with the process, however that ends.
 *
 * @throws FraudError DIRECTORY_IN_USE or DIRECTORY_UNUSABLE
 */
export function lockDirectory({ path, snapshotsPath }: DataDirectory): DirectoryLock {
  try {
    mkdirSync(snapshotsPath, { recursive: true, mode: 0o700 })
    accessSync(path, constants.W_OK)
    const database = new DatabaseSync(join(path, 'lock.sqlite'))
    try {
      database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
    } catch (cause) {
      database.close()
      if (!(cause instanceof Error && 'errcode' in cause && cause.errcode === sqliteBusy)) throw cause
      throw new FraudError('DIRECTORY_IN_USE', `Another process works on ${path}`, { cause })
    }
    return { release: () => database.close() }
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new FraudError('DIRECTORY_UNUSABLE', `The data directory ${path} can't be used: ${why}`, { cause })
  }
}

const sqliteBusy = 5

/** Bytes that are free for this process on the directory's file system. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}
