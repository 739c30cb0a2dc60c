/** The scale of contributions: the model's uncalibrated output. */
export type ContributionScale = 'probability' | 'log-odds' | 'depth'

/** Why a model answers what it answers for a row. */
export interface Explanation {
  readonly scale: ContributionScale
  /** What it answers when nothing is known of the row. */
  readonly base: number
  /** The contributions by feature; with the base they sum to the model's output on that scale. */
  readonly contributions: Float64Array
  /** How far the contributions were off that sum before the rest was spread over them: 0 where they are exact. */
  readonly error: number
}

/** The model's own output, before calibration. */
export function outputOf({ base, contributions }: Explanation): number {
  return contributions.reduce((sum, part) => sum + part, base)
}
