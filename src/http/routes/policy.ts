import type { Reviews } from '../../deciding/review-load.ts'
import type { DecidingContext, Route } from '../route.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { policyAnswer } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'
import { sendPolicy } from '../send-policy.ts'

/** `GET /v1/policy`: everything that decides beside the model. */
export const policy: Route<DecidingContext> = {
  method: 'GET',
  path: '/v1/policy',
  role: 'viewer',
  summary: 'The policy in force, with its rules and lists',
  bounds: ['load', 'answers'],
  operationId: 'policy',
  tag: 'policy',
  answers: { ok: jsonAnswer('What is in force.', policyAnswer), refusals: [...usual, unavailable] },
  handle:
    ({ decisions }) =>
    (_request, reply) => {
      const { version, definitions } = decisions.policy
      return sendPolicy(reply, {
        version,
        policy: definitions.policy,
        rules: [...definitions.rules.values()],
        lists: [...definitions.lists.values()],
        tripped: decisions.trippedFuses,
        reviews: shown(decisions.reviews),
        features: decisions.policyFeatures,
      })
    },
}

function shown({ last24h, perDay, sinceMs }: Reviews) {
  return { last24h, perDay: perDay ?? null, since: new Date(sinceMs).toISOString() }
}
