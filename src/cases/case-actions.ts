import type { RecordedAction } from './action-schema.ts'
import { type Case, type CaseDeed, type CaseTransaction, claimMs, type OpenedTransaction } from './case.ts'
import type { CaseRules } from './case-reader.ts'

/** Who did something, when, in which record. */
export interface Deed {
  readonly sequence: number
  readonly atMs: number
  readonly by: string
}

export type ActionOnCase = Exclude<RecordedAction, { action: 'open' | 'sample' }>

/** A new case, without transactions. */
export function openCase(
  { sequence, atMs }: Omit<Deed, 'by'>,
  origin: Case['origin'],
  { dueInMs, expireAfterMs }: Pick<CaseRules, 'dueInMs' | 'expireAfterMs'>,
): Case {
  return {
    id: `c-${sequence}`,
    sequence,
    openedAtMs: atMs,
    origin,
    keys: [],
    owns: [],
    persons: [],
    transactions: [],
    expectedLoss: 0,
    open: 0,
    closed: undefined,
    claim: undefined,
    assignee: undefined,
    snoozedUntilMs: undefined,
    escalation: undefined,
    dueAtMs: dueInMs === undefined ? undefined : atMs + dueInMs,
    expireAfterMs,
    touched: { sequence, atMs },
    links: [],
    history: [],
  }
}

const noLabels: CaseTransaction['labels'] = []

/** Something new happened: it wakes a case that was put off. It is the last of its case, so that the sum goes on. */
export function addTransaction(one: Case, opened: OpenedTransaction): CaseTransaction {
  const { sequence, id, timestampMs, score, amountMinor, currency, stake, keys, persons } = opened
  const transaction: CaseTransaction = {
    sequence,
    id,
    timestampMs,
    score,
    amountMinor,
    currency,
    stake,
    verdict: undefined,
    labels: noLabels,
  }
  one.transactions.push(transaction)
  one.keys = union(one.keys, keys)
  one.persons = union(one.persons, persons)
  one.snoozedUntilMs = undefined
  one.open += 1
  one.expectedLoss += stake
  return transaction
}

/** Sums up what is open: in the order of the log, so that a case has the same sum however often it is reckoned. */
export function reckon(one: Case): void {
  one.open = 0
  one.expectedLoss = 0
  for (const { verdict, labels, stake } of one.transactions) {
    if (verdict !== undefined) continue
    one.open += 1
    if (labels.length === 0) one.expectedLoss += stake
  }
}

/** Does to a case what a record says; what can't be done was refused before the record was written. */
export function act(one: Case, action: ActionOnCase, deed: Deed): void {
  const { sequence, by, atMs } = deed
  one.touched = { sequence, atMs }
  one.history.push(deedOf(action, deed))
  if (action.action === 'claim') {
    one.claim = { by, atMs, untilMs: action.untilMs }
    one.snoozedUntilMs = undefined
  } else if (action.action === 'release') one.claim = undefined
  else if (action.action === 'snooze') {
    one.claim = undefined
    one.snoozedUntilMs = action.untilMs
  } else if (action.action === 'assign') one.assignee = action.to ?? undefined
  else if (action.action === 'escalate') {
    one.escalation = { by, atMs, ...(action.to !== undefined && { to: action.to }) }
    one.claim = undefined
    one.assignee = action.to ?? one.assignee
  } else if (action.action === 'link') one.links = union(one.links, [action.with])
  else if (action.action === 'verdict') judge(one, action, deed)
  else if (action.action === 'undo') undo(one, action.of, deed)
}

function judge(
  one: Case,
  { verdict, transactions }: ActionOnCase & { action: 'verdict' },
  { sequence, by }: Deed,
): void {
  const of = new Set(transactions)
  for (const each of one.transactions) if (of.has(each.sequence)) each.verdict = { sequence, says: verdict, by }
  reckon(one)
}

/** Who undoes a verdict has the case back, before somebody else is given it. */
function undo(one: Case, of: number, { by, atMs }: Deed): void {
  for (const each of one.transactions) if (each.verdict?.sequence === of) each.verdict = undefined
  one.claim = { by, atMs, untilMs: atMs + claimMs }
  reckon(one)
}

function deedOf(action: ActionOnCase, { sequence, atMs, by }: Deed): CaseDeed {
  const { action: name, case: _, ...said } = action
  if (name !== 'link' && name !== 'merge') return { ...said, sequence, atMs, by, action: name }
  const other = 'with' in said ? said.with : 'into' in said ? said.into : ''
  return { sequence, atMs, by, action: name, other, ...('note' in said && { note: said.note }) }
}

export function union(some: readonly string[], more: readonly string[]): readonly string[] {
  if (some.length === 0) return more
  let all: string[] | undefined
  for (const each of more) {
    if (some.includes(each)) continue
    all ??= [...some]
    all.push(each)
  }
  return all ?? some
}
