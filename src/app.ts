import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { availableParallelism, hostname } from 'node:os'
import type { Registry } from 'prom-client'
import { isLoopback } from './access/keys.ts'
import { closeEach } from './core/close-each.ts'
import { FraudError } from './core/errors.ts'
import { keepCollectionsShort } from './core/garbage-collection.ts'
import type { Logger } from './core/logger.ts'
import type { DecisionService } from './deciding/decision-service.ts'
import { modelIdOf } from './deciding/lineup.ts'
import { warmChecker } from './deciding/warm-checker.ts'
import { checkServing, type ServingChoice } from './http/check-serving.ts'
import { Edges } from './http/edges/edges.ts'
import { ChampionFollower } from './http/follow-champion.ts'
import { defaultLimits, type Limits } from './http/limits.ts'
import { listen } from './http/listen.ts'
import type { Pair } from './http/pair.ts'
import { buildServer } from './http/server.ts'
import { joinPrimary } from './http/worker-link.ts'
import { startWorkers } from './http/worker-pool.ts'
import type { Jobs } from './jobs/jobs.ts'
import type { OpenedAccounts } from './open-accounts.ts'
import type { OpenedDecisions } from './open-decisions.ts'
import { type JobsChoice, openJobs } from './open-jobs.ts'
import { createLog, openServing, type Serving, type ServingConfig } from './open-serving.ts'
import { describeSelf } from './stores/lock-holder.ts'

/** All that makes a service what it is. */
export interface ServiceConfig extends ServingChoice, ServingConfig {
  /** Who the log says is champion by now, for processes that follow it without writing it. */
  readonly findChampion?: (() => string | undefined) | undefined
  /** How jobs are run, where decisions are made; elsewhere none are. */
  readonly jobs?: JobsChoice | undefined
  /** Whether the service is asked over HTTP at all; by default it is. */
  readonly listens?: boolean | undefined
  /** What works on its decisions, too, where some are made. */
  readonly beside?: ((parts: BesideParts) => Beside) | undefined
  /** Where other processes that share the log reach this one; by default where it listens. */
  readonly advertise?: string | undefined
  /** Addresses of proxies that say whom they ask for. */
  readonly trustedProxies?: readonly string[] | undefined
  readonly reportPath?: string | undefined
  /** The console's built files; those that the package has by default. */
  readonly consoleFolder?: string | undefined
  /** Where the report of a bundle may lie if it was not named. */
  readonly reportsBeside?: ((bundlePath: string) => readonly string[]) | undefined
  readonly limits?: Partial<Limits>
  /** The command line of a worker, which has to lead to the same call; without it, that of this process. */
  readonly workerArgs?: readonly string[] | undefined
}

interface BesideParts {
  readonly decisions: DecisionService
  readonly registry: Registry
  readonly logger: Logger
}

export interface Beside {
  /** Resolves once all of its work is done, which ends the service; rejects with what ends it, too. */
  readonly done: Promise<void>
  /** Why it does not get on. */
  whyNotReady(): string | undefined
  /** Ends it in order; the service goes on until then. */
  close(): Promise<void>
}

export interface Service {
  /** A worker is one of several, and has nothing to tell the user: its primary does that. */
  readonly role: 'single' | 'primary' | 'worker'
  /** Empty where it is not asked over HTTP. */
  readonly url: string
  /** The model at the start; null where there is none. */
  readonly modelId: string | null
  /** Whether transactions can be decided and kept, beside predictions. */
  readonly decides: boolean
  /** A link that lets the first person in, once; undefined where there are users, or others than this machine listen. */
  readonly oneTimeLink: () => string | undefined
  /** What a person should know of the policy in force, once the service is ready. */
  readonly policyWarning: () => string | undefined
  /** Resolves once decisions are made: histories have been made from the log. */
  readonly ready: Promise<void>
  /** Loads the bundle again. A bad one is refused, logged and counted, and the old one goes on. */
  reload(): Promise<void>
  /** How many records are on the way to the log: whether one of them is in it, nobody knows yet. */
  readonly unsettled: () => number
  /** Stops accepting, answers what was accepted, and resolves when all is closed. Calling it again changes nothing. */
  close(): Promise<void>
  /** Resolves when the service has closed; rejects with WORKERS_FAILED where its workers could not be kept running. */
  readonly closed: Promise<void>
}

/**
 * The service for a command: it closes on SIGTERM and SIGINT, and reloads on SIGHUP. Undefined where the signal was given
 * before it listened; then all is closed again.
 */
