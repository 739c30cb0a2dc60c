import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { App, HttpContext } from '../http-context.ts'
import { sendKeyOfTab } from '../page-scripts.ts'
import type { Guarded, Route } from '../route.ts'

// Swagger UI sets styles on elements, and draws its icons as data; it needs nothing from elsewhere.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'
const phoneStyle = `
@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 12px }
  .swagger-ui .info { margin: 24px 0 } .swagger-ui .info .title { font-size: 26px }
  .swagger-ui .opblock .opblock-summary { flex-wrap: wrap }
  .swagger-ui .opblock .opblock-summary-path { max-width: calc(100% - 110px); overflow-wrap: anywhere }
  .swagger-ui .opblock-body { overflow-x: auto } .swagger-ui table { table-layout: fixed }
  .swagger-ui .parameters-col_name, .swagger-ui .parameters-col_description { overflow-wrap: anywhere }
  .swagger-ui .parameters-col_description input, .swagger-ui textarea, .swagger-ui select { max-width: 100% }
  .swagger-ui .scheme-container { padding: 16px 0 }
}
`

// Swagger UI has dark colours, and puts them on only when told to.
const darkScript = `
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()
`

/** `GET /docs`, and what it is made of: routes of Swagger UI's own. */
export const docs = {
  method: 'GET',
  path: '/docs',
  role: 'any key',
  summary: 'The OpenAPI document, to read and to try',
  bounds: ['answers'],
  isShown: true,
} as const satisfies Guarded & Pick<Route, 'method' | 'path' | 'summary'>

export async function registerDocs(app: App, { version, describe }: HttpContext): Promise<void> {
  const placeholder = { openapi: '3.1.1', info: { title: 'Shrike', version }, paths: {} } as const
  // Swagger UI's page says nothing of the width that it is made for, so a phone would show it as wide as a desk.
  app.addHook('onSend', async ({ url }, reply, payload) => {
    // The page that asks for a key has a policy of its own.
    if (!url.startsWith('/docs') || reply.hasHeader('content-security-policy')) return payload
    reply.header('content-security-policy', policy)
    return typeof payload === 'string' && /^\/docs\/?(\?|$)/.test(url)
      ? payload.replace('<meta charset="UTF-8">', `<meta charset="UTF-8">\n${viewport}`)
      : payload
  })
  await app.register(swagger, { mode: 'static', specification: { document: placeholder } })
  await app.register(swaggerUi, {
    routePrefix: docs.path,
    theme: {
      title: 'Shrike',
      css: [{ filename: 'shrike.css', content: phoneStyle }],
      js: [{ filename: 'shrike.js', content: darkScript }],
    },
    uiConfig: {
      layout: 'BaseLayout',
      deepLinking: true,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      requestInterceptor: sendKeyOfTab,
    },
    transformSpecification: () => ({ ...describe() }),
    transformSpecificationClone: false,
  })
}
