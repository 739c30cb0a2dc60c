import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { Registry } from 'prom-client'
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
/** An explanation may take as long as many scores. */
const explainedEvery = 16
/** A model that takes long is no faster the second time, so nobody waits for all of it. */
const longestMs = 1000
const stepMs = 60_000
const host = '127.0.0.1'

const silent = { isLevelEnabled: () => false, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

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
    logger: silent,
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
    ...{ lineup: service.lineup, metrics, log: silent, version: '', apiKeys: [key], decisions: service },
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
  const socket = connect(address.port, host).setNoDelay().setEncoding('latin1')
  const startMs = clock()
  let asked = 0
  const ask = () => {
    if (asked === decisions || clock() - startMs >= longestMs) {
      socket.destroy()
      return
    }
    const body = JSON.stringify(transactionExample(inForce, startMs + asked * stepMs))
    const path = asked % explainedEvery === 0 ? '/v1/decisions?explain=true' : '/v1/decisions'
    asked += 1
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${key}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }
  const goOn = (answer: string) => (answer.startsWith('HTTP/1.1 200 ') ? ask() : socket.destroy())
  socket
    .on('connect', ask)
    .on('data', goOn)
    .on('error', () => socket.destroy())
  // Not by once(), which rejects at an error of the connection: that costs speed alone, and no start.
  await new Promise((resolve) => socket.once('close', resolve))
}
