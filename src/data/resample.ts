import { FraudError } from '../core/errors.ts'
import { createRandom } from '../core/random.ts'

export interface OversampleOptions {
  /** Rows of the rarer class over rows of the other, afterwards; in (0, 1]. */
  readonly ratio?: number
  readonly seed: number
}

/**
 * Random oversampling as imbalanced-learn's RandomOverSampler defines it: every row is kept, and rows of the rarer class
 * are drawn again, with replacement, until there are floor(ratio * rows of the other class) of them. A ratio of 1 is its
 * strategy `auto`. Returns how often
 * each row is there, since a row that is there k times is, to a learner, one row of weight k.
 */
export function oversample(labels: Uint8Array, { ratio = 1, seed }: OversampleOptions): Uint32Array {
  if (!(ratio > 0 && ratio <= 1)) {
    throw new FraudError('OPTION_INVALID', `The oversampling ratio is ${ratio}; it must be above 0 and at most 1`)
  }
  let frauds = 0
  for (const label of labels) if (label === 1) frauds++
  const legitimate = labels.length - frauds
  if (frauds === 0 || legitimate === 0) {
    const reason = `all ${labels.length} rows are ${frauds === 0 ? 'legitimate' : 'fraud'}`
    throw new FraudError('DATA_INVALID', `Oversampling needs rows of both classes, and ${reason}`)
  }
  const rarer = frauds < legitimate ? 1 : 0
  const rows = Uint32Array.from(labels.keys().filter((row) => labels[row] === rarer))
  const others = labels.length - rows.length
  const draws = Math.trunc(others * ratio - rows.length)
  if (draws <= 0 && ratio < 1) {
    const reason = `the rows have ${(rows.length / others).toPrecision(3)} already, and oversampling removes none`
    throw new FraudError('OPTION_INVALID', `The oversampling ratio is ${ratio}; ${reason}`)
  }
  const counts = new Uint32Array(labels.length).fill(1)
  const random = createRandom(seed)
  for (let draw = 0; draw < draws; draw++) counts[rows[random.integer(rows.length)]]++
  return counts
}
