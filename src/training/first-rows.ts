import type { Column } from '../data/table.ts'
import { finishHash, type RowHashes, wordsOf } from './row-hash.ts'

const mostFilled = 0.75
/** Ids that differ in these bits alone stay side by side, since most files count theirs up. */
const neighbours = 0x3f

interface HashedTable {
  readonly start: number
  readonly ids: RowHashes
  readonly contents: RowHashes
}

/**
 * The first row of each id of a file that comes in tables, by a hash of the id: open addressing in a typed array. With
 * the hashes of all rows that is some 30 bytes a row, so that millions of rows take tens of megabytes. Of a million
 * texts two share their hash, of 53 bits, with a chance of one in 18,000.
 */
export class FirstRows {
  readonly #tables: HashedTable[] = []
  /** Each slot has the low word of an id's hash, and the row plus one; 0 where it is free. */
  #slots = new Int32Array(2 ** 13)
  #count = 0

  /** Takes up the next table; `start` is the file's row that it begins with. */
  open(start: number, ids: RowHashes, contents: RowHashes): void {
    this.#tables.push({ start, ids, contents })
  }

  /** The first row with the id of a row of the last table; -1 where this row is the first, which is then kept. */
  add(index: number): number {
    if (2 * this.#count > mostFilled * this.#slots.length) this.#grow()
    const { start, ids } = this.#tables[this.#tables.length - 1]
    const slots = this.#slots
    const mask = slots.length - 1
    const low = ids.low[index]
    let at = (finishHash(low) << 1) & mask
    while (slots[at + 1] !== 0) {
      const first = slots[at + 1] - 1
      if (slots[at] === low && this.#hasHigh(first, ids.high[index])) return first
      at = (at + 2) & mask
    }
    slots[at] = low
    slots[at + 1] = start + index + 1
    this.#count += 1
    return -1
  }

  /** Whether two rows have the same content. */
  areSame(one: number, other: number): boolean {
    const a = this.#tableOf(one)
    const b = this.#tableOf(other)
    const [i, j] = [one - a.start, other - b.start]
    return a.contents.low[i] === b.contents.low[j] && a.contents.high[i] === b.contents.high[j]
  }

  #hasHigh(row: number, high: number): boolean {
    const { start, ids } = this.#tableOf(row)
    return ids.high[row - start] === high
  }

  #tableOf(row: number): HashedTable {
    let from = 0
    let to = this.#tables.length
    while (to - from > 1) {
      const middle = (from + to) >> 1
      if (this.#tables[middle].start <= row) from = middle
      else to = middle
    }
    return this.#tables[from]
  }

  #grow(): void {
    const old = this.#slots
    const slots = new Int32Array(2 * old.length)
    const mask = slots.length - 1
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue
      let to = (finishHash(old[from]) << 1) & mask
      while (slots[to + 1] !== 0) to = (to + 2) & mask
      slots[to] = old[from]
      slots[to + 1] = old[from + 1]
    }
    this.#slots = slots
  }
}

/** Tells of a row of a column the first one with the same value that it was asked of; -1 where this is the first. */
export function firstRowOf(column: Column): (row: number) => number {
  return column.kind === 'text' ? firstByCode(column.codes, column.dictionary.length) : firstByNumber(column.values)
}

function firstByCode(codes: Int32Array, count: number): (row: number) => number {
  const firsts = new Int32Array(count).fill(-1)
  return (row) => {
    const first = firsts[codes[row]]
    if (first < 0) firsts[codes[row]] = row
    return first
  }
}

function firstByNumber(values: Float64Array): (row: number) => number {
  const words = wordsOf(values)
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * values.length + 1))).fill(-1)
  const mask = slots.length - 1
  return (row) => {
    const value = values[row]
    const whole = value | 0
    let at =
      whole === value
        ? (finishHash(whole & ~neighbours) & ~neighbours) | (whole & neighbours)
        : finishHash(words[2 * row] ^ Math.imul(words[2 * row + 1], 0x9e3779b1))
    for (at &= mask; slots[at] >= 0; at = (at + 1) & mask) if (values[slots[at]] === value) return slots[at]
    slots[at] = row
    return -1
  }
}
