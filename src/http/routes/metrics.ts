import type { Route } from '../route.ts'
import { answerOf } from '../schemas/parts.ts'

const freshMs = 1000

/**
 * `GET /metrics`: what Prometheus scrapes. Writing it takes milliseconds, so requests within a second get the same
 * text.
 */
export const metrics: Route = {
  method: 'GET',
  path: '/metrics',
  role: 'any key',
  summary: 'Metrics for Prometheus',
  query: 'ignored',
  bounds: ['answers'],
  operationId: 'metrics',
  tag: 'operation',
  answers: { ok: answerOf('OK', 'text/plain', {}), refusals: [] },
  handle: ({ metrics, renderMetrics }) => {
    let rendered: Promise<string> | undefined
    let renderedAtMs = 0
    return async (_request, reply) => {
      const nowMs = performance.now()
      if (rendered === undefined || nowMs - renderedAtMs >= freshMs) {
        rendered = renderMetrics()
        renderedAtMs = nowMs
        rendered.catch(() => {
          rendered = undefined
        })
      }
      const text = await rendered
      return reply.header('content-type', metrics.registry.contentType).header('cache-control', 'no-store').send(text)
    }
  },
}
