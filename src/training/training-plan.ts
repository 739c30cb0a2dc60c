import type { ThresholdObjective } from '../evaluation/choose-threshold.ts'
import type { Preset } from '../learners/presets.ts'
import type { MistakeCosts } from './mistake-costs.ts'
import type { SplitPlan } from './split-rows.ts'

/** Everything that makes a training run what it is, beside the rows. */
export interface TrainingPlan extends Preset {
  readonly preset: string
  readonly seed: number
  readonly threads?: number
  readonly split: SplitPlan
  readonly weightUse: 'evaluation' | 'training' | 'both'
  /**
   * A threshold that was given; else one is chosen on the calibration rows, or is the recipe's where there are none.
   */
  readonly threshold?: number
  readonly objective?: ThresholdPlan
  readonly refit: boolean
}

/** A threshold's objective before the rows are known. */
export type ThresholdPlan =
  | Exclude<ThresholdObjective, { readonly kind: 'cost' }>
  | ({ readonly kind: 'cost' } & MistakeCosts)
