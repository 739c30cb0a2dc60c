import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { App, HttpContext } from '../http-context.ts'
import { describeApi } from '../openapi.ts'

// Swagger UI sets styles on elements, and draws its icons as data; it needs nothing from elsewhere.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `GET /openapi.json` and, from it, `GET /docs`: made anew at each request, so that they follow a swapped model. */
export async function docsRoutes(app: App, context: HttpContext): Promise<void> {
  app.get('/openapi.json', (_request, reply) => {
    reply.header('cache-control', 'no-cache').send(describeApi(context))
  })
  const placeholder = { openapi: '3.1.1', info: { title: 'Shrike', version: context.version }, paths: {} } as const
  await app.register(swagger, { mode: 'static', specification: { document: placeholder } })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: policy,
    theme: { title: 'Shrike' },
    uiConfig: { layout: 'BaseLayout', deepLinking: true, displayRequestDuration: true, tryItOutEnabled: true },
    transformSpecification: () => ({ ...describeApi(context) }),
    transformSpecificationClone: false,
  })
}
