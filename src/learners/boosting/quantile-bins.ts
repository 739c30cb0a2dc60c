import { sortNumbers } from '../../core/sort-numbers.ts'

/**
 * Bins for histograms of gradients: at most 255 of values, cut at quantiles in which both classes weigh the same.
 * Quantiles over all rows would hide the few extreme values where fraud lives. Where there are fewer distinct values,
 * each has a bin.
 */

/** Bins of values; one more, behind them, is for missing ones. */
export const mostBins = 255
/** Evenly spaced rows of each class are enough for quantiles. */
const mostSampled = 100_000

/** For each class, the rows that bins are cut by: drawn once for all columns. */
export function sampleClasses(labels: Uint8Array): readonly Uint32Array[] {
  return [0, 1].map((label) => {
    const rows: number[] = []
    for (let row = 0; row < labels.length; row++) if (labels[row] === label) rows.push(row)
    const step = Math.max(1, Math.ceil(rows.length / mostSampled))
    return Uint32Array.from({ length: Math.ceil(rows.length / step) }, (_, i) => rows[i * step])
  })
}

/**
 * Finds the upper ends of a column's bins: rows at or below an end, and above the one before, are in its bin. The last
 * is infinite.
 *
 * @param samples of each class, as `sampleClasses` draws them.
 */
export function findBinEnds(column: Float64Array, samples: readonly Uint32Array[], bins: number): Float64Array {
  const values = samples.map((rows) => knownValues(column, rows))
  // What a value weighs: each class weighs 1 in all.
  const masses = values.map(({ length }) => (length === 0 ? 0 : 1 / length))
  const distinct = mergeDistinct(values, masses)
  const ends: number[] = []
  let left = masses.filter((mass) => mass > 0).length
  let filled = 0
  for (let i = 0; i + 1 < distinct.values.length && ends.length + 1 < bins; i++) {
    filled += distinct.masses[i]
    const wanted = left / (bins - ends.length)
    const isFull = filled >= wanted || distinct.masses[i + 1] >= wanted
    if (distinct.values.length > bins && !isFull) continue
    ends.push(between(distinct.values[i], distinct.values[i + 1]))
    left -= filled
    filled = 0
  }
  return Float64Array.from([...ends, Number.POSITIVE_INFINITY])
}

/**
 * Writes the bin of every value of the column into `bins`; a missing value's is the one behind the last. Says whether
 * there is such.
 */
export function fillBins(ends: Float64Array, column: Float64Array, bins: Uint8Array): boolean {
  // As many as a search by halves needs, which then always takes the same steps: a branch would be mispredicted.
  const padded = new Float64Array(mostBins + 1).fill(Number.POSITIVE_INFINITY)
  padded.set(ends)
  let hasMissing = false
  for (let row = 0; row < column.length; row++) {
    const value = column[row]
    if (Number.isNaN(value)) {
      bins[row] = ends.length
      hasMissing = true
      continue
    }
    let below = 0
    for (let half = (mostBins + 1) >>> 1; half > 0; half >>>= 1) {
      below += half * Number(padded[below + half - 1] < value)
    }
    bins[row] = below
  }
  return hasMissing
}

function knownValues(column: Float64Array, rows: Uint32Array): Float64Array {
  const values = new Float64Array(rows.length)
  let known = 0
  for (let i = 0; i < rows.length; i++) {
    // -0 and 0 are one value.
    const value = column[rows[i]] + 0
    if (!Number.isNaN(value)) values[known++] = value
  }
  return sortNumbers(values.subarray(0, known))
}

/** The distinct values of two sorted lists, and what each weighs. */
function mergeDistinct(lists: readonly Float64Array[], masses: readonly number[]) {
  const [a, b] = lists
  const values = new Float64Array(a.length + b.length)
  const weights = new Float64Array(values.length)
  let size = 0
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const isFirst = j === b.length || (i < a.length && a[i] <= b[j])
    const value = isFirst ? a[i++] : b[j++]
    if (size === 0 || values[size - 1] !== value) values[size++] = value
    weights[size - 1] += masses[isFirst ? 0 : 1]
  }
  return { values: values.subarray(0, size), masses: weights.subarray(0, size) }
}

/** The middle of two values; the lower one where that rounds to the upper, or is not finite. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2
  return middle >= low && middle < high ? middle : low
}
