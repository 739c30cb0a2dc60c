import type { FastifyReply } from 'fastify'
import type { BegunSession, Session } from '../../access/accounts.ts'
import { FraudError } from '../../core/errors.ts'
import { z } from '../../core/zod.ts'
import { answerParsed } from '../access-body.ts'
import { principalOf } from '../guard.ts'
import type { AccessContext, Route, RouteRequest } from '../route.ts'
import { foreign, loginRefusals, sessionAnswer, sessionBody } from '../schemas/access.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { usual } from '../schemas/refused.ts'
import {
  clearSessionCookie,
  refuseForeign,
  refuseWithoutTls,
  sessionTokenOf,
  setSessionCookie,
} from '../session-cookie.ts'

const login = z.union([
  z.strictObject({ name: z.string().max(256), password: z.string().max(1024) }),
  z.strictObject({ once: z.string().max(256) }),
])

/** `POST /v1/sessions`: begins a session, by a password or by the secret of the one-time link. */
export const logIn: Route<AccessContext> = {
  method: 'POST',
  path: '/v1/sessions',
  role: 'anyone',
  summary: 'Log in',
  bounds: ['load'],
  audited: 'attempts',
  operationId: 'logIn',
  tag: 'access',
  details: 'The answer sets the cookie of the session, which lasts 12 hours at most, and 30 minutes without a request.',
  body: () => jsonBody(sessionBody, { name: 'ada', password: 'correct horse battery staple' }),
  answers: { ok: jsonAnswer('Who has logged in.', sessionAnswer), refusals: [...usual, ...loginRefusals] },
  handle: (context) => (request, reply) => {
    checkLogin(context, request)
    answerParsed(context, login, request, reply, async (given) => {
      const { accounts } = context
      // A name that nobody has may be a password that was typed into the wrong field.
      const name = 'name' in given ? given.name : undefined
      const known = name !== undefined && accounts.users.has(name) ? name : null
      request.auditDetail = name === undefined ? { by: 'link' } : { by: 'password', user: known }
      const begin = async () =>
        'once' in given
          ? accounts.redeem(given.once, request.ip)
          : await accounts.logIn(given.name, given.password, request.ip)
      return begun(context, request, reply, await begin())
    })
  },
}

/** `GET /v1/sessions`: who asks, be it with a session or with a key. */
export const whoAmI: Route<AccessContext> = {
  method: 'GET',
  path: '/v1/sessions',
  role: 'any key',
  summary: 'Who you are, and what you may do',
  operationId: 'session',
  tag: 'access',
  answers: { ok: jsonAnswer('Who asks.', sessionAnswer), refusals: [] },
  handle:
    ({ accounts }) =>
    (request, reply) => {
      const token = request.headers.authorization === undefined ? sessionTokenOf(request) : undefined
      const session = token === undefined ? undefined : accounts.sessionOf(token)
      const { name, roles } = principalOf(request)
      reply.header('cache-control', 'no-store')
      return reply.send(
        session === undefined ? { principal: name, user: null, roles: [...roles], endsAt: null } : show(session),
      )
    },
}

/** `DELETE /v1/sessions`: ends the session of the cookie, if there is one. */
export const logOut: Route<AccessContext> = {
  method: 'DELETE',
  path: '/v1/sessions',
  role: 'anyone',
  summary: 'Log out',
  audited: 'always',
  operationId: 'logOut',
  tag: 'access',
  answers: {
    ok: jsonAnswer('The session has ended.', {
      type: 'object',
      properties: {
        ended: { type: 'boolean' },
        logoutUrl: { type: ['string', 'null'], description: 'Where the session at the provider ends, too.' },
      },
      required: ['ended', 'logoutUrl'],
    }),
    refusals: [foreign],
  },
  handle:
    ({ accounts }) =>
    async (request, reply) => {
      const token = sessionTokenOf(request)
      const refusal = refuseForeign(request, { mustSay: token !== undefined })
      if (refusal !== undefined) throw refusal
      const session = token === undefined ? undefined : accounts.sessionOf(token)
      if (session !== undefined) {
        accounts.end(session.hash)
        request.principal = session.principal
      }
      clearSessionCookie(request, reply)
      const logoutUrl = session?.isOfProvider ? await accounts.oidc?.logoutUrl() : undefined
      reply.header('cache-control', 'no-store')
      return reply.send({ ended: session !== undefined, logoutUrl: logoutUrl ?? null })
    },
}

const newPassword = z.strictObject({ password: z.string().max(1024), newPassword: z.string().max(1024) })

/** `POST /v1/sessions/password`: changes the password of who has logged in, which ends all sessions but begins another. */
export const changePassword: Route<AccessContext> = {
  method: 'POST',
  path: '/v1/sessions/password',
  role: 'any key',
  summary: 'Change your password',
  bounds: ['load'],
  audited: 'attempts',
  operationId: 'changePassword',
  tag: 'access',
  details: 'All sessions of the user end; the answer sets the cookie of a new one.',
  body: () =>
    jsonBody(
      {
        type: 'object',
        properties: { password: { type: 'string' }, newPassword: { type: 'string', minLength: 12 } },
        required: ['password', 'newPassword'],
        additionalProperties: false,
      },
      { password: 'correct horse battery staple', newPassword: 'a longer one than before' },
    ),
  answers: { ok: jsonAnswer('Who has logged in.', sessionAnswer), refusals: [...usual, ...loginRefusals] },
  handle: (context) => (request, reply) => {
    checkLogin(context, request)
    const { accounts } = context
    answerParsed(context, newPassword, request, reply, async (given) => {
      const token = sessionTokenOf(request)
      const session = token === undefined ? undefined : accounts.sessionOf(token)
      if (session === undefined) throw new FraudError('FORBIDDEN', 'Only somebody who has logged in has a password')
      const changed = await accounts.changePassword(session.user, given.password, given.newPassword, request.ip)
      return begun(context, request, reply, changed)
    })
  },
}

function checkLogin({ isInsecure }: AccessContext, request: RouteRequest): void {
  const refusal = refuseForeign(request, { mustSay: false })
  if (refusal !== undefined) throw refusal
  refuseWithoutTls(request, isInsecure)
}

/** Puts the new session in the place of the one before: what a browser brought is never gone on with. */
function begun(
  { accounts }: AccessContext,
  request: RouteRequest,
  reply: FastifyReply,
  { token, session }: BegunSession,
): object {
  const before = sessionTokenOf(request)
  const old = before === undefined ? undefined : accounts.sessionOf(before)
  if (old !== undefined) accounts.end(old.hash)
  setSessionCookie(request, reply, token)
  request.principal = session.principal
  return show(session)
}

function show({ principal, user, endsMs }: Session): object {
  return { principal: principal.name, user, roles: [...principal.roles], endsAt: new Date(endsMs).toISOString() }
}
