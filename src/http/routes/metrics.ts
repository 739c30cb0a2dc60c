import type { App, HttpContext } from '../http-context.ts'

/** `GET /metrics`: what Prometheus scrapes. */
export function metricsRoutes(app: App, { metrics, renderMetrics }: HttpContext): void {
  app.get('/metrics', async (_request, reply) => {
    const text = await renderMetrics()
    return reply.header('content-type', metrics.registry.contentType).header('cache-control', 'no-store').send(text)
  })
}
