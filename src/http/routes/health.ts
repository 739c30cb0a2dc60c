import { FraudError } from '../../core/errors.ts'
import type { App, HttpContext } from '../http-context.ts'

/** `GET /healthz`: the process answers. `GET /readyz`: it takes new work. Open to all, for probes carry no keys. */
export function healthRoutes(app: App, { model, isDraining }: HttpContext): void {
  app.get('/healthz', (_request, reply) => {
    reply.header('cache-control', 'no-store').send({ status: 'ok' })
  })
  app.get('/readyz', (_request, reply) => {
    if (isDraining()) throw new FraudError('NOT_READY', 'The service is shutting down')
    reply.header('cache-control', 'no-store').send({ status: 'ready', model: model.current.modelId })
  })
}
