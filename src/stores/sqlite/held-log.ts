import { existsSync, fstatSync, linkSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { identityOf, makePrivate, syncDirectory, syncFile } from '../file-access.ts'
import { type OwnWrites, watchOwnWrites } from './own-writes.ts'

/**
 * The files of a log that is open. A file that is deleted, moved or replaced underneath is still written by the process
 * that has it open, and is lost with that process, so the writer checks after each commit that the files are still there.
 */
export interface HeldLog {
  /**
   * What happened to the files since they were opened; undefined where all are under their names.
   *
   * @param isQuick leaves out the index of the write-ahead log, which only other processes would miss.
   */
  whatIsGone(isQuick?: boolean): string | undefined
  readonly own: OwnWrites
  /**
   * Brings everything that was committed back under the log's name, where that can be done without taking another file's
   * place; else throws an error that says what to do.
   */
  putBack(database: DatabaseSync, lastSequence: number): void
}

/**
 * A descriptor of each file that was held. It tells a deleted file from a moved one, and stays open as long as the thread:
 * closing it would give up the locks of all of the process's connections.
 */
const descriptors = new Map<string, number>()

function descriptorOf(path: string, identity: string): number {
  const descriptor = descriptors.get(identity) ?? openSync(path, 'r')
  descriptors.set(identity, descriptor)
  return descriptor
}

/** Holds the files of a log that was just opened and read. */
export function holdLog(path: string, makeName: () => string): HeldLog {
  const files = [path, `${path}-wal`, `${path}-shm`]
  const identities = files.map(identityOf)
  const [file, wal, index] = files.map((each, i) => descriptorOf(each, identities[i] ?? ''))
  const isDeleted = () => fstatSync(file).nlink === 0
  return {
    own: watchOwnWrites(file, wal, index),
    whatIsGone(isQuick = false) {
      for (let i = 0; i < files.length - (isQuick ? 1 : 0); i++) {
        const found = identityOf(files[i])
        if (found === identities[i]) continue
        if (found !== undefined) return `${files[i]} was replaced by another file while it was in use`
        return `${files[i]} was ${i > 0 || isDeleted() ? 'deleted' : 'moved'} while it was in use`
      }
      return undefined
    },
    putBack(database, lastSequence) {
      const found = identityOf(path)
      if (found !== undefined && found !== identities[0]) {
        const saved = heldPath(path, lastSequence)
        if (!existsSync(saved)) copyTo(saved, database, makeName)
        // They would be played into whichever file is opened in their log's place.
        for (let i = 1; i < files.length; i++) {
          if (identityOf(files[i]) === identities[i]) rmSync(files[i], { force: true })
        }
        throw new Error(
          `${path} was replaced by another file while it was in use; the decisions are in ${saved}: ` +
            'stop the service, and put the right one of the two files in place',
        )
      }
      // Where another connection reads, or the file is gone, the copy below has it all the same.
      database.exec('PRAGMA wal_checkpoint(PASSIVE)')
      if (found === undefined && !isDeleted()) {
        throw new Error(`${path} was moved while it was in use: move it back, or start the service where it is now`)
      }
      replaceWith(path, found !== undefined, heldPath(path, lastSequence), database, makeName)
    },
  }
}

/** Where a log is saved while another file has its name; always whole. */
function heldPath(path: string, lastSequence: number): string {
  return `${path}.held-${lastSequence}`
}

/** A copy, whole or not at all. */
function copyTo(path: string, database: DatabaseSync, makeName: () => string): void {
  const partial = `${path}.${makeName()}.partial`
  try {
    database.prepare('VACUUM INTO ?').run(partial)
    makePrivate(partial)
    syncFile(partial)
    renameSync(partial, path)
  } finally {
    rmSync(partial, { force: true })
  }
  syncDirectory(dirname(path))
}

/** @param isInPlace whether the log itself is there, and only files beside it are gone. */
function replaceWith(
  path: string,
  isInPlace: boolean,
  held: string,
  database: DatabaseSync,
  makeName: () => string,
): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  copyTo(held, database, makeName)
  // A write-ahead log that is left behind would be played into the new file.
  for (const file of [`${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
  if (isInPlace) renameSync(held, path)
  else {
    // Fails where another file has come in between.
    linkSync(held, path)
    rmSync(held)
  }
  syncDirectory(dirname(path))
}
