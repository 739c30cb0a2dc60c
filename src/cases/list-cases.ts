import { type Case, claimAt, stateAt } from './case.ts'
import { isOverdue } from './case-view.ts'
import type { CasesProjection } from './cases-projection.ts'
import type { Rank } from './ranked-queue.ts'

/** `active` is what is not closed, whatever else it is. */
export const caseFilters = ['active', 'open', 'claimed', 'snoozed', 'closed', 'all'] as const
export const caseSorts = ['loss', 'oldest', 'newest'] as const

export interface CaseQuery {
  readonly state: (typeof caseFilters)[number]
  readonly sort: (typeof caseSorts)[number]
  readonly limit: number
  /** What somebody is to see to. */
  readonly assignee?: string | undefined
  /** What somebody has claimed. */
  readonly claimedBy?: string | undefined
  readonly isOverdue?: boolean | undefined
  readonly isEscalated?: boolean | undefined
  /** `name=value`, as the log keeps it. */
  readonly key?: string | undefined
  /** Where the last page ended. */
  readonly after?: Rank | undefined
}

export interface CasePage {
  readonly cases: readonly Case[]
  /** Where the next page begins; undefined at the end. */
  readonly next: Rank | undefined
}

/** A page of the cases that somebody asks for, in the order in which they ask for them. */
export function listCases(cases: CasesProjection, query: CaseQuery, nowMs: number): CasePage {
  const found: Case[] = []
  for (const one of inOrder(cases, query)) {
    if (!isAsked(one, query, nowMs)) continue
    if (found.length === query.limit) return { cases: found, next: found.at(-1) }
    found.push(one)
  }
  return { cases: found, next: undefined }
}

function* inOrder(cases: CasesProjection, { sort, after, key }: CaseQuery): Generator<Case> {
  if (sort === 'loss') return yield* cases.queue.items(after)
  const all = key === undefined ? cases.all() : [...cases.ofKey(key)].sort((a, b) => a.sequence - b.sequence)
  const { sequence } = after ?? {}
  if (sort === 'oldest') {
    for (const one of all) if (sequence === undefined || one.sequence > sequence) yield one
  } else for (const one of [...all].reverse()) if (sequence === undefined || one.sequence < sequence) yield one
}

function isAsked(one: Case, query: CaseQuery, nowMs: number): boolean {
  const { state: wanted, assignee, claimedBy, isEscalated, key } = query
  const state = stateAt(one, nowMs)
  if (wanted === 'active' ? state === 'closed' : wanted !== 'all' && state !== wanted) return false
  if (assignee !== undefined && (one.assignee ?? 'none') !== assignee) return false
  if (claimedBy !== undefined && claimAt(one, nowMs)?.by !== claimedBy) return false
  if (query.isOverdue !== undefined && isOverdue(one, nowMs) !== query.isOverdue) return false
  if (isEscalated !== undefined && (one.escalation !== undefined) !== isEscalated) return false
  return key === undefined || one.keys.includes(key)
}
