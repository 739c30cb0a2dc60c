import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import type { Progress, Step } from '../core/progress.ts'
import type { Journal } from '../evaluation/tuning/journal.ts'
import { type SearchPlan, search } from '../evaluation/tuning/search.ts'
import { isMeasured, lossOf, rankTrials, type Trial } from '../evaluation/tuning/trial.ts'
import type { ModelChoice } from '../learners/model-choice.ts'
import { describeChoice } from './choices.ts'
import type { ChoiceEvaluator } from './evaluate-choice.ts'
import type { TrainingPlan } from './training-plan.ts'
import { showMean } from './tuning-result.ts'

/** What a search works with, and how far it may go. */
interface SearchMeans {
  readonly journal: Journal
  readonly journalPath: string
  readonly evaluator: ChoiceEvaluator
  readonly planOf: (model: ModelChoice) => TrainingPlan
  /** In all, those of the journal included. */
  readonly trials: number | undefined
  /** The limit of this run. */
  readonly minutes: number | undefined
}

const usualMinutes = 30

/** Goes on from the journal's trials until trials or minutes are used up, a line for each; closes the journal. */
export async function runSearch(plan: SearchPlan, means: SearchMeans, run: Progress): Promise<readonly Trial[]> {
  const { journal, journalPath, evaluator, planOf, trials: most = Number.POSITIVE_INFINITY } = means
  const minutes = means.minutes ?? (means.trials === undefined ? usualMinutes : Number.POSITIVE_INFINITY)
  const endMs = run.nowMs() + minutes * 60_000
  const before = journal.trials.slice(0, most)
  if (journal.trials.length > 0) run.note(`  ${journal.trials.length} trials are in ${journalPath} already`)
  let done = before.length
  let [best] = rankTrials(before, plan.objective)
  let progress: Step | undefined
  try {
    const tried = await search(plan, before, {
      goesOn: (count) => count < most && run.nowMs() < endMs,
      evaluateChoice: async (model, trial) => {
        const shown = run.begin(`trial ${trial}${whatIsLeft(trial, most, endMs - run.nowMs())}`)
        progress = shown
        await journal.refuseIntruders()
        return evaluator.evaluate(planOf(model), run, (fold, folds) => shown.update(fold, folds))
      },
      keep: async (trial) => {
        await journal.append(trial)
        done++
        const isBest =
          isMeasured(trial) && lossOf(trial, plan.objective) < (best ? lossOf(best, plan.objective) : Infinity)
        if (isBest) best = trial
        const told = isMeasured(trial)
          ? `${showMean(trial)}${isBest && trial.trial > 0 ? ', the best so far' : ''}`
          : `failed, ${trial.failed}`
        progress?.end(`${told}: ${describeChoice(trial.model, plan.spaces)}`)
      },
    })
    if (tried.length < most && run.nowMs() < endMs) {
      run.warn(
        `The search ended after ${tried.length} trials: all choices drawn from the space had been tried before. A space of ` +
          'whole numbers or names may have a few more choices',
      )
    }
    return tried
  } catch (error) {
    if (!(error instanceof FraudError) || error.code !== 'INTERRUPTED') throw error
    throw new FraudError('INTERRUPTED', whatIsKept(done, journalPath), { cause: error })
  } finally {
    await journal.close()
  }
}

function whatIsLeft(trial: number, most: number, leftMs: number): string {
  const minutes = Math.ceil(leftMs / 60_000)
  return `${most < Number.POSITIVE_INFINITY ? `, number ${trial + 1} of ${most}` : ''}${minutes < Infinity ? `, ${Math.max(0, minutes)} min left` : ''}`
}

function whatIsKept(done: number, journalPath: string): string {
  if (done === 0) return 'Stopped before the first trial was finished; nothing was written'
  return (
    `Stopped; the ${done} finished trials are kept in ${journalPath}. The same command continues from there; with ` +
    `${option('trials')} ${done} it trains the best of them`
  )
}
