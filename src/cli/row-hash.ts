import { hashText } from '../core/hash-text.ts'
import type { Column, Table } from '../data/table.ts'

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
    // 0 and -0 have the same hash.
    double[0] = value + 0
    return joinHashes(words[0], words[1])
  }
}

/** One number of 53 bits of two, each half of it of all halves of theirs. */
export function joinHashes(one: number, other: number): number {
  const oneHigh = (one / 0x100000000) >>> 0
  const otherHigh = (other / 0x100000000) >>> 0
  const low = finish(Math.imul(one >>> 0, 0xcc9e2d51) ^ Math.imul(oneHigh, 0x9e3779b1) ^ (other >>> 0) ^ 0x2545f491)
  const high = finish(Math.imul(other >>> 0, 0x1b873593) ^ Math.imul(otherHigh, 0x85ebca77) ^ (one >>> 0) ^ low)
  return (high & 0x1fffff) * 0x100000000 + (finish(low + otherHigh + Math.imul(high, 5)) >>> 0)
}

/** The end of MurmurHash3, which lets each bit change half of the others. */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/** How many rows equal an earlier one in every column. */
export function countRepeatedRows({ columns, rowCount }: Table): number {
  const hashes = new Float64Array(rowCount)
  for (const column of columns) {
    const hashOf = cellHash(column)
    for (let row = 0; row < rowCount; row++) hashes[row] = joinHashes(hashes[row], hashOf(row))
  }
  hashes.sort()
  return hashes.reduce((count, hash, i) => count + (i > 0 && hash === hashes[i - 1] ? 1 : 0), 0)
}
