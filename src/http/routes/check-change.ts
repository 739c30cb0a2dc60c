import { answerReasoned } from '../change-body.ts'
import type { PolicyContext, Route } from '../route.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { changeBody, checked, refusedCard } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'
import { changeExample, onlyChange } from './change-policy.ts'

/** `POST /v1/policy/changes/check`: what is wrong with a change, which is not made. */
export const checkChange: Route<PolicyContext> = {
  method: 'POST',
  path: '/v1/policy/changes/check',
  role: 'viewer',
  summary: 'What is wrong with a change, which is not made',
  bounds: ['load'],
  operationId: 'checkChange',
  tag: 'policy',
  body: () => jsonBody(changeBody, changeExample),
  answers: {
    ok: jsonAnswer('All that is wrong with it, and what is doubtful.', checked),
    refusals: [...usual, unavailable, refusedCard],
  },
  handle: (context) => (request, reply) => {
    answerReasoned(context, request.raw, reply, async ({ why, ...given }) =>
      context.decisions.examine(onlyChange(given)),
    )
  },
}
