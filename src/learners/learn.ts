import { FraudError } from '../core/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Dimension } from './dimensions.ts'
import { definitions } from './index.ts'
import type { LearnerDefinition, Trained } from './learner.ts'
import type { Learner, LearnerOptions } from './model-choice.ts'
import { defaultsOfSet, type LearnerOptionSet } from './option.ts'
import type { TrainingControl } from './shared-dataset.ts'

function definitionOf(learner: Learner) {
  const found = definitions.find(({ name }) => name === learner)
  if (found !== undefined) return found
  throw new FraudError('OPTION_INVALID', `There is no learner ${learner}`)
}

/** A learner's options as they are by default. */
export function defaultsOf(learner: Learner): Readonly<Record<string, unknown>> {
  return { ...defaultsOfSet(definitionOf(learner).options) }
}

/** The names of a learner's options. */
export function optionsOf(learner: Learner): readonly string[] {
  return Object.keys(definitionOf(learner).options)
}

/** Whether a learner learns without looking at a label. */
export function isUnsupervised(learner: Learner): boolean {
  const { isUnsupervised }: Pick<LearnerDefinition<string, LearnerOptionSet>, 'isUnsupervised'> = definitionOf(learner)
  return isUnsupervised === true
}

/** What is searched of a learner where no file says so. */
export function usualSpaceOf(learner: Learner): readonly Dimension[] {
  return definitionOf(learner).space
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
  return definitionOf(learner).train(dataset, options, control, validation)
}
