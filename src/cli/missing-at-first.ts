import type { FeatureSet } from '../features/feature-set.ts'
import { MemoryHistories } from '../features/memory-histories.ts'
import { Replay } from '../features/replay.ts'

/** The features that are missing (NaN) on the first transaction of its keys although the transaction lacks nothing. */
export function missingAtFirst(features: FeatureSet): readonly string[] {
  const { texts, numbers } = features.layout
  const row = new Replay(features, new MemoryHistories(features.plan)).next({
    timestampMs: 0,
    amount: 1,
    texts: texts.map(() => 'x'),
    numbers: new Float64Array(numbers.length).fill(1),
  })
  return features.names.filter((_, i) => Number.isNaN(row[i]))
}

/** Warns of models whose file does not say whether training had missing values; LightGBM's says it for each split. */
export function warnOfMissing(library: string, features: FeatureSet): string | undefined {
  const names = library === 'lightgbm' || features.columns !== undefined ? [] : missingAtFirst(features)
  if (names.length === 0) return undefined
  const treated =
    library === 'xgboost'
      ? 'each split sends them its default way'
      : 'trees send them the way that the file states for each split, and another graph may not return a probability'
  return (
    `${names.join(', ')}: missing (NaN) on the first transaction of a key, and the file does not say whether the model ` +
    `was trained with missing values: ${treated}. If they were replaced in training (imputed, or missing=0), the scores of ` +
    'first transactions differ from those of training: train on the rows that shrike features writes, unchanged'
  )
}
