import { pickBytes, pickNumbers } from '../core/rows.ts'
import { type Calibration, calibrate } from '../models/calibration.ts'
import type { LabelledRows } from './labelled-rows.ts'

/** The rows of one part, as the metrics take them. */
export interface ScoredRows {
  readonly rows: Uint32Array
  readonly labels: Uint8Array
  readonly weights?: Float64Array
  /** Uncalibrated. */
  readonly rawScores: Float64Array
  readonly probabilities: Float64Array
}

/** Rows that are scored at once, so that only they are copied. */
const rowsAtOnce = 16_384

/** Scores a part of the rows, a few thousand at once. @param score raw scores of rows, which lie one after the other. */
export function scoreRows(
  { columns, labels }: Pick<LabelledRows, 'columns' | 'labels'>,
  part: Uint32Array,
  score: (rows: Float64Array) => Float64Array,
  weights: Float64Array | undefined,
): Omit<ScoredRows, 'probabilities'> {
  const width = columns.length
  const rawScores = new Float64Array(part.length)
  for (let from = 0; from < part.length; from += rowsAtOnce) {
    const indices = part.subarray(from, from + rowsAtOnce)
    const rows = new Float64Array(indices.length * width)
    indices.forEach((index, i) => {
      for (let feature = 0; feature < width; feature++) rows[i * width + feature] = columns[feature][index]
    })
    rawScores.set(score(rows), from)
  }
  const picked = weights && pickNumbers(weights, part)
  return {
    rows: part,
    labels: pickBytes(labels, part),
    ...(picked && { weights: picked }),
    rawScores,
  }
}

/** The same rows with calibrated scores, too. */
export function withProbabilities(scored: Omit<ScoredRows, 'probabilities'>, calibration: Calibration): ScoredRows {
  return { ...scored, probabilities: scored.rawScores.map((score) => calibrate(calibration, score)) }
}
