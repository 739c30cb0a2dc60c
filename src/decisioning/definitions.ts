import { durationMs } from '../core/duration.ts'
import { outcomes } from '../detector/detector-schema.ts'
import type { SingleChange } from './change.ts'
import type { Fuse } from './fuses.ts'
import type { ListDefinition } from './list-definition.ts'
import type { PolicyDefinition } from './policy-definition.ts'
import type { RuleDefinition } from './rule-definition.ts'
import type { Thresholds } from './thresholds.ts'

/** What a version of the policy is made of: all that rollback gives back. */
export interface Definitions {
  readonly policy: PolicyDefinition
  readonly rules: ReadonlyMap<string, RuleDefinition>
  readonly lists: ReadonlyMap<string, ListDefinition>
}

/** Definitions that changes are made to. */
export interface Draft {
  policy: PolicyDefinition
  readonly rules: Map<string, RuleDefinition>
  readonly lists: Map<string, ListDefinition>
}

export function draftOf({ policy, rules, lists }: Definitions): Draft {
  return { policy, rules: new Map(rules), lists: new Map(lists) }
}

/**
 * Makes a change to the draft. What is not about definitions leaves it as it is, and so does what speaks of something that
 * is not there.
 *
 * @param at the definitions of an earlier version, for a rollback.
 */
export function changeDraft(
  draft: Draft,
  change: SingleChange,
  at: (version: number) => Definitions | undefined,
): void {
  switch (change.kind) {
    case 'rule':
      draft.rules.set(change.rule.id, change.rule)
      return
    case 'rule-state': {
      const rule = draft.rules.get(change.id)
      if (rule !== undefined) draft.rules.set(change.id, { ...rule, state: change.state })
      return
    }
    case 'rule-removed':
      draft.rules.delete(change.id)
      return
    case 'list':
      draft.lists.set(change.list.name, change.list)
      return
    case 'list-removed':
      draft.lists.delete(change.name)
      return
    case 'policy':
      draft.policy = change.policy
      return
    case 'rollback': {
      const then = at(change.to)
      if (then !== undefined) restore(draft, then)
      return
    }
    case 'snooze':
    case 'entries':
    case 'fuse-reset':
  }
}

/**
 * Puts an earlier version's definitions into a draft. Entries are not rolled back, so a list that is newer keeps its own and
 * has no effect, as it had none then.
 */
function restore(draft: Draft, { policy, rules, lists }: Definitions): void {
  draft.policy = policy
  draft.rules.clear()
  for (const [id, rule] of rules) draft.rules.set(id, rule)
  for (const [name, list] of draft.lists) draft.lists.set(name, lists.get(name) ?? { ...list, effect: 'none' })
  for (const [name, list] of lists) if (!draft.lists.has(name)) draft.lists.set(name, list)
}

/** The thresholds, where nothing else can lead to another outcome than approve; undefined where something can. */
export function thresholdsAlone(definitions: Definitions): Thresholds | undefined {
  const { decideBy, segments = [], thresholds } = definitions.policy
  return decideBy === 'cost' || segments.length > 0 || speaksWithoutScore(definitions) ? undefined : thresholds
}

/** Whether rules or lists may have something to say where there is no score. */
export function speaksWithoutScore({ rules, lists }: Pick<Definitions, 'rules' | 'lists'>): boolean {
  const doRulesSpeak = [...rules.values()].some(({ state, then }) => state === 'live' && then !== 'tag')
  return doRulesSpeak || [...lists.values()].some(({ effect }) => effect !== 'none')
}

/** The fuses that definitions ask for: caps of rules that are live, and those of outcomes. */
export function fusesOf({ policy, rules }: Definitions): readonly Fuse[] {
  const caps: Fuse[] = []
  for (const { id, state, cap } of rules.values()) {
    if (cap === undefined || state !== 'live') continue
    caps.push({ kind: 'cap', rule: id, count: cap.count, overMs: durationMs(cap.over) })
  }
  const ofOutcomes = outcomes.flatMap((outcome): Fuse[] => {
    const fuse = outcome === 'approve' ? undefined : policy.fuses?.[outcome]
    if (fuse === undefined) return []
    const { share, over, atLeast, then, coolsAfter = over } = fuse
    const times = { overMs: durationMs(over), coolMs: durationMs(coolsAfter) }
    return [{ kind: 'outcome', outcome, share, atLeast, then, ...times }]
  })
  return [...caps, ...ofOutcomes]
}
