/** What a protocol wants to know of labelled rows beside their features, which only training looks at. */
export interface ProtocolRows {
  /** 1 fraud, 0 legitimate. */
  readonly labels: Uint8Array
  /** In milliseconds. The rows may stand in any order. */
  readonly times: Float64Array
  /** When each label became known. */
  readonly knownAt?: Float64Array
  /** The key that alerts are grouped by: a number for each of its values, -1 where it is missing. */
  readonly cards?: Int32Array
  readonly amounts?: Float64Array
  readonly weights?: Float64Array
}

/** Trains on some rows and scores others, in their order, with the uncalibrated score: what a protocol judges. */
export type TrainAndScore = (train: Uint32Array, test: Uint32Array, seed: number) => Promise<Float64Array>

export function pick(values: Float64Array, rows: Uint32Array): Float64Array {
  return Float64Array.from(rows, (row) => values[row])
}
