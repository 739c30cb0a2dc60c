import { FraudError } from '../../core/errors.ts'
import { isRecord } from '../../core/json-value.ts'
import { renderDecision } from '../../pages/render-decision.ts'
import { htmlType, wantsPage } from '../browser-answers.ts'
import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer, ref } from '../schemas/parts.ts'
import { pathParameter } from '../schemas/policy.ts'
import { usual } from '../schemas/refused.ts'
import { reportPolicy } from './report.ts'

const unknown = new FraudError('TRANSACTION_UNKNOWN', 'The log has no decision with this id')

/** `GET /v1/decisions/{id}/explanation`: why a past decision came out as it did, by the policy of that time. */
export const explanation: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/decisions/{id}/explanation',
  role: 'viewer',
  summary: 'Why a decision came out as it did, by the policy of that time',
  query: ['rule'],
  bounds: ['load', 'answers'],
  isShown: true,
  audited: 'persons',
  operationId: 'explanation',
  tag: 'decisions',
  details:
    'Conditions of rules are evaluated again on what the log holds; what can not be told is said in `notTold`. A browser, which asks for text/html, gets a page.',
  parameters: () => [
    pathParameter('id'),
    {
      name: 'rule',
      in: 'query',
      description: 'A rule that is explained, too, whatever it said.',
      schema: { type: 'string' },
    },
  ],
  answers: { ok: jsonAnswer('Why.', ref('DecisionExplanation')), refusals: [...usual, unknown] },
  handle:
    ({ decisions, turns }) =>
    async (request, reply) => {
      const { params, query } = request
      const rule = isRecord(query) && typeof query.rule === 'string' ? query.rule : undefined
      const found = await decisions.explain(params.id, turns, rule)
      if (found === undefined) throw unknown
      reply.headers({ 'cache-control': 'no-store', vary: 'Accept' })
      if (!wantsPage(request)) return reply.send(found)
      return reply
        .headers({ 'content-type': htmlType, 'content-security-policy': reportPolicy })
        .send(renderDecision(found))
    },
}
