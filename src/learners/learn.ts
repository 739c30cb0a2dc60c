import type { Learner } from '../core/detector-schema.ts'
import type { Dimension } from '../core/dimension.ts'
import { FraudError } from '../core/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import { definitions } from './index.ts'
import type { LearnerDefinition, Trained } from './learner.ts'
import type { TrainingControl } from './shared-dataset.ts'

/** All of these at once. */
type Together<Each> = (Each extends LearnerDefinition<infer Options> ? (options: Options) => void : never) extends (
  options: infer All,
) => void
  ? All
  : never

/** The options of all learners together; each takes those that its defaults name. */
export type LearnerOptions = Partial<Together<(typeof definitions)[number]>>

function definitionOf(learner: Learner) {
  const found = definitions.find(({ name }) => name === learner)
  if (found !== undefined) return found
  throw new Error(`src/learners/index.ts does not list ${learner}`)
}

/** The names of all learners' options. */
export const learnerOptionNames: ReadonlySet<string> = new Set(
  definitions.flatMap(({ defaults }) => Object.keys(defaults)),
)

/** A learner's options as they are by default. */
export function defaultsOf(learner: Learner): Readonly<Record<string, unknown>> {
  return { ...definitionOf(learner).defaults }
}

/** The names of a learner's options. */
export function optionsOf(learner: Learner): readonly string[] {
  return Object.keys(definitionOf(learner).defaults)
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
