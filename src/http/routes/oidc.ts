import { randomBytes } from 'node:crypto'
import { FraudError } from '../../core/errors.ts'
import { html } from '../../pages/html.ts'
import { pageStart } from '../../pages/page.ts'
import { sendPage } from '../browser-answers.ts'
import type { AccessContext, Route } from '../route.ts'
import { waysAnswer } from '../schemas/access.ts'
import { jsonAnswer } from '../schemas/parts.ts'
import { clearOidcCookie, oidcIdOf, setOidcCookie, setSessionCookie } from '../session-cookie.ts'

/** `GET /v1/sessions/ways`: what a page for logging in has to offer. */
export const loginWays: Route<AccessContext> = {
  method: 'GET',
  path: '/v1/sessions/ways',
  role: 'anyone',
  summary: 'How one can log in',
  operationId: 'loginWays',
  tag: 'access',
  answers: { ok: jsonAnswer('The ways there are.', waysAnswer), refusals: [] },
  handle:
    ({ accounts, isGuarded }) =>
    (_request, reply) => {
      const { users, oidc } = accounts
      const ways = { needed: isGuarded(), password: users.any, oidc: oidc !== undefined }
      return reply.header('cache-control', 'no-store').send(ways)
    },
}

/** `GET /v1/sessions/oidc`: sends the browser to the provider. */
export const beginOidc: Route<AccessContext> = {
  method: 'GET',
  path: '/v1/sessions/oidc',
  role: 'anyone',
  summary: 'Log in at the OpenID Connect provider',
  bounds: ['load'],
  answers: 'page',
  isShown: true,
  handle:
    ({ accounts }) =>
    async (request, reply) => {
      const id = randomBytes(32).toString('base64url')
      const url = await provider(accounts).begin(id)
      setOidcCookie(request, reply, id)
      return reply.header('cache-control', 'no-store').redirect(url.href)
    },
}

/** `GET /v1/sessions/oidc/callback`: where the provider sends the browser back to. */
export const finishOidc: Route<AccessContext> = {
  method: 'GET',
  path: '/v1/sessions/oidc/callback',
  role: 'anyone',
  summary: 'Where the OpenID Connect provider sends browsers back to',
  query: 'ignored',
  bounds: ['load'],
  answers: 'page',
  isShown: true,
  audited: 'attempts',
  handle:
    ({ accounts }) =>
    async (request, reply) => {
      const id = oidcIdOf(request)
      clearOidcCookie(request, reply)
      const person = await provider(accounts).finish(id ?? '', new URL(request.url, 'http://localhost').search)
      const { token, session } = accounts.beginOf(person.name, person.roles)
      request.principal = session.principal
      request.auditDetail = { by: 'provider', roles: person.roles }
      setSessionCookie(request, reply, token)
      // A page of its own, since a cookie that is set for this site alone does not go along where another one leads to.
      return sendPage(
        reply,
        html`${pageStart('Logged in')}
<meta http-equiv="refresh" content="0; url=/console/">
<div class="page small"><main><p><a href="/console/">On to the console</a></p></main></div>
</body>
</html>
`,
      )
    },
}

function provider({ oidc }: AccessContext['accounts']) {
  if (oidc !== undefined) return oidc
  throw new FraudError('ROUTE_NOT_FOUND', 'This service was started without an OpenID Connect provider')
}
