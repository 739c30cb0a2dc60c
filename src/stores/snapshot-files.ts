import { createHash } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { FraudError } from '../core/errors.ts'
import type { Snapshot, SnapshotHeader } from '../decisioning/snapshots.ts'

const magic = Buffer.from('SHRKSNP1', 'latin1')
const digestBytes = 32
const chunkBytes = 1024 * 1024
const keptSnapshots = 2
const staleMs = 3_600_000
const headerSchema = z.object({ fingerprint: z.string(), sequence: z.number(), hash: z.string() })

/**
 * Writes a snapshot: a header, the histories, and the SHA-256 of both; to a temporary file, synced, renamed, the directory
 * synced. The two newest are kept.
 *
 * @returns its path and size.
 */
export function writeSnapshot(
  directory: string,
  header: SnapshotHeader,
  chunks: Iterable<Uint8Array>,
): { readonly path: string; readonly bytes: number } {
  const path = join(directory, `${String(header.sequence).padStart(16, '0')}.snapshot`)
  const temporary = `${path}.partial`
  const file = openSync(temporary, 'w', 0o600)
  removeStale(directory, fstatSync(file).mtimeMs)
  const digest = createHash('sha256')
  let bytes = 0
  const write = (part: Uint8Array) => {
    digest.update(part)
    bytes += writeWhole(file, part)
  }
  try {
    const text = Buffer.from(JSON.stringify(header))
    const length = Buffer.alloc(4)
    length.writeUInt32LE(text.length)
    for (const part of [magic, length, text]) write(part)
    for (const chunk of chunks) write(chunk)
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

/** What processes that were killed left behind. */
function removeStale(directory: string, nowMs: number): void {
  for (const name of readdirSync(directory).filter((each) => each.endsWith('.partial'))) {
    const path = join(directory, name)
    // One that is being written is younger.
    const modifiedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY
    if (modifiedMs < nowMs - staleMs) rmSync(path, { force: true })
  }
}

/** Newest first. */
export function snapshotPaths(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.snapshot'))
  return names.sort((a, b) => (a < b ? 1 : -1)).map((name) => join(directory, name))
}

/** Why a snapshot is left alone: it is of others, or what went wrong with it. */
export type SkippedSnapshot = 'other-histories' | 'other-log' | { readonly error: unknown }

/** The newest snapshot that is whole, of this log, and of these histories. */
export function newestSnapshot(
  directory: string,
  fingerprint: string,
  hashAt: (sequence: number) => Uint8Array | undefined,
  onSkipped: (path: string, why: SkippedSnapshot) => void,
): Snapshot | undefined {
  for (const path of snapshotPaths(directory)) {
    try {
      const snapshot = readSnapshot(path)
      const hash = hashAt(snapshot.sequence)
      if (snapshot.fingerprint !== fingerprint) onSkipped(path, 'other-histories')
      else if (hash === undefined || Buffer.from(hash).toString('hex') !== snapshot.hash) onSkipped(path, 'other-log')
      else return snapshot
    } catch (error) {
      onSkipped(path, { error })
    }
  }
  return undefined
}

/**
 * Opens a snapshot and checks every byte of it.
 *
 * @throws FraudError SNAPSHOT_INVALID
 */
export function readSnapshot(path: string): Snapshot {
  const invalid = (reason: string) =>
    new FraudError('SNAPSHOT_INVALID', `The snapshot ${path} can't be used: ${reason}`)
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const end = size - digestBytes
    const start = Buffer.alloc(magic.length + 4)
    if (end < start.length || readSync(file, start, 0, start.length, 0) !== start.length) throw invalid('it is cut off')
    if (!start.subarray(0, magic.length).equals(magic)) throw invalid('it is none of this version')
    const digest = createHash('sha256')
    for (const chunk of chunksOf(path, 0, end)) digest.update(chunk)
    const stored = Buffer.alloc(digestBytes)
    readSync(file, stored, 0, digestBytes, end)
    if (!digest.digest().equals(stored)) throw invalid('its content is damaged')
    const text = Buffer.alloc(start.readUInt32LE(magic.length))
    readSync(file, text, 0, text.length, start.length)
    const header = headerSchema.parse(JSON.parse(text.toString('utf8')))
    return { ...header, chunks: () => chunksOf(path, start.length + text.length, end) }
  } finally {
    closeSync(file)
  }
}

function* chunksOf(path: string, start: number, end: number): Generator<Uint8Array> {
  const file = openSync(path, 'r')
  try {
    for (let at = start; at < end; ) {
      const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, end - at))
      const length = readSync(file, chunk, 0, chunk.length, at)
      if (length === 0) return
      yield chunk.subarray(0, length)
      at += length
    }
  } finally {
    closeSync(file)
  }
}

function writeWhole(file: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
  return bytes.length
}

function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
