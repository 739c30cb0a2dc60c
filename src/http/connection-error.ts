import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ErrorCode, FraudError } from '../core/errors.ts'
import { presentError, problemType } from './error-status.ts'
import type { Metrics } from './metrics.ts'

const answers: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'The request line and headers are too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['BODY_TOO_LARGE', 'The chunk extensions are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The headers did not arrive in time'],
}

/** The label under which metrics count what never became a request. */
const unparsed = '(unparsed)'

/** The answers to the two newest requests of each connection. */
export type NewestAnswers = WeakMap<
  Socket,
  { readonly last: ServerResponse; readonly before: ServerResponse | undefined }
>

/**
 * Answers what is no valid HTTP, behind the answers to what came before it. There is no request to reply to, so the answer is written by hand, and the connection
 * is closed after a moment in which the client may stop sending and read it. A connection that streams an answer is cut
 * at once: a second answer in the midst of the first would only look like more of it.
 */
export function createConnectionErrorHandler(
  metrics: Pick<Metrics, 'countRequest'>,
  { streaming, newest, lingerMs }: { streaming: WeakSet<Socket>; newest: NewestAnswers; lingerMs: number },
) {
  const waiting = new WeakSet<Socket>()
  return function handle(error: Error & { readonly code?: string }, socket: Socket): void {
    if (error.code === 'ECONNRESET' || streaming.has(socket)) socket.destroy()
    // What still arrives after the answer fails again and comes back here, until the connection is cut.
    if (!socket.writable || waiting.has(socket)) return
    const { last, before: earlier } = newest.get(socket) ?? {}
    // What can't be read may be the rest of the last one.
    const before = last?.req.complete === false ? earlier : last
    if (before !== undefined && !before.writableFinished) {
      waiting.add(socket)
      // Ahead of node, which may close the connection then.
      before.prependOnceListener('finish', () => {
        waiting.delete(socket)
        handle(error, socket)
      })
      return
    }
    const [code, detail] = answers[error.code ?? ''] ?? ['REQUEST_MALFORMED', 'This is not a valid HTTP/1.1 request']
    const problem = presentError(new FraudError(code, detail))
    const body = JSON.stringify(problem)
    metrics.countRequest(unparsed, problem.status)
    socket.end(
      `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    )
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(timer))
  }
}

const reasons = {
  HPE_INVALID_EOF_STATE: 'The connection ended within a request',
  ERR_HTTP_REQUEST_TIMEOUT: 'No request came in time',
} as const

/** Has a server answer what can't be a request, as if it had found out itself. */
export function refuseBy(server: Server, socket: Duplex, code: keyof typeof reasons): void {
  server.emit('clientError', Object.assign(new Error(reasons[code]), { code }), socket)
}
