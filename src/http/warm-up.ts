import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { Registry } from 'prom-client'
import { silentLogger } from '../core/logger.ts'
import { DecisionService, type DecisionServiceOptions } from '../deciding/decision-service.ts'
import type { DetectorInForce } from '../deciding/detector-in-force.ts'
import { forgetfulParts } from '../deciding/forgetful-log.ts'
import { createDecisionMetrics } from './decision-metrics.ts'
import type { App } from './http-context.ts'
import { createMetrics } from './metrics.ts'
import { transactionExample } from './schemas/decision.ts'
import { buildServer } from './server.ts'

/** After some hundreds of calls V8 has compiled the path for good; what follows costs the same each time. */
const decisions = 600
/**
 * Most come in by the lane, those with a query by node's server; and an explanation may take as long as many scores, so one
 * in sixteen is enough.
 */
const queries = ['?explain=true', ...Array<string>(3).fill('?explain=false'), ...Array<string>(12).fill('')]
/** A model that takes long is no faster the second time, so nobody waits for all of it. */
const longestMs = 1000
const stepMs = 60_000
const host = '127.0.0.1'

/**
 * Has made-up transactions decided by a second service in this process, over HTTP, which keeps nothing and then goes
 * away: so the code of the whole path, and what the model makes at its first row, are ready before the first
 * customer's.
 */
export async function warmUp(
  inForce: DetectorInForce,
  options: Pick<DecisionServiceOptions, 'hashCardNumber' | 'cardKeyCheck' | 'clock'>,
) {
  // The detector must not be used elsewhere meanwhile.
  const key = randomBytes(16).toString('hex')
  const metrics = createMetrics(() => inForce.predictor?.modelId ?? null, new Registry())
  const service = new DecisionService(inForce, {
    ...options,
    ...forgetfulParts(),
    observer: createDecisionMetrics(metrics.registry),
    logger: silentLogger,
    maxAheadMs: Number.POSITIVE_INFINITY,
    maxPending: decisions,
    maxPendingLabels: 0,
    maxHistoryBytes: Number.POSITIVE_INFINITY,
    snapshotEvery: Number.POSITIVE_INFINITY,
    snapshotEveryMs: Number.POSITIVE_INFINITY,
    retainMs: undefined,
    makeDrawSecret: () => key,
    runtime: 'warm-up',
  })
  const app = await buildServer({
    ...{ lineup: service.lineup, metrics, log: silentLogger, version: '', apiKeys: [key], decisions: service },
    limits: { drainMs: 0 },
  })
  try {
    await service.resume()
    if (await canListen(app)) await askFor(app, inForce, key, options.clock)
  } finally {
    await app.close()
    await service.close()
  }
}

/** A machine without a loopback address costs the first customers some milliseconds, and no decision. */
function canListen(app: App): Promise<boolean> {
  return app.listen({ host, port: 0 }).then(
    () => true,
    () => false,
  )
}

/**
 * Asks for one decision after the other, until there are enough or one is refused: an example may not be to a
 * detector's taste.
 */
async function askFor({ server }: App, inForce: DetectorInForce, key: string, clock: () => number): Promise<void> {
  const address = server.address()
  if (typeof address !== 'object' || address === null) return
  const sockets = [connect(address.port, host), connect(address.port, host)]
  const startMs = clock()
  let asked = 0
  const end = () => {
    for (const socket of sockets) socket.destroy()
  }
  const ask = () => {
    if (asked === decisions || clock() - startMs >= longestMs) return end()
    const body = JSON.stringify(transactionExample(inForce, startMs + asked * stepMs))
    const query = queries[asked % queries.length]
    asked += 1
    sockets[query === '' ? 0 : 1].write(
      `POST /v1/decisions${query} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${key}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }
  for (const socket of sockets) {
    socket.setNoDelay().setEncoding('latin1').on('error', end).on('close', end)
    socket.on('data', (answer) => (String(answer).startsWith('HTTP/1.1 200 ') ? ask() : end()))
  }
  // Not by once(), which rejects at an error of the connection: that costs speed alone, and no start.
  const closed = sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve)))
  sockets[0].on('connect', ask)
  await Promise.all(closed)
}
