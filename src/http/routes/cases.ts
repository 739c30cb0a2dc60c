import { CaseCounter } from '../../cases/case-figures.ts'
import { viewCase } from '../../cases/case-view.ts'
import { listCases } from '../../cases/list-cases.ts'
import { FraudError } from '../../core/errors.ts'
import { readIsoTime } from '../../core/time-parser.ts'
import { detailOfCase } from '../case-detail.ts'
import { caseQueryNames, caseQueryParameters, formatCaseCursor, readCaseQuery } from '../case-query.ts'
import { principalOf } from '../guard.ts'
import type { DecidingContext, Route } from '../route.ts'
import { caseDetailAnswer, caseFiguresAnswer, casesAnswer, unknownCase } from '../schemas/case.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { pathParameter } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'

/** `GET /v1/cases`: the queue, or any other cases. */
export const caseList: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/cases',
  role: 'viewer',
  summary: 'Cases, those with the most at stake first',
  query: caseQueryNames,
  bounds: ['load', 'answers'],
  audited: 'persons',
  operationId: 'cases',
  tag: 'cases',
  parameters: () => caseQueryParameters,
  answers: { ok: jsonAnswer('A page.', casesAnswer), refusals: [...usual, unavailable] },
  handle:
    ({ decisions }) =>
    ({ query }, reply) => {
      const { nowMs, cases } = decisions.desk
      const { keys = {} } = decisions.inForce.detector.transaction
      // Older cases may have keys of a detector before this one.
      const isKey = (name: string, key: string) => Object.hasOwn(keys, name) || cases.ofKey(key).size > 0
      const { cases: found, next } = listCases(cases, readCaseQuery(query, isKey), nowMs)
      const answer = { cases: found.map((one) => viewCase(one, nowMs)), cursor: formatCaseCursor(next) }
      return reply.header('cache-control', 'no-store').send(answer)
    },
}

/** `GET /v1/cases/{id}`: one case with everything. */
export const caseDetail: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/cases/{id}',
  role: 'viewer',
  summary: 'One case, with its transactions, what was done to it, and what is like it',
  bounds: ['load', 'answers'],
  audited: 'persons',
  operationId: 'case',
  tag: 'cases',
  details:
    'Of a case of the blind sample, scores, outcomes and reasons are left out until somebody has given a verdict.',
  parameters: () => [pathParameter('id')],
  answers: { ok: jsonAnswer('All that is known.', caseDetailAnswer), refusals: [...usual, unknownCase, unavailable] },
  handle:
    ({ decisions }) =>
    async (request, reply) => {
      const isLead = principalOf(request).roles.has('admin')
      const detail = await detailOfCase(decisions, decisions.desk.find(request.params.id), isLead)
      return reply.header('cache-control', 'no-store').send(detail)
    },
}

const usualSpanMs = 7 * 86_400_000

/** `GET /v1/cases/figures`: how much there is, how fast it is worked, and how often people agree. */
export const caseFigures: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/cases/figures',
  role: 'viewer',
  summary: 'Figures of cases, analysts and their agreement',
  query: ['from'],
  bounds: ['load', 'answers'],
  operationId: 'caseFigures',
  tag: 'cases',
  parameters: () => [
    {
      name: 'from',
      in: 'query',
      schema: { type: 'string', format: 'date-time' },
      description: 'Since when; a week ago by default. Depths are of now.',
    },
  ],
  answers: { ok: jsonAnswer('Figures.', caseFiguresAnswer), refusals: [...usual, unavailable] },
  handle:
    ({ decisions: { desk }, turns }) =>
    async ({ query }, reply) => {
      const { nowMs, cases } = desk
      const counter = new CaseCounter(readFrom(query, nowMs), nowMs)
      for (const one of [...cases.all()]) {
        counter.take(one)
        if (turns.isOver()) await turns.next()
      }
      return reply.header('cache-control', 'no-store').send(counter.figures())
    },
}

function readFrom(query: unknown, nowMs: number): number {
  const given: unknown = Object(query).from
  if (given === undefined) return nowMs - usualSpanMs
  const fromMs = typeof given === 'string' ? readIsoTime(given, () => 0) : Number.NaN
  if (fromMs <= nowMs) return fromMs
  const errors = [{ field: 'from', reason: 'is not an ISO 8601 time of the past' }]
  throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', { errors })
}
