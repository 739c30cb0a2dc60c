import { FraudError } from '../../core/errors.ts'
import { formatCursor, QueryReader } from '../decision-query.ts'
import { refuseInUrl } from '../key-in-url.ts'
import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer, ref } from '../schemas/parts.ts'
import { pathParameter } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'

const keyParameter = (names: readonly string[]) => ({
  name: 'key',
  in: 'path',
  required: true,
  schema: { type: 'string', ...(names.length > 0 && { enum: names }) },
})
const mostPerPage = 100
const usualPerPage = 50

/** `GET /v1/keys/{key}/{token}`: what is known of one card, customer or any other value of a key. */
export const key: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/keys/{key}/{token}',
  role: 'viewer',
  summary: 'One card, customer or other key: its transactions, figures, lists and links',
  query: ['limit', 'cursor'],
  bounds: ['load', 'answers'],
  audited: 'persons',
  operationId: 'key',
  tag: 'decisions',
  details:
    'The token is what the log keeps, as `POST /v1/search` answers it: values of persons and card numbers are refused.',
  parameters: ({ decisions }) => [
    keyParameter(Object.keys(decisions.inForce.detector.transaction.keys ?? {})),
    pathParameter('token'),
    {
      name: 'limit',
      in: 'query',
      schema: { type: 'integer', minimum: 1, maximum: mostPerPage, default: usualPerPage },
      description: 'The most transactions in a page.',
    },
    {
      name: 'cursor',
      in: 'query',
      schema: { type: 'string', pattern: '^before-[0-9]{1,15}$' },
      description: 'The cursor that the page before returned.',
    },
  ],
  answers: { ok: jsonAnswer('What is known.', ref('KnownKey')), refusals: [...usual, unavailable] },
  handle:
    ({ decisions }) =>
    async ({ params, query }, reply) => {
      const { key, token } = params
      refuseInUrl(decisions, key, token)
      const { limit, before } = new QueryReader(query ?? {}, []).finish(undefined)
      if (limit > mostPerPage)
        throw new FraudError('INPUT_INVALID', 'The query is not valid for this route', {
          errors: [{ field: 'limit', reason: `is a whole number from 1 to ${mostPerPage}` }],
        })
      const known = await decisions.knownKey({ key, token, limit, ...(before !== undefined && { before }) })
      return reply.header('cache-control', 'no-store').send({ ...known, next: formatCursor(known.next) })
    },
}
