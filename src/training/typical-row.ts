import { pickKnown } from '../core/rows.ts'
import { sortNumbers } from '../core/sort-numbers.ts'
import { thin } from '../data/split.ts'
import type { LabelledRows } from './labelled-rows.ts'

/** Enough rows for a median. */
const mostTypical = 50_000

/**
 * The medians of the training rows, or of as many evenly spaced ones, to four digits: a transaction that nobody made.
 */
export function typicalRow({ features, columns }: LabelledRows, part: Uint32Array): Record<string, number> {
  const sample = thin(part, mostTypical)
  const medianOf = (column: Float64Array) => {
    const known = sortNumbers(pickKnown(column, sample))
    return known.length === 0 ? 0 : Number(known[known.length >>> 1].toPrecision(4))
  }
  return Object.fromEntries(features.map((name, i) => [name, medianOf(columns[i])]))
}
