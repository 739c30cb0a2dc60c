import type { FastifyReply, FastifyRequest } from 'fastify'
import { FraudError } from '../../core/errors.ts'
import { builtConsole, type ConsoleFile, readConsole } from '../console-files.ts'
import type { HttpContext } from '../http-context.ts'
import type { Handler, Route } from '../route.ts'

// Everything comes from here, nothing is written into the page, and no text becomes markup or a script.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

/** `GET /console`, and every address in it: the console finds its way by itself. */
export const consolePage: Route = {
  method: 'GET',
  path: '/console',
  // Its files say nothing of anybody; what they ask for asks for a role.
  role: 'anyone',
  summary: 'The console',
  query: 'ignored',
  isShown: true,
  answers: 'page',
  handle: (context) => sendConsole(context),
}

/** `GET /console/*`: its files, and its addresses. */
export const consoleFiles: Route = {
  method: 'GET',
  path: '/console/*',
  role: 'anyone',
  summary: 'The files of the console, and its first page for every other address in it',
  query: 'ignored',
  isShown: true,
  answers: 'page',
  handle: (context) => sendConsole(context),
}

/** What was read of each folder, once for both routes. */
const read = new Map<string, ReadonlyMap<string, ConsoleFile>>()

function sendConsole({ consoleFolder = builtConsole }: HttpContext): Handler {
  return (request, reply) => {
    const files = read.get(consoleFolder) ?? readConsole(consoleFolder)
    if (files === undefined)
      throw new FraudError('ROUTE_NOT_FOUND', 'The console is not built: `npm run build:console` does it')
    read.set(consoleFolder, files)
    const name = request.params['*'] ?? ''
    const file = files.get(name) ?? (name.startsWith('assets/') ? undefined : files.get('index.html'))
    if (file === undefined) throw new FraudError('ROUTE_NOT_FOUND', 'The console has no such file')
    return sendFile(file, request, reply)
  }
}

function sendFile(file: ConsoleFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({
    'content-security-policy': policy,
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: file.etag,
    vary: 'Accept-Encoding',
  })
  if (request.headers['if-none-match']?.includes(file.etag)) return reply.code(304).send()
  reply.type(file.type)
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(String(request.headers['accept-encoding'] ?? ''))
  if (!takesGzip || file.gzipped === undefined) return reply.send(file.bytes)
  return reply.header('content-encoding', 'gzip').send(file.gzipped)
}
