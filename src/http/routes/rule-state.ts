import { ruleStates } from '../../decisioning/rule-definition.ts'
import { changes } from '../change-body.ts'
import { partOf } from '../policy-parts.ts'
import type { PolicyContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { changed, changeRefusals, ifMatch, pathParameter, reasonedBody, unknownPart } from '../schemas/policy.ts'

const body = reasonedBody({ state: { enum: ruleStates } })

/** `PUT /v1/rules/{id}/state`: switches a rule. */
export const switchRule: Route<PolicyContext> = {
  method: 'PUT',
  path: '/v1/rules/{id}/state',
  role: 'author',
  summary: 'Switch a rule: draft, shadow, live or off',
  bounds: ['load'],
  operationId: 'switchRule',
  tag: 'policy',
  parameters: () => [pathParameter('id'), ifMatch],
  body: () => jsonBody(body, { state: 'live', why: 'A week in shadow without a false alarm' }),
  answers: {
    ok: jsonAnswer('It counts from the next decision on.', changed),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: [...changeRefusals, unknownPart],
  },
  handle: (context) =>
    changes(context, (given, { id }) => {
      partOf('rule', id, context.decisions.policy.definitions.rules)
      return { ...given, kind: 'rule-state', id }
    }),
}
