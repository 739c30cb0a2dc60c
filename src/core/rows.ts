// Numbers of rows, and the values of rows, by plain loops: `from`, `filter` and `keys` of typed arrays take ten to thirty
// times as long, which for a million rows is seconds.

/** 0, 1, 2, ..., of so many rows. */
export function everyRow(count: number): Uint32Array {
  const rows = new Uint32Array(count)
  for (let row = 0; row < count; row++) rows[row] = row
  return rows
}

/** Those of some rows that a condition holds for. */
export function rowsWhere(rows: Uint32Array, holds: (row: number) => boolean): Uint32Array {
  const found = new Uint32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) if (holds(rows[i])) found[count++] = rows[i]
  return found.slice(0, count)
}

/** The numbers of some rows, in their order. */
export function pickNumbers(values: Float64Array, rows: Uint32Array): Float64Array {
  const picked = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]]
  return picked
}

/** The labels of some rows, or other bytes, in their order. */
export function pickBytes(values: Uint8Array, rows: Uint32Array): Uint8Array {
  const picked = new Uint8Array(rows.length)
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]]
  return picked
}

/** The numbers of some rows that are not missing, in their order. */
export function pickKnown(values: Float64Array, rows: Uint32Array): Float64Array {
  const known = new Float64Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i]]
    if (!Number.isNaN(value)) known[count++] = value
  }
  return known.subarray(0, count)
}

/** The least and the greatest of some rows' times; from Infinity to -Infinity where there are none. */
export function extent(times: Float64Array, part: Uint32Array): { from: number; to: number } {
  let from = Infinity
  let to = -Infinity
  for (const row of part) {
    if (times[row] < from) from = times[row]
    if (times[row] > to) to = times[row]
  }
  return { from, to }
}
