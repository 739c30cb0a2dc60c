import type { AuditEntry } from '../../access/audit.ts'
import { type FieldError, FraudError } from '../../core/errors.ts'
import { isRecord } from '../../core/json-value.ts'
import { readIsoTime } from '../../core/time-parser.ts'
import { pageNames, pageQueryParameters, readPage } from '../page-query.ts'
import type { AccessContext, Route } from '../route.ts'
import { auditAnswer } from '../schemas/access.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { usual } from '../schemas/refused.ts'

const filters = ['who', 'what', 'from', 'to'] as const

/** `GET /v1/audit`: who did what, newest first. */
export const audit: Route<AccessContext> = {
  method: 'GET',
  path: '/v1/audit',
  role: 'admin',
  summary: 'Who did what, when and from where, newest first',
  query: [...pageNames, ...filters],
  bounds: ['load', 'answers'],
  audited: 'always',
  operationId: 'audit',
  tag: 'access',
  parameters: () => [
    ...pageQueryParameters,
    { name: 'who', in: 'query', description: 'A principal: user:ada.', schema: { type: 'string' } },
    { name: 'what', in: 'query', description: 'An operation: logIn, putRule, refused.', schema: { type: 'string' } },
    { name: 'from', in: 'query', description: 'Included.', schema: { type: 'string', format: 'date-time' } },
    { name: 'to', in: 'query', description: 'Not included.', schema: { type: 'string', format: 'date-time' } },
  ],
  answers: { ok: jsonAnswer('A page.', auditAnswer), refusals: usual },
  handle:
    ({ accounts }) =>
    ({ query }, reply) => {
      const { limit, cursor = Number.MAX_SAFE_INTEGER } = readPage(query)
      const found = accounts.audit.list({ ...readFilters(query), before: cursor, limit: limit + 1 })
      const entries = found.slice(0, limit)
      const next = found.length > limit ? (entries.at(-1)?.id ?? null) : null
      return reply.header('cache-control', 'no-store').send({ entries: entries.map(show), cursor: next })
    },
}

function readFilters(query: unknown) {
  const given = isRecord(query) ? query : {}
  const errors: FieldError[] = []
  const text = (name: string) => {
    const value = given[name]
    if (value === undefined || typeof value === 'string') return value
    errors.push({ field: name, reason: 'is given more than once' })
    return undefined
  }
  const time = (name: string) => {
    const value = text(name)
    const read = value === undefined ? undefined : readIsoTime(value, () => 0)
    if (Number.isNaN(read)) errors.push({ field: name, reason: 'is not an ISO 8601 time' })
    return read
  }
  const read = { who: text('who'), what: text('what'), fromMs: time('from'), toMs: time('to') }
  if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
  return read
}

function show({ atMs, ...entry }: AuditEntry) {
  return { ...entry, at: new Date(atMs).toISOString() }
}
