import { changesWithoutBody } from '../change-body.ts'
import { partOf } from '../policy-parts.ts'
import type { PolicyContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { changed, changeRefusals, ifMatch, pathParameter, reasonBody, unknownPart } from '../schemas/policy.ts'

/** `DELETE /v1/rules/{id}`: removes a rule and its snoozes. A rollback brings the rule back. */
export const removeRule: Route<PolicyContext> = {
  method: 'DELETE',
  path: '/v1/rules/{id}',
  role: 'author',
  summary: 'Remove a rule and its snoozes',
  bounds: ['load'],
  operationId: 'removeRule',
  tag: 'policy',
  parameters: () => [pathParameter('id'), ifMatch],
  body: () => reasonBody,
  answers: {
    ok: jsonAnswer('It is gone from the next decision on.', changed),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: [...changeRefusals, unknownPart],
  },
  handle: (context) =>
    changesWithoutBody(context, (given, { id }) => {
      partOf('rule', id, context.decisions.policy.definitions.rules)
      return { ...given, kind: 'rule-removed', id }
    }),
}
