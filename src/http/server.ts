import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import fastify, { type FastifyError, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { Accounts } from '../access/accounts.ts'
import { createKeyRing, type KeyRing } from '../access/keys.ts'
import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { METHODS } from '../core/node-http.ts'
import type { Decisions } from '../deciding/decisions.ts'
import type { Deployer } from '../deciding/deployer.ts'
import type { LineupView } from '../deciding/lineup.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import { addRoutes, guardRoutes } from './add-routes.ts'
import { discardRest } from './body.ts'
import { sendProblemPage, wantsPage } from './browser-answers.ts'
import { createConnectionErrorHandler, type NewestAnswers } from './connection-error.ts'
import { boundConnections } from './connections.ts'
import { drainConnections } from './drain.ts'
import type { Edges } from './edges/edges.ts'
import { problemType } from './error-status.ts'
import { forwardToLeader } from './forward.ts'
import { createGuard } from './guard.ts'
import { HeldBytes } from './held-bytes.ts'
import type { App, HttpContext } from './http-context.ts'
import { answerNotFound, collectPaths, type Paths, routeOf } from './known-paths.ts'
import type { LaneService } from './lane/lane.ts'
import { createLaneService } from './lane/lane-service.ts'
import { openLanes } from './lane/open-lanes.ts'
import { defaultLimits, type Limits } from './limits.ts'
import type { Metrics } from './metrics.ts'
import { OpenAnswers } from './open-answers.ts'
import { describeApi } from './openapi.ts'
import { paceRequests } from './pace-requests.ts'
import type { Pair } from './pair.ts'
import { watchPressure } from './pressure.ts'
import { refusalOf } from './refusal.ts'
import { routes } from './route-list.ts'
import { shedLoad } from './shed-load.ts'
import type { RequestTraces } from './tracing/request-traces.ts'
import { Turns } from './turns.ts'

export interface ServerOptions {
  /** What is in force: of `decisions`, where there are any. */
  readonly lineup: LineupView
  readonly metrics: Metrics
  readonly log: Logger
  /** Shrike's own version. */
  readonly version: string
  readonly limits?: Partial<Limits>
  /** Where there are any, every route but the probes asks for one of them; each is good for everything. */
  readonly apiKeys?: readonly string[]
  /** Who may do what as of now, in place of `apiKeys`. */
  readonly keyRing?: () => KeyRing
  readonly accounts?: Accounts | undefined
  /** Accepts passwords without TLS from other machines, too. */
  readonly isInsecure?: boolean
  /** Addresses of proxies that say whom they ask for, and whether that was over TLS. */
  readonly trustedProxies?: readonly string[]
  readonly decisions?: Decisions | undefined
  readonly deployer?: Deployer | undefined
  /** Where requests are traced; it needs node's way of each request, so plain ones get no lane. */
  readonly traces?: RequestTraces | undefined
  /** Threads that listen in the server's place. */
  readonly edges?: Edges | undefined
  /** Who is told of decisions, cases and labels. */
  readonly webhooks?: Webhooks | undefined
  /** Where several processes share a log: one decides, and the others pass on what they are asked. */
  readonly pair?: Pair | undefined
  readonly jobs?: Jobs | undefined
  readonly whyNotReady?: () => string | undefined
  readonly reportPath?: string | undefined
  readonly reportsBeside?: readonly string[] | undefined
  readonly bundlePath?: string | undefined
  readonly consoleFolder?: string | undefined
  /** The text of `/metrics`; without it, that of `metrics`. */
  readonly renderMetrics?: () => Promise<string>
}

// An id of 128 units, each three bytes of UTF-8, percent-encoded.
const longestParameter = 128 * 9
// How long the rest of a refused request may go on before its connection is cut.
const lingerMs = 1000

/** Builds the service without listening: `inject` tests it as it is, and `listen` opens it. */
export async function buildServer(options: ServerOptions): Promise<App> {
  const { metrics, log, apiKeys = [] } = options
  const limits = { ...defaultLimits, ...options.limits }
  const fixedRing = createKeyRing(apiKeys)
  const keyRing = options.keyRing ?? (() => fixedRing)
  const pressure = watchPressure(limits.eventLoopLagMs, () => performance.now())
  let isDraining = false
  const context: HttpContext = {
    ...options,
    limits,
    mayStill: (role, request, reply) => refuse(role, request, reply) === undefined,
    isInsecure: options.isInsecure ?? false,
    isGuarded: () => keyRing().asksForKey || (options.accounts?.asksForLogin ?? false),
    whyNotReady: options.whyNotReady ?? (() => undefined),
    renderMetrics: options.renderMetrics ?? (() => metrics.registry.metrics()),
    streaming: new WeakSet(),
    held: new HeldBytes(limits.heldBytes),
    answers: new OpenAnswers(limits.answers, limits.answerTimeoutMs),
    turns: new Turns(),
    describe: () => describeApi(context),
    whenClosed: (close) => app.addHook('onClose', async () => close()),
    isDraining: () => isDraining,
    isOverloaded: pressure.isOverloaded,
  }
  const answerError = createErrorAnswer(log)
  const newest: NewestAnswers = new WeakMap()
  const app = fastify({
    ...connectionOptions(limits),
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    clientErrorHandler: createConnectionErrorHandler(metrics, { streaming: context.streaming, newest, lingerMs }),
    frameworkErrors: answerError,
  })
  answerAll(app.server)
  const connections = boundConnections(app.server, limits)
  // Routes read their bodies themselves (body.ts), and a body that no route reads is left unread, for every method.
  for (const method of METHODS) app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  app.setErrorHandler(answerError)
  const paths = collectPaths(app)
  const known = { paths, decides: options.decisions !== undefined }
  const refuse = createGuard(app, keyRing, options.accounts)
  app.setNotFoundHandler((request, reply) => {
    const refusal = refuse(openPaths.has(routeOf(request, paths)) ? 'anyone' : 'any key', request, reply)
    if (refusal !== undefined) throw refusal
    answerNotFound(known, request, reply)
  })
  const { decisions, pair, traces, edges } = options
  if (traces !== undefined)
    app.addHook('onRequest', (request, _reply, done) => {
      traces.open(request.raw)
      done()
    })
  if (pair !== undefined && decisions !== undefined)
    forwardToLeader(app, { pair, isReady: () => decisions.isReady, nowMs: () => performance.now() })
  countResponses(app, context, paths)
  guardRoutes(app, context, refuse)

  const serveLanes = (connections: Pick<LaneService, 'passOn' | 'forget'>) =>
    createLaneService(context, keyRing, { ...connections, server: app.server })
  const lanes = traces === undefined ? openLanes(app.server, limits, serveLanes) : noLanes
  const drain = drainConnections(app.server, limits, lanes, edges)
  app.addHook('preClose', async () => {
    isDraining = true
    pressure.stop()
    await drain()
    lanes.close()
  })
  await addRoutes(app, context)
  await app.ready()
  if (decisions !== undefined) shedLoad(app.server, () => decisions.decider.isFull(), metrics)
  edges?.attach(app.server, context, keyRing)
  metrics.watchConnections(edges ?? connections, paceRequests(app.server, context.turns, newest), context.answers)
  return app
}

function noSchemas(): never {
  assert.fail('a route has a schema of fastify')
}

export function connectionOptions(limits: Limits) {
  return {
    // Our own log says what is worth saying, without payloads; fastify's would make a logger, lines and an id for each
    // request.
    logger: false,
    // Routes read and check their bodies themselves: fastify would load a hundred modules for it.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => '',
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionTimeout: limits.idleTimeoutMs,
    // Node's limit on a whole request would end long streams: bodies have their own, in body.ts.
    requestTimeout: 0,
    // Open connections are still answered when the service closes.
    return503OnClosing: false,
    routerOptions: { maxParamLength: longestParameter },
    http: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs / 2),
    },
  } as const
}

