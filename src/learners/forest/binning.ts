/**
 * Bins that lose nothing. The best Gini split of two classes always lies beside a value of the rarer class (Fayyad and
 * Irani, "On the Handling of Continuous-Valued Attributes in Decision Tree Generation", 1992), in every subset of the
 * rows and for any weights. So each distinct value of the rarer class gets a bin of its own and each gap between two of
 * them gets one: with 492 frauds that is at most 985 bins, and the trees grown on them are those of exact splits.
 */
export interface Edges {
  /** Ascending. Bin 2i + 1 holds exactly the value `cuts[i]`; bin 2i the values between `cuts[i - 1]` and `cuts[i]`. */
  readonly cuts: Float64Array
}

/** Bins are 16-bit; the last code is the missing value's. */
export const missingBin = 0xffff
const mostCuts = 0x7ffe

/** How many bins the edges make, the missing value's not counted. */
export function binCount(edges: Edges): number {
  return 2 * edges.cuts.length + 1
}

/**
 * Edges of one column from the values at `rareRows`, the rows of the rarer class. Past 32,766 distinct values, evenly
 * spaced ones of the sorted distinct values are kept: quantiles of the class that matters, not of all rows.
 */
export function findEdges(column: Float64Array, rareRows: Uint32Array, extraCuts: readonly number[] = []): Edges {
  const values = new Float64Array(rareRows.length + extraCuts.length)
  let count = 0
  for (const row of rareRows) {
    const value = column[row]
    if (!Number.isNaN(value)) values[count++] = value
  }
  for (const cut of extraCuts) values[count++] = cut
  const sorted = values.subarray(0, count).sort()
  let distinct = 0
  for (let i = 0; i < count; i++) {
    if (i === 0 || sorted[i] !== sorted[distinct - 1]) sorted[distinct++] = sorted[i] + 0
  }
  if (distinct <= mostCuts) return { cuts: sorted.slice(0, distinct) }
  return { cuts: Float64Array.from({ length: mostCuts }, (_, i) => sorted[Math.floor((i * distinct) / mostCuts)]) }
}

// A double's sign, exponent and top bits of the fraction, made to rise with the value, say between which cuts to look: 5
// bits, or 9 in a long column: of its many cuts several would share a key of 5, and the search among them takes most of
// the time.
const keyBits = 17
const fineKeyBits = 21
const manyRows = 1_000_000
const bits = new Float64Array(1)
const words = new Uint32Array(bits.buffer)
const highWord = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

function keyOf(value: number, shift: number): number {
  bits[0] = value
  const high = words[highWord]
  return (high >>> 31 === 1 ? ~high : high | 0x80000000) >>> shift
}

// Kept between columns: it is 256 KiB, or 4 MiB, and a table may have thousands of short ones.
let scratch = new Uint16Array((1 << keyBits) + 1)

/** Writes the bin of every value of the column into `bins`. */
export function binColumn(edges: Edges, column: Float64Array, bins: Uint16Array): void {
  const { cuts } = edges
  // firstCut[k]: the first cut whose key is k or more; a value of key k lies between firstCut[k] and firstCut[k + 1].
  const keys = 1 << (column.length < manyRows ? keyBits : fineKeyBits)
  const shift = Math.clz32(keys) + 1
  if (scratch.length <= keys) scratch = new Uint16Array(keys + 1)
  const firstCut = scratch
  let filled = 0
  for (let cut = 0; cut < cuts.length; cut++) {
    const key = keyOf(cuts[cut], shift)
    while (filled <= key) firstCut[filled++] = cut
  }
  firstCut.fill(cuts.length, filled, keys + 1)

  for (let row = 0; row < column.length; row++) {
    const value = column[row] + 0
    if (Number.isNaN(value)) {
      bins[row] = missingBin
      continue
    }
    const key = keyOf(value, shift)
    let low = firstCut[key]
    let high = firstCut[key + 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (cuts[middle] < value) low = middle + 1
      else high = middle
    }
    bins[row] = low < cuts.length && cuts[low] === value ? 2 * low + 1 : 2 * low
  }
}
