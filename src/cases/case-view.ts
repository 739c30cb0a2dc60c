import { formatIsoTime } from '../core/time-parser.ts'
import {
  type Case,
  type CaseDeed,
  type CaseState,
  claimAt,
  currenciesAtStake,
  isBlind,
  type Origin,
  stateAt,
  type Verdict,
} from './case.ts'

/** A case as a list shows it. */
export interface CaseView {
  readonly id: string
  readonly state: CaseState
  /** Null while nobody is to be told. */
  readonly origin: Origin | null
  readonly openedAt: string
  readonly changedAt: string
  readonly dueAt: string | null
  readonly isOverdue: boolean
  /**
   * What is at stake in what is open, in minor units where amounts have them; null while nobody is to be told, and where it
   * would be of several currencies.
   */
  readonly expectedLossMinor: number | null
  readonly transactions: number
  /** Those without a verdict. */
  readonly openTransactions: number
  readonly newest: { readonly transactionId: string; readonly at: string; readonly amountMinor: number | null } | null
  readonly keys: readonly CaseKey[]
  readonly claim: { readonly by: string; readonly at: string; readonly until: string } | null
  readonly assignee: string | null
  readonly snoozedUntil: string | null
  readonly escalation: { readonly by: string; readonly at: string; readonly to: string | null } | null
  readonly closed: { readonly at: string; readonly why: 'verdict' | 'merged' | 'expired' } | null
  /** The last verdict that stands. */
  readonly verdict: {
    readonly verdict: Verdict
    readonly by: string
    readonly at: string
    readonly code: string | null
  } | null
  readonly links: readonly string[]
}

interface CaseKey {
  readonly key: string
  /** As the log keeps it: the token of a person, the hash of a card number. */
  readonly value: string
}

export function viewCase(one: Case, nowMs: number): CaseView {
  const { id, openedAtMs, dueAtMs, touched, snoozedUntilMs = 0, escalation, closed, links, history } = one
  const isHidden = isBlind(one)
  const newest = one.transactions.at(-1)
  const claim = claimAt(one, nowMs)
  const given = standingVerdict(one)
  return {
    id,
    state: stateAt(one, nowMs),
    origin: isHidden ? null : one.origin,
    openedAt: formatIsoTime(openedAtMs),
    changedAt: formatIsoTime(Math.max(touched.atMs, history.at(-1)?.atMs ?? 0)),
    dueAt: dueAtMs === undefined ? null : formatIsoTime(dueAtMs),
    isOverdue: isOverdue(one, nowMs),
    expectedLossMinor: isHidden || currenciesAtStake(one).size > 1 ? null : one.expectedLoss,
    transactions: one.transactions.length,
    openTransactions: one.open,
    newest:
      newest === undefined
        ? null
        : { transactionId: newest.id, at: formatIsoTime(newest.timestampMs), amountMinor: newest.amountMinor },
    keys: one.keys.map(keyOf),
    claim:
      claim === undefined ? null : { by: claim.by, at: formatIsoTime(claim.atMs), until: formatIsoTime(claim.untilMs) },
    assignee: one.assignee ?? null,
    snoozedUntil: nowMs < snoozedUntilMs ? formatIsoTime(snoozedUntilMs) : null,
    escalation:
      escalation === undefined
        ? null
        : { by: escalation.by, at: formatIsoTime(escalation.atMs), to: escalation.to ?? null },
    closed: closed === undefined ? null : { at: formatIsoTime(closed.atMs), why: closed.why },
    verdict:
      given?.verdict === undefined
        ? null
        : { verdict: given.verdict, by: given.by, at: formatIsoTime(given.atMs), code: given.code ?? null },
    links,
  }
}

export function isOverdue({ closed, dueAtMs = Number.POSITIVE_INFINITY }: Case, nowMs: number): boolean {
  return closed === undefined && nowMs > dueAtMs
}

/** The last verdict on a case that nobody has undone. */
export function standingVerdict({ history, transactions }: Case): CaseDeed | undefined {
  const standing = new Set(transactions.map(({ verdict }) => verdict?.sequence))
  return history.findLast(({ action, sequence }) => action === 'verdict' && standing.has(sequence))
}

/** `name=value`: no name of a key holds an equals sign. */
export function keyOf(key: string): CaseKey {
  const at = key.indexOf('=')
  return { key: key.slice(0, at), value: key.slice(at + 1) }
}
