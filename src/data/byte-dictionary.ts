const encoder = new TextEncoder()
// A byte order mark inside a cell is content, so it is kept.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The code that `ByteDictionary` gives to bytes that are no UTF-8. */
export const notUtf8 = -2

/**
 * The distinct texts of a column, numbered in order of first appearance. Looked up by bytes, so that a text becomes a
 * string once, not once a row: hashed with FNV-1a, open addressing, compared byte by byte.
 */
export class ByteDictionary {
  readonly #texts: string[] = []
  #slots = new Int32Array(64).fill(-1)
  #hashes = new Int32Array(32)
  #ends = new Int32Array(32)
  #bytes = new Uint8Array(512)

  get texts(): readonly string[] {
    return this.#texts
  }

  codeOfText(text: string): number {
    const bytes = encoder.encode(text)
    return this.codeOf(bytes, 0, bytes.length)
  }

  codeOf(bytes: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193)
    // FNV's low bits alone are weak for short texts that differ in their last byte.
    hash ^= hash >>> 15
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (;;) {
      const code = this.#slots[slot]
      if (code === -1) return this.#add(bytes, start, end, hash, slot)
      if (this.#hashes[code] === hash && this.#holds(code, bytes, start, end)) return code
      slot = (slot + 1) & mask
    }
  }

  #holds(code: number, bytes: Uint8Array, start: number, end: number): boolean {
    let own = code === 0 ? 0 : this.#ends[code - 1]
    if (this.#ends[code] - own !== end - start) return false
    for (let at = start; at < end; at++, own++) if (bytes[at] !== this.#bytes[own]) return false
    return true
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    let text: string
    try {
      text = decoder.decode(bytes.subarray(start, end))
    } catch {
      return notUtf8
    }
    const code = this.#texts.length
    const ownStart = code === 0 ? 0 : this.#ends[code - 1]
    const ownEnd = ownStart + end - start
    if (ownEnd > this.#bytes.length) this.#bytes = grown(this.#bytes, new Uint8Array(ownEnd * 2))
    if (code === this.#hashes.length) {
      this.#hashes = grown(this.#hashes, new Int32Array(code * 2))
      this.#ends = grown(this.#ends, new Int32Array(code * 2))
    }
    this.#bytes.set(bytes.subarray(start, end), ownStart)
    this.#hashes[code] = hash
    this.#ends[code] = ownEnd
    this.#texts.push(text)
    this.#slots[slot] = code
    if (this.#texts.length * 2 > this.#slots.length) this.#rehash()
    return code
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1)
    const mask = slots.length - 1
    for (let code = 0; code < this.#texts.length; code++) {
      let slot = this.#hashes[code] & mask
      while (slots[slot] !== -1) slot = (slot + 1) & mask
      slots[slot] = code
    }
    this.#slots = slots
  }
}

function grown<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
