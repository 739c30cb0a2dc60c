import { pickBytes, pickNumbers } from '../core/rows.ts'
import { type Calibration, calibrate } from '../models/calibration.ts'
import type { LabelledRows } from './labelled-rows.ts'

/** The rows of one part with uncalibrated scores. */
export interface RawScoredRows {
  readonly rows: Uint32Array
  readonly labels: Uint8Array
  readonly weights?: Float64Array
  readonly rawScores: Float64Array
}

/** The same, as the metrics take them. */
export interface ScoredRows extends RawScoredRows {
  readonly probabilities: Float64Array
}

/** Rows that are scored at once, so that only they are copied. */
const rowsAtOnce = 16_384

/**
 * Scores a part of the rows, a few thousand at once: the next ones are gathered while these are scored elsewhere.
 *
 * @param score raw scores of rows, which lie one after the other.
 */
export async function scoreRows(
  rows: Pick<LabelledRows, 'columns' | 'labels'>,
  part: Uint32Array,
  score: (rows: Float64Array) => Float64Array | Promise<Float64Array>,
  weights: Float64Array | undefined,
): Promise<RawScoredRows> {
  const rawScores = new Float64Array(part.length)
  const blocks = blocksOf(rows, part)
  for (let next = blocks.next(); !next.done; ) {
    const { from, block } = next.value
    const scores = score(block)
    next = blocks.next()
    rawScores.set(await scores, from)
  }
  const picked = weights && pickNumbers(weights, part)
  return {
    rows: part,
    labels: pickBytes(rows.labels, part),
    ...(picked && { weights: picked }),
    rawScores,
  }
}

/** A part's rows one behind the other, block by block, and where in the part each block begins. */
function* blocksOf({ columns }: Pick<LabelledRows, 'columns'>, part: Uint32Array) {
  const width = columns.length
  for (let from = 0; from < part.length; from += rowsAtOnce) {
    const indices = part.subarray(from, from + rowsAtOnce)
    const block = new Float64Array(indices.length * width)
    indices.forEach((index, i) => {
      for (let feature = 0; feature < width; feature++) block[i * width + feature] = columns[feature][index]
    })
    yield { from, block }
  }
}

/** The same rows with calibrated scores, too. */
export function withProbabilities(scored: RawScoredRows, calibration: Calibration): ScoredRows {
  return { ...scored, probabilities: scored.rawScores.map((score) => calibrate(calibration, score)) }
}
