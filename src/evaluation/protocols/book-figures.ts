import type { Learner } from '../../core/detector-schema.ts'

export interface HandbookFigures {
  readonly rocAuc: number
  readonly averagePrecision: number
  /** Card Precision@100. */
  readonly cardPrecision: number
}

export const handbookMetrics = ['rocAuc', 'averagePrecision', 'cardPrecision'] as const

/** A learner as the book trained it, and what the book says of it. */
export interface HandbookConfiguration {
  readonly name: string
  readonly learner: Learner
  readonly options: { readonly maxDepth: number | null; readonly nEstimators?: number }
  readonly book: {
    /** Chapter 3: on the base fold. */
    readonly base?: HandbookFigures
    /** Chapter 5: the mean of the four test folds. */
    readonly mean?: HandbookFigures
  }
}

function figures(rocAuc: number, averagePrecision: number, cardPrecision: number): HandbookFigures {
  return { rocAuc, averagePrecision, cardPrecision }
}

/**
 * The rows of the Fraud Detection Handbook's tables that trees can be held against. The base fold's figures are printed
 * in chapter 3; the means were recomputed with scikit-learn 1.2.1, to four digits, and agree with the tables of
 * chapter 5. The book standardises features, which changes no tree.
 */
export const handbookConfigurations: readonly HandbookConfiguration[] = [
  {
    name: 'decision tree, depth 2',
    learner: 'decision-tree',
    options: { maxDepth: 2 },
    book: { base: figures(0.763, 0.496, 0.241), mean: figures(0.7919, 0.5418, 0.265) },
  },
  {
    name: 'decision tree, unlimited',
    learner: 'decision-tree',
    options: { maxDepth: null },
    book: { base: figures(0.788, 0.309, 0.243) },
  },
  {
    name: 'decision tree, depth 50',
    learner: 'decision-tree',
    options: { maxDepth: 50 },
    book: { mean: figures(0.7972, 0.3345, 0.2579) },
  },
  {
    name: 'random forest, unlimited',
    learner: 'random-forest',
    options: { maxDepth: null, nEstimators: 100 },
    book: { base: figures(0.867, 0.658, 0.287) },
  },
  {
    name: 'random forest, depth 50',
    learner: 'random-forest',
    options: { maxDepth: 50, nEstimators: 100 },
    book: { mean: figures(0.8703, 0.6716, 0.2986) },
  },
  {
    name: 'random forest, depth 20',
    learner: 'random-forest',
    options: { maxDepth: 20, nEstimators: 100 },
    book: { mean: figures(0.8704, 0.6777, 0.2993) },
  },
]
