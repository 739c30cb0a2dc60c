import type { Route } from '../route.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { statusSchema } from '../schemas/status.ts'

/** `GET /healthz`: the process answers. Open to all, for probes carry no keys. */
export const health: Route = {
  method: 'GET',
  path: '/healthz',
  role: 'anyone',
  summary: 'Whether the process answers',
  query: 'ignored',
  operationId: 'health',
  tag: 'operation',
  answers: { ok: jsonAnswer('It does.', statusSchema('ok')), refusals: [] },
  handle: () => (_request, reply) => {
    reply.header('cache-control', 'no-store').send({ status: 'ok' })
  },
}
