import { type DeclaredSpace, type LearnerSpace, parseSpace } from '../evaluation/tuning/space.ts'
import { nameLearners, optionOf } from '../evaluation/tuning/suggest.ts'
import { defaultsOf, optionsOf, usualSpaceOf } from '../learners/learn.ts'
import { type Learner, type ModelChoice, modelSchema } from '../learners/model-choice.ts'
import { readBytes } from './read-bytes.ts'
import type { TrainingPlan } from './training-plan.ts'

/** What is in use now, and what may be tried in its place. */
export interface Choices {
  readonly current: ModelChoice
  readonly spaces: readonly LearnerSpace[]
}

export async function readSpace(path: string | undefined): Promise<DeclaredSpace | undefined> {
  if (path === undefined) return undefined
  return parseSpace((await readBytes(path, 'The space file')).toString('utf8'), path, optionsOf)
}

/**
 * The spaces of the learners that were asked for. What a space does not name stays as the detector has it for its own
 * learner, and as the learner has it for others; the detector's `scale` and `oversample` stay for all.
 */
export function layOutChoices(
  declared: DeclaredSpace | undefined,
  asked: readonly Learner[] | undefined,
  model: ModelChoice,
  plan: TrainingPlan,
): Choices {
  const [{ learner: first, options }, ...others] = plan.members
  const learners = [...new Set(asked ?? declared?.learners ?? [first])]
  // What the plan took from the preset, too: as soon as a learner is named, no preset speaks.
  const { scale, oversample } = plan
  const inUse = modelSchema.parse({ ...model, ...options, scale, oversample })
  const base = baseOf(inUse, first, first)
  const spaces = learners.map((learner) => ({
    learner,
    base: learner === first ? base : baseOf(model, learner, first),
    dimensions: declared?.dimensions.get(learner) ?? usualSpaceOf(learner),
  }))
  const usual = { ...defaultsOf(first), ...inUse }
  const { dimensions = [] } = spaces.find(({ learner }) => learner === first) ?? {}
  const own = dimensions.map(({ name }) => [name, Object.entries(usual).find(([option]) => option === name)?.[1]])
  const current = modelSchema.parse({ ...base, ...Object.fromEntries(own) })
  return { current: others.length === 0 ? current : averageOf(plan, model.seed), spaces }
}

/** An average as a file would say it; trials are single learners, but have to be better than all of it. */
function averageOf({ members, averageOf, memberWeights, scale, oversample }: TrainingPlan, seed?: number): ModelChoice {
  const named = members.map(({ learner, options }) => ({ learner, ...options }))
  return modelSchema.parse({ members: named, averageOf, memberWeights, scale, oversample, seed })
}

function baseOf(model: ModelChoice, learner: Learner, currentLearner: Learner): ModelChoice {
  const { average: _, learner: __, members: ___, ...options } = model
  const kept = ['seed', 'scale', 'oversample', ...(learner === currentLearner ? optionsOf(learner) : [])]
  const own = Object.entries(options).filter(([name, value]) => kept.includes(name) && value !== undefined)
  return modelSchema.parse({ learner, ...Object.fromEntries(own) })
}

/** A choice in a few words: its learner and the options that were searched. */
export function describeChoice(model: ModelChoice, spaces: readonly LearnerSpace[]): string {
  const space = spaces.find(({ learner }) => learner === model.learner)
  const told = space?.dimensions.map(({ name }) => `${name} ${showOption(optionOf(model, name))}`) ?? []
  return [nameLearners(model), ...told].join(', ')
}

function showOption(value: unknown): string {
  return typeof value === 'string' ? value : value === null ? 'none' : JSON.stringify(value)
}
