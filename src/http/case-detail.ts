import { type Case, type CaseDeed, isBlind } from '../cases/case.ts'
import { type CaseView, keyOf, viewCase } from '../cases/case-view.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { DecisionDetail } from '../deciding/decision-view.ts'
import type { Decisions } from '../deciding/decisions.ts'

/** What is known of a decision, but for what would tell how it came out. */
type HiddenDetail = Pick<DecisionDetail, 'transactionId' | 'transaction' | 'features'>

/** Everything of a case on one page. */
interface CaseDetail extends CaseView {
  /** Whether scores, outcomes and reasons are left out. */
  readonly isHidden: boolean
  readonly members: readonly {
    readonly transactionId: string
    readonly at: string
    readonly amountMinor: number | null
    readonly verdict: string | null
    /** Null where its record is no longer kept. */
    readonly decision: DecisionDetail | HiddenDetail | null
    /** Values of it that were missing. */
    readonly missing: readonly string[]
  }[]
  readonly history: readonly object[]
  /** How many other cases there are of each of its keys. */
  readonly similar: readonly {
    readonly key: string
    readonly value: string
    readonly cases: number
    readonly active: number
  }[]
  readonly linked: readonly CaseView[]
}

export async function detailOfCase(decisions: Decisions, one: Case, isLead: boolean): Promise<CaseDetail> {
  const { desk } = decisions
  const { nowMs, cases } = desk
  const isHidden = isBlind(one) && !isLead
  const members = [...one.transactions]
  const details = await decisions.details(members.map(({ id }) => id))
  return {
    ...viewCase(one, nowMs),
    isHidden,
    members: members.map(({ id, timestampMs, amountMinor, verdict }) => {
      const decision = details.get(id)
      return {
        transactionId: id,
        at: formatIsoTime(timestampMs),
        amountMinor,
        verdict: verdict?.says ?? null,
        decision: decision === undefined ? null : isHidden ? hide(decision) : decision,
        missing: decision === undefined ? [] : missingOf(decision),
      }
    }),
    history: one.history.map((deed) => tellDeed(deed, one, desk.noteOf)),
    similar: one.keys.map((key) => {
      const others = [...cases.ofKey(key)].filter((each) => each !== one)
      const active = others.filter(({ closed }) => closed === undefined).length
      return { ...keyOf(key), cases: others.length, active }
    }),
    linked: one.links.flatMap((id) => {
      const linked = cases.get(id)
      return linked === undefined ? [] : [viewCase(linked, nowMs)]
    }),
  }
}

function hide({ transactionId, transaction, features }: DecisionDetail): HiddenDetail {
  return { transactionId, transaction, features }
}

/** Columns and features without a value, by their names, so that nobody takes them for zero. */
function missingOf({ transaction, features }: DecisionDetail): readonly string[] {
  return [...Object.entries(transaction), ...Object.entries(features)].flatMap(([name, value]) =>
    value === null ? [name] : [],
  )
}

/** What somebody did, for people. */
function tellDeed(
  deed: CaseDeed,
  { transactions: members }: Case,
  noteOf: (token: string) => string | undefined,
): object {
  const { sequence, atMs, by, action, note, untilMs, transactions, of, ...said } = deed
  const ids = transactions && new Set(transactions)
  return {
    sequence,
    at: formatIsoTime(atMs),
    by,
    action,
    ...said,
    ...(untilMs !== undefined && { until: formatIsoTime(untilMs) }),
    ...(ids && { transactions: members.filter((each) => ids.has(each.sequence)).map(({ id }) => id) }),
    ...(of !== undefined && { undoes: of }),
    ...(note !== undefined && { note: noteOf(note) ?? null }),
  }
}
