import { everyRole } from '../access/roles.ts'
import { silentLogger } from '../core/logger.ts'
import type { Decisions } from '../deciding/decisions.ts'
import { createMetrics } from '../http/metrics.ts'
import { buildServer } from '../http/server.ts'
import { refusal } from './service-client.ts'
import { version } from './version.ts'

/** Asks a route as a client does over HTTP; throws as it refuses. */
type AskRoute = (method: 'GET' | 'POST', path: string, body?: object) => Promise<unknown>

/** Asks the routes of a service that nobody else can reach, so that a command without one does what one with one does. */
export async function askInProcess<Result>(
  decisions: Decisions,
  by: string,
  work: (ask: AskRoute) => Promise<Result>,
): Promise<Result> {
  const principal = { name: by, roles: everyRole }
  const app = await buildServer({
    ...{ decisions, lineup: decisions.lineup, log: silentLogger, version },
    metrics: createMetrics(() => 'command'),
    keyRing: () => ({ asksForKey: true, principalOf: () => principal }),
    // Making histories has just held the loop up.
    limits: { eventLoopLagMs: Number.POSITIVE_INFINITY },
  })
  try {
    return await work(async (method, path, body) => {
      const headers = { 'content-type': 'application/json' }
      const sent = body === undefined ? {} : { headers, body: JSON.stringify(body) }
      const answer = await app.inject({ method, url: path, ...sent })
      if (answer.statusCode >= 400) throw refusal(answer.json(), answer.statusCode)
      return answer.json()
    })
  } finally {
    await app.close()
  }
}
