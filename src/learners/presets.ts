import type { Averaging, Member } from './model-choice.ts'

/** Everything about a training run but the data and the seed. */
export interface Preset extends Averaging {
  /** One model, or several that are averaged. */
  readonly members: readonly [Member, ...Member[]]
  /** Standardise the inputs, with mean and deviation of the training rows. */
  readonly scale: boolean
  /** Draw frauds again until they are this share of the legitimate rows; null leaves them as they are. */
  readonly oversample: number | null
  /** Hold out the last fifth of the training period, calibrate on it and choose the threshold there. */
  readonly calibrate: boolean
}

const usualAveraging: Averaging = { averageOf: 'log-odds', memberWeights: 'equal' }

export const presets = {
  /** The well-known recipe, to the letter: scaler, oversampler, 100 trees, all training rows, fraud above 0.5. */
  recipe: {
    members: [{ learner: 'random-forest', options: { nEstimators: 100 } }],
    ...usualAveraging,
    scale: true,
    oversample: 1,
    calibrate: false,
  },
  /** The best of 24 configurations on the last fifth of the first day of the ULB rows: bench/ulb-configurations.ts. */
  default: {
    members: [
      {
        learner: 'gradient-boosting',
        options: { nEstimators: 300, learningRate: 0.05, regLambda: 10, minChildWeight: 0.1 },
      },
    ],
    ...usualAveraging,
    scale: false,
    oversample: 1,
    calibrate: true,
  },
} as const satisfies Record<string, Preset>

export type PresetName = keyof typeof presets
