import { chmodSync, closeSync, constants, fsyncSync, lstatSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_WRONLY } = constants
const copiedAtOnce = 1024 * 1024

const readableByOthers = 0o077

/** Which file a name leads to: another one has another identity, even where its content is the same. */
export function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev}:${stats.ino}`
}

/**
 * Refuses a symbolic link in the place of a file: it would let whoever writes in the directory have this process read,
 * write or close to others a file of another place.
 *
 * @throws FraudError DIRECTORY_UNUSABLE
 */
export function refuseLinks(...paths: readonly string[]): void {
  const link = paths.find((path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
  if (link === undefined) return
  throw new FraudError(
    'DIRECTORY_UNUSABLE',
    `${link} is a symbolic link, and links are not followed in a data directory: put the file itself there (the directory may be a link)`,
  )
}

/** Copies a file, but not what a link leads to, to a new one that is its owner's alone. */
export function copyPrivate(from: string, to: string): void {
  refuseLinks(from)
  const source = openSync(from, O_RDONLY | O_NOFOLLOW)
  try {
    const target = openSync(to, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    try {
      const part = Buffer.allocUnsafe(copiedAtOnce)
      for (let length = readSync(source, part); length > 0; length = readSync(source, part)) {
        for (let at = 0; at < length; ) at += writeSync(target, part, at, length - at)
      }
    } finally {
      closeSync(target)
    }
  } finally {
    closeSync(source)
  }
}

/** Copies as `copyPrivate` does; false where the file is gone by now. */
export function copyIfThere(from: string, to: string): boolean {
  try {
    copyPrivate(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

/** The permissions of a path that others than its owner have; undefined where they have none, or there is no such path. */
export function openMode(path: string): string | undefined {
  if (process.platform === 'win32') return undefined
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  return (mode & readableByOthers) === 0 ? undefined : (mode & 0o777).toString(8).padStart(4, '0')
}

/** Leaves files and folders to their owner alone; those that are not there, or another user's, stay as they are. */
export function makePrivate(...paths: readonly string[]): void {
  for (const path of paths) {
    if (openMode(path) === undefined) continue
    try {
      chmodSync(path, statSync(path).isDirectory() ? 0o700 : 0o600)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error
    }
  }
}

/** Makes a new name, or a renaming, durable; Windows has no such thing. */
export function syncDirectory(path: string): void {
  if (process.platform !== 'win32') syncAs(path, 'r')
}

export function syncFile(path: string): void {
  syncAs(path, 'r+')
}

function syncAs(path: string, flags: string): void {
  const file = openSync(path, flags)
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
