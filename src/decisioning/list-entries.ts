import { hashText } from '../core/hash-text.ts'
import type { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'

/** A value on a list. Personal values are tokens by then, and card numbers hashes. */
export interface ListEntry {
  readonly value: string
  /** When the entry expires; missing where it never does. */
  readonly expiresAtMs?: number
  readonly addedAtMs: number
  readonly by: string
  readonly source?: string | undefined
  readonly note?: string | undefined
}

/** An entry with its number: a later one is larger, and a value that is added again gets a new one. */
export type NumberedEntry = ListEntry & { readonly number: number }

const free = -1
const leastSlots = 16
const leastTextBytes = 256
/** Value, who added it, source and note. */
const textsOfEntry = 4
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The entries of one list, in the order in which they were added: texts side by side as bytes, found by a hash table
 * with open addresses that compares the texts themselves. Well under 150 bytes an entry, where a Map of objects takes
 * 300.
 */
export class ListEntries {
  #slots = new Int32Array(leastSlots).fill(free)
  #hashes = new Int32Array(leastSlots)
  /** Where an entry's texts begin: value, who added it, source, note, each behind its length. -1 of a removed one. */
  #starts = new Float64Array(leastSlots)
  #expires = new Float64Array(leastSlots)
  #added = new Float64Array(leastSlots)
  #numbers = new Float64Array(leastSlots)
  #texts = new Uint8Array(leastTextBytes)
  #textsEnd = 0
  /** Entries so far, removed ones among them. */
  #end = 0
  #size = 0
  #lastNumber = 0

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    const columns = [this.#slots, this.#hashes, this.#starts, this.#expires, this.#added, this.#numbers, this.#texts]
    return columns.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  /** Whether a value is on the list at a time. */
  has(value: string, atMs: number): boolean {
    return this.numberOf(value, atMs) !== undefined
  }

  /** The number of a value's entry; undefined where it is not on the list at a time. */
  numberOf(value: string, atMs: number): number | undefined {
    if (this.#size === 0) return undefined
    const entry = this.#slots[this.#slotOf(value, hashText(value) | 0)]
    return entry !== free && atMs < this.#expires[entry] ? this.#numbers[entry] : undefined
  }

  find(value: string): NumberedEntry | undefined {
    const entry = this.#slots[this.#slotOf(value, hashText(value) | 0)]
    return entry === free ? undefined : this.#read(entry)
  }

  /** Adds an entry, in the place of one of the same value. */
  put(entry: ListEntry): void {
    this.remove(entry.value)
    this.#append(entry, ++this.#lastNumber)
  }

  /** Whether the value was there. */
  remove(value: string): boolean {
    const slot = this.#slotOf(value, hashText(value) | 0)
    const entry = this.#slots[slot]
    if (entry === free) return false
    this.#starts[entry] = -1
    this.#size--
    this.#close(slot)
    if (this.#end > 2 * leastSlots && this.#size * 2 < this.#end) this.#closeGaps()
    return true
  }

  /** Drops what has expired; how many there were. */
  dropExpired(atMs: number): number {
    const before = this.#size
    let expired = 0
    for (let entry = 0; entry < this.#end; entry++) {
      if (this.#starts[entry] < 0 || atMs < this.#expires[entry]) continue
      this.#starts[entry] = -1
      expired++
    }
    if (expired > 0) this.#closeGaps()
    return before - this.#size
  }

  /** @param after the number of the entry to go on behind. */
  *entries(after = 0): Generator<NumberedEntry> {
    let [first, end] = [0, this.#end]
    while (first < end) {
      const middle = (first + end) >>> 1
      if (this.#numbers[middle] > after) end = middle
      else first = middle + 1
    }
    for (let entry = first; entry < this.#end; entry++) if (this.#starts[entry] >= 0) yield this.#read(entry)
  }

  /** The same bytes for the same entries, in whatever way they came about. */
  *save(writer: StateWriter): Generator<Uint8Array> {
    writer.double(this.#lastNumber)
    writer.double(this.#size)
    for (const { value, by, source = '', note = '', expiresAtMs = Infinity, addedAtMs, number } of this.entries()) {
      for (const each of [number, expiresAtMs, addedAtMs]) writer.double(each)
      for (const text of [value, by, source, note]) writer.text(text)
      yield* writer.take()
    }
  }

  /** Reads what was saved into a list without entries. */
  *load(reader: StateReader): Steps {
    this.#lastNumber = reader.count(Number.MAX_SAFE_INTEGER)
    const size = reader.count(2 ** 31 - 1)
    for (let i = 0; i < size; i++) {
      const number = reader.count(this.#lastNumber)
      const [expiresAtMs, addedAtMs] = [reader.double(), reader.double()]
      const [value, by, source, note] = [reader.text(), reader.text(), reader.text(), reader.text()]
      this.#append(makeEntry({ value, by, source, note, expiresAtMs, addedAtMs }), number)
      yield
    }
  }

  #append({ value, expiresAtMs = Infinity, addedAtMs, by, source = '', note = '' }: ListEntry, number: number): void {
    if (this.#end === this.#starts.length) this.#resizeColumns(Math.ceil(this.#end * 1.25))
    if ((this.#size + 1) * 3 > this.#slots.length * 2) this.#fillSlots(this.#slots.length * 2)
    const hash = hashText(value) | 0
    const entry = this.#end++
    this.#starts[entry] = this.#textsEnd
    this.#expires[entry] = expiresAtMs
    this.#added[entry] = addedAtMs
    this.#numbers[entry] = number
    this.#hashes[entry] = hash
    for (const text of [value, by, source, note]) this.#write(text)
    this.#size++
    this.#slots[this.#slotOf(value, hash)] = entry
  }

  #read(entry: number): NumberedEntry {
    let at = this.#starts[entry]
    const next = () => {
      const text = this.#textAt(at)
      at = this.#endOfTextAt(at)
      return text
    }
    const [value, by, source, note] = [next(), next(), next(), next()]
    const [expiresAtMs, addedAtMs] = [this.#expires[entry], this.#added[entry]]
    return { ...makeEntry({ value, by, source, note, expiresAtMs, addedAtMs }), number: this.#numbers[entry] }
  }

  /** Where a value's entry is in the table, or would be. */
  #slotOf(value: string, hash: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]
      if (entry === free || (this.#hashes[entry] === hash && this.#isValue(entry, value))) return slot
    }
  }

  /** ASCII values are compared by their bytes, so that nothing is allocated. */
  #isValue(entry: number, value: string): boolean {
    const start = this.#starts[entry]
    const length = this.#lengthAt(start)
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i)
      if (unit > 127) return this.#textAt(start) === value
      if (i >= length || this.#texts[start + 4 + i] !== unit) return false
    }
    return value.length === length
  }

  /**
   * Those behind a freed slot move up, so that no search stops at the gap (Knuth, volume 3, section 6.4, algorithm R).
   */
  #close(freed: number): void {
    const mask = this.#slots.length - 1
    let slot = freed
    for (let next = (slot + 1) & mask; this.#slots[next] !== free; next = (next + 1) & mask) {
      const home = this.#hashes[this.#slots[next]] & mask
      if (((next - home) & mask) < ((next - slot) & mask)) continue
      this.#slots[slot] = this.#slots[next]
      slot = next
    }
    this.#slots[slot] = free
  }

  #fillSlots(length: number): void {
    this.#slots = new Int32Array(length).fill(free)
    const mask = length - 1
    for (let entry = 0; entry < this.#end; entry++) {
      if (this.#starts[entry] < 0) continue
      let slot = this.#hashes[entry] & mask
      while (this.#slots[slot] !== free) slot = (slot + 1) & mask
      this.#slots[slot] = entry
    }
  }

  #resizeColumns(length: number): void {
    const resize = (column: Float64Array<ArrayBuffer>) => {
      const other = new Float64Array(length)
      other.set(column.subarray(0, length))
      return other
    }
    const hashes = new Int32Array(length)
    hashes.set(this.#hashes.subarray(0, length))
    this.#hashes = hashes
    this.#starts = resize(this.#starts)
    this.#expires = resize(this.#expires)
    this.#added = resize(this.#added)
    this.#numbers = resize(this.#numbers)
  }

  /** Moves entries together where others were removed, their bytes as they are: a list may have millions. */
  #closeGaps(): void {
    let [end, textsEnd] = [0, 0]
    for (let entry = 0; entry < this.#end; entry++) {
      const start = this.#starts[entry]
      if (start < 0) continue
      let stop = start
      for (let text = 0; text < textsOfEntry; text++) stop = this.#endOfTextAt(stop)
      this.#texts.copyWithin(textsEnd, start, stop)
      this.#starts[end] = textsEnd
      for (const column of [this.#expires, this.#added, this.#numbers]) column[end] = column[entry]
      this.#hashes[end] = this.#hashes[entry]
      textsEnd += stop - start
      end++
    }
    this.#end = end
    this.#size = end
    this.#textsEnd = textsEnd
    this.#resizeColumns(Math.max(leastSlots, Math.ceil(end * 1.25)))
    this.#texts = this.#texts.slice(0, Math.max(leastTextBytes, Math.ceil(textsEnd * 1.25)))
    let slots = leastSlots
    while (end * 3 > slots * 2) slots *= 2
    this.#fillSlots(slots)
  }

  // A length takes four bytes, so that the bytes of a value are where they are compared without a search.
  #write(text: string): void {
    const most = text.length * 3 + 4
    if (this.#textsEnd + most > this.#texts.length) {
      const longer = new Uint8Array(Math.ceil(this.#texts.length * 1.25) + most)
      longer.set(this.#texts.subarray(0, this.#textsEnd))
      this.#texts = longer
    }
    const { written } = encoder.encodeInto(text, this.#texts.subarray(this.#textsEnd + 4))
    new DataView(this.#texts.buffer).setUint32(this.#textsEnd, written, true)
    this.#textsEnd += 4 + written
  }

  #lengthAt(start: number): number {
    const texts = this.#texts
    return (texts[start] | (texts[start + 1] << 8) | (texts[start + 2] << 16) | (texts[start + 3] << 24)) >>> 0
  }

  #endOfTextAt(start: number): number {
    return start + 4 + this.#lengthAt(start)
  }

  #textAt(start: number): string {
    return decoder.decode(this.#texts.subarray(start + 4, this.#endOfTextAt(start)))
  }
}

function makeEntry(given: {
  readonly value: string
  readonly by: string
  readonly source: string
  readonly note: string
  readonly expiresAtMs: number
  readonly addedAtMs: number
}): ListEntry {
  const { value, by, source, note, expiresAtMs, addedAtMs } = given
  return {
    value,
    ...(expiresAtMs !== Number.POSITIVE_INFINITY && { expiresAtMs }),
    addedAtMs,
    by,
    ...(source !== '' && { source }),
    ...(note !== '' && { note }),
  }
}
