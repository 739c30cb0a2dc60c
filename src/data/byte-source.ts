import { constants, createReadStream, openSync, statSync } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { closestName } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import { firstBytes, whyNotGzip } from './file-content.ts'

const chunkBytes = 2 ** 18

/**
 * The bytes of an input in pieces, and how far into it they reach. A piece is valid until the next one is asked for.
 */
export interface ByteSource {
  readonly chunks: AsyncIterable<Uint8Array>
  /** The size of the stored file; unknown for a stream. */
  readonly bytesTotal: number | undefined
  bytesRead(): number
}

export async function openFile(path: string, pieceBytes = chunkBytes): Promise<ByteSource> {
  const bytesTotal = await checkFile(path)
  let bytesRead = 0
  async function* chunks() {
    const file = await openForReading(path)
    try {
      // While one piece is used, the next is read into the other buffer.
      const buffers = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)]
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
export async function openGzip(path: string, signal?: AbortSignal): Promise<ByteSource> {
  const isPipe = isReadOnce(path)
  const bytesTotal = isPipe ? undefined : await checkFile(path)
  const file: Readable = isPipe ? await openOnce(path, signal) : createReadStream(path, { highWaterMark: chunkBytes })
  let bytesRead = 0
  const { createGunzip } = await import('node:zlib')
  const unpacked = createGunzip({ chunkSize: chunkBytes })
  async function* chunks() {
    const count = (chunk: Uint8Array) => {
      bytesRead += chunk.length
    }
    file
      .on('data', count)
      .on('error', (error) => unpacked.destroy(error))
      .pipe(unpacked)
    try {
      for await (const chunk of unpacked) yield chunk
    } catch (cause) {
      const isDamaged = cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_')
      const first = isPipe ? new Uint8Array(0) : await firstBytes(path)
      const why = isDamaged ? whyNotGzip(first) : undefined
      if (why !== undefined) throw unreadable(path, `it ${why}`, cause)
      if (isDamaged) throw unreadable(path, `the gzip data is damaged or cut short (${cause.message})`, cause)
      throw unreadable(path, String(cause), cause)
    } finally {
      file.destroy()
      unpacked.destroy()
    }
  }
  return { chunks: chunks(), bytesTotal, bytesRead: () => bytesRead }
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

/** The bytes of standard input, of a pipe or of a device, which can be read once. */
export async function openPipe(path: string, signal?: AbortSignal): Promise<ByteSource> {
  return openStream(await openOnce(path, signal))
}

/** Whether a path names what can be read only once: standard input, a pipe, as `<(command)` makes it, or a device. */
export function isReadOnce(path: string): boolean {
  if (path === '-' || /^\/(dev\/(fd\/\d+|stdin)|proc\/self\/fd\/\d+)$/.test(path)) return true
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && !stats.isFile() && !stats.isDirectory()
}

/** A stream may stay silent for ever: only the signal itself ends the wait. */
async function openOnce(path: string, signal: AbortSignal | undefined): Promise<Readable> {
  const stream = (await stat(path)).isFIFO()
    ? await openFifo(path)
    : createReadStream(path, { highWaterMark: chunkBytes })
  return signal === undefined ? stream : addAbortSignal(signal, stream)
}

/** Opens a pipe without waiting in a thread for a writer, which could never be ended. */
async function openFifo(path: string): Promise<Readable> {
  try {
    const { Socket } = await import('node:net')
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    return new Socket({ fd, readable: true, writable: false })
  } catch (cause) {
    throw unreadable(path, String(cause), cause)
  }
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
