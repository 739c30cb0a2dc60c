import type { Route } from '../route.ts'
import { jsonAnswer } from '../schemas/parts.ts'

/** `GET /openapi.json`: written again at each request, so that it follows a swapped model. */
export const openapi: Route = {
  method: 'GET',
  path: '/openapi.json',
  role: 'any key',
  summary: 'The OpenAPI document',
  bounds: ['answers'],
  isShown: true,
  operationId: 'openapi',
  tag: 'operation',
  answers: { ok: jsonAnswer('OK', {}), refusals: [] },
  handle:
    ({ describe }) =>
    (_request, reply) => {
      reply.header('cache-control', 'no-cache').send(describe())
    },
}
