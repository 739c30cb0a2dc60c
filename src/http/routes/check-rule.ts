import { answerReasoned, fieldsOfBody, placesOfRule } from '../change-body.ts'
import type { PolicyContext, Route } from '../route.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { checked, ruleBody, ruleExample } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'

/** `POST /v1/rules/check`: what is wrong with a rule, which is not kept. */
export const checkRule: Route<PolicyContext> = {
  method: 'POST',
  path: '/v1/rules/check',
  role: 'viewer',
  summary: 'What is wrong with a rule, which is not kept',
  bounds: ['load'],
  operationId: 'checkRule',
  tag: 'policy',
  body: () => jsonBody(ruleBody, ruleExample),
  answers: {
    ok: jsonAnswer('All that is wrong with it, and what is doubtful.', checked),
    refusals: [...usual, unavailable],
  },
  handle: (context) => (request, reply) => {
    answerReasoned(context, request.raw, reply, async ({ why, ...rule }) => {
      const { problems, warnings } = context.decisions.examine({ kind: 'rule', rule })
      const places = placesOfRule(rule)
      return { problems: fieldsOfBody(problems, places), warnings: fieldsOfBody(warnings, places) }
    })
  },
}
