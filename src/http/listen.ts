import { once } from 'node:events'
import { createServer } from 'node:net'
import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { backlog } from './connections.ts'
import type { App } from './http-context.ts'

interface Listener {
  listen(host: string, port: number): Promise<string>
}

/**
 * Opens the service and returns its address. Throws PORT_IN_USE or ADDRESS_UNAVAILABLE, naming host and port.
 *
 * @param edges what listens in its place.
 */
export async function listen(app: App, host: string, port: number, edges?: Listener): Promise<string> {
  if (edges !== undefined) return edges.listen(host, port)
  try {
    await app.listen({ host, port, backlog })
  } catch (cause) {
    throw explainListening(cause, host, port)
  }
  const address = app.server.address()
  return origin(host, typeof address === 'object' && address !== null ? address.port : port)
}

/**
 * Finds out before any work whether a service could listen there. Another program may still take the port meanwhile, so
 * `listen` checks again.
 *
 * @throws FraudError PORT_IN_USE or ADDRESS_UNAVAILABLE
 */
export async function checkAddress(host: string, port: number): Promise<void> {
  const probe = createServer()
  try {
    probe.listen({ host, port })
    await once(probe, 'listening')
  } catch (cause) {
    throw explainListening(cause, host, port)
  }
  probe.close()
  await once(probe, 'close')
}

/** Where a person on this machine finds the service. */
export function origin(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** What keeps somebody from listening, in words. */
export function explainListening(cause: unknown, host: string, port: number): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const where = `port ${port} of ${host}`
  switch (code) {
    case 'EADDRINUSE':
      return new FraudError(
        'PORT_IN_USE',
        `Another program listens on ${where}: stop it, or choose another with ${option('port')} (0 takes any free one)`,
        { cause },
      )
    case 'EACCES':
      return new FraudError(
        'ADDRESS_UNAVAILABLE',
        `Only a privileged user may listen on ${where}: choose ${option('port')} 1024 or more`,
        { cause },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new FraudError(
        'ADDRESS_UNAVAILABLE',
        `Can't listen on ${where}: the host is not an address of this machine (${code}). Choose another ${option('host')}`,
        { cause },
      )
    default:
      return cause
  }
}
