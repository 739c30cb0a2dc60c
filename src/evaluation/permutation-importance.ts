import { createRandom } from '../core/random.ts'
import { averagePrecision } from './metrics.ts'

export interface PermutationInput {
  /** One column per feature, of the evaluated rows. */
  readonly columns: readonly Float64Array[]
  readonly labels: Uint8Array
  readonly weights?: Float64Array | undefined
  /** The model's scores of rows that stand one behind the other, each in the order of `columns`. */
  readonly score: (rows: Float64Array) => Float64Array
  readonly seed: number
  /** How often each feature is shuffled; 3 by default. */
  readonly repeats?: number
  /** How likely each feature is to matter; by default all are shuffled. */
  readonly hints?: ArrayLike<number> | undefined
  /** The most features that are shuffled, those with the highest hints first; 50 by default. */
  readonly mostFeatures?: number
  /**
   * The most rows of each class; of more a weighted sample is taken. 2,000 frauds and 4,000 legitimate rows by default,
   * and of more than a hundred features so many fewer, down to 500, that the work grows no faster than their number.
   */
  readonly mostFrauds?: number
  readonly mostLegitimate?: number
  readonly onProgress?: (done: number, total: number) => void
}

export interface PermutationImportance {
  readonly mean: number
  readonly standardDeviation: number
}

/**
 * How much average precision falls, by feature, when the feature's values are shuffled among the rows (Breiman, 2001;
 * scikit-learn's `permutation_importance`): what the model loses with it, not what its splits used. Undefined for
 * features that were not shuffled.
 */
export function permutationImportance(input: PermutationInput): readonly (PermutationImportance | undefined)[] {
  const { columns, score, seed, repeats = 3, onProgress } = input
  const shuffledFeatures = likeliest(input)
  const { rows, labels, weights } = sample(input)
  const width = columns.length
  const table = new Float64Array(rows.length * width)
  rows.forEach((row, i) => {
    for (let feature = 0; feature < width; feature++) table[i * width + feature] = columns[feature][row]
  })
  const baseline = averagePrecision(labels, score(table), weights)
  let done = 0
  return columns.map((_, feature) => {
    if (!shuffledFeatures.has(feature)) return undefined
    const random = createRandom(seed, feature + 1)
    const falls = Array.from({ length: repeats }, () => {
      const shuffled = rows.map((row) => columns[feature][row])
      for (let i = shuffled.length - 1; i > 0; i--) {
        const other = random.integer(i + 1)
        ;[shuffled[i], shuffled[other]] = [shuffled[other], shuffled[i]]
      }
      shuffled.forEach((value, i) => {
        table[i * width + feature] = value
      })
      return baseline - averagePrecision(labels, score(table), weights)
    })
    rows.forEach((row, i) => {
      table[i * width + feature] = columns[feature][row]
    })
    onProgress?.(++done, shuffledFeatures.size)
    const mean = falls.reduce((sum, fall) => sum + fall, 0) / repeats
    const variance = falls.reduce((sum, fall) => sum + (fall - mean) ** 2, 0) / repeats
    return { mean, standardDeviation: Math.sqrt(variance) }
  })
}

/** The features that are worth the time. */
function likeliest({ columns, hints, mostFeatures = 50 }: PermutationInput): ReadonlySet<number> {
  const all = [...columns.keys()]
  if (hints === undefined || all.length <= mostFeatures) return new Set(all)
  return new Set(all.sort((one, other) => hints[other] - hints[one] || one - other).slice(0, mostFeatures))
}

/** A seeded sample of each class, whose weights make up for the others. */
function sample({ columns, labels, weights, seed, ...most }: PermutationInput) {
  const share = Math.min(1, 100 / columns.length)
  const { mostFrauds = Math.max(500, Math.round(2000 * share)) } = most
  const { mostLegitimate = Math.max(500, Math.round(4000 * share)) } = most
  const random = createRandom(seed)
  const frauds = labels.reduce((count, label) => count + label, 0)
  const left = [labels.length - frauds, frauds]
  const wanted = [Math.min(mostLegitimate, left[0]), Math.min(mostFrauds, left[1])]
  const scale = left.map((count, label) => (wanted[label] === 0 ? 1 : count / wanted[label]))
  const rows: number[] = []
  labels.forEach((label, row) => {
    // Each of a class's rows that are left is as likely to be one of those still wanted (Knuth's algorithm S).
    const isTaken = wanted[label] === left[label] || random.uniform() * left[label] < wanted[label]
    if (isTaken) rows.push(row)
    left[label]--
    if (isTaken) wanted[label]--
  })
  return {
    rows,
    labels: Uint8Array.from(rows, (row) => labels[row]),
    weights: Float64Array.from(rows, (row) => (weights?.[row] ?? 1) * scale[labels[row]]),
  }
}
