import type { Outcome } from '../detector/detector-schema.ts'

/** Why an outcome is what it is: a stable code, and words for people. */
export interface Reason {
  readonly code: string
  readonly text: string
  /** What a feature added to the model's own output; the code is then the feature's name. */
  readonly contribution?: number
}

/**
 * The strengths from weakest to strongest: an override beats every plain opinion, a final one every other. Grows at its
 * end only.
 */
export const strengths = ['plain', 'override', 'final'] as const
export type Strength = (typeof strengths)[number]

/** Who gives opinions. `unavailable` stands in for the score where there is none. Grows at its end only. */
export const opinionSources = ['threshold', 'cost', 'rule', 'list', 'unavailable'] as const
type OpinionSource = (typeof opinionSources)[number]

/** What one threshold, rule or list makes of a transaction. */
export interface Opinion {
  readonly source: OpinionSource
  /** The name of the rule or the list; the outcome where it is a threshold. */
  readonly id: string
  readonly outcome: Outcome
  readonly strength: Strength
  readonly reason: Reason
}

/** What was settled on, and by opinions of which strength. */
export interface Settlement {
  readonly outcome: Outcome
  readonly strength: Strength
  /** The opinions that were followed, in the order in which they were given: the reasons. */
  readonly followed: readonly Opinion[]
}
