import { FraudError } from '../../core/errors.ts'
import { requireBetween, requireWhole } from '../require-option.ts'
import { mostBins } from './quantile-bins.ts'

/** Hyper-parameters of gradient boosting, with the names that LightGBM's and XGBoost's scikit-learn interfaces share. */
export interface BoostingOptions {
  /** Trees; with early stopping the most there may be. */
  readonly nEstimators: number
  /** What each tree's answer is multiplied by. */
  readonly learningRate: number
  readonly maxLeaves: number
  /** null: only `maxLeaves` bounds a tree. */
  readonly maxDepth: number | null
  /** L1 and L2 penalties on leaf values. */
  readonly regAlpha: number
  readonly regLambda: number
  /** The least sum of hessians in a leaf. */
  readonly minChildWeight: number
  /** The least number of rows in a leaf, as far as their hessians tell. */
  readonly minSamplesLeaf: number
  /** What a split must gain at least. */
  readonly minSplitGain: number
  /** The share of rows that each tree sees, drawn without replacement. */
  readonly subsample: number
  /** The share of features that each tree sees. */
  readonly colsampleByTree: number
  readonly maxBins: number
  /** `balanced` multiplies each row's weight by rows / (2 x rows of its class). */
  readonly classWeight: 'none' | 'balanced'
  /** By feature: 1 where the score must not fall as the value rises, -1 where it must not rise. */
  readonly monotone: Readonly<Record<string, number>>
  /** Features whose values are categories: whole numbers that have no order. */
  readonly categories: readonly string[]
  /** Stop after so many trees without a better log loss on the validation rows; needs such rows. */
  readonly earlyStoppingRounds: number | null
  readonly seed: number
}

export const boostingDefaults: BoostingOptions = {
  nEstimators: 100,
  learningRate: 0.1,
  maxLeaves: 31,
  maxDepth: null,
  regAlpha: 0,
  regLambda: 0,
  minChildWeight: 1e-3,
  minSamplesLeaf: 20,
  minSplitGain: 0,
  subsample: 1,
  colsampleByTree: 1,
  maxBins: mostBins,
  classWeight: 'none',
  monotone: {},
  categories: [],
  earlyStoppingRounds: null,
  seed: 42,
}

/** Refuses values that nothing can be learned with (OPTION_INVALID names the option). */
export function checkBoostingOptions(options: BoostingOptions, features: readonly string[]): void {
  requireWhole('nEstimators', options.nEstimators, 1, 100_000)
  requireWhole('maxLeaves', options.maxLeaves, 2, 65_536)
  if (options.maxDepth !== null) requireWhole('maxDepth', options.maxDepth, 1)
  requireWhole('minSamplesLeaf', options.minSamplesLeaf, 1)
  requireWhole('maxBins', options.maxBins, 2, mostBins)
  requireWhole('seed', options.seed, 0, Number.MAX_SAFE_INTEGER)
  if (options.earlyStoppingRounds !== null) requireWhole('earlyStoppingRounds', options.earlyStoppingRounds, 1)
  requireBetween('learningRate', options.learningRate, Number.MIN_VALUE, 1)
  for (const name of ['subsample', 'colsampleByTree'] as const) requireBetween(name, options[name], Number.MIN_VALUE, 1)
  for (const name of ['regAlpha', 'regLambda', 'minChildWeight', 'minSplitGain'] as const) {
    requireBetween(name, options[name], 0, Number.MAX_VALUE)
  }
  for (const [name, direction] of Object.entries(options.monotone)) {
    if (!features.includes(name))
      throw new FraudError('OPTION_INVALID', `monotone names ${name}, which is not a feature`)
    if (![-1, 0, 1].includes(direction)) {
      throw new FraudError('OPTION_INVALID', `monotone.${name} must be 1, -1 or 0, not ${direction}`)
    }
    if (direction !== 0 && options.categories.includes(name)) {
      throw new FraudError('OPTION_INVALID', `monotone names ${name}, whose categories have no order`)
    }
  }
  for (const name of options.categories) {
    if (features.includes(name)) continue
    throw new FraudError('OPTION_INVALID', `categories names ${name}, which is not a feature`)
  }
}
