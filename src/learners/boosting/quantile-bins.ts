import type { SharedArena } from '../../core/kernel.ts'
import type { BoostingLoops } from './boosting-loops.ts'

/**
 * Bins for histograms of gradients: at most 255 of values, cut at quantiles in which both classes weigh the same.
 * Quantiles over all rows would hide the few extreme values where fraud lives. Where there are fewer distinct values,
 * each has a bin. The loops are in kernels/assembly/quantile-bins.ts.
 */

/** Bins of values; one more, behind them, is for missing ones. */
export const mostBins = 255
/** Evenly spaced rows of each class are enough for quantiles. */
const mostSampled = 100_000
/** Of a column so many are at once in the memory that kernels see. */
const blockRows = 16_384
/** The kernel counts six digits of 11 bits when it sorts, and lays two numbers of each value beside each other. */
const sortCounts = 6 * 2 ** 11 * 4

/** The rows that bins are cut by, drawn once for all columns. */
export interface BinSample {
  /** For each row 1 or 2 by its class; 0 where it is not drawn. */
  readonly classes: Uint8Array
  /** How many of each class are drawn. */
  readonly counts: readonly number[]
}

/** What one thread bins columns in. */
export interface BinningMemory {
  readonly block: Float64Array
  readonly values: readonly Float64Array[]
  readonly lists: Uint32Array
  readonly scratch: Uint8Array
  readonly ends: Float64Array
}

export function sampleClasses(arena: SharedArena, labels: Uint8Array): BinSample {
  const rows = [0, 0]
  for (let row = 0; row < labels.length; row++) rows[labels[row]]++
  const steps = rows.map((count) => Math.max(1, Math.ceil(count / mostSampled)))
  const classes = arena.take(Uint8Array, labels.length)
  const next = [0, 0]
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]
    if (next[label] === 0) classes[row] = label + 1
    next[label] = (next[label] + 1) % steps[label]
  }
  return { classes, counts: rows.map((count, label) => Math.ceil(count / steps[label])) }
}

export function binningMemory(arena: SharedArena, { classes, counts }: BinSample): BinningMemory {
  const [legitimate, frauds] = counts
  return {
    block: arena.take(Float64Array, Math.min(blockRows, classes.length)),
    values: counts.map((count) => arena.take(Float64Array, count)),
    lists: arena.take(Uint32Array, 4),
    scratch: arena.take(Uint8Array, sortCounts + 2 * Float64Array.BYTES_PER_ELEMENT * (legitimate + frauds)),
    ends: arena.take(Float64Array, mostBins + 1),
  }
}

/**
 * The upper ends of a column's bins: rows at or below an end, and above the one before, are in its bin. The last is
 * infinite.
 */
export function findBinEnds(
  loops: BoostingLoops,
  { block, values, lists, scratch, ends }: BinningMemory,
  { classes }: BinSample,
  column: Float64Array,
  bins: number,
): Float64Array {
  lists.set(values.flatMap(({ byteOffset }) => [byteOffset, 0]))
  forBlocks(column, block, (from, rows) => {
    loops.takeSample(block.byteOffset, classes.byteOffset + from, rows, lists.byteOffset)
  })
  return ends.slice(0, loops.findEnds(lists.byteOffset, bins, scratch.byteOffset, ends.byteOffset))
}

/**
 * Writes the bin of every value of the column into `bins`; a missing value's is the one behind the last. Says whether
 * there is such.
 */
export function fillBins(
  loops: BoostingLoops,
  { block, ends }: BinningMemory,
  found: Float64Array,
  column: Float64Array,
  bins: Uint8Array,
): boolean {
  ends.fill(Number.POSITIVE_INFINITY).set(found)
  let hasMissing = 0
  forBlocks(column, block, (from, rows) => {
    hasMissing |= loops.fillBins(ends.byteOffset, block.byteOffset, rows, found.length, bins.byteOffset + from)
  })
  return hasMissing !== 0
}

function forBlocks(column: Float64Array, block: Float64Array, work: (from: number, rows: number) => void): void {
  for (let from = 0; from < column.length; from += block.length) {
    const values = column.subarray(from, from + block.length)
    block.set(values)
    work(from, values.length)
  }
}
