import type { App, HttpContext } from '../http-context.ts'

const freshMs = 1000

/** `GET /metrics`: what Prometheus scrapes. To write it takes milliseconds, so whoever asks within a second gets the same. */
export function metricsRoutes(app: App, { metrics, renderMetrics }: HttpContext): void {
  let rendered: Promise<string> | undefined
  let renderedAtMs = 0
  app.get('/metrics', { config: { query: 'ignored' } }, async (_request, reply) => {
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
  })
}
