import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { FraudError } from './errors.ts'

const mostStreamedBytes = 256 * 2 ** 20

/** All bytes of a file, or of a pipe; a pipe or device that goes on for too long is FILE_UNREADABLE. */
export async function readWholeFile(path: string): Promise<Buffer> {
  if ((await stat(path)).isFile()) return readFile(path)
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of createReadStream(path)) {
    pieces.push(piece)
    length += piece.length
    if (length <= mostStreamedBytes) continue
    const mebibytes = mostStreamedBytes / 2 ** 20
    throw new FraudError('FILE_UNREADABLE', `${path} is not a regular file, and is larger than ${mebibytes} MiB`)
  }
  return Buffer.concat(pieces)
}
