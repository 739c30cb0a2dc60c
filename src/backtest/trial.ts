import { type ChangeRecord, type SingleChange, singleChanges } from '../decisioning/change.ts'
import {
  type Definitions,
  type Judged,
  PolicyInForce,
  type PolicyInput,
  type PolicyNames,
} from '../decisioning/index.ts'
import type { EntryDefinition, ListDefinition } from '../decisioning/list-definition.ts'
import type { PolicyDefinition } from '../decisioning/policy-definition.ts'
import type { RuleDefinition } from '../decisioning/rule-definition.ts'

/** What a policy is made of, as it travels between threads. */
export interface PlainDefinitions {
  readonly policy: PolicyDefinition
  readonly rules: readonly RuleDefinition[]
  readonly lists: readonly ListDefinition[]
}

/** The policies that are judged side by side: what is in force, what is tested, and what that is compared with. */
export type TrialName = 'inForce' | 'tested' | 'compared'

export interface Trial {
  readonly name: TrialName
  readonly definitions: PlainDefinitions
  /** What is there before the first transaction. */
  readonly begun: readonly SingleChange[]
  /** Whether entries that the log adds and removes count from then on. */
  readonly followsEntries: boolean
  /** Lists whose entries are given, whatever the log says. */
  readonly fixedLists: readonly string[]
}

/**
 * Definitions without what changes no figure and takes long: reasons in words, and the control group, since what would be
 * without it is looked at.
 */
export function judgedOf({ policy, rules, lists }: Definitions): PlainDefinitions {
  const { controlGroup, ...settling } = policy
  const wordless = [...rules.values()].map(({ reason, ...rule }) => rule)
  return { policy: settling, rules: wordless, lists: [...lists.values()] }
}

export function entriesChange(list: string, add: readonly EntryDefinition[]): SingleChange {
  return { kind: 'entries', list, add: [...add] }
}

/** A policy that stays as it is while the log's transactions, and changes of what its lists hold, go by. */
export class Side {
  readonly name: TrialName
  readonly policy: PolicyInForce
  readonly #trial: Trial
  readonly #secret: Uint8Array
  readonly #hasFuses: boolean

  constructor(trial: Trial, names: PolicyNames, secret: Uint8Array) {
    const { policy, rules, lists } = trial.definitions
    this.name = trial.name
    this.#trial = trial
    this.#secret = secret
    this.#hasFuses = needsOrder(trial)
    this.policy = new PolicyInForce({ policy, version: 0 }, names)
    this.#apply([
      ...lists.map((list): SingleChange => ({ kind: 'list', list })),
      ...rules.map((rule): SingleChange => ({ kind: 'rule', rule })),
      ...trial.begun.filter((change) => this.#isOfThis(change)),
    ])
  }

  judge(input: PolicyInput): Judged {
    const judged = this.policy.judge(input, this.#secret)
    if (this.#hasFuses) {
      const { decidedAtMs } = input
      this.policy.note({ sequence: 0, decidedAtMs, outcome: judged.outcome, trace: judged.trace })
    }
    return judged
  }

  /** Takes the entries and snoozes of a change of the log, where their lists and rules are here, too; definitions stay. */
  follow(change: FollowedChange): void {
    this.#apply(
      change.changes
        .filter((each) => this.#isFollowed(each) && this.#isOfThis(each))
        .flatMap((each) => this.#asHere(each)),
      change.atMs,
    )
  }

  #apply(changes: readonly SingleChange[], atMs = 0): void {
    if (changes.length === 0) return
    this.policy.apply({ sequence: 0, by: 'backtest', atMs, change: { kind: 'together', changes: [...changes] } })
  }

  #isFollowed(change: SingleChange): boolean {
    const { followsEntries, fixedLists } = this.#trial
    if (change.kind === 'entries') return followsEntries && !fixedLists.includes(change.list)
    return change.kind !== 'list-removed' || (followsEntries && !fixedLists.includes(change.name))
  }

  /** Whether it is about a list or a rule that is here. */
  #isOfThis(change: SingleChange): boolean {
    const { rules, lists } = this.#trial.definitions
    const isList = (name: string) => lists.some((list) => list.name === name)
    if (change.kind === 'entries') return isList(change.list)
    if (change.kind === 'list-removed') return isList(change.name)
    if (change.kind === 'snooze') return rules.some(({ id }) => id === change.rule)
    return change.kind === 'rule-removed' && rules.some(({ id }) => id === change.id)
  }

  /** A list that is removed loses its entries, and a rule its snoozes; here both stay. */
  #asHere(change: SingleChange): readonly SingleChange[] {
    const { rules, lists } = this.#trial.definitions
    if (change.kind === 'list-removed') {
      return [
        change,
        ...lists.flatMap((list): SingleChange[] => (list.name === change.name ? [{ kind: 'list', list }] : [])),
      ]
    }
    if (change.kind !== 'rule-removed') return [change]
    return [change, ...rules.flatMap((rule): SingleChange[] => (rule.id === change.id ? [{ kind: 'rule', rule }] : []))]
  }
}

/** A change of the log, as far as it is about what lists hold and for whom rules are silent. */
export interface FollowedChange {
  readonly sequence: number
  readonly atMs: number
  readonly changes: readonly SingleChange[]
}

const followed: readonly SingleChange['kind'][] = ['entries', 'list-removed', 'snooze', 'rule-removed']

export function followedOf({ sequence, atMs, change }: ChangeRecord): FollowedChange | undefined {
  const changes = singleChanges(change).filter(({ kind }) => followed.includes(kind))
  return changes.length === 0 ? undefined : { sequence, atMs, changes }
}

/** Whether what is made of a transaction depends on those before it, so that all have to be judged in their order. */
export function needsOrder({ definitions: { policy, rules } }: Pick<Trial, 'definitions'>): boolean {
  return policy.fuses !== undefined || rules.some(({ state, cap }) => state === 'live' && cap !== undefined)
}
