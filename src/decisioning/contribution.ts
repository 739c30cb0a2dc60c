/** The scale of a model's uncalibrated output. */
export const contributionScales = ['probability', 'log-odds', 'depth'] as const
export type ContributionScale = (typeof contributionScales)[number]

/** What the feature added to the model's uncalibrated output. */
export interface Contribution {
  /** The feature's place among the definition's. */
  readonly feature: number
  readonly value: number
}
