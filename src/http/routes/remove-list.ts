import { changesWithoutBody } from '../change-body.ts'
import { partOf } from '../policy-parts.ts'
import type { PolicyContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { changed, changeRefusals, ifMatch, pathParameter, reasonBody, unknownPart } from '../schemas/policy.ts'

/** `DELETE /v1/lists/{name}`: removes a list and its entries, which a rollback does not bring back. */
export const removeList: Route<PolicyContext> = {
  method: 'DELETE',
  path: '/v1/lists/{name}',
  role: 'author',
  summary: 'Remove a list and its entries',
  bounds: ['load'],
  operationId: 'removeList',
  tag: 'policy',
  details: 'Refused while a rule asks it. A rollback brings the list back, but not its entries.',
  parameters: () => [pathParameter('name'), ifMatch],
  body: () => reasonBody,
  answers: {
    ok: jsonAnswer('It is gone from the next decision on.', changed),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: [...changeRefusals, unknownPart],
  },
  handle: (context) =>
    changesWithoutBody(context, (given, { name }) => {
      partOf('list', name, context.decisions.policy.definitions.lists)
      return { ...given, kind: 'list-removed', name }
    }),
}
