import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import { Agent, request as ask } from '../core/node-http.ts'
import { presentError, problemType } from './error-status.ts'
import type { App } from './http-context.ts'
import { addressToPassOn, type Pair } from './pair.ts'
import { pathOf } from './path-of.ts'

export interface ForwardOptions {
  readonly pair: Pair
  /** Whether this process decides. */
  readonly isReady: () => boolean
  readonly nowMs: () => number
}

/** What each process answers itself, whoever decides. */
const own = /^\/(healthz|readyz|metrics|v1\/status|predict(\/.*)?)$/
export function isOwn(path: string): boolean {
  return own.test(path)
}
/** What may be sent twice: a transaction's id and a label's content tell that they came before. */
const repeatable = /^\/v1\/(decisions|labels)(\/|$)/
/** A larger body is passed on as it comes, and only once. */
const keptBytes = 2 ** 20
/** How long a request waits for somebody who decides. */
const waitForMs = 10_000
const againMs = 25
const mark = 'x-shrike-forwarded'
/** Headers of one connection alone. */
const hops = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'proxy-connection'])

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: IncomingMessage
}

/**
 * While another process decides, passes requests on to it, and waits with those that come while nobody does: a restart of
 * either process refuses none. What was passed on already is refused here, so that no request goes in circles.
 */
export function forwardToLeader(app: App, { pair, isReady, nowMs }: ForwardOptions): void {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  app.addHook('onClose', async () => agent.destroy())
  app.addHook('onRequest', (request, reply, done) => {
    if (isReady() || isOwn(pathOf(request.url))) return done()
    if (request.headers[mark] !== undefined)
      return done(new FraudError('NOT_READY', 'This process does not decide at the moment'))
    reply.hijack()
    void passOn(request.raw, reply.raw, request.ip)
  })

  async function passOn(from: IncomingMessage, to: ServerResponse, ip: string): Promise<void> {
    try {
      const kept = await keep(from)
      const answer = await answerOf(from, kept, ip)
      to.writeHead(answer.status, withoutHops(answer.headers))
      answer.body.pipe(to)
      answer.body.on('error', () => to.destroy())
      to.on('close', () => answer.body.destroy())
    } catch (error) {
      refuse(to, error)
    }
  }

  async function answerOf(from: IncomingMessage, kept: Kept, ip: string): Promise<Answer> {
    const isRepeatable = kept.isWhole && (repeatable.test(pathOf(from.url ?? '')) || from.method === 'GET')
    for (const endMs = nowMs() + waitForMs; ; await sleep(againMs)) {
      const isLast = nowMs() > endMs
      const url = isReady() ? pair.ownUrl() : addressToPassOn(pair)
      if (url === undefined) {
        if (isLast) throw new FraudError('NOT_READY', 'No process decides at the moment')
        continue
      }
      try {
        const answer = await send(url, from, kept, ip)
        if (isLast || !kept.isWhole || !(await isLate(answer))) return answer
      } catch (error) {
        const isUnsent = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
        if (isLast || !(isRepeatable || (isUnsent && kept.isWhole))) throw error
      }
    }
  }

  /** Whether the process that was asked does not decide any more, or not yet. */
  async function isLate({ status, headers, body }: Answer): Promise<boolean> {
    if (status !== 503 || headers['retry-after'] === undefined) return false
    body.resume()
    return true
  }

  function send(url: string, from: IncomingMessage, kept: Kept, ip: string): Promise<Answer> {
    const headers = { ...withoutHops(from.headers), [mark]: '1', 'x-forwarded-for': forwardedFor(from, ip) }
    return new Promise((resolve, reject) => {
      const asked = ask(new URL(from.url ?? '/', url), { method: from.method, headers, agent }, (body) =>
        resolve({ status: body.statusCode ?? 502, headers: body.headers, body }),
      )
      asked.on('error', reject)
      for (const chunk of kept.chunks) asked.write(chunk)
      if (kept.isWhole) asked.end()
      else from.pipe(asked)
    })
  }
}

function forwardedFor(from: IncomingMessage, ip: string): string {
  const before = from.headers['x-forwarded-for']
  return before === undefined ? ip : `${before}, ${from.socket.remoteAddress ?? ip}`
}

function withoutHops(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hops.has(name)))
}

interface Kept {
  readonly chunks: readonly Buffer[]
  /** Whether that is all of it. */
  readonly isWhole: boolean
}

async function keep(from: IncomingMessage): Promise<Kept> {
  const chunks: Buffer[] = []
  let bytes = 0
  return await new Promise((resolve, reject) => {
    const take = (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes < keptBytes) return
      from.pause()
      from.off('data', take).off('end', end)
      resolve({ chunks, isWhole: false })
    }
    const end = () => resolve({ chunks, isWhole: true })
    from.on('data', take).once('end', end).once('error', reject)
    from.once('close', () => reject(new Error('the request was cut')))
  })
}

function refuse(to: ServerResponse, error: unknown): void {
  if (to.headersSent) return void to.destroy()
  const unknown = new FraudError('LOG_UNAVAILABLE', 'The process that decides did not answer', { cause: error })
  const problem = presentError(error instanceof FraudError ? error : unknown)
  to.writeHead(problem.status, { 'content-type': problemType, 'retry-after': '1' }).end(JSON.stringify(problem))
}
