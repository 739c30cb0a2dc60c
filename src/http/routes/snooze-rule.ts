import { changes } from '../change-body.ts'
import { partOf } from '../policy-parts.ts'
import type { PolicyContext, Route } from '../route.ts'
import { pendingAnswer } from '../schemas/approvals.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import {
  changed,
  changeRefusals,
  ifMatch,
  pathParameter,
  reasonedBody,
  refusedCard,
  unknownPart,
} from '../schemas/policy.ts'

const body = reasonedBody({
  key: { type: 'string', description: 'A key, or a field of text.' },
  value: { type: ['string', 'integer'], description: 'A person or a card number is replaced before it is kept.' },
  until: { type: 'string', format: 'date-time' },
})
const example = { key: 'card', value: 'k-0000157', until: '2030-01-01T00:00:00Z', why: 'The customer travels' }

/** `POST /v1/rules/{id}/snoozes`: a rule is silent for one value of a key or a field until a time. */
export const snoozeRule: Route<PolicyContext> = {
  method: 'POST',
  path: '/v1/rules/{id}/snoozes',
  role: 'author',
  summary: 'Silence a rule for one value until a time',
  bounds: ['load'],
  operationId: 'snoozeRule',
  tag: 'policy',
  details: 'A time that is past ends an earlier snooze. The version of the policy stays as it is.',
  parameters: () => [pathParameter('id'), ifMatch],
  body: () => jsonBody(body, example),
  answers: {
    ok: jsonAnswer('The rule is silent from the next decision on.', changed),
    accepted: jsonAnswer('It waits for approval.', pendingAnswer),
    refusals: [...changeRefusals, unknownPart, refusedCard],
  },
  handle: (context) =>
    changes(context, (given, { id }) => {
      partOf('rule', id, context.decisions.policy.definitions.rules)
      return { ...given, kind: 'snooze', rule: id }
    }),
}
