import { pickBytes, pickNumbers } from '../core/rows.ts'
import { type Calibration, calibrate } from '../models/calibration.ts'
import type { ScoreRows } from '../scoring/rows-scorer.ts'
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
  rows: Pick<LabelledRows, 'columns' | 'labels'>,
  part: Uint32Array,
  score: (rows: Float64Array) => Float64Array,
  weights: Float64Array | undefined,
): Omit<ScoredRows, 'probabilities'> {
  const rawScores = new Float64Array(part.length)
  for (const { from, block } of blocksOf(rows, part)) rawScores.set(score(block), from)
  return scoredPart(rows, part, rawScores, weights)
}

/** The same by scores that are not at hand at once. */
export async function awaitScores(
  rows: Pick<LabelledRows, 'columns' | 'labels'>,
  part: Uint32Array,
  score: ScoreRows,
  weights: Float64Array | undefined,
): Promise<Omit<ScoredRows, 'probabilities'>> {
  const rawScores = new Float64Array(part.length)
  const blocks = blocksOf(rows, part)
  for (let next = blocks.next(); !next.done; ) {
    const { from, block } = next.value
    const scores = score(block)
    // The next block is gathered while this one is scored.
    next = blocks.next()
    rawScores.set(await scores, from)
  }
  return scoredPart(rows, part, rawScores, weights)
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

function scoredPart(
  { labels }: Pick<LabelledRows, 'labels'>,
  part: Uint32Array,
  rawScores: Float64Array,
  weights: Float64Array | undefined,
): Omit<ScoredRows, 'probabilities'> {
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