export async function runService(config: ServiceConfig, signal: AbortSignal): Promise<Service | undefined> {
  keepCollectionsShort(availableParallelism())
  let isReloadAsked = false
  let reload = () => {
    isReloadAsked = true
  }
  // From here on: by default the signal ends a process that is still starting.
  process.on('SIGHUP', () => reload())
  const service = await start(config, signal)
  if (service === undefined) return undefined
  if (service.role === 'worker') {
    // A terminal tells the whole group of processes. The primary passes on what is meant for workers.
    process.on('SIGINT', () => {})
    reload = () => {}
    process.once('SIGTERM', () => void service.close())
    return service
  }
  reload = () => void service.reload()
  if (isReloadAsked) reload()
  const stop = () => {
    void service.close()
    setTimeout(() => giveUp(service, config), endWithinMs).unref()
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  return service
}

/** How long an end in order may take: less than the half minute after which orchestrators kill. */
const endWithinMs = 25_000

/** Ends a service that does not end in order. Nobody was told that what is on the way is in the log, or that it is not. */
function giveUp(service: Service, config: ServiceConfig): void {
  const unsettled = service.unsettled()
  const unknown = unsettled === 0 ? '' : ': whether records on the way are in the log is not known'
  createLog(config).error({ unsettled }, `the service did not end in order within ${endWithinMs / 1000} s${unknown}`)
  process.exit(1)
}

/**
 * Configuration -> everything built, once, and listening. Throws OPTION_INVALID, PORT_IN_USE, ADDRESS_UNAVAILABLE, and
 * whatever `load` does.
 */
export async function startService(config: ServiceConfig): Promise<Service> {
  const service = await start(config, new AbortController().signal)
  assert(service !== undefined, 'nobody can end the start')
  return service
}

async function start(config: ServiceConfig, signal: AbortSignal): Promise<Service | undefined> {
  if (cluster.isWorker) return startWorker(config)
  if (config.listens !== false) await checkServing(config)
  if (signal.aborted) return undefined
  return config.workers > 1 ? startPrimary(config, signal) : startSingle(config, signal)
}

interface ServedParts {
  readonly jobs: Jobs | undefined
  readonly pair: Pair | undefined
  readonly edges: Edges | undefined
  readonly renderMetrics: (() => Promise<string>) | undefined
  readonly whyNotReady: (() => string | undefined) | undefined
}

/** The service over HTTP. */
function serverOf(
  config: ServiceConfig,
  serving: Serving,
  { jobs, pair, edges, renderMetrics, whyNotReady }: ServedParts,
) {
  const { version, apiKeys, keyRing, reportPath, consoleFolder, limits = {} } = config
  const { bundlePath, lineup, decisions, opened, metrics, log, tracing } = serving
  return buildServer({
    ...{
      lineup,
      metrics,
      log,
      version,
      limits,
      apiKeys,
      reportPath,
      consoleFolder,
      reportsBeside: bundlePath === undefined ? [] : config.reportsBeside?.(bundlePath),
      bundlePath,
      isInsecure: config.insecure,
      accounts: opened?.accounts,
      decisions: decisions?.service,
      deployer: decisions?.service.deployer,
      webhooks: decisions?.webhooks,
      traces: tracing?.requests,
      pair,
      edges,
    },
    ...(jobs && { jobs }),
    ...(whyNotReady && { whyNotReady }),
    ...(renderMetrics && { renderMetrics }),
    ...(keyRing && { keyRing }),
    ...(config.trustedProxies && { trustedProxies: config.trustedProxies }),
  })
}

async function open(config: ServiceConfig, serving: Serving, renderMetrics?: () => Promise<string>) {
  const { host, port, edges: count = 0 } = config
  const { lineup, decisions, opened, metrics, log, warnOfPolicy, takeOffer, tracing } = serving
  const kept = [tracing, opened, decisions]
  const pair = decisions?.shared && pairOf(decisions.shared, () => reachableAt(config, url))
  let url: string | undefined
  const leading = Promise.withResolvers<void>()
  const jobs = await openJobs(config, serving, pair && leading.promise).catch(async (error: unknown) => {
    await closeEach(kept)
    throw error
  })
  let beside: Beside | undefined
  const whyNotReady = decisions && (() => decisions.whyNotReady() ?? beside?.whyNotReady())
  const edges = count > 0 ? new Edges(count, log) : undefined
  const parts = { jobs, pair, edges, renderMetrics, whyNotReady }
  const app = config.listens === false ? undefined : await serverOf(config, serving, parts)
  const closeAll = () => closeEach([beside, app, jobs, ...kept])
  url = await (app && listen(app, host, port, edges))?.catch(async (error: unknown) => {
    await closeAll()
    throw error
  })
  if (url !== undefined) {
    log.info({ url, model: modelIdOf(lineup) }, 'listening')
    decisions?.shared?.announce(reachableAt(config, url) ?? url)
  }
  const ready = decisions?.service.resume() ?? Promise.resolve()
  const { promise: closed, resolve, reject } = Promise.withResolvers<void>()
  let closing: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined
  const close = () => {
    closing ??= closeAll().then(() => log.info({}, 'closed'))
    closing.then(
      () => (failure === undefined ? resolve() : reject(failure.error)),
      (error: unknown) => reject(failure === undefined ? error : failure.error),
    )
    return closing
  }
  // What stops the histories from being made stops the service: it would never be ready.
  const fail = (error: unknown) => {
    failure ??= { error }
    close().catch(() => {})
  }
  ready.then(leading.resolve, () => {})
  ready.then(warnOfPolicy).then(takeOffer, fail)
  if (url !== undefined && decisions !== undefined && config.decisions?.warmUp !== undefined) {
    const { service } = decisions
    // Nobody waits for it, and what it does not warm is only slower.
    ready.then(() => warmChecker(service)).catch((err: unknown) => log.debug({ err }, 'rules were not checked ahead'))
  }
  if (decisions !== undefined) {
    beside = config.beside?.({ decisions: decisions.service, registry: metrics.registry, logger: log })
    beside?.done.then(close, fail)
  }
  return {
    url: url ?? '',
    modelId: modelIdOf(lineup),
    decides: decisions !== undefined,
    policyWarning: () => decisions?.service.warnOfPolicy(),
    unsettled: () => decisions?.unsettled() ?? 0,
    oneTimeLink: () => (url === undefined ? undefined : linkOf(opened, host, url)),
    ready,
    close,
    closed,
  }
}

/** A host that is all of this machine's addresses is reached by its name. */
function reachableAt({ advertise, host }: ServiceConfig, url: string | undefined): string | undefined {
  if (advertise !== undefined || url === undefined) return advertise
  const isAny = host === '0.0.0.0' || host === '::'
  return isAny ? `http://${hostname()}:${new URL(url).port}` : url
}

function pairOf(shared: NonNullable<OpenedDecisions['shared']>, ownUrl: () => string | undefined): Pair {
  return { leader: () => shared.leader, ownUrl, holder: describeSelf() }
}

/** The secret is in the fragment, which browsers do not send, so that no log of requests has it. */
function linkOf(opened: OpenedAccounts | undefined, host: string, url: string): string | undefined {
  if (opened === undefined || opened.accounts.asksForLogin || !isLoopback(host)) return undefined
  return `${url}/console/#once=${opened.accounts.link.offer(Date.now())}`
}

async function startSingle(config: ServiceConfig, signal: AbortSignal): Promise<Service | undefined> {
  const serving = await openServing(config)
  if (signal.aborted) {
    await closeEach([serving.opened, serving.decisions])
    return undefined
  }
  return { role: 'single', reload: serving.reload, ...(await open(config, serving)) }
}

async function startPrimary(config: ServiceConfig, signal: AbortSignal): Promise<Service | undefined> {
  const log = createLog(config)
  const { graceMs } = { ...defaultLimits, ...config.limits }
  const pool = await startWorkers({ count: config.workers, args: config.workerArgs, log, graceMs, signal })
  if (pool === undefined) return undefined
  const { url, modelId, closed } = pool
  log.info({ url, model: modelId, workers: config.workers }, 'all workers listen')
  const { findChampion: find } = config
  const following = find && new ChampionFollower({ ...pool, find, logger: log, clock: Date.now })
  following?.start()
  const ready = Promise.resolve()
  return {
    role: 'primary',
    url,
    modelId,
    decides: false,
    policyWarning: () => undefined,
    unsettled: () => 0,
    oneTimeLink: () => undefined,
    ready,
    closed,
    close() {
      following?.stop()
      return pool.close()
    },
    reload: async () => pool.reload(),
  }
}

/** One of several: it makes predictions only, since the order of decisions is that of one process. */
async function startWorker({ decisions, ...config }: ServiceConfig): Promise<Service> {
  let service: Service | undefined
  let registry: Registry | undefined
  const link = joinPrimary({
    close: () => (service === undefined ? process.exit(0) : void service.close()),
    reload: () => void service?.reload(),
    report: async () => (await registry?.getMetricsAsJSON()) ?? [],
  })
  try {
    const serving = await openServing(config)
    registry = serving.metrics.registry
    serving.lineup.onSwap(() => void link.say({ notice: 'loaded', modelId: modelIdOf(serving.lineup) }))
    const opened = await open(config, serving, link.allMetrics)
    service = { role: 'worker', reload: serving.reload, ...opened }
    void opened.closed.then(() => process.disconnect())
    await link.say({ notice: 'listening', url: opened.url, modelId: opened.modelId })
    return service
  } catch (error) {
    const known = error instanceof FraudError ? error : new FraudError('INTERNAL', String(error))
    await link.say({ notice: 'failed', code: known.code, message: known.message })
    // The primary has the reason and tells it once; a worker that could not start is of no use.
    process.exit(1)
  }
}
