import * as read from '../../core/option-text.ts'
import { z } from '../../core/zod.ts'
import { notNegative, type OptionKind, option, shareOrOne, type ValuesOf, whole } from '../option.ts'
import { refuseOption } from '../require-option.ts'
import {
  classWeight,
  earlyStoppingRounds,
  learningRate,
  maxDepth,
  minSamplesLeaf,
  nEstimators,
  seed,
} from '../shared-options.ts'
import { mostBins } from './quantile-bins.ts'

/** For each feature: 1 where the score must not fall as the value rises, -1 where it must not rise. */
const monotone: OptionKind<Readonly<Record<string, number>>> = {
  schema: z.record(z.string(), z.union([z.literal(1), z.literal(-1), z.literal(0)])),
  flag: {
    help: 'FEATURE=1 or =-1, separated by commas: the score may only rise, or only fall, with it',
    takes: '<list>',
    read: read.directions,
  },
  check(name, directions) {
    for (const [feature, direction] of Object.entries(directions)) {
      if ([-1, 0, 1].includes(direction)) continue
      throw refuseOption(name, `must be 1, -1 or 0 for ${feature}, not ${direction}`)
    }
  },
}

/** Features whose values are categories: whole numbers that have no order. */
const categories: OptionKind<readonly string[]> = {
  schema: z.array(z.string().min(1)),
  flag: {
    help: 'of boosting: whole numbers that have no order, separated by commas',
    takes: '<features>',
    read: read.list,
  },
  check: () => {},
}

const maxBins = { help: 'of a feature in boosting', least: 2, most: mostBins, schema: z.int().min(2).max(mostBins) }

/** Options of gradient boosting, with the names that LightGBM's and XGBoost's scikit-learn interfaces share. */
export const boostingOptions = {
  /** Trees; with early stopping the most there may be. */
  nEstimators: option(100, nEstimators),
  /** What each tree's answer is multiplied by. */
  learningRate: option(0.1, learningRate),
  maxLeaves: option(31, whole({ help: 'of a boosted tree', least: 2, most: 65_536 })),
  /** null: only `maxLeaves` bounds a tree. */
  maxDepth: option(null, maxDepth),
  regAlpha: option(0, notNegative("L1 penalty on boosted leaves' values")),
  regLambda: option(0, notNegative("L2 penalty on boosted leaves' values")),
  minChildWeight: option(1e-3, notNegative('least sum of hessians in a boosted leaf')),
  /** As far as the rows' hessians tell. */
  minSamplesLeaf: option(20, minSamplesLeaf),
  minSplitGain: option(0, notNegative('that a boosted split must bring')),
  /** Drawn without replacement. */
  subsample: option(1, shareOrOne('share of the rows that each boosted tree sees')),
  colsampleByTree: option(1, shareOrOne('share of the features that each boosted tree sees')),
  maxBins: option(mostBins, whole(maxBins)),
  classWeight: option('none', classWeight),
  monotone: option({}, monotone),
  categories: option([], categories),
  /** Needs validation rows, on whose log loss it looks. */
  earlyStoppingRounds: option(null, earlyStoppingRounds),
  seed: option(42, seed),
}
export type BoostingOptions = ValuesOf<typeof boostingOptions>

/** Refuses names that are not features (OPTION_INVALID names the option). */
export function checkFeatureNames({ monotone, categories }: BoostingOptions, features: readonly string[]): void {
  for (const [name, direction] of Object.entries(monotone)) {
    if (!features.includes(name)) throw refuseOption('monotone', `names ${name}, which is not a feature`)
    if (direction !== 0 && categories.includes(name)) {
      throw refuseOption('monotone', `names ${name}, whose categories have no order`)
    }
  }
  for (const name of categories) {
    if (features.includes(name)) continue
    throw refuseOption('categories', `names ${name}, which is not a feature`)
  }
}
