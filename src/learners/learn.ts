import type { Learner } from '../core/detector-schema.ts'
import { FraudError } from '../core/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import type { LearnedModel } from '../models/learned-model.ts'
import { type BoostingOptions, boostingDefaults } from './boosting/boosting-options.ts'
import { trainGradientBoosting } from './boosting/gradient-boosting.ts'
import { trainDecisionTree, trainRandomForest } from './forest/random-forest.ts'
import { type RandomForestOptions, randomForestDefaults, treeDefaults } from './forest/tree-options.ts'
import { type IsolationOptions, isolationDefaults, trainIsolationForest } from './isolation-forest.ts'
import { type LogisticOptions, logisticDefaults, trainLogisticRegression } from './logistic-regression.ts'
import { type NeuralOptions, neuralDefaults, trainNeuralNetwork } from './network/neural-network.ts'
import type { TrainingControl } from './shared-dataset.ts'

/** The options of all learners together; each takes those that its defaults name. */
export type LearnerOptions = Partial<
  RandomForestOptions & BoostingOptions & LogisticOptions & NeuralOptions & IsolationOptions
>

export interface Trained {
  readonly model: LearnedModel
  /** What it was trained with, defaults included. */
  readonly options: { readonly seed: number }
  /** By feature, its share of what splits gained, where a learner has it: of impurity in forests, of log loss in boosting. */
  readonly importance?: Float64Array
  /** Each row's score by trees that did not see it, where that was asked for. */
  readonly outOfBagScores?: Float64Array
}

const defaults: Readonly<Record<Learner, object>> = {
  'decision-tree': treeDefaults,
  'random-forest': randomForestDefaults,
  'gradient-boosting': boostingDefaults,
  'logistic-regression': logisticDefaults,
  'neural-network': neuralDefaults,
  'isolation-forest': isolationDefaults,
}

/** The names of all learners' options. */
export const learnerOptionNames: ReadonlySet<string> = new Set(
  Object.values(defaults).flatMap((each) => Object.keys(each)),
)

/** A learner's options as they are by default. */
export function defaultsOf(learner: Learner): Readonly<Record<string, unknown>> {
  return { ...defaults[learner] }
}

/** The names of a learner's options. */
export function optionsOf(learner: Learner): readonly string[] {
  return Object.keys(defaults[learner])
}

/**
 * Trains by a learner's name.
 *
 * @param validation later rows, for learners that stop early.
 * @throws FraudError OPTION_INVALID (an option of another learner, too), DATA_INVALID, INTERRUPTED.
 */
export function learn(
  learner: Learner,
  dataset: Dataset,
  options: LearnerOptions,
  control: TrainingControl,
  validation?: Dataset,
): Promise<Trained> {
  const own = optionsOf(learner)
  for (const name of Object.keys(options)) {
    if (own.includes(name)) continue
    throw new FraudError('OPTION_INVALID', `${learner} has no option ${name}; it has ${own.join(', ')}`)
  }
  switch (learner) {
    case 'decision-tree':
      return trainDecisionTree(dataset, options, control)
    case 'random-forest':
      return trainRandomForest(dataset, options, control)
    case 'gradient-boosting':
      return trainGradientBoosting(dataset, options, control, validation)
    case 'logistic-regression':
      return trainLogisticRegression(dataset, options, control)
    case 'neural-network':
      return trainNeuralNetwork(dataset, options, control, validation)
    case 'isolation-forest':
      return trainIsolationForest(dataset, options, control)
  }
}
