import { FraudError } from '../../core/errors.ts'
import type { App, HttpContext } from '../http-context.ts'

/** `GET /healthz`: the process answers. `GET /readyz`: it takes new work. Open to all, for probes carry no keys. */
export function healthRoutes(app: App, { model, live, isDraining, whyNotReady }: HttpContext): void {
  app.get('/healthz', { config: { query: 'ignored' } }, (_request, reply) => {
    reply.header('cache-control', 'no-store').send({ status: 'ok' })
  })
  app.get('/readyz', { config: { query: 'ignored' } }, (_request, reply) => {
    if (isDraining()) throw new FraudError('NOT_READY', 'The service is shutting down')
    if (live !== undefined && !live.isReady) {
      throw new FraudError('NOT_READY', 'Histories are being made from the log, or the log cannot be written')
    }
    const why = whyNotReady()
    if (why !== undefined) throw new FraudError('NOT_READY', why)
    reply.header('cache-control', 'no-store').send({ status: 'ready', model: model.current.modelId })
  })
}
