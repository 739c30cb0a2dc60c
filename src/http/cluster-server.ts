import { setImmediate as nextTurn } from 'node:timers/promises'
import fastify, { type FastifyRequest } from 'fastify'
import type { KeyRing } from '../access/keys.ts'
import type { Role } from '../access/roles.ts'
import type { ClusterDecisions } from '../cluster/cluster-decisions.ts'
import { FraudError } from '../core/errors.ts'
import { readJson } from '../core/json-text.ts'
import type { Logger } from '../core/logger.ts'
import { METHODS } from '../core/node-http.ts'
import type { ModelDesk } from '../deciding/model-desk.ts'
import type { PolicyDesk } from '../deciding/policy-desk.ts'
import { answerBody } from './answer-body.ts'
import { smallBody } from './body.ts'
import { addClusterRoutes } from './cluster-routes.ts'
import { createGuard, principalOf } from './guard.ts'
import { HeldBytes } from './held-bytes.ts'
import type { App } from './http-context.ts'
import { defaultLimits } from './limits.ts'
import type { Metrics } from './metrics.ts'
import { connectionOptions, createErrorAnswer } from './server.ts'
import { Turns } from './turns.ts'

export interface ClusterServerOptions {
  readonly decisions: ClusterDecisions
  readonly policy: PolicyDesk
  readonly deployer: ModelDesk
  readonly keyRing: () => KeyRing
  readonly metrics: Metrics
  readonly log: Logger
  /** Names that a transaction may have. */
  readonly names: number
}

/** What a replica of a cluster answers: decisions, labels, its policy and models, probes and metrics. All else is refused with a word. */
export function buildClusterServer(options: ClusterServerOptions): App {
  const { decisions, policy, deployer, keyRing, metrics, log, names } = options
  const limits = defaultLimits
  const answerError = createErrorAnswer(log)
  const app: App = fastify({ ...connectionOptions(limits), frameworkErrors: answerError })
  for (const method of METHODS) app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  app.setErrorHandler(answerError)
  const refuse = createGuard(app, keyRing, undefined)
  app.setNotFoundHandler((request, reply) => {
    const refusal = refuse('any key', request, reply)
    if (refusal !== undefined) throw refusal
    throw new FraudError(
      'CLUSTER_UNSUPPORTED',
      'A cluster answers POST /v1/decisions, POST /v1/labels, the policy with its rules and lists, models, GET /v1/status, /readyz, /healthz and /metrics; what else one process does it does not do yet',
    )
  })
  app.addHook('onResponse', (request, reply, done) => {
    metrics.countRequest(request.routeOptions.url ?? '(unknown)', reply.statusCode, reply.elapsedTime / 1000)
    done()
  })
  const held = new HeldBytes(limits.heldBytes)
  const shared = { limits, held, turns: new Turns(), accounts: undefined }
  addClusterRoutes(app, { ...shared, decisions: policy, deployer }, refuse)
  const bodyLimits = smallBody({ limits, held })
  const post = (path: string, role: Role, answer: (body: Buffer, request: FastifyRequest) => Promise<object>) =>
    app.post(path, (request, reply) => {
      const refusal = refuse(role, request, reply)
      if (refusal !== undefined) throw refusal
      if (request.url.includes('?'))
        throw new FraudError('CLUSTER_UNSUPPORTED', 'A cluster takes no query, as ?explain is')
      answerBody(bodyLimits, request.raw, reply, async (body) => JSON.stringify(await answer(body, request)))
    })
  post('/v1/decisions', 'score', (body) => {
    const { value, repeated } = readJson(body, 'body', names)
    return decisions.decide(value, repeated)
  })
  post('/v1/labels', 'label', async (body, request) => {
    const { value } = readJson(body, 'body', labelNames)
    if (Array.isArray(value)) throw new FraudError('CLUSTER_UNSUPPORTED', 'A cluster takes one label at a time so far')
    await nextTurn()
    return decisions.label(value, principalOf(request).name)
  })
  const probe = (path: string, tell: () => object) =>
    app.get(path, (_request, reply) => void reply.header('cache-control', 'no-store').send(tell()))
  probe('/healthz', () => ({ status: 'ok' }))
  probe('/readyz', () => {
    if (decisions.whyNotReady !== undefined) throw new FraudError('NOT_READY', decisions.whyNotReady)
    const { version } = policy.policy
    const model = deployer.servedId ?? null
    return { status: 'ready', lag: decisions.lag, model, policy: { version, position: decisions.controlPosition } }
  })
  app.get('/v1/status', (request, reply) => {
    const refusal = refuse('any key', request, reply)
    if (refusal !== undefined) throw refusal
    const { whyNotReady = null, lag, controlPosition } = decisions
    const model = deployer.servedId ?? null
    const told = { role: 'replica', model, isReady: whyNotReady === null, whyNotReady, lag, position: controlPosition }
    return reply.header('cache-control', 'no-store').send(told)
  })
  app.get('/metrics', async (request, reply) => {
    const refusal = refuse('any key', request, reply)
    if (refusal !== undefined) throw refusal
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  return app
}

/** A label has four. */
const labelNames = 16
