import { pushTo } from '../core/push-to.ts'
import type { Outcome } from '../detector/detector-schema.ts'
import { type CompiledPolicy, segmentOf } from './compiled-policy.ts'
import { drawControl } from './control-group.ts'
import { needAmount, opinionByCosts } from './costs.ts'
import type { Fuses } from './fuses.ts'
import type { Opinion } from './opinion.ts'
import { type ExpectedScore, unavailable } from './policy.ts'
import type { PolicyDefinition } from './policy-definition.ts'
import type { LentSubject, PolicyInput } from './policy-names.ts'
import { type ListHit, type RuleHit, settleTrace, type VersionedTrace } from './policy-trace.ts'
import type { RuleContext } from './rule-set.ts'
import { opinionByThresholds } from './thresholds.ts'

/** What was made of a transaction. */
export interface Judged {
  readonly outcome: Outcome
  readonly trace: VersionedTrace
  /** Ids of rules that could not be told. */
  readonly unknown: readonly string[]
}

/** What opinions are asked of. */
export interface Judging {
  readonly policy: PolicyDefinition
  /** What is made of a transaction that nothing has anything to say of, under the version in force. */
  readonly unopposed: Judged
  readonly compiled: CompiledPolicy
  /** Filled with the transaction. */
  readonly subject: LentSubject
  readonly fuses: Fuses
  readonly context: RuleContext
}

/** Asks thresholds or costs, rules and lists, settles what they say, and lets fuses and the control group have their say. */
export function judge(judging: Judging, { id, decidedAtMs, score }: PolicyInput): Judged {
  const { policy, unopposed, compiled, subject, fuses, context } = judging
  const { hits: rules, unknown } = compiled.rules.ask(subject, context)
  const lists = listsThatHave(compiled, subject, decidedAtMs)
  const opinion = score === null ? unavailable(policy) : opinionOfScore(policy, compiled, subject, score)
  const trace = traceOf(unopposed.trace, opinion, rules, lists)
  const settled = settleTrace(trace)
  const { outcome } = settled
  const milder = settled.strength === 'final' ? undefined : fuses.replace(outcome, decidedAtMs)
  const fused = milder === undefined && !rules.some(isFused) ? trace : withFuses(trace, outcome, milder)
  if (milder !== undefined) return { outcome: milder, trace: fused, unknown }
  const { controlGroup } = policy
  const drawn = controlGroup && drawControl(controlGroup, settled, subject.amount, context.secret, id)
  // Nearly every decision has no opinion at all: all of them share what is made of it.
  if (drawn === undefined)
    return fused === unopposed.trace && unknown.length === 0 ? unopposed : { outcome, trace: fused, unknown }
  const { passes, propensity } = drawn
  const control = { wouldBe: outcome, propensity }
  return { outcome: passes ? 'approve' : outcome, trace: { ...fused, control }, unknown }
}

function isFused({ state }: RuleHit): boolean {
  return state === 'fused'
}

function withFuses(trace: VersionedTrace, settled: Outcome, milder: Outcome | undefined): VersionedTrace {
  const tripped = (trace.rules ?? []).filter(isFused).map(({ id }) => `rule:${id}`)
  return { ...trace, fuses: { settled, tripped: milder === undefined ? tripped : [...tripped, settled] } }
}

/** The same where nothing but thresholds has a say. */
export function judgeByThresholds(
  { policy, unopposed }: Pick<Judging, 'policy' | 'unopposed'>,
  score: ExpectedScore,
): Judged {
  if (score === undefined) return unopposed
  const opinion = score === null ? unavailable(policy) : opinionByThresholds(policy.thresholds, score)
  if (opinion === undefined) return unopposed
  return { outcome: opinion.outcome, trace: { version: unopposed.trace.version, opinion }, unknown: unopposed.unknown }
}

export function approvedBy(version: number): Judged {
  return { outcome: 'approve', trace: { version }, unknown: [] }
}

/** Written out, since to spread what may be missing takes longer than the rest of the judging. */
function traceOf(
  empty: VersionedTrace,
  opinion: Opinion | undefined,
  rules: readonly RuleHit[],
  lists: readonly ListHit[],
): VersionedTrace {
  const { version } = empty
  if (lists.length === 0) {
    if (rules.length === 0) return opinion === undefined ? empty : { version, opinion }
    return opinion === undefined ? { version, rules } : { version, opinion, rules }
  }
  if (rules.length === 0) return opinion === undefined ? { version, lists } : { version, opinion, lists }
  return opinion === undefined ? { version, rules, lists } : { version, opinion, rules, lists }
}

const noLists: readonly ListHit[] = []

function listsThatHave({ lists }: CompiledPolicy, { texts }: LentSubject, atMs: number): readonly ListHit[] {
  let hits: ListHit[] | undefined
  for (const { textSlot, opinion, entries } of lists) {
    const value = texts[textSlot]
    const entry = value === undefined ? undefined : entries.numberOf(value, atMs)
    if (entry === undefined) continue
    hits = pushTo(hits, { ...opinion, entry })
  }
  return hits ?? noLists
}

/** What thresholds or costs make of the score, or of there being none. */
export function opinionOfScore(
  policy: PolicyDefinition,
  { segments }: Pick<CompiledPolicy, 'segments'>,
  subject: LentSubject,
  score: ExpectedScore,
): Opinion | undefined {
  if (score === undefined) return undefined
  if (score === null) return unavailable(policy)
  const { costs, decideBy, thresholds } = policy
  if (decideBy === 'cost' && costs !== undefined) {
    const isUnknown = Number.isNaN(subject.amount) && needAmount(costs)
    return isUnknown ? withoutAmount(policy) : opinionByCosts(costs, score, subject.amount)
  }
  const segment = segments.length === 0 ? undefined : segmentOf(segments, subject)
  return segment === undefined
    ? opinionByThresholds(thresholds, score)
    : opinionByThresholds(segment.thresholds, score, segment.name)
}

/** Nobody may take an unknown amount for 0. */
function withoutAmount({ whenUnavailable: outcome }: PolicyDefinition): Opinion {
  const text = `The amount is not known, so costs can't be told; the policy falls back to ${outcome}`
  return {
    ...{ source: 'unavailable', id: outcome, outcome, strength: 'plain' },
    reason: { code: 'cost_unavailable', text },
  }
}
