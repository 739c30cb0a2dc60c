import { changes } from '../change-body.ts'
import type { PolicyContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { changed, changeRefusals, ifMatch, policyBody } from '../schemas/policy.ts'

/** `PUT /v1/policy`: sets all of the policy but rules and lists. */
export const putPolicy: Route<PolicyContext> = {
  method: 'PUT',
  path: '/v1/policy',
  role: 'author',
  summary: 'Set thresholds, costs, segments and fuses',
  bounds: ['load'],
  operationId: 'putPolicy',
  tag: 'policy',
  details: 'What is left out is as it is by default, not as it was. Rules and lists stay as they are.',
  parameters: () => [ifMatch],
  body: () => jsonBody(policyBody, { thresholds: { review: 0.5, decline: 0.9 }, why: 'Fewer reviews' }),
  answers: {
    ok: jsonAnswer('It counts from the next decision on.', changed),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: changeRefusals,
  },
  handle: (context) =>
    changes(
      context,
      (given) => ({ kind: 'policy', policy: given }),
      () => ['policy'],
    ),
}
