import type { Decisions } from '../../deciding/decisions.ts'
import type { DecisionQuery } from '../../log/decision-pages.ts'
import { QueryReader } from '../decision-query.ts'
import { isConcealed, whyNotInUrl } from '../key-in-url.ts'
import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer, ref } from '../schemas/parts.ts'
import { usual } from '../schemas/refused.ts'
import { pageParameters } from '../schemas/requests.ts'
import { sendDecisions } from '../send-decisions.ts'

/** `GET /v1/decisions`: what was decided, in pages. */
export const decisions: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/decisions',
  role: 'viewer',
  summary: 'Pages of decisions, newest first',
  query: 'checked',
  bounds: ['load', 'answers'],
  audited: 'persons',
  operationId: 'decisions',
  tag: 'decisions',
  parameters: ({ decisions }) => pageParameters(decisions.inForce.detector),
  answers: { ok: jsonAnswer('A page.', ref('DecisionPage')), refusals: usual },
  handle:
    (context) =>
    async ({ query }, reply) => {
      const { decisions } = context
      const { records, next } = await decisions.page(readQuery(query, decisions))
      return sendDecisions(context, reply, '', records, next)
    },
}

/** @throws FraudError INPUT_INVALID with every bad parameter. */
function readQuery(given: unknown, decisions: Decisions): DecisionQuery {
  const reader = new QueryReader(given ?? {}, ['key'])
  const { keys = {} } = decisions.inForce.detector.transaction
  const reason = `must be NAME:VALUE, with one of the names ${Object.keys(keys).join(', ') || 'none'}`
  const field = reader.read('key', (text) => parseKey(text, keys), reason)
  if (field !== undefined && isConcealed(decisions, field.name, field.value)) {
    reader.errors.push({ field: 'key', reason: whyNotInUrl })
  }
  return reader.finish(field && { column: keys[field.name], value: field.value })
}

/** `customer:2765`. */
function parseKey(text: string, keys: Readonly<Record<string, string>>): { name: string; value: string } | undefined {
  const end = text.indexOf(':')
  const name = text.slice(0, end)
  return end < 1 || !Object.hasOwn(keys, name) ? undefined : { name, value: text.slice(end + 1) }
}
