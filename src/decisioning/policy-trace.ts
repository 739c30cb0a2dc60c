import { pushTo } from '../core/push-to.ts'
import type { Outcome } from '../detector/detector-schema.ts'
import type { Opinion, Reason, Settlement, Strength } from './opinion.ts'
import { approved, outranks, type Ranked, settle } from './settle.ts'

/** How a rule that applied counts, by the position that a record keeps: grows at its end only. */
export const hitStates = ['live', 'shadow', 'fused', 'snoozed', 'undrawn'] as const

/**
 * A rule that applied. It has an effect only if it is live: it may be in shadow, held by a fuse, snoozed for this key, or of
 * transactions that its share was not drawn for.
 */
export interface RuleHit {
  readonly id: string
  readonly state: (typeof hitStates)[number]
  /** A rule may do no more than tag. */
  readonly outcome: Outcome | 'tag'
  readonly strength: Strength
  readonly reason: Reason
  readonly tags: readonly string[]
}

/** A list that has a value of the transaction; `id` is its name. */
export interface ListHit {
  readonly id: string
  readonly outcome: Outcome
  readonly strength: Strength
  readonly reason: Reason
  /** The number of its entry. */
  readonly entry: number
}

/** How a policy came to a decision: what its record keeps, reasons in words, since rules change and decisions do not. */
export interface PolicyTrace {
  /** What was made of the score, or of there being none. */
  readonly opinion?: Opinion
  readonly rules?: readonly RuleHit[]
  readonly lists?: readonly ListHit[]
  /** Where the control group had a say: what would be without it, and how probable what happened was. */
  readonly control?: { readonly wouldBe: Outcome; readonly propensity: number }
  /** Where fuses had a say: what was settled on, and their ids. */
  readonly fuses?: { readonly settled: Outcome; readonly tripped: readonly string[] }
}

/** A trace with the number of the last record that had changed the policy. */
export type VersionedTrace = PolicyTrace & { readonly version: number }

// A decision is asked several times in a row what it came to, and these parts of its trace tell that.
let lastOpinion: PolicyTrace['opinion'] | undefined
let lastRules: PolicyTrace['rules'] | undefined
let lastLists: PolicyTrace['lists'] | undefined
let lastSettled: Settlement = approved

/** What opinions alone came to. */
export function settleTrace({ opinion, rules, lists }: PolicyTrace): Settlement {
  if (opinion === lastOpinion && rules === lastRules && lists === lastLists) return lastSettled
  lastSettled = settleLive(opinion, rules, lists)
  lastOpinion = opinion
  lastRules = rules
  lastLists = lists
  return lastSettled
}

function settleLive(
  opinion: Opinion | undefined,
  rules: readonly RuleHit[] | undefined,
  lists: readonly ListHit[] | undefined,
): Settlement {
  let opinions = opinion && [opinion]
  if (rules !== undefined) {
    for (const hit of rules) {
      const { outcome, id, strength, reason } = hit
      if (outcome !== 'tag' && isLive(hit))
        opinions = pushTo(opinions, { source: 'rule', id, outcome, strength, reason })
    }
  }
  if (lists !== undefined) {
    for (const { id, outcome, strength, reason } of lists)
      opinions = pushTo(opinions, { source: 'list', id, outcome, strength, reason })
  }
  return opinions === undefined ? approved : settle(opinions)
}

/**
 * The outcome that opinions would come to.
 *
 * @param counts which rules that applied are taken to be live.
 */
export function outcomeAs({ opinion, rules, lists }: PolicyTrace, counts: (hit: RuleHit) => boolean): Outcome {
  let best: Ranked | undefined = opinion
  for (const hit of rules ?? []) {
    const { outcome, strength } = hit
    if (outcome !== 'tag' && counts(hit) && (best === undefined || outranks({ outcome, strength }, best)))
      best = { outcome, strength }
  }
  for (const hit of lists ?? []) if (best === undefined || outranks(hit, best)) best = hit
  return best?.outcome ?? approved.outcome
}

function isLive({ state }: RuleHit): boolean {
  return state === 'live'
}

/** Why a decision has the outcome that it has. */
export function reasonsOf(trace: PolicyTrace, outcome: Outcome): readonly Reason[] {
  const { control, fuses } = trace
  const settled = settleTrace(trace)
  if (control !== undefined && control.wouldBe !== outcome) {
    const text = 'It was drawn for the control group, whose transactions pass so that declines can be judged'
    return [{ code: 'control_group', text }]
  }
  const reasons = settled.followed.map(({ reason }) => reason)
  if (fuses === undefined || fuses.settled === outcome) return reasons
  const text = `Too many transactions would get ${fuses.settled}; until the fuse has cooled they get ${outcome}`
  return [{ code: `fuse:${fuses.settled}`, text }, ...reasons]
}
