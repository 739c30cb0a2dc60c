import { changes } from '../change-body.ts'
import type { PolicyContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { changed, changeRefusals, ifMatch, reasonedBody } from '../schemas/policy.ts'

const body = reasonedBody({ to: { type: 'integer', minimum: 0, description: 'An earlier version.' } })

/** `POST /v1/policy/rollback`: policy, rules and lists are again what they were in a version; entries stay. */
export const rollbackPolicy: Route<PolicyContext> = {
  method: 'POST',
  path: '/v1/policy/rollback',
  role: 'author',
  summary: 'Go back to an earlier version of the policy',
  bounds: ['load'],
  operationId: 'rollbackPolicy',
  tag: 'policy',
  details: 'Policy, rules and lists are what they were then; entries of lists stay, and so do snoozes.',
  parameters: () => [ifMatch],
  body: () => jsonBody(body, { to: 1, why: 'Too many declines' }),
  answers: {
    ok: jsonAnswer('It counts from the next decision on.', changed),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: changeRefusals,
  },
  handle: (context) => changes(context, (given) => ({ ...given, kind: 'rollback' })),
}
