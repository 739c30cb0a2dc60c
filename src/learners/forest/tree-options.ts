import { FraudError } from '../../core/errors.ts'
import { requireWhole } from '../require-option.ts'

/** Hyper-parameters of one tree, with scikit-learn's names and meaning. */
export interface TreeOptions {
  /** null grows until the leaves are pure. */
  readonly maxDepth: number | null
  readonly minSamplesSplit: number
  /** Counts distinct rows: a row that was drawn or oversampled k times is one row of weight k. */
  readonly minSamplesLeaf: number
  /** How many features each split looks at: a count, or a rule for it. */
  readonly maxFeatures: number | 'sqrt' | 'log2' | 'all'
  readonly minImpurityDecrease: number
  /** `balanced` multiplies each row's weight by rows / (2 x rows of its class). */
  readonly classWeight: 'none' | 'balanced'
  readonly seed: number
}

export interface RandomForestOptions extends TreeOptions {
  readonly nEstimators: number
  /** Each tree learns from as many rows as there are, drawn with replacement; else from every row once. */
  readonly bootstrap: boolean
  /** The share of the rows that a bootstrap draws, in (0, 1]. */
  readonly maxSamples: number
  /** Whether to score each row by the trees that did not see it. */
  readonly oobScore: boolean
}

export const treeDefaults: TreeOptions = {
  maxDepth: null,
  minSamplesSplit: 2,
  minSamplesLeaf: 1,
  maxFeatures: 'all',
  minImpurityDecrease: 0,
  classWeight: 'none',
  seed: 42,
}

export const randomForestDefaults: RandomForestOptions = {
  ...treeDefaults,
  maxFeatures: 'sqrt',
  nEstimators: 100,
  bootstrap: true,
  maxSamples: 1,
  oobScore: false,
}

function checkTreeOptions(options: TreeOptions): void {
  if (options.maxDepth !== null) requireWhole('maxDepth', options.maxDepth, 1)
  requireWhole('minSamplesSplit', options.minSamplesSplit, 2)
  requireWhole('minSamplesLeaf', options.minSamplesLeaf, 1)
  requireWhole('seed', options.seed, 0, Number.MAX_SAFE_INTEGER)
  if (typeof options.maxFeatures === 'number') requireWhole('maxFeatures', options.maxFeatures, 1)
  if (!(options.minImpurityDecrease >= 0)) {
    throw new FraudError('OPTION_INVALID', `minImpurityDecrease must be 0 or more, not ${options.minImpurityDecrease}`)
  }
}

/** Refuses values that no forest can be grown with (OPTION_INVALID names the option). */
export function checkForestOptions(options: RandomForestOptions): void {
  checkTreeOptions(options)
  requireWhole('nEstimators', options.nEstimators, 1, 100_000)
  if (!(options.maxSamples > 0 && options.maxSamples <= 1)) {
    throw new FraudError('OPTION_INVALID', `maxSamples must be above 0 and at most 1, not ${options.maxSamples}`)
  }
}

/** How many of `featureCount` features a split looks at: scikit-learn's rounding, never none, never more than all. */
export function featuresPerSplit(maxFeatures: TreeOptions['maxFeatures'], featureCount: number): number {
  if (maxFeatures === 'all') return featureCount
  if (maxFeatures === 'sqrt') return Math.max(1, Math.floor(Math.sqrt(featureCount)))
  if (maxFeatures === 'log2') return Math.max(1, Math.floor(Math.log2(featureCount)))
  return Math.min(maxFeatures, featureCount)
}
