import type { FastifyRequest, onSendHookHandler } from 'fastify'
import type { Audit } from '../access/audit.ts'
import { FraudError } from '../core/errors.ts'
import type { JsonObject } from '../core/json-value.ts'
import { maskCardNumber } from '../core/show-value.ts'
import { principalOf } from './guard.ts'
import type { HttpContext } from './http-context.ts'
import { pathOf } from './path-of.ts'
import type { Access, Guarded, Route } from './route.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What a route adds to its entry in the audit. */
    auditDetail: JsonObject | undefined
  }
}

/** Of a request that went no further than the guard. */
const notedAlready: JsonObject = {}

/** Services ask thousands of times a second, and each answer of theirs is a record of the log. */
const unaudited: ReadonlySet<Access> = new Set(['score', 'label', 'viewer', 'any key', 'anyone'])

/** Has an entry made of each request that changed something, or read what has to be known of; undefined where none is made. */
export function auditRequests(
  route: Guarded & Partial<Pick<Route, 'method' | 'path'>>,
  context: HttpContext,
): onSendHookHandler | undefined {
  const { method, path, role, audited } = route
  const { accounts } = context
  const isChange = method !== 'GET' && !unaudited.has(role)
  if (accounts === undefined || method === undefined || (!isChange && audited === undefined)) return undefined
  const what = 'operationId' in route ? String(route.operationId) : `${method} ${path}`
  return (request, reply, payload, done) => {
    const { statusCode } = reply
    if (audited === 'persons' && !showsPersons(context)) return done(null, payload)
    if (statusCode >= 400) {
      const isRefused = audited === 'attempts' || (isChange && statusCode === 403)
      try {
        if (isRefused && request.auditDetail !== notedAlready)
          accounts.audit.refuse(entryOf(request, what, { ...request.auditDetail, status: statusCode }))
      } catch (error) {
        // What was refused stays refused.
        context.log.error({ err: error }, 'the audit could not be written')
      }
      return done(null, payload)
    }
    const version = /^"(\d+)"$/.exec(String(reply.getHeader('etag')))?.[1]
    const detail = {
      ...request.auditDetail,
      ...(version !== undefined && { version: Number(version) }),
      ...(statusCode !== 200 && { status: statusCode }),
    }
    try {
      accounts.audit.note(entryOf(request, what, detail))
    } catch (error) {
      // Nobody reads what can't be noted; what was changed has its record in the log.
      if (!isChange) return done(new FraudError('LOG_UNAVAILABLE', 'The audit could not be written', { cause: error }))
      context.log.error({ err: error }, 'the audit could not be written')
    }
    done(null, payload)
  }
}

/** Whether values of persons may be in an answer in clear. */
function showsPersons({ decisions }: HttpContext): boolean {
  return (decisions?.inForce.detector.transaction.personal ?? []).length > 0
}

/** Notes that somebody was refused. */
export function auditRefusal(audit: Audit, request: FastifyRequest, code: string): void {
  const { method, routeOptions } = request
  request.auditDetail = notedAlready
  audit.refuse({
    ...{ who: principalOf(request).name, what: 'refused', target: `${method} ${routeOptions.url ?? '(unknown)'}` },
    ...{ from: request.ip, detail: { code } },
  })
}

function entryOf(request: FastifyRequest, what: string, detail: JsonObject) {
  const target = maskCardNumber(`${request.method} ${pathOf(request.url)}`).slice(0, 300)
  return { who: principalOf(request).name, what, target, from: request.ip, detail }
}
