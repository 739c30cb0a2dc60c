import { FraudError } from './errors.ts'

const chunkBytes = 64 * 1024
// A byte order mark that begins a text is a part of it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Gathers numbers and texts as bytes, little-endian, and gives them out in chunks. */
export class StateWriter {
  #bytes = Buffer.alloc(2 * chunkBytes)
  #length = 0

  double(value: number): void {
    this.#reserve(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
  }

  text(text: string): void {
    const length = Buffer.byteLength(text)
    this.double(length)
    this.#reserve(length)
    this.#length += this.#bytes.write(text, this.#length)
  }

  doubles(values: Float64Array): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** What was gathered, once it is a chunk's worth, or all of it at the end. */
  *take(isEnd = false): Generator<Uint8Array> {
    if (this.#length < chunkBytes && !(isEnd && this.#length > 0)) return
    yield this.#bytes.subarray(0, this.#length)
    this.#bytes = Buffer.alloc(2 * chunkBytes)
    this.#length = 0
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = Buffer.alloc(2 * (this.#length + more))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/** Reads what a StateWriter gave out, wherever its chunks were cut. Throws SNAPSHOT_INVALID where it is something else. */
export class StateReader {
  readonly #chunks: Iterator<Uint8Array>
  #bytes = Buffer.alloc(0)
  #at = 0

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]()
  }

  double(): number {
    this.#need(8)
    this.#at += 8
    return this.#bytes.readDoubleLE(this.#at - 8)
  }

  /** A whole number from 0 to `most`. */
  count(most: number): number {
    const value = this.double()
    if (Number.isSafeInteger(value) && value >= 0 && value <= most) return value
    throw invalid('a count is impossible')
  }

  text(): string {
    const length = this.count(1_000_000)
    this.#need(length)
    this.#at += length
    try {
      return decoder.decode(this.#bytes.subarray(this.#at - length, this.#at))
    } catch (cause) {
      throw new FraudError('SNAPSHOT_INVALID', 'A snapshot has bytes that are not text', { cause })
    }
  }

  doubles(into: Float64Array): void {
    const target = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
    this.#need(target.length)
    target.set(this.#bytes.subarray(this.#at, this.#at + target.length))
    this.#at += target.length
  }

  end(): void {
    let isOver = this.#at === this.#bytes.length
    for (let next = this.#chunks.next(); isOver && next.done !== true; next = this.#chunks.next()) {
      isOver = next.value.length === 0
    }
    if (!isOver) throw invalid('bytes are left over')
  }

  /** Lets go of where the chunks come from, read to the end or not. */
  close(): void {
    this.#chunks.return?.()
  }

  #need(bytes: number): void {
    let length = this.#bytes.length - this.#at
    if (length >= bytes) return
    const parts: Uint8Array[] = [this.#bytes.subarray(this.#at)]
    while (length < bytes) {
      const next = this.#chunks.next()
      if (next.done === true) throw invalid('it ends too early')
      parts.push(next.value)
      length += next.value.length
    }
    this.#bytes = Buffer.concat(parts)
    this.#at = 0
  }
}

function invalid(reason: string): FraudError {
  return new FraudError('SNAPSHOT_INVALID', `A snapshot can't be read: ${reason}`)
}
