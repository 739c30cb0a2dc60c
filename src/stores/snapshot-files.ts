import { createHash, createHmac, randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { z } from '../core/zod.ts'
import { deriveKey } from '../log/chain.ts'
import type { Snapshot, SnapshotHeader, SnapshotPart } from '../log/snapshots.ts'
import { syncDirectory } from './file-access.ts'
import { readParts, writeParts } from './snapshot-parts.ts'

/** How a snapshot begins, by whether its digest is one that only who has the log's key can make. */
const magics = { plain: Buffer.from('SHRKSNP3', 'latin1'), keyed: Buffer.from('SHRKSNP4', 'latin1') }
/** Those of versions that kept histories and nothing else. */
const olderMagics = { plain: Buffer.from('SHRKSNP1', 'latin1'), keyed: Buffer.from('SHRKSNP2', 'latin1') }
const magicBytes = 8
const digestBytes = 32
/** The header begins after the magic and its length. */
const headerOffset = magicBytes + 4
const mostHeaderBytes = 4096
const chunkBytes = 1024 * 1024
const keptSnapshots = 2
const staleMs = 3_600_000
const headerSchema = z.object({
  fingerprint: z.string(),
  sequence: z.int().nonnegative(),
  hash: z.string(),
})
const partsSchema = headerSchema.extend({
  parts: z.array(z.object({ name: z.string(), version: z.int().positive() })),
})
const olderSchema = headerSchema.extend({ resumedAtMs: z.number().exactOptional() })

/** Only files with names that Shrike gives are its own: all others are left alone. */
const ownName = /^\d{16}\.snapshot$/
const ownPartialName = /^\d{16}\.snapshot\.([0-9a-f-]{36}\.)?partial$/
const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_WRONLY } = constants

/**
 * Writes a snapshot: a header, what each projection saved, and the SHA-256 of both, an HMAC where the log has a key; to
 * a temporary file, synced, renamed, the directory synced. The two newest are kept.
 *
 * @returns its path and size.
 */
