import type { FastifyReply, FastifyRequest } from 'fastify'
import { longestSessionMs } from '../access/accounts.ts'
import { FraudError } from '../core/errors.ts'

/**
 * Over TLS the browser itself keeps others from setting the cookie (`__Host-`): only this host, only over TLS, for all of
 * it. Loopback without TLS has to do without; what one kind of connection set counts on no other.
 */
const secureName = '__Host-shrike'
const plainName = 'shrike_session'

/** The token that a request's cookie brings. */
export function sessionTokenOf(request: FastifyRequest): string | undefined {
  const { cookie } = request.headers
  if (cookie === undefined) return undefined
  const start = `${cookieName(request)}=`
  const found = cookie.split(';').find((part) => part.trimStart().startsWith(start))
  return found?.trim().slice(start.length)
}

export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  reply.header('set-cookie', cookieText(request, token, longestSessionMs / 1000))
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('set-cookie', cookieText(request, '', 0))
}

function cookieText(request: FastifyRequest, value: string, seconds: number): string {
  const secure = isOverTls(request) ? '; Secure' : ''
  return `${cookieName(request)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`
}

function cookieName(request: FastifyRequest): string {
  return isOverTls(request) ? secureName : plainName
}

/** It comes back from another site, so it can't be as strict as that of a session. */
const oidcName = 'shrike_login'
const oidcSeconds = 600

/** What a browser keeps of a login at a provider that is under way. */
export function oidcIdOf(request: FastifyRequest): string | undefined {
  const start = `${oidcCookieName(request)}=`
  const found = request.headers.cookie?.split(';').find((part) => part.trimStart().startsWith(start))
  return found?.trim().slice(start.length)
}

export function setOidcCookie(request: FastifyRequest, reply: FastifyReply, id: string): void {
  const rest = `Path=/; HttpOnly; SameSite=Lax${isOverTls(request) ? '; Secure' : ''}`
  reply.header('set-cookie', `${oidcCookieName(request)}=${id}; Max-Age=${oidcSeconds}; ${rest}`)
}

export function clearOidcCookie(request: FastifyRequest, reply: FastifyReply): void {
  const rest = `Path=/; HttpOnly; SameSite=Lax${isOverTls(request) ? '; Secure' : ''}`
  reply.header('set-cookie', `${oidcCookieName(request)}=; Max-Age=0; ${rest}`)
}

function oidcCookieName(request: FastifyRequest): string {
  return isOverTls(request) ? `__Host-${oidcName}` : oidcName
}

/** By what the proxy says that is trusted, if one is. */
function isOverTls({ protocol }: FastifyRequest): boolean {
  return protocol === 'https'
}

/** Passwords and cookies would be readable on the way. */
export function refuseWithoutTls(request: FastifyRequest, isInsecure: boolean): void {
  if (isInsecure || isOverTls(request) || loopbackNames.test(request.hostname)) return
  throw new FraudError(
    'TLS_MISSING',
    'Passwords are accepted over TLS, or on loopback: put a proxy with TLS before the service, and trust its address',
  )
}

const loopbackNames = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i

/**
 * Whether a request that changes something comes from a page of this service: browsers send its cookie with requests of
 * other pages, too, for whatever reason. They say where a request is from in `Sec-Fetch-Site`, older ones in `Origin`.
 *
 * @param mustSay whether a request that says nothing is refused: one with a cookie is a browser's.
 */
export function refuseForeign(
  { method, headers }: FastifyRequest,
  { mustSay }: { readonly mustSay: boolean },
): FraudError | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined
  const site = headers['sec-fetch-site']
  const { origin, host } = headers
  if (site === 'same-origin') return undefined
  if (site === undefined && origin !== undefined && hostOf(origin) === host) return undefined
  if (site === undefined && origin === undefined && !mustSay) return undefined
  return new FraudError('ORIGIN_REFUSED', 'Only pages of this service may ask for this with the cookie of a login')
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
