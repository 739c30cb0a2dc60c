import * as read from '../../core/option-text.ts'
import { z } from '../../core/zod.ts'
import {
  notNegative,
  type OptionKind,
  option,
  shareOrOne,
  type ValuesOf,
  whole,
  wholeOrNull,
  yesOrNo,
} from '../option.ts'
import { requireWhole } from '../require-option.ts'
import { classWeight, maxDepth, minSamplesLeaf, nEstimators, seed } from '../shared-options.ts'

const rules = ['sqrt', 'log2', 'all'] as const

/** How many features each split looks at: a count, or a rule for it. */
const maxFeatures: OptionKind<number | (typeof rules)[number]> = {
  schema: z.union([z.enum(rules), z.int().min(1)]),
  flag: {
    help: 'features that a split looks at: sqrt, log2, all or a number',
    takes: '<number>',
    read(text) {
      if (rules.some((rule) => rule === text)) return text
      try {
        return read.wholeNumber(1)(text)
      } catch {
        throw read.refused('sqrt, log2, all or a whole number from 1 up')
      }
    },
  },
  check(name, value) {
    if (typeof value === 'number') requireWhole(name, value, 1)
  },
}

/** Options of one tree, with scikit-learn's names and meaning. */
export const treeOptions = {
  /** null grows until the leaves are pure. */
  maxDepth: option(null, maxDepth),
  minSamplesSplit: option(2, whole({ help: 'rows that a node needs to be split', least: 2 })),
  /** Counts distinct rows: a row that was drawn or oversampled k times is one row of weight k. */
  minSamplesLeaf: option(1, minSamplesLeaf),
  maxFeatures: option('all', maxFeatures),
  /** null bounds no tree; else the nodes whose splits take most impurity away are split first, until there are so many leaves. */
  maxLeafNodes: option(null, wholeOrNull({ help: 'of a tree of a forest, or none', least: 2, hasNone: true })),
  minImpurityDecrease: option(0, notNegative('that a split must bring')),
  classWeight: option('none', classWeight),
  seed: option(42, seed),
}
export type TreeOptions = ValuesOf<typeof treeOptions>

export const randomForestOptions = {
  ...treeOptions,
  maxFeatures: option('sqrt', maxFeatures),
  nEstimators: option(100, nEstimators),
  /** Each tree learns from as many rows as there are, drawn with replacement; else from every row once. */
  bootstrap: option(true, yesOrNo('every tree learns from every row')),
  maxSamples: option(1, shareOrOne("share of the rows in a tree's bootstrap")),
  oobScore: option(false, yesOrNo('also score each training row by the trees that did not see it', { inFile: false })),
}
export type RandomForestOptions = ValuesOf<typeof randomForestOptions>