/**
 * Has a client answered that ends its side of a connection behind its requests (RFC 9293, section 3.6): node would
 * close the other side, too, and what was decided would go untold.
 */
function answerAll(server: Server): void {
  Object.assign(server, { httpAllowHalfOpen: true })
}

/** Paths of probes, which carry no key, whatever they ask for. */
const openPaths = new Set<string | undefined>(routes.filter(({ role }) => role === 'anyone').map(({ path }) => path))

/** What is traced goes node's way. */
const noLanes = { closeIdle: () => {}, close: () => {} }

/** Counts every answer, and lets go of requests that were answered before they had ended. */
function countResponses(app: App, { metrics, log, traces }: HttpContext, paths: Paths): void {
  const tellsEach = log.isLevelEnabled('debug')
  app.addHook('onResponse', (request, reply, done) => {
    const { raw } = request
    const route = routeOf(request, paths) ?? '(unknown)'
    const { statusCode: status, elapsedTime: milliseconds } = reply
    metrics.countRequest(route, status, milliseconds / 1000)
    traces?.close(raw, route, status)
    if (tellsEach) log.debug({ method: raw.method, route, status, milliseconds }, 'answered')
    if (!raw.complete) discardRest(raw, lingerMs)
    done()
  })
}

export function createErrorAnswer(log: Logger) {
  return (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void => {
    const { problem, retryAfter } = refusalOf(translate(error), request.url, log)
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
    if (problem.code === 'REQUEST_TIMEOUT' || problem.code === 'REQUEST_MALFORMED') reply.header('connection', 'close')
    if (wantsPage(request)) return void sendProblemPage(reply, problem)
    reply.code(problem.status).header('content-type', problemType).send(JSON.stringify(problem))
  }
}

/** What fastify and its plugins refuse, in our own words. */
function translate(error: FastifyError | Error): Error {
  const status = 'statusCode' in error ? error.statusCode : undefined
  if (error instanceof FraudError || status === undefined || status < 400 || status >= 500) return error
  if (status === 404) return new FraudError('ROUTE_NOT_FOUND', 'There is nothing at this path')
  return new FraudError('REQUEST_MALFORMED', 'The path is not valid')
}
