import { createReadStream } from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { closestName } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'

const chunkBytes = 2 ** 18

/** The bytes of an input in pieces, and how far into it they reach. A piece is valid until the next one is asked for. */
export interface ByteSource {
  readonly chunks: AsyncIterable<Uint8Array>
  /** Of the file, as it is stored; unknown for a stream. */
  readonly bytesTotal: number | undefined
  bytesRead(): number
}

export async function openFile(path: string): Promise<ByteSource> {
  const bytesTotal = await checkFile(path)
  let bytesRead = 0
  async function* chunks() {
    const file = await openForReading(path)
    try {
      // While one piece is used, the next is read into the other buffer.
      const buffers = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)]
      let pending = readInto(file, buffers[0])
      for (let turn = 0; ; turn = 1 - turn) {
        const length = await pending
        if (length === 0) return
        pending = readInto(file, buffers[1 - turn])
        // A failure is reported when its turn comes, not as a rejection that nobody waits for.
        pending.catch(() => undefined)
        bytesRead += length
        yield buffers[turn].subarray(0, length)
      }
    } finally {
      await file.close()
    }
  }
  return { chunks: chunks(), bytesTotal, bytesRead: () => bytesRead }
}

/** A gzip file unpacked, with all members where several were put one after the other. */
export async function openGzip(path: string): Promise<ByteSource> {
  const bytesTotal = await checkFile(path)
  const file = createReadStream(path, { highWaterMark: chunkBytes })
  const unpacked = createGunzip({ chunkSize: chunkBytes })
  async function* chunks() {
    file.on('error', (error) => unpacked.destroy(error)).pipe(unpacked)
    try {
      for await (const chunk of unpacked) yield chunk
    } catch (cause) {
      const isDamaged = cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_')
      if (isDamaged) throw unreadable(path, `the gzip data is damaged or cut short (${cause.message})`, cause)
      throw unreadable(path, String(cause), cause)
    } finally {
      file.destroy()
      unpacked.destroy()
    }
  }
  return { chunks: chunks(), bytesTotal, bytesRead: () => file.bytesRead }
}

export function openStream(stream: Readable): ByteSource {
  let bytesRead = 0
  async function* chunks() {
    for await (const chunk of stream) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      bytesRead += bytes.length
      yield bytes
    }
  }
  return { chunks: chunks(), bytesTotal: undefined, bytesRead: () => bytesRead }
}

/** The size of a file that can be read; FILE_UNREADABLE with a suggestion where there is none. */
export async function checkFile(path: string): Promise<number> {
  const file = await openForReading(path)
  try {
    const stats = await file.stat()
    if (stats.isDirectory()) throw unreadable(path, 'it is a directory; name a file in it')
    return stats.size
  } finally {
    await file.close()
  }
}

export function unreadable(path: string, reason: string, cause?: unknown): FraudError {
  return new FraudError('FILE_UNREADABLE', `${path} can't be read: ${reason}`, { cause })
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw unreadable(path, `there is no such file${await nearby(path)}`, cause)
    if (code === 'EACCES' || code === 'EPERM') throw unreadable(path, 'permission denied', cause)
    throw unreadable(path, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

async function nearby(path: string): Promise<string> {
  try {
    const closest = closestName(basename(path), await readdir(dirname(path)))
    return closest === undefined ? '' : `. Did you mean "${closest}"?`
  } catch {
    return `, nor its directory ${dirname(path)}`
  }
}

async function readInto(file: FileHandle, buffer: Buffer): Promise<number> {
  const { bytesRead } = await file.read(buffer, 0, buffer.length)
  return bytesRead
}
