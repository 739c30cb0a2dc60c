import { type Detector, type Outcome, outcomes } from '../detector/detector-schema.ts'

/** What follows from a score, with the defaults filled in. */
export interface Policy {
  readonly challenge?: number
  readonly review?: number
  readonly decline?: number
  /** The outcome where no score is available. */
  readonly whenUnavailable: Outcome
  /** How long after its arrival a transaction may be judged before `whenUnavailable` takes the score's place. */
  readonly deadlineMs: number
}

/** Why an outcome is what it is: a stable code, and words for people. */
export interface Reason {
  readonly code: string
  readonly text: string
  /** What a feature added to the model's own output; the code is then the feature's name. */
  readonly contribution?: number
}

/** What one judge makes of a transaction. */
interface Opinion extends Reason {
  readonly outcome: Outcome
}

export interface Verdict {
  readonly outcome: Outcome
  readonly reasons: readonly Reason[]
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
 * Whether no score can lead to anything but approve, for want of a threshold that one can reach. What is said where there
 * is no score does not count.
 *
 * @param highestScore the highest that the model can give.
 */
export function approvesEverything(policy: Policy, highestScore = 1): boolean {
  return thresholdsOf(policy).every((threshold) => highestScore < threshold)
}

/** Words for people about a policy that approves everything; undefined for one that does not. */
export function warnOfPolicy(policy: Policy, highestScore = 1): string | undefined {
  if (!approvesEverything(policy, highestScore)) return undefined
  const lowest = Math.min(...thresholdsOf(policy))
  const reason = Number.isFinite(lowest)
    ? `its lowest threshold is ${lowest}, and the highest possible score ${Number(highestScore.toPrecision(9))}`
    : 'it has no threshold that a score can reach'
  return `The policy approves every transaction, whatever its score: ${reason}. Give the detector one: policy: { review: PROBABILITY }`
}

function thresholdsOf({ challenge, review, decline }: Policy): readonly number[] {
  return [challenge, review, decline].filter((threshold) => threshold !== undefined)
}

/** A score that reaches a threshold speaks for its outcome. */
export function opinionsOf(policy: Policy, score: number): readonly Opinion[] {
  const opinions: Opinion[] = []
  for (const outcome of outcomes) {
    const threshold = outcome === 'approve' ? undefined : policy[outcome]
    if (threshold === undefined || score < threshold) continue
    opinions.push({
      outcome,
      code: `score_over_${outcome}`,
      text: `Score ${round(score)} is over the ${outcome} threshold ${round(threshold)}`,
    })
  }
  return opinions
}

const approved: Verdict = { outcome: 'approve', reasons: [] }

/** The most severe opinion wins, and every opinion that agrees with it is a reason. */
export function settle(opinions: readonly Opinion[]): Verdict {
  if (opinions.length === 0) return approved
  const severity = Math.max(...opinions.map(({ outcome }) => outcomes.indexOf(outcome)))
  const outcome = outcomes[severity]
  const reasons = opinions.filter((opinion) => opinion.outcome === outcome).map(({ code, text }) => ({ code, text }))
  return { outcome, reasons }
}

/** What is said where there is no score. */
export function unavailable(policy: Policy): Verdict {
  const { whenUnavailable: outcome } = policy
  return {
    outcome,
    reasons: [
      { code: 'score_unavailable', text: `No score was available in time; the policy falls back to ${outcome}` },
    ],
  }
}

/** Two decimals, or as many as tell a small number from 0. */
function round(share: number): string {
  return share >= 0.005 || share === 0 ? share.toFixed(2) : share.toPrecision(2)
}
