import { hash } from 'node:crypto'
import type { JsonObject } from '../core/json-value.ts'

/** What may be proposed: changes of the policy, many entries of a list, who decides, alerts, and the setting itself. */
export const proposalKinds = ['policy', 'entries', 'deployment', 'models-rollback', 'alerts', 'four-eyes'] as const
export type ProposalKind = (typeof proposalKinds)[number]

/** `approving` while it is being put in force; `outdated` where it does not apply any more. */
export const proposalStates = ['pending', 'approving', 'approved', 'rejected', 'withdrawn', 'outdated'] as const
export type ProposalState = (typeof proposalStates)[number]

/** A change that somebody has made, and that somebody else has to let through. */
export interface Proposal {
  readonly id: number
  readonly kind: ProposalKind
  /** The change, without anything personal in clear. */
  readonly content: JsonObject
  /** The principal's name, and the person behind it. */
  readonly by: string
  readonly person: string
  readonly why: string
  readonly atMs: number
  /** The version of the policy, or of models, that it is a change of; null where it is one of any. */
  readonly base: number | null
  /** Of all the above: what is approved is what was looked at. */
  readonly hash: string
  readonly state: ProposalState
  readonly decided: ProposalDecision | null
}

export interface ProposalDecision {
  readonly by: string
  readonly atMs: number
  readonly why: string
}

export function hashProposal({ kind, content, by, person, why, atMs, base }: Omit<Proposal, 'id' | 'hash'>): string {
  return hash('sha256', JSON.stringify([kind, content, by, person, why, atMs, base]), 'hex')
}
