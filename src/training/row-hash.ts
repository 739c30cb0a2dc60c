import { hashText } from '../core/hash-text.ts'
import type { Column, NumberColumn, Table } from '../data/table.ts'

const missing = 0x5bd1e995

/** A hash of 64 bits for each row of a table, in two words. */
export interface RowHashes {
  readonly low: Int32Array
  readonly high: Int32Array
}

/** Hashes of all rows over some columns, the same in every table of a file; column by column, which is what is fast. */
export function hashRows(columns: readonly Column[], rowCount: number): RowHashes {
  const low = new Int32Array(rowCount).fill(0x9e3779b9)
  const high = new Int32Array(rowCount).fill(0x2545f491)
  for (const column of columns) {
    if (column.kind === 'text') addTexts(low, high, column.codes, column.dictionary)
    else addNumbers(low, high, column.values)
  }
  return { low, high }
}

function addTexts(low: Int32Array, high: Int32Array, codes: Int32Array, dictionary: readonly string[]): void {
  const one = new Int32Array(dictionary.length)
  const other = new Int32Array(dictionary.length)
  for (let code = 0; code < dictionary.length; code++) {
    const hash = hashText(dictionary[code])
    one[code] = hash
    other[code] = hash / 0x100000000
  }
  for (let row = 0; row < low.length; row++) {
    const code = codes[row]
    if (code < 0) addCell(low, high, row, missing, missing)
    else addCell(low, high, row, one[code], other[code])
  }
}

function addNumbers(low: Int32Array, high: Int32Array, values: NumberColumn['values']): void {
  const words = wordsOf(values)
  for (let row = 0; row < low.length; row++) {
    const value = values[row]
    if (Number.isNaN(value)) addCell(low, high, row, missing, missing)
    // 0 and -0 have the same hash.
    else if (value === 0) addCell(low, high, row, 0, 0)
    else addCell(low, high, row, words[2 * row], words[2 * row + 1])
  }
}

/** Both words of the cell go into both of the row, each through another product. */
function addCell(low: Int32Array, high: Int32Array, row: number, one: number, other: number): void {
  let mixed = Math.imul(low[row] ^ one, 0xcc9e2d51)
  mixed = Math.imul(((mixed << 15) | (mixed >>> 17)) ^ other, 0x1b873593)
  low[row] = mixed ^ (mixed >>> 15)
  mixed = Math.imul(high[row] ^ other, 0x85ebca6b)
  mixed = Math.imul(((mixed << 13) | (mixed >>> 19)) ^ one, 0xc2b2ae35)
  high[row] = mixed ^ (mixed >>> 16)
}

/** The bits of doubles, two words each. */
export function wordsOf(values: Float64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, 2 * values.length)
}

/** The end of MurmurHash3, which lets each bit change half of the others. */
export function finishHash(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/** How many rows equal an earlier one in every column. */
export function countRepeatedRows({ columns, rowCount }: Table): number {
  const { low, high } = hashRows(columns, rowCount)
  // 53 of their bits, which a double holds.
  const hashes = Float64Array.from(low, (word, row) => (high[row] & 0x1fffff) * 0x100000000 + (word >>> 0)).sort()
  return hashes.reduce((count, hash, i) => count + (i > 0 && hash === hashes[i - 1] ? 1 : 0), 0)
}
