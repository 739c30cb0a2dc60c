import { FraudError } from '../../core/errors.ts'
import { readExplain } from '../explain-query.ts'
import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer, ref } from '../schemas/parts.ts'
import { usual } from '../schemas/refused.ts'
import { explainParameter } from '../schemas/requests.ts'

const unknown = new FraudError('TRANSACTION_UNKNOWN', 'The log has no decision with this id')
const unexplained = new FraudError(
  'EXPLANATION_UNAVAILABLE',
  'cards@0b4f made this decision, and cards@77d1 is in force',
)

/** `GET /v1/decisions/{id}`: all that is known of a decision. */
export const decision: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/decisions/{id}',
  role: 'viewer',
  summary: 'One decision, with its transaction, features and labels',
  query: ['explain'],
  bounds: ['load', 'answers'],
  audited: 'persons',
  operationId: 'decision',
  tag: 'decisions',
  parameters: () => [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }, explainParameter],
  answers: {
    ok: jsonAnswer('Everything that is known about the decision.', ref('DecisionDetail')),
    refusals: [...usual, unknown, unexplained],
  },
  handle:
    ({ decisions }) =>
    async ({ params, query }, reply) => {
      const detail = await decisions.find(params.id, readExplain(query))
      if (detail === undefined) throw new FraudError('TRANSACTION_UNKNOWN', 'The log has no decision with this id')
      return reply.header('cache-control', 'no-store').send(detail)
    },
}
