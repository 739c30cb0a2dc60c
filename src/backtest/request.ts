import type { PolicyDocuments } from '../decisioning/index.ts'
import type { EntryDefinition, ListDefinition } from '../decisioning/list-definition.ts'
import type { RuleDefinition } from '../decisioning/rule-definition.ts'

/** A list that is tested: one of the policy, or a new one. */
export interface TestedList {
  readonly name: string
  readonly of?: string | undefined
  readonly effect?: ListDefinition['effect'] | undefined
  /** What is on it from the beginning, in the place of what the log says. */
  readonly entries?: readonly EntryDefinition[] | undefined
}

/** What is to be tested, and how. */
export interface BacktestRequest {
  /** Rules that are live beside those in force, or in the place of those with their ids. */
  readonly rules?: readonly RuleDefinition[] | undefined
  readonly list?: TestedList | undefined
  /** A policy in the place of the one in force; what it does not speak of stays. */
  readonly policy?: PolicyDocuments | undefined
  /** Another one, to compare the first with. */
  readonly compare?: PolicyDocuments | undefined
  /** A bundle whose scores take the place of those that were recorded; null where no score does, and rules and lists decide. */
  readonly bundle?: string | null | undefined
  /** Transactions from this time on. */
  readonly fromMs?: number | undefined
  /** Transactions before this time. */
  readonly toMs?: number | undefined
  /** Labels that were known by then. */
  readonly knownByMs?: number | undefined
  /** Lists hold what they hold now, from the first transaction on. */
  readonly entriesNow?: boolean | undefined
  /** How many transactions of each kind are named. */
  readonly examples?: number | undefined
  readonly threads?: number | undefined
}

export const usualExamples = 10
