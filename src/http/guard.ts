import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Accounts } from '../access/accounts.ts'
import type { KeyRing } from '../access/keys.ts'
import type { Principal } from '../access/principal.ts'
import { everyRole } from '../access/roles.ts'
import { FraudError } from '../core/errors.ts'
import type { App } from './http-context.ts'
import type { Access } from './route.ts'
import { refuseForeign, sessionTokenOf } from './session-cookie.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who it is from, once that was looked at. */
    principal: Principal | undefined
  }
}

/** Anybody, where no keys are asked for. */
const anyone: Principal = { name: 'anyone', roles: everyRole }
/** Somebody who was not asked for a key where others are. */
const stranger: Principal = { name: 'anyone', roles: new Set() }

/** Who a request is from: records of what was changed name them. */
export function principalOf(request: FastifyRequest): Principal {
  return request.principal ?? stranger
}

/** Why somebody may not go on to what asks for `role`; undefined where they may. */
export type Refuse = (role: Access, request: FastifyRequest, reply: FastifyReply) => FraudError | undefined

export function createGuard(app: App, keyRing: () => KeyRing, accounts: Accounts | undefined): Refuse {
  app.decorateRequest('principal', undefined)
  app.decorateRequest('auditDetail', undefined)
  return (role, request, reply) => {
    const malformed = whyMalformed(request.raw)
    if (malformed !== undefined) return new FraudError('REQUEST_MALFORMED', malformed)
    const ring = keyRing()
    const { authorization, cookie } = request.headers
    const asks = ring.asksForKey || (accounts?.asksForLogin ?? false)
    request.principal = asks ? undefined : anyone
    if (role === 'anyone') return undefined
    // A key counts before a cookie, which a browser sends without being asked to.
    const isSession = authorization === undefined && cookie !== undefined
    const principal = isSession
      ? principalOfCookie(accounts, request)
      : asks
        ? ring.principalOf(authorization)
        : undefined
    if (principal === undefined) {
      if (!asks) return undefined
      reply.header('www-authenticate', 'Bearer realm="shrike"')
      return new FraudError('UNAUTHORIZED', 'Log in, or send one of the API keys as Authorization: Bearer KEY')
    }
    request.principal = principal
    if (isSession) {
      const refusal = refuseForeign(request, { mustSay: true })
      if (refusal !== undefined) return refusal
    }
    if (role === 'any key' || principal.roles.has(role)) return undefined
    return new FraudError('FORBIDDEN', `This ${isSession ? 'user' : 'key'} does not have the role ${role}`)
  }
}

function principalOfCookie(accounts: Accounts | undefined, request: FastifyRequest): Principal | undefined {
  const token = sessionTokenOf(request)
  return token === undefined ? undefined : accounts?.sessionOf(token)?.principal
}

/** Why a request is refused that Node lets pass, and that a proxy may read in another way (RFC 9112, sections 3.2 and 3.2.4). */
function whyMalformed({ url, method, rawHeaders }: IncomingMessage): string | undefined {
  if (url === '*' && method !== 'OPTIONS') return 'Only OPTIONS has the target *'
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts > 1 ? 'There is more than one Host' : undefined
}
