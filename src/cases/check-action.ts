import { FraudError } from '../core/errors.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { RecordedAction } from './action-schema.ts'
import { type Case, claimAt, mostDeeds, mostTransactions } from './case.ts'
import type { CasesProjection } from './cases-projection.ts'

/** What may be done to a case that nobody works on any more. */
const afterwards: ReadonlySet<RecordedAction['action']> = new Set(['undo', 'note', 'link'])
/** What disturbs nobody who has claimed it. */
const besideOthers: ReadonlySet<RecordedAction['action']> = new Set(['note', 'link'])

/** @throws FraudError CASE_UNKNOWN */
export function requireCase(cases: Pick<CasesProjection, 'get'>, id: string): Case {
  const one = cases.get(id)
  if (one === undefined)
    throw new FraudError('CASE_UNKNOWN', 'There is no case with this id, or its records are no longer kept')
  return one
}

/** @throws FraudError CASE_CLOSED, CASE_CLAIMED_BY_OTHER or CASE_FULL where somebody may not do this to a case now. */
export function refuseAction(one: Case, action: RecordedAction['action'], by: string, nowMs: number): void {
  const { closed } = one
  const reopens = action === 'claim' && closed?.why === 'expired'
  if (closed !== undefined && !reopens && !afterwards.has(action)) throw new FraudError('CASE_CLOSED', sayClosed(one))
  if (!besideOthers.has(action)) refuseOthers(one, by, nowMs)
  if (one.history.length >= mostDeeds)
    throw new FraudError('CASE_FULL', `${mostDeeds} things were done to this case, and no more are kept`)
}

/** @throws FraudError CASE_CLAIMED_BY_OTHER */
export function refuseOthers(one: Case, by: string, nowMs: number): void {
  const claim = claimAt(one, nowMs)
  if (claim === undefined || claim.by === by) return
  throw new FraudError('CASE_CLAIMED_BY_OTHER', `${claim.by} has this case until ${formatIsoTime(claim.untilMs)}`)
}

/** @throws FraudError CASE_FULL, CASE_CLOSED, INPUT_INVALID where a case can't go into another. */
export function refuseMerge(one: Case, into: Case): void {
  if (one === into) throw invalid('into', 'is the case itself')
  if (into.closed !== undefined) throw new FraudError('CASE_CLOSED', `The other case: ${sayClosed(into)}`)
  if ([one, into].some(({ origin }) => origin === 'sample')) throw invalid('into', 'is a case that stays alone')
  if (one.transactions.length + into.transactions.length > mostTransactions)
    throw new FraudError('CASE_FULL', `A case takes ${mostTransactions} transactions at most`)
}

export function invalid(field: string, reason: string): FraudError {
  return new FraudError('INPUT_INVALID', 'This can not be done to a case', { errors: [{ field, reason }] })
}

function sayClosed({ closed, history }: Case): string {
  if (closed?.why === 'expired')
    return 'The case was closed, since nothing had happened to it for long; claim it to open it again'
  if (closed?.why === 'merged') {
    return `The case was merged into ${history.findLast(({ action }) => action === 'merge')?.other}`
  }
  return 'The case was closed by a verdict; undo that to open it again'
}
