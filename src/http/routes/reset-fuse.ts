import { changesWithoutBody } from '../change-body.ts'
import type { DecidingContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { changed, changeRefusals, ifMatch, pathParameter, reasonBody } from '../schemas/policy.ts'

/** `POST /v1/policy/fuses/{id}/reset`: a fuse counts as if nothing had been. */
export const resetFuse: Route<DecidingContext> = {
  method: 'POST',
  path: '/v1/policy/fuses/{id}/reset',
  role: 'author',
  summary: 'Put a fuse back',
  bounds: ['load'],
  operationId: 'resetFuse',
  tag: 'policy',
  details: 'A fuse is called by its outcome, `decline`, and the cap of a rule `rule:ID`.',
  parameters: () => [pathParameter('id'), ifMatch],
  body: () => reasonBody,
  answers: {
    ok: jsonAnswer('It counts from the next decision on.', changed),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: changeRefusals,
  },
  handle: (context) => changesWithoutBody(context, (given, { id }) => ({ ...given, kind: 'fuse-reset', fuse: id })),
}
