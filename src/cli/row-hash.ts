import { hashText } from '../core/hash-text.ts'
import type { Column } from '../data/table.ts'

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
const missing = 0x5bd1e995

/** Hashes of a column's cells, the same in every table of a file. */
export function cellHash(column: Column): (row: number) => number {
  if (column.kind === 'text') {
    const { codes, dictionary } = column
    const known = new Float64Array(dictionary.length).fill(Number.NaN)
    return (row) => {
      const code = codes[row]
      if (code < 0) return missing
      if (Number.isNaN(known[code])) known[code] = hashText(dictionary[code])
      return known[code]
    }
  }
  const { values } = column
  return (row) => {
    const value = values[row]
    if (Number.isNaN(value)) return missing
    // Of 0 and -0 the same.
    double[0] = value + 0
    return joinHashes(words[0], words[1])
  }
}

/** One number of 53 bits of two. */
export function joinHashes(one: number, other: number): number {
  let low = Math.imul((one >>> 0) ^ 0x9e3779b9, 0xcc9e2d51)
  let high = Math.imul(Math.floor(one / 0x100000000) ^ 0x85ebca6b, 0x1b873593)
  low = Math.imul(low ^ (low >>> 15) ^ (other >>> 0), 0x85ebca6b)
  high = Math.imul(high ^ (high >>> 13) ^ Math.floor(other / 0x100000000), 0xc2b2ae35)
  low ^= (low >>> 16) ^ high
  high = Math.imul(high ^ (high >>> 16) ^ low, 0x27d4eb2f)
  low = Math.imul(low ^ (high >>> 15), 0x165667b1)
  return ((high ^ (high >>> 14)) & 0x1fffff) * 0x100000000 + ((low ^ (low >>> 13)) >>> 0)
}
