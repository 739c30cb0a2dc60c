import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { type Database, databaseOf, refuseCopy } from './copies.ts'
import { identityOf, makePrivate, refuseLinks } from './file-access.ts'
import { isLocked, tryLock } from './file-lock.ts'
import { describeHolder, noteHolder } from './lock-holder.ts'
import { snapshotPaths } from './snapshot-files.ts'

const { O_CREAT, O_NOFOLLOW = 0, O_RDWR } = constants

/** Where a service keeps what must survive it. */
export interface DataDirectory {
  readonly path: string
  /** The database that the log is in, where the directory holds a copy of it. */
  readonly database?: Database | undefined
  readonly logPath: string
  readonly snapshotsPath: string
  readonly keysPath: string
  /** Users, their sessions, and what was asked for by whom. */
  readonly accessPath: string
  /** Where alerts that were sent, or could not be, are noted: the beginning of the files' names. */
  readonly alertsPath: string
  /** How far webhooks have come, and what they were not sent: the beginning of the files' names. */
  readonly webhooksPath: string
  readonly jobsPath: string
  /** What jobs made: a folder each. */
  readonly bundlesPath: string
  /** Bundles that were added, by their ids. */
  readonly modelsPath: string
  readonly lockPath: string
  readonly bundlePath: string
  /** Where the service that works on the directory listens. */
  readonly addressPath: string
  /** Who works on the directory. */
  readonly holderPath: string
}

/** @throws FraudError DIRECTORY_UNUSABLE where the path leads to a file. */
export function dataDirectory(path: string): DataDirectory {
  const there = nearest(path)
  if (!statSync(there).isDirectory()) throw unusable(path, `${there} is not a directory`)
  return {
    path,
    database: databaseOf(path),
    logPath: join(path, 'log.sqlite'),
    snapshotsPath: join(path, 'snapshots'),
    keysPath: join(path, 'keys.json'),
    accessPath: join(path, 'access.sqlite'),
    alertsPath: join(path, 'alerts'),
    webhooksPath: join(path, 'webhooks'),
    jobsPath: join(path, 'jobs'),
    bundlesPath: join(path, 'bundles'),
    modelsPath: join(path, 'models'),
    lockPath: join(path, 'lock.sqlite'),
    bundlePath: join(path, 'model.safetensors'),
    addressPath: join(path, 'service.json'),
    holderPath: join(path, 'holder.json'),
  }
}

/** The path, or what is there of it. */
function nearest(path: string): string {
  let place = resolve(path)
  while (!existsSync(place)) place = dirname(place)
  return place
}

function unusable(path: string, why: string, cause?: unknown): FraudError {
  return new FraudError('DIRECTORY_UNUSABLE', `The data directory ${path} can't be used: ${why}`, { cause })
}

/**
 * Makes a data directory where there is none, for its owner alone.
 *
 * @throws FraudError DIRECTORY_UNUSABLE where nothing can be written there
 */