export function writeSnapshot(
  directory: string,
  header: SnapshotHeader,
  parts: readonly SnapshotPart[],
  logKey?: string,
): { readonly path: string; readonly bytes: number } {
  const path = join(directory, `${String(header.sequence).padStart(16, '0')}.snapshot`)
  const temporary = `${path}.${randomUUID()}.partial`
  const file = openSync(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600)
  removeStale(directory, fstatSync(file).mtimeMs)
  const digest = createDigest(logKey)
  let bytes = 0
  const write = (part: Uint8Array) => {
    digest.update(part)
    bytes += writeWhole(file, part)
  }
  try {
    const held = parts.map(({ name, version }) => ({ name, version }))
    const text = Buffer.from(JSON.stringify({ ...header, parts: held }))
    const length = Buffer.alloc(4)
    length.writeUInt32LE(text.length)
    for (const part of [logKey === undefined ? magics.plain : magics.keyed, length, text]) write(part)
    for (const chunk of writeParts(parts)) write(chunk)
    bytes += writeWhole(file, digest.digest())
    fsyncSync(file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
  syncDirectory(directory)
  for (const old of snapshotPaths(directory).slice(keptSnapshots)) rmSync(old, { force: true })
  return { path, bytes }
}

function createDigest(logKey: string | undefined) {
  return logKey === undefined ? createHash('sha256') : createHmac('sha256', deriveKey(logKey, 'snapshots'))
}

/** What processes that were killed left behind. */
function removeStale(directory: string, nowMs: number): void {
  for (const path of ownFiles(directory, ownPartialName)) {
    // One that is being written is younger.
    const modifiedMs = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY
    if (modifiedMs < nowMs - staleMs) rmSync(path, { force: true })
  }
}

/** Newest first. */
export function snapshotPaths(directory: string): readonly string[] {
  return ownFiles(directory, ownName).sort((a, b) => (a < b ? 1 : -1))
}

function ownFiles(directory: string, name: RegExp): string[] {
  if (!existsSync(directory)) return []
  const files = readdirSync(directory, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && name.test(entry.name),
  )
  return files.map((entry) => join(directory, entry.name))
}

/** Why a snapshot is left alone: it is of others, or what went wrong with it. */
export type SkippedSnapshot =
  | 'other-histories'
  /** With the record that it was taken at. */
  | { readonly otherLog: number }
  | { readonly error: unknown }

/** The newest snapshot that is whole, of this log, and of these histories, by any of their fingerprints. */
export function newestSnapshot(
  directory: string,
  fingerprints: readonly string[],
  hashAt: (sequence: number) => Uint8Array | undefined,
  onSkipped: (path: string, why: SkippedSnapshot) => void,
  logKey?: string,
): Snapshot | undefined {
  for (const path of snapshotPaths(directory)) {
    try {
      const snapshot = readSnapshot(path, logKey)
      const hash = hashAt(snapshot.sequence)
      if (hash === undefined || Buffer.from(hash).toString('hex') !== snapshot.hash)
        onSkipped(path, { otherLog: snapshot.sequence })
      else if (!fingerprints.includes(snapshot.fingerprint)) onSkipped(path, 'other-histories')
      else return snapshot
    } catch (error) {
      onSkipped(path, { error })
    }
  }
  return undefined
}

/**
 * Opens a snapshot and checks every byte of it, where the log has a key by that. Its content is checked once more as it
 * is read: only what was read to the end is the snapshot's.
 *
 * @throws FraudError SNAPSHOT_INVALID
 */
export function readSnapshot(path: string, logKey?: string): Snapshot {
  const invalid = (reason: string, cause?: unknown) =>
    new FraudError('SNAPSHOT_INVALID', `The snapshot ${path} can't be used: ${reason}`, { cause })
  const file = openToRead(path)
  try {
    const { size } = fstatSync(file)
    const end = size - digestBytes
    // What is looked at below is what the digest was made of, whatever becomes of the file meanwhile.
    const start = readBytes(file, 0, Math.min(end, headerOffset + mostHeaderBytes))
    if (start.length < headerOffset) throw invalid('it is cut off')
    const magic = start.subarray(0, magicBytes)
    const isOlder = magic.equals(olderMagics.plain) || magic.equals(olderMagics.keyed)
    const { plain, keyed } = isOlder ? olderMagics : magics
    if (!magic.equals(plain) && !magic.equals(keyed)) throw invalid('it is of another version')
    if (magic.equals(plain) !== (logKey === undefined)) {
      throw invalid(`it was made ${logKey === undefined ? 'with' : 'without'} the log's key`)
    }
    const digest = createDigest(logKey).update(start)
    for (const chunk of chunksOf(file, start.length, end)) digest.update(chunk)
    const stored = readBytes(file, end, digestBytes)
    if (!digest.digest().equals(stored)) throw invalid('its content is damaged')
    const contentStart = headerOffset + start.readUInt32LE(magicBytes)
    if (contentStart > start.length) throw invalid('its header is damaged')
    const text = start.subarray(headerOffset, contentStart).toString('utf8')
    function* content() {
      const again = openToRead(path)
      try {
        const digest = createDigest(logKey).update(start.subarray(0, contentStart))
        for (const chunk of chunksOf(again, contentStart, end)) {
          digest.update(chunk)
          yield chunk
        }
        if (!digest.digest().equals(stored)) throw invalid('it changed while it was read')
      } finally {
        closeSync(again)
      }
    }
    try {
      return isOlder ? olderSnapshot(text, content) : snapshotOf(text, content)
    } catch (cause) {
      throw invalid('its header is damaged', cause)
    }
  } finally {
    closeSync(file)
  }
}

function snapshotOf(text: string, content: () => Iterable<Uint8Array>): Snapshot {
  const { parts, ...header } = partsSchema.parse(JSON.parse(text))
  return { ...header, partsHeld: parts, parts: () => readParts(parts, content()) }
}

/** Histories, whose first number was in the header. */
function olderSnapshot(text: string, content: () => Iterable<Uint8Array>): Snapshot {
  const { resumedAtMs = Number.NaN, ...header } = olderSchema.parse(JSON.parse(text))
  const held = { name: 'histories', version: 1 }
  const first = Buffer.alloc(8)
  first.writeDoubleLE(resumedAtMs)
  function* chunks() {
    yield first
    yield* content()
  }
  return { ...header, partsHeld: [held], parts: () => [{ ...held, chunks: chunks() }] }
}

/** A link in the place of a snapshot is not a snapshot. */
function openToRead(path: string): number {
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ELOOP')) throw cause
    throw new FraudError('SNAPSHOT_INVALID', `The snapshot ${path} can't be used: it is a link`, { cause })
  }
}

function* chunksOf(file: number, start: number, end: number): Generator<Buffer> {
  for (let at = start; at < end; ) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, end - at))
    const length = readSync(file, chunk, 0, chunk.length, at)
    if (length === 0) return
    yield chunk.subarray(0, length)
    at += length
  }
}

function readBytes(file: number, start: number, length: number): Buffer {
  return Buffer.concat([...chunksOf(file, start, start + length)])
}

function writeWhole(file: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
  return bytes.length
}
