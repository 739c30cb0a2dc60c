import { changes, placesOfRule } from '../change-body.ts'
import type { PolicyContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { changed, changeRefusals, ifMatch, ruleBody, ruleExample } from '../schemas/policy.ts'

/** `POST /v1/rules`: adds a rule, or puts it in the place of the one with its id; it counts from the next decision on. */
export const putRule: Route<PolicyContext> = {
  method: 'POST',
  path: '/v1/rules',
  role: 'author',
  summary: 'Add a rule, or change it',
  bounds: ['load'],
  operationId: 'putRule',
  tag: 'policy',
  details: 'In shadow, unless it says another state. Everything that is wrong with it is told at once, with its place.',
  parameters: () => [ifMatch],
  body: () => jsonBody(ruleBody, ruleExample),
  answers: {
    ok: jsonAnswer('It counts from the next decision on.', changed),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: changeRefusals,
  },
  handle: (context) => changes(context, (rule) => ({ kind: 'rule', rule }), placesOfRule),
}
