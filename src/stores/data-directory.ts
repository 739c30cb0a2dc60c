import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { FraudError } from '../core/errors.ts'
import { identityOf, makePrivate } from './file-access.ts'
import { snapshotPaths } from './snapshot-files.ts'

/** Where a service keeps what must survive it. */
export interface DataDirectory {
  readonly path: string
  readonly logPath: string
  readonly snapshotsPath: string
  readonly keysPath: string
  readonly lockPath: string
}

export function dataDirectory(path: string): DataDirectory {
  return {
    path,
    logPath: join(path, 'log.sqlite'),
    snapshotsPath: join(path, 'snapshots'),
    keysPath: join(path, 'keys.json'),
    lockPath: join(path, 'lock.sqlite'),
  }
}

export interface DirectoryLock {
  /** Takes the lock again where its file, or the whole directory, was deleted underneath. Throws as `lockDirectory` does. */
  renew(): void
  release(): void
}

/**
 * Makes the directory where there is none and keeps other processes from writing in it. The lock is one of the operating
 * system on an open file (SQLite's exclusive lock), so it ends with the process, however that ends. Files that an older
 * Shrike left open to other users are closed to them.
 *
 * @throws FraudError DIRECTORY_IN_USE or DIRECTORY_UNUSABLE
 */
export function lockDirectory(directory: DataDirectory): DirectoryLock {
  let locked = lock(directory)
  return {
    renew() {
      if (identityOf(directory.lockPath) === locked.identity) return
      const before = locked
      locked = lock(directory)
      before.database.close()
    },
    release: () => locked.database.close(),
  }
}

function lock({ path, logPath, lockPath, snapshotsPath, keysPath }: DataDirectory) {
  try {
    mkdirSync(snapshotsPath, { recursive: true, mode: 0o700 })
    accessSync(path, constants.W_OK)
    // What a log was lost from must not look like a new directory.
    const left = existsSync(logPath) ? undefined : [`${logPath}-wal`, ...snapshotPaths(snapshotsPath)].find(existsSync)
    if (left !== undefined) {
      throw new FraudError(
        'DIRECTORY_UNUSABLE',
        `${logPath} is missing, and ${left} shows that there was a log: put it back or restore a backup; ` +
          'to begin without any history, begin in another directory',
      )
    }
    closeSync(openSync(lockPath, 'a', 0o600))
    makePrivate(lockPath, keysPath, ...snapshotPaths(snapshotsPath))
    return { database: openLocked(lockPath, path), identity: identityOf(lockPath) }
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new FraudError('DIRECTORY_UNUSABLE', `The data directory ${path} can't be used: ${why}`, { cause })
  }
}

function openLocked(lockPath: string, path: string): DatabaseSync {
  const database = new DatabaseSync(lockPath)
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
    return database
  } catch (cause) {
    database.close()
    if (!(cause instanceof Error && 'errcode' in cause && cause.errcode === sqliteBusy)) throw cause
    throw new FraudError('DIRECTORY_IN_USE', `Another process works on ${path}`, { cause })
  }
}

const sqliteBusy = 5

/** Bytes that are free for this process on the directory's file system. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}
