import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { FraudError } from '../../core/errors.ts'
import { noteCopy } from '../copies.ts'
import { type DataDirectory, dataDirectory, makeDataDirectory, readServiceAddress } from '../data-directory.ts'
import { isLocked, tryLock } from '../file-lock.ts'
import { catchUp, compare } from './catch-up.ts'
import { connect, unusable } from './connect.ts'
import { LogCopy } from './log-copy.ts'
import { migrate } from './schema.ts'
import { placeOf } from './server-address.ts'
import type { Session } from './session.ts'
import { SharedFiles } from './shared-files.ts'

/** So many processes of one machine may have a copy each. */
const mostCopies = 64

export interface CopyChoice {
  /** Where this machine keeps its copies. */
  readonly under: string
  /** A new one, for who has to see what is in the database itself; removed once it is closed. */
  readonly isFresh?: boolean
  /** One that no service has, which this process then works on by itself. */
  readonly isOwn?: boolean
  /** Called again and again; what it throws ends the work. */
  readonly afterRecords?: () => void
}

/**
 * A data directory of this machine for a log in a database: the copy of a service that runs here, or else one that nobody
 * has, brought up to date.
 *
 * @throws FraudError DATABASE_UNUSABLE, LOG_INVALID
 */
export async function openCopy(
  url: string,
  { under, isFresh = false, isOwn = false, afterRecords = () => {} }: CopyChoice,
): Promise<string> {
  const place = placeOf(url)
  const folder = join(under, createHash('sha256').update(place).digest('hex').slice(0, 16))
  const paths = isFresh
    ? [join(folder, `fresh-${process.pid}`)]
    : Array.from({ length: mostCopies }, (_, i) => join(folder, String(i + 1)))
  if (!isOwn && !isFresh) {
    const served = paths.find((path) => existsSync(path) && readServiceAddress(dataDirectory(path)) !== undefined)
    if (served !== undefined) {
      // The service there shares what is changed.
      noteCopy(served, { url, place, share: async () => {}, close: async () => {} })
      return served
    }
  }
  const client = await connect(url)
  try {
    for (const path of paths) {
      if (isFresh) rmSync(path, { recursive: true, force: true })
      makeDataDirectory(path)
      if (!reserve(path, isOwn)) continue
      const files = new SharedFiles(dataDirectory(path), url)
      if (await bringUpToDate(client, path, files, afterRecords)) {
        noteCopy(path, { url, place, share: () => files.share(), close: () => files.close() })
        return path
      }
    }
    throw new FraudError('DIRECTORY_IN_USE', `All ${mostCopies} copies of ${place} under ${under} are in use`)
  } catch (cause) {
    if (isFresh) removeCopy(paths[0])
    throw unusable(url, cause)
  } finally {
    await client.end()
  }
}

/** Locks of copies that this process has to itself; they end with it. */
const reserved: DatabaseSync[] = []

/** Of processes that start at once on one machine each takes a copy of its own. @returns false where another has this one. */
function reserve(path: string, isOwn: boolean): boolean {
  const lockPath = join(path, 'taken.sqlite')
  if (!isOwn) return !isLocked(lockPath)
  const lock = tryLock(lockPath)
  if (lock === undefined) return false
  reserved.push(lock)
  return true
}

/** Removes a copy that nobody works on any more. */
export function removeCopy(path: string): void {
  rmSync(path, { recursive: true, force: true })
}

/** @returns false where another process has it. */
async function bringUpToDate(
  client: Session,
  path: string,
  files: SharedFiles,
  afterRecords: () => void,
): Promise<boolean> {
  const directory = dataDirectory(path)
  mkdirSync(directory.snapshotsPath, { recursive: true, mode: 0o700 })
  const lock = tryLock(directory.lockPath)
  if (lock === undefined) return false
  try {
    await migrate(client)
    await fetch(client, directory, afterRecords)
    await files.begin(client)
    return true
  } finally {
    lock.close()
  }
}

async function fetch(client: Session, { logPath }: DataDirectory, afterRecords: () => void): Promise<void> {
  let copy = new LogCopy(logPath)
  try {
    if ((await compare(client, copy)) === 'another') {
      copy.close()
      for (const ending of ['', '-wal', '-shm']) rmSync(`${logPath}${ending}`, { force: true })
      copy = new LogCopy(logPath)
    }
    await catchUp(client, copy, async () => afterRecords())
    // An empty log is as good as none, as in a directory.
    if (copy.last().sequence > 0) return
  } finally {
    copy.close()
  }
  for (const ending of ['', '-wal', '-shm']) rmSync(`${logPath}${ending}`, { force: true })
}
