import { createRandom } from '../core/random.ts'
import { averagePrecision } from './metrics.ts'

export interface PermutationInput {
  /** One column per feature, of the evaluated rows. */
  readonly columns: readonly Float64Array[]
  readonly labels: Uint8Array
  readonly weights?: Float64Array | undefined
  /** The model's scores of rows that stand one behind the other, each in the order of `columns`. */
  readonly score: (rows: Float64Array) => Float64Array | Promise<Float64Array>
  readonly seed: number
  /** How likely each feature is to matter: of many, those with the highest hints are shuffled. Without them all are. */
  readonly hints?: ArrayLike<number> | undefined
  /** The features that scores rest on, where that is known: no other one can matter. */
  readonly used?: ReadonlySet<number> | undefined
  readonly onProgress?: (done: number, total: number) => void
}

export interface PermutationImportance {
  readonly mean: number
  readonly standardDeviation: number
}

/** How often each feature is shuffled. */
const repeats = 3
const mostFeatures = 50
/** Of more rows of a class a weighted sample is taken. */
const mostRows = { frauds: 2000, legitimate: 4000 }
/** Of more features so many fewer rows, down to the fewest, that the work grows no faster than their number. */
const widest = 100
const fewestRows = 500

/**
 * How much average precision falls, by feature, when the feature's values are shuffled among the rows (Breiman, 2001;
 * scikit-learn's `permutation_importance`): what the model loses with it, not what its splits used. Undefined for
 * features that were not shuffled.
 */
export async function permutationImportance(
  input: PermutationInput,
): Promise<readonly (PermutationImportance | undefined)[]> {
  const { columns, score, seed, used, onProgress } = input
  const shuffledFeatures = likeliest(input)
  const { rows, labels, weights } = sample(input)
  const width = columns.length
  const table = new Float64Array(rows.length * width)
  rows.forEach((row, i) => {
    for (let feature = 0; feature < width; feature++) table[i * width + feature] = columns[feature][row]
  })
  const baseline = averagePrecision(labels, await score(table), weights)
  let done = 0
  const importances: (PermutationImportance | undefined)[] = columns.map(() => undefined)
  for (const feature of columns.keys()) {
    if (!shuffledFeatures.has(feature)) continue
    if (used?.has(feature) === false) {
      onProgress?.(++done, shuffledFeatures.size)
      importances[feature] = { mean: 0, standardDeviation: 0 }
      continue
    }
    const random = createRandom(seed, feature + 1)
    const falls: number[] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      const shuffled = rows.map((row) => columns[feature][row])
      for (let i = shuffled.length - 1; i > 0; i--) {
        const other = random.integer(i + 1)
        ;[shuffled[i], shuffled[other]] = [shuffled[other], shuffled[i]]
      }
      shuffled.forEach((value, i) => {
        table[i * width + feature] = value
      })
      falls.push(baseline - averagePrecision(labels, await score(table), weights))
    }
    rows.forEach((row, i) => {
      table[i * width + feature] = columns[feature][row]
    })
    onProgress?.(++done, shuffledFeatures.size)
    const mean = falls.reduce((sum, fall) => sum + fall, 0) / repeats
    const variance = falls.reduce((sum, fall) => sum + (fall - mean) ** 2, 0) / repeats
    importances[feature] = { mean, standardDeviation: Math.sqrt(variance) }
  }
  return importances
}

/** The features that are worth the time. */
function likeliest({ columns, hints }: PermutationInput): ReadonlySet<number> {
  const all = [...columns.keys()]
  if (hints === undefined || all.length <= mostFeatures) return new Set(all)
  return new Set(all.sort((one, other) => hints[other] - hints[one] || one - other).slice(0, mostFeatures))
}

/** A seeded sample of each class, whose weights make up for the others. */
function sample({ columns, labels, weights, seed }: PermutationInput) {
  const share = Math.min(1, widest / columns.length)
  const most = (rows: number) => Math.max(fewestRows, Math.round(rows * share))
  const random = createRandom(seed)
  const frauds = labels.reduce((count, label) => count + label, 0)
  const left = [labels.length - frauds, frauds]
  const wanted = [Math.min(most(mostRows.legitimate), left[0]), Math.min(most(mostRows.frauds), left[1])]
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
