import { rowsWhere } from '../core/rows.ts'

/**
 * The rows whose label was known at a time. Frauds become known before their neighbours are known to be legitimate, so
 * the rows end where legitimate ones do: else the last of them would be frauds alone.
 */
export function knownThen(
  rows: Uint32Array,
  { times, labels, knownAt }: { times: Float64Array; labels: Uint8Array; knownAt: Float64Array },
  time: number,
): Uint32Array {
  let last = Number.NEGATIVE_INFINITY
  for (const row of rows) if (labels[row] === 0 && knownAt[row] <= time) last = Math.max(last, times[row])
  return rowsWhere(rows, (row) => knownAt[row] <= time && times[row] <= last)
}
