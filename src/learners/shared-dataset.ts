import { availableParallelism } from 'node:os'
import { FraudError } from '../core/errors.ts'
import { shared } from '../core/shared-memory.ts'
import type { Dataset } from '../data/dataset.ts'

/** How training runs, without any influence on what it returns. */
export interface TrainingControl {
  /** Default: one per processor, or as many as have enough to do to be worth their start. */
  readonly threads?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/** A thread takes some 150 ms to start, so each is to have about as much to do. */
const threadStartSeconds = 0.15

/**
 * How many threads train, where nobody says how many: with few rows one is done before a second has started.
 *
 * @param cellsPerSecond values of all rows, for each tree, that a thread looks at in a second.
 */
export function threadsFor(
  { threads }: TrainingControl,
  { labels, features }: Dataset,
  { trees, cellsPerSecond }: { readonly trees: number; readonly cellsPerSecond: number },
): number {
  const seconds = (labels.length * features.length * trees) / cellsPerSecond
  return threads ?? Math.min(availableParallelism(), Math.ceil(seconds / threadStartSeconds))
}

/** @throws FraudError DATA_INVALID where there is no feature, a weight below 0, or one class only. */
export function checkDataset({ features, labels, weights }: Dataset): void {
  if (features.length === 0) throw new FraudError('DATA_INVALID', 'There are no features to learn from')
  const negative = weights?.findIndex((weight) => !(weight >= 0 && weight < Infinity)) ?? -1
  if (negative >= 0) {
    throw new FraudError('DATA_INVALID', `Row ${negative} has the weight ${weights?.[negative]}; weights are 0 or more`)
  }
  const counts = [0, 0]
  for (let row = 0; row < labels.length; row++) if (weights === undefined || weights[row] > 0) counts[labels[row]]++
  if (counts[0] === 0 || counts[1] === 0) {
    throw new FraudError(
      'DATA_INVALID',
      `Training needs rows of both classes that weigh anything, and there are ${counts[1]} frauds and ${counts[0]} legitimate ones`,
    )
  }
}

/** For each row: its own weight times its class's, which counts an oversampled row as often as it stands there. */
export function rowWeights(
  { labels, weights, copies }: Dataset,
  { classWeight }: { readonly classWeight: 'none' | 'balanced' },
): Float64Array {
  const result = shared(Float64Array, labels.length)
  if (weights === undefined) result.fill(1)
  else result.set(weights)
  if (classWeight === 'none') return result
  const rows = [0, 0]
  for (let row = 0; row < labels.length; row++) rows[labels[row]] += copies?.[row] ?? 1
  const factor = rows.map((count) => (rows[0] + rows[1]) / (2 * count))
  for (let row = 0; row < labels.length; row++) result[row] *= factor[labels[row]]
  return result
}

/** The same for learners to which a row that an oversampler drew k times is one of k times the weight. */
export function wholeWeights(dataset: Dataset, options: { readonly classWeight: 'none' | 'balanced' }): Float64Array {
  const weights = rowWeights(dataset, options)
  dataset.copies?.forEach((count, row) => {
    weights[row] *= count
  })
  return weights
}
