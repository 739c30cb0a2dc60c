import { type Outcome, outcomes } from '../detector/detector-schema.ts'
import type { Declarations, Finding, Value } from '../language/index.ts'
import { type Segment, segmentOf } from './compiled-policy.ts'
import { expectedCost } from './costs.ts'
import type { Definitions } from './definitions.ts'
import { opinionOfScore } from './judged.ts'
import type { ListDefinition } from './list-definition.ts'
import type { ListEntries, NumberedEntry } from './list-entries.ts'
import type { LentSubject, PolicyInput } from './policy-names.ts'
import { hitStates, type PolicyTrace, type RuleHit } from './policy-trace.ts'
import type { RuleDefinition } from './rule-definition.ts'
import { compileRule } from './rule-set.ts'
import type { Snooze } from './snoozes.ts'
import type { Thresholds } from './thresholds.ts'

/** What a policy made of one decision, part by part. */
export interface PolicyExplanation {
  readonly score: ScoreExplanation
  /** Rules that applied, then those that could not be told, then the one that was asked for. */
  readonly rules: readonly RuleExplanation[]
  /** How many other rules were asked, and had nothing to say. */
  readonly silentRules: number
  /** Lists that held a value of the transaction. */
  readonly lists: readonly ListExplanation[]
  /** Where the record tells otherwise than what is found now, in words. */
  readonly doubts: readonly string[]
}

/** What was made of the score, or of there being none. */
interface ScoreExplanation {
  /** Null where no score was expected, and so nothing was made of it. */
  readonly by: 'thresholds' | 'costs' | 'whenUnavailable' | null
  readonly outcome: Outcome
  readonly text: string
  readonly thresholds?: Thresholds
  /** The segment whose thresholds they are. */
  readonly segment?: string
  /** What each outcome that has costs was expected to cost. */
  readonly expectedCosts?: Readonly<Partial<Record<Outcome, number>>>
}

/** Why a rule did not apply. */
export const silentStates = ['unknown', 'silent', 'off', 'draft', 'not-in-time'] as const

interface RuleExplanation {
  readonly id: string
  /** How it counted where it applied; else why it did not. */
  readonly state: RuleHit['state'] | (typeof silentStates)[number]
  readonly outcome: RuleHit['outcome']
  readonly strength: RuleHit['strength']
  /** As the decision tells it. */
  readonly reason?: string
  readonly when: string
  /** What has to be true together, in the order in which it is written. */
  readonly conditions: readonly ConditionExplanation[]
  /** What made it silent for this transaction. */
  readonly snooze?: { readonly key: string; readonly until: string }
}

interface ConditionExplanation {
  readonly text: string
  /** Null where it could not be told because something is missing. */
  readonly result: boolean | null
  /** Names that it reads, with their values; null where one was missing. Times are ISO, personal values their tokens. */
  readonly values: Readonly<Record<string, Exclude<Value, undefined> | null>>
  /** Names without a value. */
  readonly missing: readonly string[]
}

interface ListExplanation extends Pick<ListDefinition, 'of' | 'effect'> {
  readonly name: string
  readonly addedAt?: string
  readonly by?: string
  readonly source?: string
  readonly note?: string
  readonly expiresAt?: string
}

/** A policy as it was, filled with the transaction. */
export interface PastPolicy {
  readonly definitions: Definitions
  readonly segments: readonly Segment[]
  readonly declarations: Declarations
  readonly subject: LentSubject
  readonly snoozes: readonly Snooze[]
  entriesOf(list: string): ListEntries | undefined
  textOf(key: string): string | undefined
}

const rulesAtOnce = 100

/**
 * Explains a decision by the policy that was in force. What fuses, draws and snoozes did is taken from its trace; conditions
 * are evaluated again.
 *
 * @param rule one that is explained, too, whatever it said.
 */
export async function explainPolicy(
  past: PastPolicy,
  input: PolicyInput,
  trace: PolicyTrace,
  turn: () => Promise<void>,
  rule?: string,
): Promise<PolicyExplanation> {
  const { definitions } = past
  const found: RuleExplanation[] = []
  for (const definition of definitions.rules.values()) {
    if (found.length % rulesAtOnce === rulesAtOnce - 1) await turn()
    found.push(
      explainRule(
        past,
        definition,
        input,
        trace.rules?.find(({ id }) => id === definition.id),
      ),
    )
  }
  const score = explainScore(past, input)
  const lists = explainLists(past, input.decidedAtMs)
  const [spoke, unknown] = [found.filter(hasApplied), found.filter(({ state }) => state === 'unknown')]
  const asked = found.filter((each) => each.id === rule && !spoke.includes(each) && !unknown.includes(each))
  return {
    ...{ score, rules: [...spoke, ...unknown, ...asked], lists },
    silentRules: found.filter((each) => each.state === 'silent' && !asked.includes(each)).length,
    doubts: doubtsAbout(trace, definitions, { found, score, lists }),
  }
}

interface Found {
  readonly found: readonly RuleExplanation[]
  readonly score: ScoreExplanation
  readonly lists: readonly ListExplanation[]
}

/** What is found now has to be what the record tells. */
function doubtsAbout(
  { rules = [], lists: listHits = [], opinion }: PolicyTrace,
  definitions: Definitions,
  { found, score, lists }: Found,
): readonly string[] {
  const recorded = opinion?.outcome ?? 'approve'
  return [
    ...rules
      .filter(({ id }) => !definitions.rules.has(id))
      .map(({ id }) => `The rule ${id} applied, and its condition then is not known`),
    ...found
      .filter(contradicts)
      .map(({ id, conditions }) =>
        conditions.length === 0
          ? `The rule ${id} applied, and its condition can't be evaluated by this version`
          : `The record and the condition of the rule ${id}, as it is evaluated now, do not agree`,
      ),
    ...listHits
      .filter(({ id }) => !lists.some(({ name }) => name === id))
      .map(({ id }) => `The list ${id} held a value, and its entry is not known`),
    ...(recorded === score.outcome
      ? []
      : [`The record says ${recorded} of the score, and ${score.outcome} is found now`]),
  ]
}

