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
  /**
   * Boosting and a forest, which are wrong about different payments: chosen by the windows of five tables, bench/quality.ts.
   * All its trees together have less than 60,000 nodes, whatever the table: it is explained in every decision.
   */
  default: {
    members: [
      {
        learner: 'gradient-boosting',
        options: {
          nEstimators: 600,
          learningRate: 0.02,
          maxLeaves: 15,
          minSamplesLeaf: 50,
          regLambda: 1,
          colsampleByTree: 0.5,
        },
      },
      { learner: 'random-forest', options: { nEstimators: 100, maxLeafNodes: 200 } },
    ],
    ...usualAveraging,
    scale: false,
    oversample: null,
    calibrate: true,
  },
} as const satisfies Record<string, Preset>

export type PresetName = keyof typeof presets
