import type { Outcome } from '../detector/detector-schema.ts'
import type { ContributionScale } from './contribution.ts'
import type { Reason } from './opinion.ts'
import type { RuleHit } from './policy-trace.ts'

/** Why a decision rests on less than it should, in the order of the bits that a record keeps: grows at its end only. */
export const degradations = [
  /** A key has had more transactions than its history keeps exactly. */
  'history-capped',
  /** The log does not reach back as far as the longest window. */
  'history-short',
  /** Judged too late; the policy's `whenUnavailable` took the score's place. */
  'deadline-passed',
  /** A feature could not be computed, and likewise. */
  'features-failed',
  /** The model could not score, and likewise. */
  'model-failed',
  /** Histories were dropped because memory was short. */
  'history-dropped',
  /** A key that the detector declares was not sent, so the transaction has no history under it. */
  'key-missing',
  /** A field's text is none of the values that the detector lists for it. */
  'category-unknown',
  /** The log's transactions lack fields that this detector's histories are made of. */
  'histories-lost',
  /** A fuse had tripped, and held a rule or the outcome back. */
  'fused',
  /** In a cluster: a history's holders did not answer in time, or the transaction came too late to be counted by one. */
  'history-unavailable',
  /** In a cluster: whoever took it in did not decide it, so others did, a while later. */
  'unanswered',
] as const
export type Degradation = (typeof degradations)[number]

/** What a decision that is shown says of itself: what its record keeps, and what was found when that was read. */
export const shownDegradations = [
  ...degradations,
  /** The record holds parts that a newer version wrote, which are not shown. */
  'record-partly-read',
] as const
export type ShownDegradation = (typeof shownDegradations)[number]

interface KeptDegraded {
  readonly degraded: readonly Degradation[]
  readonly unread?: readonly string[]
}

export function shownDegraded({ degraded, unread }: KeptDegraded): readonly ShownDegradation[] {
  return unread === undefined ? degraded : [...degraded, 'record-partly-read']
}

/** What was decided of a transaction, as it is answered. */
export interface Decision {
  readonly transactionId: string
  readonly outcome: Outcome
  /** The calibrated probability of fraud; null where none was available. */
  readonly score: number | null
  readonly reasons: readonly Reason[]
  /** The scale of the reasons' contributions, where there are any. */
  readonly contributionScale?: ContributionScale
  /** Rules that applied, those without effect marked by their state. */
  readonly rules: readonly Pick<RuleHit, 'id' | 'state' | 'outcome'>[]
  /** The bundle's id. */
  /** Null where rules and lists alone decided. */
  readonly model: string | null
  /** The policy's version: it counts up with each change. */
  readonly policy: number
  readonly decidedAt: string
  /** Whether this is the answer to a transaction that had been decided before. */
  readonly duplicate: boolean
  readonly degraded: readonly ShownDegradation[]
}
