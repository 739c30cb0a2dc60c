import { pipeline } from 'node:stream/promises'

/** Writes to standard output at the reader's pace. One that has seen enough, as `head` has, is no failure. */
export async function printChunks(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await pipeline(chunks, process.stdout, { end: false })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error
  }
}
