import { modelIdOf } from '../../deciding/lineup.ts'
import { leaderUrl, roleOf } from '../pair.ts'
import type { Route } from '../route.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { pairProperties } from '../schemas/status.ts'

/** `GET /v1/status`: what this process is among those that share its log. Each answers for itself. */
export const status: Route = {
  method: 'GET',
  path: '/v1/status',
  role: 'any key',
  summary: 'Whether this process decides, and which one does',
  operationId: 'status',
  tag: 'operation',
  answers: { ok: jsonAnswer('What it is.', statusSchema()), refusals: [] },
  handle:
    ({ lineup, decisions, pair, version }) =>
    (_request, reply) => {
      const role = roleOf(pair, decisions?.isReady ?? true)
      const leader = pair?.leader()
      reply.header('cache-control', 'no-store').send({
        ...{ role, leader: pair === undefined ? null : leaderUrl(pair, role) },
        holder: role === 'follower' ? (leader?.holder ?? null) : null,
        ...{ model: modelIdOf(lineup), version, record: decisions?.reading.lastSequence() ?? null },
      })
    },
}

function statusSchema(): object {
  return {
    type: 'object',
    properties: {
      ...pairProperties,
      holder: { type: ['string', 'null'], description: 'The other process that decides: its number and its host.' },
      model: { type: ['string', 'null'], description: 'Null where rules and lists alone decide.' },
      version: { type: 'string', description: "Shrike's own." },
      record: {
        type: ['integer', 'null'],
        minimum: 0,
        description: 'The newest record of the log that this process has; null where it keeps none.',
      },
    },
    required: ['role', 'leader', 'holder', 'model', 'version', 'record'],
    additionalProperties: false,
  }
}
