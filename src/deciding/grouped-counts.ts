import { type Outcome, outcomes } from '../detector/detector-schema.ts'

/** Enough to tell how much keys differ, few enough to be counted anywhere. */
export const groupCount = 64

/** What one of two models that decide side by side has done since the canary was deployed. */
export interface Arm {
  readonly decisions: number
  readonly outcomes: Readonly<Record<Outcome, number>>
  /** Decisions without a score. */
  readonly faults: number
  /** Decisions that were not approved. */
  readonly flagged: number
  /** Those of them that labels say were fraud, so far. */
  readonly flaggedFrauds: number
}

/** What one model did, by groups of the keys that were drawn: a card, and all that it does, is in one group. */
export interface GroupedCounts {
  readonly decisions: number[]
  readonly faults: number[]
  readonly flaggedFrauds: number[]
  readonly outcomes: Readonly<Record<Outcome, number[]>>
}

/**
 * How many times as much a share varies as one of transactions on their own would, at least 1: transactions of one key are
 * alike, frauds of a stolen card above all.
 */
export interface Spread {
  readonly faults: number
  readonly outcomes: Readonly<Record<Outcome, number>>
  /** Of frauds that were not approved, among all decisions. */
  readonly found: number
  /** Of the same, among decisions that were not approved. */
  readonly precision: number
}

export function noCounts(): GroupedCounts {
  const none = () => Array.from({ length: groupCount }, () => 0)
  return {
    ...{ decisions: none(), faults: none(), flaggedFrauds: none() },
    outcomes: { approve: none(), challenge: none(), review: none(), decline: none() },
  }
}

export function sumGroups({ decisions, faults, flaggedFrauds, outcomes: each }: GroupedCounts): Arm {
  const { approve, challenge, review, decline } = each
  const told = { approve: sum(approve), challenge: sum(challenge), review: sum(review), decline: sum(decline) }
  return {
    decisions: sum(decisions),
    outcomes: told,
    faults: sum(faults),
    flagged: told.challenge + told.review + told.decline,
    flaggedFrauds: sum(flaggedFrauds),
  }
}

/**
 * The design effect of both arms together (Kish, "Survey Sampling", 1965), with the variance of a ratio between groups
 * (Cochran, "Sampling Techniques", 1977, chapter 6; for experiments that draw by customer: Deng, Knoblich and Lu,
 * "Applying the Delta Method in Metric Analytics", KDD 2018).
 */
export function spreadOf(arms: readonly GroupedCounts[]): Spread {
  const flagged = arms.map(({ decisions, outcomes: { approve } }) => decisions.map((count, i) => count - approve[i]))
  const decisions = arms.map((arm) => arm.decisions)
  const spread = (hits: (arm: GroupedCounts) => readonly number[], rows: readonly (readonly number[])[]) =>
    designEffect(arms.map((arm, i) => ({ hits: hits(arm), rows: rows[i] })))
  const ofOutcome = (outcome: Outcome) => spread((arm) => arm.outcomes[outcome], decisions)
  const [approve, challenge, review, decline] = outcomes.map(ofOutcome)
  return {
    faults: spread((arm) => arm.faults, decisions),
    outcomes: { approve, challenge, review, decline },
    found: spread((arm) => arm.flaggedFrauds, decisions),
    precision: spread((arm) => arm.flaggedFrauds, flagged),
  }
}

function designEffect(arms: readonly { readonly hits: readonly number[]; readonly rows: readonly number[] }[]): number {
  let between = 0
  let alone = 0
  for (const { hits, rows } of arms) {
    const share = sum(hits) / Math.max(1, sum(rows))
    const squares = hits.reduce((total, count, i) => total + (count - share * rows[i]) ** 2, 0)
    between += (squares * groupCount) / (groupCount - 1)
    alone += sum(rows) * share * (1 - share)
  }
  return alone === 0 ? 1 : Math.max(1, between / alone)
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
