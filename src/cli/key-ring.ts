import { lstatSync, readFileSync } from 'node:fs'
import { createKeyRing, type KeyRing, parseKeyFile } from '../access/keys.ts'
import { FraudError } from '../core/errors.ts'
import { refuseLinks } from '../stores/file-access.ts'

const lookEveryMs = 1000

/**
 * The keys of the environment and of a key file, which is read again within a second of a change, so that a key that is
 * made or revoked counts while the service runs.
 *
 * @throws FraudError DATA_INVALID where the file is damaged at the start, DIRECTORY_UNUSABLE where it is a link or can't be read; later the keys before go on.
 */
export function watchKeys(path: string, apiKeys: readonly string[]): () => KeyRing {
  let { version, ring } = readAtStart(path, apiKeys)
  let lookedMs = performance.now()
  return () => {
    const nowMs = performance.now()
    if (nowMs - lookedMs < lookEveryMs) return ring
    lookedMs = nowMs
    try {
      const found = versionOf(path)
      if (found === version) return ring
      version = found
      // A file that is gone opens nothing: the keys before go on.
      if (found !== undefined) ring = readRing(path, apiKeys)
    } catch {
      // Nor does one that is damaged, or can't be read.
    }
    return ring
  }
}

function readAtStart(path: string, apiKeys: readonly string[]) {
  try {
    return { version: versionOf(path), ring: readRing(path, apiKeys) }
  } catch (cause) {
    if (cause instanceof FraudError || !(cause instanceof Error && 'code' in cause)) throw cause
    throw new FraudError('DIRECTORY_UNUSABLE', `The keys in ${path} can't be read: ${cause.code}`, { cause })
  }
}

function readRing(path: string, apiKeys: readonly string[]): KeyRing {
  refuseLinks(path)
  const isThere = versionOf(path) !== undefined
  return createKeyRing(apiKeys, isThere ? parseKeyFile(readFileSync(path, 'utf8')) : undefined)
}

function versionOf(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats && `${stats.mtimeMs} ${stats.size} ${stats.ino}`
}
