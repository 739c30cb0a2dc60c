import type { Learner } from '../core/detector-schema.ts'
import type { Dimension } from '../core/dimension.ts'
import type { Dataset } from '../data/dataset.ts'
import type { LearnedModel } from '../models/learned-model.ts'
import type { TrainingControl } from './shared-dataset.ts'

export interface Trained {
  readonly model: LearnedModel
  /** What it was trained with, defaults included. */
  readonly options: { readonly seed: number }
  /** By feature, its share of what splits gained, where a learner has it: of impurity in forests, of log loss in boosting. */
  readonly importance?: Float64Array
  /** Each row's score by trees that did not see it, where that was asked for. */
  readonly outOfBagScores?: Float64Array
}

/** Everything that commands and searches know of a learner; it stands in the learner's own file. */
export interface LearnerDefinition<Options> {
  /** As detector files and `--learner` name it. */
  readonly name: Learner
  /** Its options are those that are named here. */
  readonly defaults: Options
  /** What is searched where no file says so: the options that matter most on tables with few frauds. */
  readonly space: readonly Dimension[]
  /**
   * @param validation later rows, for learners that stop early.
   * @throws FraudError OPTION_INVALID, DATA_INVALID, INTERRUPTED.
   */
  readonly train: (
    dataset: Dataset,
    options: Partial<Options>,
    control: TrainingControl,
    validation?: Dataset,
  ) => Promise<Trained>
}

export function defineLearner<Options extends { readonly seed: number }>(
  definition: LearnerDefinition<Options>,
): LearnerDefinition<Options> {
  return definition
}