export function makeDataDirectory(path: string): void {
  const there = nearest(path)
  try {
    // On a read-only disk Node's recursive mkdir reports that something is missing.
    accessSync(there, constants.W_OK)
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw unusable(
      path,
      `nothing can be written to ${there} (${reasonOf(cause)}): choose another with ${option('data')}`,
      cause,
    )
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}

/** @throws FraudError DIRECTORY_UNUSABLE where a file of the directory's own is a link to elsewhere. */
export function refuseLinkedFiles(directory: DataDirectory): void {
  const { logPath, keysPath, accessPath, lockPath, bundlePath, addressPath } = directory
  refuseLinks(logPath, `${logPath}-wal`, `${logPath}-shm`, keysPath, accessPath, lockPath, bundlePath, addressPath)
}

export interface DirectoryLock {
  /**
   * Takes the lock again where its file, or the whole directory, was deleted underneath. Throws as `lockDirectory`
   * does.
   *
   * @returns whether that was so.
   */
  renew(): boolean
  /** Notes that a log is kept here, so that one that is gone is not begun again in silence. */
  note(): void
  /** Notes that the log was overwritten in use, so that no start goes on in what is left of it. */
  distrust(): void
  release(): void
}

/**
 * Makes the directory where there is none and keeps other processes from writing in it. The lock is one of the
 * operating system on an open file (SQLite's exclusive lock), so it ends with the process, however that ends. Files
 * that an older Shrike left open to other users are closed to them.
 *
 * @throws FraudError DIRECTORY_IN_USE or DIRECTORY_UNUSABLE
 */
export function lockDirectory(directory: DataDirectory): DirectoryLock {
  let locked = lock(directory)
  return {
    renew() {
      if (identityOf(directory.lockPath) === locked.identity) return false
      const before = locked
      locked = lock(directory)
      before.database.close()
      return true
    },
    note: () => noteAs(notes.log, locked.database),
    distrust: () => noteAs(notes.overwritten, locked.database),
    release: () => locked.database.close(),
  }
}

/** What the lock's file knows of the log. */
const notes = { log: 1, overwritten: 2 }

function noteAs(note: number, database: DatabaseSync): void {
  if (noted(database) >= note) return
  try {
    // The exclusive lock is kept across the commit.
    database.exec(`PRAGMA user_version = ${note}; COMMIT`)
  } catch {
    // A disk that is full stops nobody who only reads; the next start notes it.
  }
  if (!database.isTransaction) database.exec('BEGIN EXCLUSIVE')
}

function lock(directory: DataDirectory) {
  const { path, lockPath, snapshotsPath, keysPath, accessPath } = directory
  makeDataDirectory(path)
  refuseCopy(path)
  try {
    mkdirSync(snapshotsPath, { recursive: true, mode: 0o700 })
    refuseLinkedFiles(directory)
    closeSync(openSync(lockPath, O_CREAT | O_NOFOLLOW | O_RDWR, 0o600))
    makePrivate(lockPath, keysPath, accessPath, ...snapshotPaths(snapshotsPath))
    const database = openLocked(directory)
    try {
      // What a copy lacks comes from its database.
      if (directory.database === undefined) {
        refuseOverwritten(directory, noted(database))
        refuseLost(directory, noted(database) > 0)
      }
      removeLeftovers(directory)
      // The address of a service that was killed must not be taken for this process's.
      rmSync(directory.addressPath, { force: true })
      noteHolder(directory.holderPath)
      return { database, identity: identityOf(lockPath) }
    } catch (error) {
      database.close()
      throw error
    }
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    throw unusable(path, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function refuseOverwritten({ path, logPath, lockPath }: DataDirectory, note: number): void {
  if (note !== notes.overwritten) return
  throw new FraudError(
    'DIRECTORY_UNUSABLE',
    `${logPath} was overwritten while a service had it open, so decisions may be missing from it: move ${path} ` +
      `away, and copy the backup into an empty directory. If \`shrike log verify\` finds no problem and you know the reason, delete ${lockPath}`,
  )
}

/** A directory that a log was lost from must not look like a new one. */
function refuseLost({ path, logPath, snapshotsPath }: DataDirectory, isLogNoted: boolean): void {
  const bytes = statSync(logPath, { throwIfNoEntry: false })?.size
  const hadLog = isLogNoted || existsSync(`${logPath}-wal`) || snapshotPaths(snapshotsPath).length > 0
  if (!hadLog || (bytes ?? 0) > 0) return
  const held = readdirSync(path).filter((name) => /^log\.sqlite\.held-\d+$/.test(name))
  const cure =
    held.length === 0
      ? 'put it back, or restore a backup'
      : `delete ${logPath}-wal and -shm, and rename ${held.join(' or ')} to it`
  throw new FraudError(
    'DIRECTORY_UNUSABLE',
    `${logPath} is ${bytes === undefined ? 'missing' : 'empty'}, but the directory had a log before: ${cure}; ` +
      'to start without history, use another directory',
  )
}

/**
 * Copies of a log that was put back by a process that did not come to the end; they hold persons who may be erased
 * since.
 */
function removeLeftovers({ path }: DataDirectory): void {
  const names = readdirSync(path, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && leftoverName.test(entry.name),
  )
  for (const { name } of names) rmSync(join(path, name), { force: true })
}

const leftoverName = /^log\.sqlite\.held-\d+\.[0-9a-f-]{36}\.partial(-journal)?$/

function noted(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version)
}

function openLocked({ lockPath, path, holderPath }: DataDirectory): DatabaseSync {
  const database = tryLock(lockPath)
  if (database === undefined) throw inUse(path, holderPath)
  return database
}

function inUse(path: string, holderPath: string): FraudError {
  const holder = describeHolder(holderPath)
  const who = holder === undefined ? 'Another process works' : `Another process works (${holder})`
  return new FraudError(
    'DIRECTORY_IN_USE',
    `${who} on ${path}: stop it first, or name another directory with ${option('data')}`,
  )
}

/**
 * Finds out before any work whether another process has the directory. One may still come meanwhile, so `lockDirectory`
 * checks again.
 *
 * @throws FraudError DIRECTORY_IN_USE
 */
export function refuseInUse({ path, lockPath, holderPath }: DataDirectory): void {
  if (isLocked(lockPath)) throw inUse(path, holderPath)
}

/** Says where the service that holds the lock listens, for commands beside it. */
export function writeServiceAddress({ addressPath }: DataDirectory, url: string): void {
  const temporary = `${addressPath}.${process.pid}.tmp`
  writeFileSync(temporary, `${JSON.stringify({ url })}\n`, { mode: 0o600 })
  renameSync(temporary, addressPath)
}

/** Where the service listens that works on the directory; undefined where none does. */
export function readServiceAddress({ addressPath, lockPath }: DataDirectory): string | undefined {
  if (!existsSync(addressPath) || !isLocked(lockPath)) return undefined
  refuseLinks(addressPath)
  refuseStrangers(addressPath)
  const url = /"url":"(http:[^"]+)"/.exec(readFileSync(addressPath, 'utf8'))?.[1]
  return url === undefined || !URL.canParse(url) ? undefined : url
}

/** Keys are sent where this file says, so nobody but the directory's owner may have written it. */
function refuseStrangers(path: string): void {
  const { uid, mode } = statSync(path)
  const isOwners = uid === statSync(dirname(path)).uid && (mode & 0o022) === 0
  if (isOwners || process.platform === 'win32') return
  throw new FraudError(
    'DIRECTORY_UNUSABLE',
    `${path} can be written by others than the directory's owner, and says where keys are sent: name the service with ${option('url')}`,
  )
}

/** Bytes that are free for this process on the directory's file system. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}
