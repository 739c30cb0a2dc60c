import { type CaseQuery, caseFilters, caseSorts } from '../cases/list-cases.ts'
import type { Rank } from '../cases/ranked-queue.ts'
import { type FieldError, FraudError } from '../core/errors.ts'
import { whyUnknown } from './known-query.ts'

const names = ['state', 'sort', 'assignee', 'claimedBy', 'overdue', 'escalated', 'key', 'limit', 'cursor'] as const
export const caseQueryNames: readonly string[] = names
const mostPerPage = 500
const usualPerPage = 50

const text = { type: 'string', minLength: 1 } as const
const parameter = (name: string, schema: object, description: string) => ({ name, in: 'query', schema, description })
export const caseQueryParameters: readonly object[] = [
  parameter('state', { enum: caseFilters, default: 'active' }, 'What is not closed is active.'),
  parameter('sort', { enum: caseSorts }, 'By what is at stake, the most first; closed cases have no such place.'),
  parameter('assignee', text, 'The name of a principal, such as user:ann, or none.'),
  parameter('claimedBy', text, 'The name of a principal.'),
  parameter('overdue', { enum: ['true', 'false'] }, 'Whether somebody should have said something by now.'),
  parameter('escalated', { enum: ['true', 'false'] }, ''),
  parameter('key', text, 'A key and its value as the log keeps it: a token, a hash. card=k-7.'),
  parameter('limit', { type: 'integer', minimum: 1, maximum: mostPerPage, default: usualPerPage }, ''),
  parameter('cursor', text, 'Of the page before.'),
]

/**
 * @param isKey whether a key and its value are of this service: a misspelt one would find nothing.
 * @throws FraudError INPUT_INVALID with every bad value.
 */
export function readCaseQuery(given: unknown, isKey: (name: string, key: string) => boolean): CaseQuery {
  const errors: FieldError[] = []
  const values = new Map<string, string>()
  for (const [name, value] of Object.entries(given ?? {})) {
    const isKnown = caseQueryNames.includes(name)
    if (!isKnown) errors.push({ field: name, reason: whyUnknown(name, names) })
    else if (typeof value !== 'string' || value === '') errors.push({ field: name, reason: 'is empty, or given twice' })
    else values.set(name, value)
  }
  const read = <Value>(name: (typeof names)[number], parse: (text: string) => Value | undefined, reason: string) => {
    const given = values.get(name)
    const value = given === undefined ? undefined : parse(given)
    if (given !== undefined && value === undefined) errors.push({ field: name, reason })
    return value
  }
  const yesOrNo = (name: 'overdue' | 'escalated') =>
    read(name, (text) => (text === 'true' ? true : text === 'false' ? false : undefined), 'is true or false')
  const state =
    read('state', (text) => caseFilters.find((each) => each === text), `is one of ${caseFilters.join(', ')}`) ??
    'active'
  const isRanked = state !== 'closed' && state !== 'all'
  const sort =
    read('sort', (text) => caseSorts.find((each) => each === text), `is one of ${caseSorts.join(', ')}`) ??
    (isRanked ? 'loss' : 'newest')
  if (sort === 'loss' && !isRanked)
    errors.push({ field: 'sort', reason: 'can not be loss: closed cases have nothing at stake' })
  const query: CaseQuery = {
    state,
    sort,
    assignee: values.get('assignee'),
    claimedBy: values.get('claimedBy'),
    isOverdue: yesOrNo('overdue'),
    isEscalated: yesOrNo('escalated'),
    key: read(
      'key',
      (text) => (/^[^=]+=./.test(text) && isKey(text.slice(0, text.indexOf('=')), text) ? text : undefined),
      'is a key of the detector and its value, such as card=k-7',
    ),
    limit: read('limit', parseLimit, `is a whole number from 1 to ${mostPerPage}`) ?? usualPerPage,
    after: read('cursor', parseCursor, 'is not a value that this service returned'),
  }
  if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
  return query
}

export function formatCaseCursor(next: Rank | undefined): string | null {
  return next === undefined ? null : `after_${next.expectedLoss}_${next.openedAtMs}_${next.sequence}`
}

function parseCursor(text: string): Rank | undefined {
  const [, loss, opened, number] = /^after_([\d.e+-]{1,30})_(\d{1,16})_(\d{1,16})$/.exec(text) ?? []
  const rank = { expectedLoss: Number(loss), openedAtMs: Number(opened), sequence: Number(number) }
  return Object.values(rank).every(Number.isFinite) ? rank : undefined
}

function parseLimit(text: string): number | undefined {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return limit >= 1 && limit <= mostPerPage ? limit : undefined
}
