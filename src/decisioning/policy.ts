import type { Detector, Outcome } from '../detector/detector-schema.ts'
import type { Opinion } from './opinion.ts'
import { opinionByThresholds, outcomeByThresholds, type Thresholds } from './thresholds.ts'

/** What follows from a score, with the defaults filled in. */
export interface Policy extends Thresholds {
  /** The outcome where no score is available. */
  readonly whenUnavailable: Outcome
  /** How long after its arrival a transaction may be judged before `whenUnavailable` takes the score's place. */
  readonly deadlineMs: number
}

/** A detector's policy; with no threshold at all everything is approved. */
export function policyOf({ policy = {} }: Detector): Policy {
  const { challenge, review, decline, whenUnavailable = 'review', deadlineMs = 100 } = policy
  return {
    ...(challenge !== undefined && { challenge }),
    ...(review !== undefined && { review }),
    ...(decline !== undefined && { decline }),
    whenUnavailable,
    deadlineMs,
  }
}

/**
 * Whether no score can lead to anything but approve, because no score reaches a threshold. What is said where there
 * is no score does not count.
 *
 * @param highestScore the highest that the model can give.
 */
export function approvesEverything(policy: Thresholds, highestScore = 1): boolean {
  return thresholdsOf(policy).every((threshold) => highestScore < threshold)
}

/**
 * Words for people about a policy that approves everything; undefined for one that does not.
 *
 * @param remedy how it gets a threshold: a detector's by the file, one that is in force by a change.
 */
export function warnOfPolicy(
  policy: Thresholds,
  highestScore = 1,
  remedy = 'Add one to the detector: policy: { review: PROBABILITY }',
): string | undefined {
  if (!approvesEverything(policy, highestScore)) return undefined
  const lowest = Math.min(...thresholdsOf(policy))
  const reason = Number.isFinite(lowest)
    ? `its lowest threshold is ${lowest}, and the highest possible score ${Number(highestScore.toPrecision(9))}`
    : 'it has no threshold that a score can reach'
  return `The policy approves every transaction, regardless of its score: ${reason}. ${remedy}`
}

function thresholdsOf({ challenge, review, decline }: Thresholds): readonly number[] {
  return [challenge, review, decline].filter((threshold) => threshold !== undefined)
}

/** Null where no score was available; undefined where no model gives one. */
export type ExpectedScore = number | null | undefined

/** What is said of a score, or of its failing, by the short form of a policy: its thresholds alone. */
export function opinionOf(policy: Policy, score: ExpectedScore): Opinion | undefined {
  if (score === undefined) return undefined
  return score === null ? unavailable(policy) : opinionByThresholds(policy, score)
}

/** The outcome alone of the same. */
export function outcomeOf(policy: Policy, score: ExpectedScore): Outcome {
  if (score === undefined) return 'approve'
  return score === null ? policy.whenUnavailable : outcomeByThresholds(policy, score)
}

/** What is said where there is no score. */
export function unavailable({ whenUnavailable: outcome }: Pick<Policy, 'whenUnavailable'>): Opinion {
  const text = `No score was available in time; the policy falls back to ${outcome}`
  return {
    ...{ source: 'unavailable', id: outcome, outcome, strength: 'plain' },
    reason: { code: 'score_unavailable', text },
  }
}
