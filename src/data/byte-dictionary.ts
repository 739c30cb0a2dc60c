const encoder = new TextEncoder()
// A byte order mark inside a cell is content, so it is kept.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The code that `ByteDictionary` gives to bytes that are no UTF-8. */
export const notUtf8 = -2
/** The value instead of a code where the cell does not end as it should. */
const otherEnd = -3
const none = -1

/**
 * The distinct texts of a column, numbered in order of first appearance. Looked up by bytes, so that a text becomes a
 * string once, not once a row: hashed with FNV-1a, open addressing, compared byte by byte.
 */
export class ByteDictionary {
  readonly #texts: string[] = []
  /** Hash and code of each slot, side by side, so that a look into the table is one into memory. */
  #slots = emptySlots(64)
  /** Where each text ends among the bytes, of which there may be more than 32 bits tell. */
  #ends = new Float64Array(32)
  #bytes = Buffer.alloc(512)
  /** Where the cell ended that was looked up last. */
  cellEnd = 0

  get texts(): readonly string[] {
    return this.#texts
  }

  codeOfText(text: string): number {
    const bytes = encoder.encode(text)
    return this.codeOf(bytes, 0, bytes.length)
  }

  codeOf(bytes: Uint8Array, start: number, end: number): number {
    let hash = firstHash
    let all = 0
    for (let at = start; at < end; at++) {
      const byte = bytes[at]
      all |= byte
      hash = Math.imul(hash ^ byte, prime)
    }
    return this.#codeOf(bytes, start, end, hash, all)
  }

  /**
   * The code of the cell that begins at `start` and goes on to the first byte that `stops` marks: -1 where it is empty,
   * `otherEnd` where that is not the `wanted` one. Looks at each byte once, which is what most cells of text need.
   */
  codeOfCell(bytes: Uint8Array, start: number, stops: Uint8Array, wanted: number): number {
    let hash = firstHash
    let all = 0
    let at = start
    let byte = bytes[at]
    while (stops[byte] === 0) {
      all |= byte
      hash = Math.imul(hash ^ byte, prime)
      byte = bytes[++at]
    }
    this.cellEnd = at
    if (byte !== wanted) return otherEnd
    return at === start ? none : this.#codeOf(bytes, start, at, hash, all)
  }

  #codeOf(bytes: Uint8Array, start: number, end: number, rawHash: number, all: number): number {
    // FNV's low bits alone are weak for short texts that differ in their last byte.
    const hash = rawHash ^ (rawHash >>> 15)
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = (hash << 1) & mask
    for (;;) {
      const code = slots[slot + 1]
      if (code === none) return this.#add(bytes, start, end, hash, slot, all < 0x80)
      if (slots[slot] === hash && this.#holds(code, bytes, start, end)) return code
      slot = (slot + 2) & mask
    }
  }

  #holds(code: number, bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.#bytes
    const ownEnd = this.#ends[code]
    let ownAt = code === 0 ? 0 : this.#ends[code - 1]
    if (ownEnd - ownAt !== end - start) return false
    for (let at = start; at < end; at++, ownAt++) if (bytes[at] !== own[ownAt]) return false
    return true
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number, slot: number, isAscii: boolean): number {
    const code = this.#texts.length
    const ownStart = code === 0 ? 0 : this.#ends[code - 1]
    const ownEnd = ownStart + end - start
    if (ownEnd > this.#bytes.length) this.#bytes = grown(this.#bytes, Buffer.alloc(ownEnd * 2))
    if (code === this.#ends.length) this.#ends = grown(this.#ends, new Float64Array(code * 2))
    for (let at = start, own = ownStart; at < end; at++, own++) this.#bytes[own] = bytes[at]
    try {
      this.#texts.push(
        isAscii ? this.#bytes.toString('latin1', ownStart, ownEnd) : decoder.decode(bytes.subarray(start, end)),
      )
    } catch {
      return notUtf8
    }
    this.#ends[code] = ownEnd
    this.#slots[slot] = hash
    this.#slots[slot + 1] = code
    if (this.#texts.length * 4 > this.#slots.length) this.#rehash()
    return code
  }

  #rehash(): void {
    const old = this.#slots
    const slots = emptySlots(old.length)
    const mask = slots.length - 1
    for (let at = 0; at < old.length; at += 2) {
      if (old[at + 1] === none) continue
      let slot = (old[at] << 1) & mask
      while (slots[slot + 1] !== none) slot = (slot + 2) & mask
      slots[slot] = old[at]
      slots[slot + 1] = old[at + 1]
    }
    this.#slots = slots
  }
}

const firstHash = 0x811c9dc5
const prime = 0x01000193

function emptySlots(count: number): Int32Array {
  return new Int32Array(2 * count).fill(none)
}

function grown<T extends Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
