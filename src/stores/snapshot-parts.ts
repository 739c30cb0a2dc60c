import { FraudError } from '../core/errors.ts'
import type { PartHeld, SnapshotPart } from '../log/snapshots.ts'

/** Parts as bytes: of each chunk after chunk behind its length, then a 0. */
export function* writeParts(parts: Iterable<SnapshotPart>): Generator<Uint8Array> {
  for (const { chunks } of parts) {
    for (const chunk of chunks) {
      if (chunk.length === 0) continue
      yield lengthOf(chunk.length)
      yield chunk
    }
    yield lengthOf(0)
  }
}

/** Parts as `writeParts` wrote them, wherever the chunks are cut. A part that is not read is passed over. */
export function* readParts(held: readonly PartHeld[], chunks: Iterable<Uint8Array>): Generator<SnapshotPart> {
  const source = new Source(chunks)
  try {
    for (const { name, version } of held) {
      const content = contentOf(source)
      yield { name, version, chunks: content }
      while (content.next().done !== true);
    }
    if (!source.isOver()) throw invalid('bytes are left over')
  } finally {
    source.close()
  }
}

function* contentOf(source: Source): Generator<Uint8Array> {
  for (let length = source.length(); length > 0; length = source.length()) yield* source.bytes(length)
}

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes)
  return length
}

class Source {
  readonly #chunks: Iterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]()
  }

  isOver(): boolean {
    while (this.#chunk.length === 0) {
      const next = this.#chunks.next()
      if (next.done === true) return true
      this.#chunk = next.value
    }
    return false
  }

  length(): number {
    return Buffer.concat([...this.bytes(4)]).readUInt32LE()
  }

  *bytes(count: number): Generator<Uint8Array> {
    for (let left = count; left > 0; ) {
      if (this.isOver()) throw invalid('it ends too early')
      const part = this.#chunk.subarray(0, left)
      this.#chunk = this.#chunk.subarray(part.length)
      left -= part.length
      yield part
    }
  }

  /** Lets go of where the chunks come from, read to the end or not. */
  close(): void {
    this.#chunks.return?.()
  }
}

function invalid(reason: string): FraudError {
  return new FraudError('SNAPSHOT_INVALID', `A snapshot can't be read: ${reason}`)
}
