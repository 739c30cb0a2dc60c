import type { Dataset } from '../data/dataset.ts'
import type { LearnedModel } from '../models/learned-model.ts'
import type { Dimension } from './dimensions.ts'
import type { LearnerOptionSet, ValuesOf } from './option.ts'
import type { TrainingControl } from './shared-dataset.ts'

export interface Trained {
  readonly model: LearnedModel
  /** What it was trained with, defaults included. */
  readonly options: { readonly seed: number }
  /** For each feature, its share of what splits gained, where a learner has it: of impurity in forests, of log loss in boosting. */
  readonly importance?: Float64Array
  /** Each row's raw score by trees that did not see it, where that was asked for. */
  readonly outOfBagScores?: Float64Array
}

/** Everything that detector files, commands and searches know of a learner; it is in the learner's own file. */
export interface LearnerDefinition<Name extends string, Options extends LearnerOptionSet> {
  /** As detector files and `--learner` name it. */
  readonly name: Name
  /** Its options with their defaults and limits. Bundles keep their values in this order. */
  readonly options: Options
  /** Whether it learns without looking at a label. */
  readonly isUnsupervised?: true
  /** What is searched where no file says so: the options that matter most on tables with few frauds. */
  readonly space: readonly Dimension[]
  /**
   * @param validation later rows, for learners that stop early.
   * @throws FraudError OPTION_INVALID, DATA_INVALID, INTERRUPTED.
   */
  readonly train: (
    dataset: Dataset,
    options: Partial<ValuesOf<Options>>,
    control: TrainingControl,
    validation?: Dataset,
  ) => Promise<Trained>
}

export function defineLearner<const Name extends string, Options extends LearnerOptionSet>(
  definition: LearnerDefinition<Name, Options>,
): LearnerDefinition<Name, Options> {
  return definition
}