function hasApplied({ state }: RuleExplanation): boolean {
  return hitStates.some((each) => each === state)
}

/** Whether a rule applied although not all of its conditions are true, or did not although they are. */
function contradicts(rule: RuleExplanation): boolean {
  const { state, conditions } = rule
  const isTrue = conditions.length > 0 && conditions.every(({ result }) => result === true)
  return hasApplied(rule) ? !isTrue : state === 'silent' && isTrue
}

function explainRule(
  past: PastPolicy,
  definition: RuleDefinition,
  { decidedAtMs }: PolicyInput,
  hit: RuleHit | undefined,
): RuleExplanation {
  const { id, when, then, strength = 'plain' } = definition
  const conditions = conditionsOf(past, definition)
  const state = hit?.state ?? stateOf(definition, conditions, decidedAtMs)
  const snooze = state === 'snoozed' ? past.snoozes.find((each) => isOf(each, id, decidedAtMs, past)) : undefined
  return {
    ...{ id, state, outcome: then, strength, when, conditions },
    ...(hit !== undefined && { reason: hit.reason.text }),
    ...(snooze !== undefined && { snooze: { key: snooze.key, until: isoTime(snooze.untilMs) } }),
  }
}

/** None where it can't be read under the names of the detector, or fails: then it is unknown. */
function conditionsOf(
  { declarations, subject }: PastPolicy,
  definition: RuleDefinition,
): readonly ConditionExplanation[] {
  const compiled = compileRule(definition, declarations)
  if (!compiled.ok) return []
  try {
    return compiled.rule.program.explain(subject).map(tellFinding)
  } catch {
    return []
  }
}

/** Why a rule did not apply.*/
function stateOf(
  { state, from, until }: RuleDefinition,
  conditions: readonly ConditionExplanation[],
  atMs: number,
): RuleExplanation['state'] {
  if (state === 'off' || state === 'draft') return state
  const isInTime = (from === undefined || Date.parse(from) <= atMs) && (until === undefined || atMs < Date.parse(until))
  if (!isInTime) return 'not-in-time'
  const isSilent = conditions.some(({ result }) => result === false)
  const isUnknown = conditions.length === 0 || conditions.some(({ result }) => result === null)
  return isUnknown && !isSilent ? 'unknown' : 'silent'
}

function isOf({ rule, key, value, untilMs }: Snooze, id: string, atMs: number, past: PastPolicy): boolean {
  return rule === id && atMs < untilMs && past.textOf(key) === value
}

function tellFinding({ text, result, values }: Finding): ConditionExplanation {
  const told = values.map(({ name, type, value }) => [
    name,
    type === 'timestamp' && typeof value === 'number' ? isoTime(value) : (value ?? null),
  ])
  const missing = values.filter(({ value }) => value === undefined).map(({ name }) => name)
  return { text, result: result ?? null, values: Object.fromEntries(told), missing }
}

function explainScore(
  { definitions: { policy }, segments, subject }: PastPolicy,
  { score }: PolicyInput,
): ScoreExplanation {
  const opinion = opinionOfScore(policy, { segments }, subject, score)
  const outcome = opinion?.outcome ?? 'approve'
  if (score === undefined) return { by: null, outcome, text: 'No model was in force, so no score was expected' }
  if (opinion?.source === 'unavailable') return { by: 'whenUnavailable', outcome, text: opinion.reason.text }
  const { costs, decideBy } = policy
  if (decideBy === 'cost' && costs !== undefined) {
    const expected = outcomes.map(
      (each) => [each, expectedCost(costs, each, score ?? Number.NaN, subject.amount)] as const,
    )
    return {
      ...{ by: 'costs', outcome, text: opinion?.reason.text ?? 'To approve is expected to cost least' },
      expectedCosts: Object.fromEntries(expected.filter(([, cost]) => Number.isFinite(cost))),
    }
  }
  const segment = segmentOf(segments, subject)
  return {
    ...{ by: 'thresholds', outcome, text: opinion?.reason.text ?? 'The score reaches no threshold' },
    thresholds: segment?.thresholds ?? policy.thresholds,
    ...(segment !== undefined && { segment: segment.name }),
  }
}

function explainLists({ definitions, entriesOf, textOf }: PastPolicy, atMs: number): readonly ListExplanation[] {
  return [...definitions.lists.values()].flatMap(({ name, of, effect }) => {
    const value = textOf(of)
    const entries = entriesOf(name)
    if (value === undefined || entries?.has(value, atMs) !== true) return []
    return [{ name, of, effect, ...tellEntry(entries.find(value)) }]
  })
}

function tellEntry(entry: NumberedEntry | undefined): Partial<ListExplanation> {
  if (entry === undefined) return {}
  const { addedAtMs, by, source, note, expiresAtMs } = entry
  return {
    ...{ addedAt: isoTime(addedAtMs), by },
    ...(source !== undefined && { source }),
    ...(note !== undefined && { note }),
    ...(expiresAtMs !== undefined && { expiresAt: isoTime(expiresAtMs) }),
  }
}

function isoTime(timestampMs: number): string {
  return new Date(timestampMs).toISOString()
}
