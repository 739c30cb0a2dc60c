import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { FraudError } from '../core/errors.ts'
import { presentError, problemType } from './error-status.ts'
import type { Metrics } from './metrics.ts'

export const tooMuchToWrite = new FraudError('OVERLOADED', 'Too many decisions are waiting to be written')
const refused = presentError(tooMuchToWrite)
const body = JSON.stringify(refused)
const headers = {
  'retry-after': '1',
  'content-type': problemType,
  'content-length': Buffer.byteLength(body),
} as const
/** The paths whose requests write into the log, most of all requests. */
export const written: ReadonlySet<string> = new Set(['/v1/decisions', '/v1/labels'])

/**
 * Refuses decisions that there is no room for before the framework sees them, at a third of the cost: the time goes to
 * those that were accepted.
 */
export function shedLoad(server: Server, isFull: () => boolean, metrics: Metrics): void {
  const handlers = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'POST' && written.has(request.url ?? '') && isFull()) {
      response.writeHead(refused.status, headers).end(body)
      metrics.countRequest(request.url ?? '', refused.status)
    } else for (const handle of handlers) handle.call(server, request, response)
  })
}
