import { FraudError } from '../../core/errors.ts'
import { modelIdOf } from '../../deciding/lineup.ts'
import { addressToPassOn, leaderUrl, roleOf } from '../pair.ts'
import type { Route } from '../route.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { statusSchema } from '../schemas/status.ts'

const isClosing = new FraudError('NOT_READY', 'The service is shutting down')

/** `GET /readyz`: the service takes new work. Open to all, for probes carry no keys. */
export const readiness: Route = {
  method: 'GET',
  path: '/readyz',
  role: 'anyone',
  summary: 'Whether the service accepts new work',
  query: 'ignored',
  operationId: 'readiness',
  tag: 'operation',
  answers: { ok: jsonAnswer('It does.', statusSchema('ready')), refusals: [isClosing] },
  handle:
    ({ lineup, decisions, pair, isDraining, whyNotReady }) =>
    (_request, reply) => {
      const role = roleOf(pair, decisions?.isReady ?? true)
      if (isDraining()) throw new FraudError('NOT_READY', 'The service is shutting down')
      if (decisions !== undefined && !decisions.isReady && role !== 'follower') {
        throw new FraudError('NOT_READY', "Histories are being computed from the log, or the log can't be written")
      }
      if (pair !== undefined && role === 'follower') addressToPassOn(pair)
      const why = whyNotReady()
      if (why !== undefined) throw new FraudError('NOT_READY', why)
      reply.header('cache-control', 'no-store').send({
        ...{ status: 'ready', model: modelIdOf(lineup) },
        ...(pair && { role, leader: leaderUrl(pair, role) }),
      })
    },
}
