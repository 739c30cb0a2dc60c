import type { IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { Agent as HttpAgent, request as requestHttp } from '../core/node-http.ts'
import type { Endpoint } from './endpoint.ts'
import { lookUpPublic, PrivateAddress } from './private-address.ts'
import { signedHeaders } from './sign.ts'

/** Sends a body under an id; undefined where it was taken, else why not, in words without anything of the URL. */
export type Post = (id: string, body: string) => Promise<string | undefined>

const timeoutMs = 15_000

/** How many requests an endpoint has to answer at once. */
export const mostAtOnce = 16

/** Posts to an endpoint over kept connections. Redirects are not followed: they could lead anywhere. */
export function openPost({ url, secrets, allowPrivate }: Endpoint, clock: () => number) {
  const options = { keepAlive: true, maxSockets: mostAtOnce, ...(!allowPrivate && { lookup: lookUpPublic }) }
  const isPlain = url.protocol === 'http:'
  const agent = isPlain ? new HttpAgent(options) : new HttpsAgent(options)
  const request = isPlain ? requestHttp : requestHttps
  const post: Post = (id, body) =>
    new Promise((resolve) => {
      const headers = { ...signedHeaders(secrets, id, body, clock()), 'content-length': Buffer.byteLength(body) }
      const sent = request(url, { method: 'POST', agent, headers, signal: AbortSignal.timeout(timeoutMs) })
      sent.on('response', (answer) => resolve(settle(answer)))
      sent.on('upgrade', (answer, socket) => {
        socket.destroy()
        resolve(settle(answer))
      })
      sent.on('error', (error) => resolve(reasonOf(error)))
      // Whatever else may end a request: one that is never settled would keep its place for ever.
      sent.on('close', () => resolve('it closed the connection without an answer'))
      sent.end(body)
    })
  return { post, close: () => agent.destroy() }
}

function settle(answer: IncomingMessage): string | undefined {
  const { statusCode = 0 } = answer
  answer.on('error', () => {})
  answer.resume()
  return statusCode >= 200 && statusCode < 300 ? undefined : `it answered ${statusCode}`
}

function reasonOf(error: Error): string {
  if (error instanceof PrivateAddress) return error.message
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'it did not answer in time'
  const code = 'code' in error ? ` (${error.code})` : ''
  return `it could not be reached${code}`
}
