import { z } from '../../core/zod.ts'
import { modelSchema } from '../../learners/model-choice.ts'

/** What a search makes large, or in the case of log loss small. */
export const objectives = ['average-precision', 'card-precision', 'log-loss'] as const
export type Objective = (typeof objectives)[number]

const figure = z.number()

export const trialSchema = z.union([
  z.strictObject({
    trial: z.int().min(0),
    model: modelSchema,
    /** The figures by fold, the latest first. */
    folds: z.array(figure).min(1),
    mean: figure,
    standardDeviation: figure,
  }),
  z.strictObject({ trial: z.int().min(0), model: modelSchema, failed: z.string() }),
])

/** One choice, and what it was worth on each fold or why it could not be tried. */
export type Trial = Readonly<z.infer<typeof trialSchema>>
export type MeasuredTrial = Extract<Trial, { readonly mean: number }>

export function isMeasured(trial: Trial): trial is MeasuredTrial {
  return 'mean' in trial
}

/** The same for every objective: less is better. */
export function lossOf(trial: Trial, objective: Objective): number {
  if (!isMeasured(trial)) return Number.POSITIVE_INFINITY
  return objective === 'log-loss' ? trial.mean : -trial.mean
}

/** Those that could be measured, the best first; of equals the earliest. */
export function rankTrials(trials: readonly Trial[], objective: Objective): readonly MeasuredTrial[] {
  return trials.filter(isMeasured).sort((one, other) => lossOf(one, objective) - lossOf(other, objective))
}

/** Mean and standard deviation of the population, as the prequential protocol has them. */
export function summariseFolds(folds: readonly number[]): {
  readonly mean: number
  readonly standardDeviation: number
} {
  const mean = folds.reduce((sum, value) => sum + value, 0) / folds.length
  const variance = folds.reduce((sum, value) => sum + (value - mean) ** 2, 0) / folds.length
  return { mean, standardDeviation: Math.sqrt(variance) }
}

/** How much one trial is better than another on the same folds. */
export interface Gain {
  /** Positive is better, whatever the objective. */
  readonly mean: number
  readonly standardDeviation: number
  readonly foldsBetter: number
  readonly folds: number
}

export function gainOver(best: MeasuredTrial, current: MeasuredTrial, objective: Objective): Gain {
  const sign = objective === 'log-loss' ? -1 : 1
  const gains = best.folds.map((value, fold) => sign * (value - current.folds[fold]))
  return { ...summariseFolds(gains), foldsBetter: gains.filter((gain) => gain > 0).length, folds: gains.length }
}
