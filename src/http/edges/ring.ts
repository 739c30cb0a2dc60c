/** Bytes of a ring; a power of two, so that counts of bytes may run over. */
const usualSize = 1 << 20
/** What a message takes up is a multiple of this, so that its length is never cut. */
const step = 8
const lengthBytes = 4
/** In place of a length: the rest of the ring is not used, and the next message is at its begin. */
const skipped = 0xffff_ffff

const writtenCell = 0
const readCell = 1
const sleepCell = 2

/** Shared by the two threads of a ring. */
export interface RingMemory {
  /** How many bytes were written and read, ever, as 32 bits that run over; and 1 where the reader waits to be woken. */
  readonly cells: Int32Array
  readonly bytes: Uint8Array
}

export function createRing(size = usualSize): RingMemory {
  return { cells: new Int32Array(new SharedArrayBuffer(12)), bytes: new Uint8Array(new SharedArrayBuffer(size)) }
}

/** A larger message goes another way. */
export function longestMessage({ bytes }: RingMemory): number {
  return bytes.length / 4
}

/** The one writer of a ring. What it writes is not seen before it is published, so a writer that dies leaves no half. */
export class RingWriter {
  readonly bytes: Buffer
  readonly #cells: Int32Array
  readonly #longest: number
  #at: number
  /** Where the message that was begun ends. */
  #end: number
  #published: number

  constructor(memory: RingMemory) {
    this.bytes = Buffer.from(memory.bytes.buffer)
    this.#cells = memory.cells
    this.#longest = longestMessage(memory)
    this.#at = Atomics.load(memory.cells, writtenCell)
    this.#end = this.#at
    this.#published = this.#at
  }

  /** Begins a message, and returns where in `bytes` it has to be written; -1 where it has no room. */
  begin(length: number): number {
    if (length > this.#longest) return -1
    const size = this.bytes.length
    const place = this.#at & (size - 1)
    const whole = (lengthBytes + length + step - 1) & -step
    const left = size - place
    const skips = left < whole ? left : 0
    const held = (this.#at - Atomics.load(this.#cells, readCell)) | 0
    if (held + skips + whole > size) return -1
    if (skips > 0) this.bytes.writeUInt32LE(skipped, place)
    const start = skips > 0 ? 0 : place
    this.bytes.writeUInt32LE(length, start)
    this.#end = (this.#at + skips + whole) | 0
    return start + lengthBytes
  }

  /** Ends the message that was begun. */
  end(): void {
    this.#at = this.#end
  }

  /** Shows the reader all messages that were ended. @returns whether it has to be woken. */
  publish(): boolean {
    if (this.#published === this.#at) return false
    this.#published = this.#at
    Atomics.store(this.#cells, writtenCell, this.#at)
    return Atomics.exchange(this.#cells, sleepCell, 0) === 1
  }
}

/** The one reader of a ring. */
export class RingReader {
  readonly #bytes: Buffer
  readonly #cells: Int32Array
  #at: number

  constructor({ cells, bytes }: RingMemory) {
    this.#bytes = Buffer.from(bytes.buffer)
    this.#cells = cells
    this.#at = Atomics.load(cells, readCell)
  }

  /** Hands over each message that is there. @param take is lent its bytes until it returns. @returns how many there were. */
  drain(take: (message: Buffer) => void): number {
    const end = Atomics.load(this.#cells, writtenCell)
    const size = this.#bytes.length
    let count = 0
    while (this.#at !== end) {
      const place = this.#at & (size - 1)
      const length = this.#bytes.readUInt32LE(place)
      if (length === skipped) {
        this.#at = (this.#at + size - place) | 0
        continue
      }
      const start = place + lengthBytes
      this.#at = (this.#at + ((lengthBytes + length + step - 1) & -step)) | 0
      count += 1
      try {
        take(this.#bytes.subarray(start, start + length))
      } finally {
        // Whatever came of it, it was read.
        Atomics.store(this.#cells, readCell, this.#at)
      }
    }
    return count
  }

  /** Asks to be woken. @returns false where there is something to read already. */
  sleep(): boolean {
    Atomics.store(this.#cells, sleepCell, 1)
    if (Atomics.load(this.#cells, writtenCell) === this.#at) return true
    Atomics.store(this.#cells, sleepCell, 0)
    return false
  }
}
