import { FraudError } from '../../core/errors.ts'
import type { ModelChoice } from '../../learners/model-choice.ts'
import type { LearnerSpace } from './space.ts'
import { suggest } from './suggest.ts'
import { lossOf, type Objective, summariseFolds, type Trial } from './trial.ts'

export interface SearchPlan {
  /** What is in use now: trial 0. */
  readonly current: ModelChoice
  readonly spaces: readonly LearnerSpace[]
  readonly objective: Objective
  readonly seed: number
}

export interface SearchSteps {
  /** The objective on each fold. A FraudError makes the trial a failed one, but INTERRUPTED and JOURNAL_INVALID end the search. */
  readonly evaluateChoice: (model: ModelChoice, trial: number) => Promise<readonly number[]>
  /** Asked before each trial but the first; where it ends changes nothing about the trials before. */
  readonly goesOn: (done: number) => boolean
  /** Keeps a finished trial. */
  readonly keep: (trial: Trial) => Promise<void>
}

/** Tries one choice after the other, from where `done` ended; returns all trials. */
export async function search(
  { current, spaces, objective, seed }: SearchPlan,
  done: readonly Trial[],
  { evaluateChoice, goesOn, keep }: SearchSteps,
): Promise<readonly Trial[]> {
  const trials = [...done]
  while (trials.length === 0 || goesOn(trials.length)) {
    const tried = trials.map((trial) => ({ model: trial.model, loss: lossOf(trial, objective) }))
    const model = trials.length === 0 ? current : suggest(spaces, tried, seed)
    if (model === undefined) break
    const trial = await attempt(model, trials.length, evaluateChoice)
    await keep(trial)
    trials.push(trial)
  }
  return trials
}

const endsSearch: ReadonlySet<string> = new Set(['INTERRUPTED', 'JOURNAL_INVALID'])

async function attempt(
  model: ModelChoice,
  trial: number,
  evaluateChoice: SearchSteps['evaluateChoice'],
): Promise<Trial> {
  try {
    const folds = [...(await evaluateChoice(model, trial))]
    return { trial, model, folds, ...summariseFolds(folds) }
  } catch (error) {
    if (!(error instanceof FraudError) || endsSearch.has(error.code)) throw error
    return { trial, model, failed: `${error.code}: ${error.message}` }
  }
}
