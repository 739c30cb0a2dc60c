import type { PolicyContext, Route } from '../route.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { listsAnswer } from '../schemas/policy.ts'
import { unavailable, usual } from '../schemas/refused.ts'
import { sendPolicy } from '../send-policy.ts'

/** `GET /v1/lists`: all of them, as they can be sent again, and how many entries each has. */
export const listList: Route<PolicyContext> = {
  method: 'GET',
  path: '/v1/lists',
  role: 'viewer',
  summary: 'The lists, and how many entries each has',
  bounds: ['load', 'answers'],
  operationId: 'lists',
  tag: 'policy',
  answers: { ok: jsonAnswer('The lists of the version in force.', listsAnswer), refusals: [...usual, unavailable] },
  handle:
    ({ decisions }) =>
    (_request, reply) => {
      const { policy } = decisions
      const lists = [...policy.definitions.lists.values()]
      const entries = Object.fromEntries(lists.map(({ name }) => [name, policy.entriesOf(name)?.size ?? 0]))
      return sendPolicy(reply, { version: policy.version, lists, entries })
    },
}
