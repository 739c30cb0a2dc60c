import { outcomes } from '../detector/detector-schema.ts'
import { type Opinion, type Settlement, strengths } from './opinion.ts'

/** Of no opinion at all. */
export const approved: Settlement = { outcome: 'approve', strength: 'plain', followed: [] }

/**
 * Among the opinions of the strongest kind the most severe outcome wins, and all that agree with it are reasons.
 * Without an opinion a transaction is approved, without a reason.
 */
export function settle(opinions: readonly Opinion[]): Settlement {
  let best: Opinion | undefined
  for (const opinion of opinions) if (best === undefined || outranks(opinion, best)) best = opinion
  if (best === undefined) return approved
  const { outcome, strength } = best
  if (opinions.length === 1) return { outcome, strength, followed: opinions }
  const isFollowed = (each: Opinion) => each.strength === strength && each.outcome === outcome
  return { outcome, strength, followed: opinions.every(isFollowed) ? opinions : opinions.filter(isFollowed) }
}

/** What opinions are compared by. */
export type Ranked = Pick<Opinion, 'outcome' | 'strength'>

/** Whether one opinion beats another: by its strength, and among equally strong ones by the severity of its outcome. */
export function outranks(one: Ranked, other: Ranked): boolean {
  if (one.strength !== other.strength) return strengths.indexOf(one.strength) > strengths.indexOf(other.strength)
  return outcomes.indexOf(one.outcome) > outcomes.indexOf(other.outcome)
}
