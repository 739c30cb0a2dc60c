import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Worker } from 'node:worker_threads'
import type { KeyRing } from '../../access/keys.ts'
import type { Logger } from '../../core/logger.ts'
import type { Connections } from '../connections.ts'
import type { Front } from '../drain.ts'
import type { HttpContext } from '../http-context.ts'
import { laneRoutes } from '../lane/lane-route.ts'
import type { Limits } from '../limits.ts'
import { explainListening, origin } from '../listen.ts'
import { Edge, type EdgeService } from './edge.ts'
import { EdgeScorers } from './edge-scorers.ts'
import { takeHandedOver } from './hand-over.ts'

const shortestBackOffMs = 50
const longestBackOffMs = 10_000
/** An edge that has run for so long did not end for the reason that ended the one before it. */
const provenMs = 10_000
/** How often what edges refused is counted. */
const countMs = 100

interface Served extends EdgeService {
  readonly server: Server
}

/**
 * Threads that have the service's connections: each listens on the same port, among which the system spreads what comes,
 * takes plain requests whole and writes their answers. Requests of all are looked at and decided by this thread, in the
 * one order in which they come out of the rings. Every other request is handed over to the service's own server, with its
 * connection. An edge that ends is replaced; its connections have ended with it.
 */
export class Edges implements Connections, Front {
  readonly #count: number
  readonly #log: Logger
  readonly #edges = new Set<Edge>()
  /** By edges that have ended. */
  readonly #refused = { address: 0, total: 0 }
  #served: Served | undefined
  /** Where they listen, once all do. */
  #address: { readonly host: string; readonly port: number } | undefined
  #failures = 0
  #counting: NodeJS.Timeout | undefined
  #isClosing = false

  constructor(count: number, log: Logger) {
    this.#count = count
    this.#log = log
  }

  /** From now on the server takes connections that edges hand over, and no others. */
  attach(server: Server, context: HttpContext, keyRing: () => KeyRing): void {
    // A name of Linux' own, which is gone with the socket.
    const path = `\0shrike-${randomBytes(16).toString('hex')}`
    const secret = randomBytes(32).toString('hex')
    takeHandedOver(server, secret, context.limits.headersTimeoutMs)
    const scorers =
      context.decisions &&
      new EdgeScorers(context.decisions.decider, (error) =>
        this.#log.warn({ err: error }, "the model can't be shared with edges; the thread that decides scores all rows"),
      )
    this.#served = { server, context, keyRing, handOver: { path, secret }, scorers }
  }

  /** Starts all of them. @returns their address. @throws FraudError PORT_IN_USE or ADDRESS_UNAVAILABLE */
  async listen(host: string, wantedPort: number): Promise<string> {
    const { server, handOver } = this.#attached
    server.listen({ path: handOver.path })
    await once(server, 'listening')
    let port = wantedPort
    try {
      for (let index = 0; index < this.#count; index++) port = await this.#start(host, port).listening
    } catch (cause) {
      await this.close()
      throw explainListening(cause, host, port)
    }
    this.#address = { host, port }
    this.#counting = setInterval(() => {
      for (const edge of this.#edges) edge.countRefused()
    }, countMs).unref()
    // One may have ended while others were started.
    while (this.#edges.size < this.#count) this.#start(host, port)
    return origin(host, port)
  }

  /** The threads, as they are now. */
  get workers(): readonly Worker[] {
    return [...this.#edges].map(({ worker }) => worker)
  }

  get open(): number {
    return this.#sum('open')
  }

  get refused(): Connections['refused'] {
    const { address, total } = this.#refused
    return { address: address + this.#sum('refusedByAddress'), total: total + this.#sum('refusedInTotal') }
  }

  /** Resolves once no edge takes connections any more. */
  async stopListening(): Promise<void> {
    this.#isClosing = true
    await Promise.all([...this.#edges].map((edge) => edge.stopListening()))
  }

  closeIdle(): void {
    for (const edge of this.#edges) edge.tell('close idle')
  }

  /** Cuts what is left. */
  async close(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#counting)
    await Promise.all([...this.#edges].map(({ worker }) => worker.terminate()))
  }

  get #attached(): Served {
    assert(this.#served !== undefined, 'edges are those of a server')
    return this.#served
  }

  #sum(cell: Parameters<Edge['cell']>[0]): number {
    let sum = 0
    for (const edge of this.#edges) sum += edge.cell(cell)
    return sum
  }

  #start(host: string, port: number): Edge {
    const { context } = this.#attached
    const limits = shareOf(context.limits, this.#count)
    const paths = laneRoutes(context).map(({ path, mostAtOnce, answerReading }) => ({
      path,
      isRead: answerReading !== undefined,
      mostUp: Math.ceil(mostAtOnce / this.#count),
    }))
    const edge = new Edge(this.#attached, { host, port, limits, paths })
    const startedMs = performance.now()
    this.#edges.add(edge)
    // Without a port it is of no use.
    edge.listening.catch(() => edge.worker.terminate())
    void edge.ended.then((reason) => {
      this.#edges.delete(edge)
      this.#refused.address += edge.cell('refusedByAddress')
      this.#refused.total += edge.cell('refusedInTotal')
      this.#failures = performance.now() - startedMs > provenMs ? 1 : this.#failures + 1
      if (!this.#isClosing && this.#address !== undefined) this.#replace(reason)
    })
    return edge
  }

  /** Starts another in place of one that has ended, later each time while they end in a row. */
  #replace(reason: string): void {
    this.#log.error({ reason, failures: this.#failures }, 'an edge ended; another takes its place')
    const backOffMs = Math.min(longestBackOffMs, shortestBackOffMs * 2 ** (this.#failures - 1))
    setTimeout(() => {
      if (!this.#isClosing && this.#address !== undefined) this.#start(this.#address.host, this.#address.port)
    }, backOffMs)
  }
}

/** What one of several may have, so that all together have no more than the limits say. */
function shareOf(limits: Limits, count: number): Limits {
  const share = (limit: number) => Math.ceil(limit / count)
  const { connections, connectionsPerAddress, heldBytes } = limits
  return {
    ...limits,
    connections: share(connections),
    connectionsPerAddress: share(connectionsPerAddress),
    heldBytes: share(heldBytes),
  }
}
