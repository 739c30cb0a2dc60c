/** What somebody says of the transactions of a case. */
export const verdicts = ['fraud', 'legitimate', 'unsure'] as const
export type Verdict = (typeof verdicts)[number]

/** What a case was opened by: a decision that asked for a review, somebody, or the blind sample of approvals. */
export const origins = ['review', 'hand', 'sample'] as const
export type Origin = (typeof origins)[number]

/** Why a case is closed. */
export type Closing = 'verdict' | 'merged' | 'expired'

/** A transaction of a case, as far as ranking and labelling need it; the log has the rest. */
export interface CaseTransaction {
  /** The number of its record. */
  readonly sequence: number
  readonly id: string
  readonly timestampMs: number
  /** Null where the decision had none. */
  readonly score: number | null
  /** In minor units where the detector's amounts have digits; null where there is none. */
  readonly amountMinor: number | null
  /** What the amount is in; empty where all are in one currency. */
  readonly currency: string
  /** What is at stake in it while it is open. */
  readonly stake: number
  /** The number of the verdict that stands, and what it says. */
  verdict: { readonly sequence: number; readonly says: Verdict; readonly by: string } | undefined
  /** The labels of it that stand, in the order in which they came. */
  labels: readonly CaseLabel[]
}

/** A label of a transaction of a case. */
interface CaseLabel {
  readonly sequence: number
  readonly isFraud: boolean
  readonly knownAtMs: number
  readonly source: string | null
}

/** What people do to cases. */
export const caseActions = [
  'open',
  'claim',
  'release',
  'verdict',
  'undo',
  'note',
  'snooze',
  'assign',
  'escalate',
  'link',
  'merge',
] as const
type CaseActionName = (typeof caseActions)[number]

/** What somebody did to a case. */
export interface CaseDeed {
  /** The number of the record. */
  readonly sequence: number
  readonly atMs: number
  readonly by: string
  readonly action: CaseActionName
  readonly verdict?: Verdict
  readonly code?: string
  /** The token that the text of a note is kept under. */
  readonly note?: string
  readonly untilMs?: number
  readonly to?: string | null
  /** Another case. */
  readonly other?: string
  /** The record of the verdict that was undone. */
  readonly of?: number
  /** The numbers of the transactions that it is about, where those are not all. */
  readonly transactions?: readonly number[]
}

/** A transaction that somebody opens a case for, with what a projection can't look up. */
export interface OpenedTransaction {
  readonly sequence: number
  readonly id: string
  readonly timestampMs: number
  readonly score: number | null
  readonly amountMinor: number | null
  readonly currency: string
  readonly stake: number
  /** `name=value` of each key, as the log keeps it. */
  readonly keys: readonly string[]
  /** By which of them cases merge. */
  readonly by: readonly string[]
  readonly persons: readonly string[]
}

/** What a case is now. Only the projection changes one. */
export interface Case {
  readonly id: string
  /** The number of the record that opened it. */
  readonly sequence: number
  readonly openedAtMs: number
  readonly origin: Origin
  /** `name=value` of every key of its transactions. */
  keys: readonly string[]
  /** Those by which what comes next joins it. */
  owns: readonly string[]
  /** The tokens of persons that its transactions name. */
  persons: readonly string[]
  transactions: CaseTransaction[]
  /** The sum of what is at stake in transactions that are still open; of several currencies it ranks the case only. */
  expectedLoss: number
  /** Transactions without a verdict. */
  open: number
  closed: { readonly why: Closing; readonly sequence: number; readonly atMs: number } | undefined
  claim: { readonly by: string; readonly atMs: number; readonly untilMs: number } | undefined
  assignee: string | undefined
  snoozedUntilMs: number | undefined
  escalation: { readonly by: string; readonly atMs: number; readonly to?: string | undefined } | undefined
  /** When somebody should have said something; undefined where the detector does not say how soon. */
  readonly dueAtMs: number | undefined
  /** How long it may go without anything happening to it. */
  readonly expireAfterMs: number
  /** The number of the last record that did something to it, and its time. */
  touched: { readonly sequence: number; readonly atMs: number }
  links: readonly string[]
  history: CaseDeed[]
}

/** How a case looks to somebody who would work on it at a time. */
export type CaseState = 'open' | 'claimed' | 'snoozed' | 'closed'

export function stateAt({ closed, claim, snoozedUntilMs = 0 }: Case, nowMs: number): CaseState {
  if (closed !== undefined) return 'closed'
  if (claim !== undefined && nowMs < claim.untilMs) return 'claimed'
  return nowMs < snoozedUntilMs ? 'snoozed' : 'open'
}

/** The claim that holds at a time. */
export function claimAt({ claim }: Case, nowMs: number): Case['claim'] {
  return claim !== undefined && nowMs < claim.untilMs ? claim : undefined
}

/** A case of the blind sample, until somebody has said something of it. */
export function isBlind({ origin, history }: Case): boolean {
  return origin === 'sample' && !history.some(({ action }) => action === 'verdict')
}

/** What the amounts that make up a case's expected loss are in. */
export function currenciesAtStake({ transactions }: Case): ReadonlySet<string> {
  const open = transactions.filter(
    ({ verdict, labels, stake }) => verdict === undefined && labels.length === 0 && stake > 0,
  )
  return new Set(open.map(({ currency }) => currency))
}

/** What is at stake in a transaction: without a score nothing says that it is safer than it looks. */
export function stakeOf(score: number | null, amountMinor: number | null): number {
  return (score ?? 1) * Math.max(0, amountMinor ?? 1)
}

/** How long somebody has a case to themselves. */
export const claimMs = 30 * 60_000
/** Transactions that a case takes; the next one opens another, linked one. */
export const mostTransactions = 100
/** What may be done to one case. */
export const mostDeeds = 1000
