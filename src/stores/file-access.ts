import { chmodSync, closeSync, fsyncSync, openSync, statSync } from 'node:fs'

const readableByOthers = 0o077

/** Which file a name leads to: another one has another identity, even where its content is the same. */
export function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev}:${stats.ino}`
}

/** The permissions of a path that others than its owner have; undefined where they have none, or there is no such path. */
export function openMode(path: string): string | undefined {
  if (process.platform === 'win32') return undefined
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  return (mode & readableByOthers) === 0 ? undefined : (mode & 0o777).toString(8).padStart(4, '0')
}

/** Leaves files to their owner alone; those that are not there, or another user's, stay as they are. */
export function makePrivate(...paths: readonly string[]): void {
  for (const path of paths) {
    if (openMode(path) === undefined) continue
    try {
      chmodSync(path, 0o600)
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
