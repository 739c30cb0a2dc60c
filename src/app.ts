import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { existsSync } from 'node:fs'
import { availableParallelism, hostname } from 'node:os'
import { type Level, pino } from 'pino'
import type { Registry } from 'prom-client'
import { assertProtected, isLoopback, type KeyRing } from './access/keys.ts'
import { Oidc, type OidcChoice } from './access/oidc.ts'
import { closeEach } from './core/close-each.ts'
import { FraudError } from './core/errors.ts'
import type { Logger } from './core/logger.ts'
import { collectGarbageAlone } from './core/one-core.ts'
import { type OptionName, option, optionInvalid } from './core/option.ts'
import type { DecisionService } from './deciding/decision-service.ts'
import type { Deployer } from './deciding/deployer.ts'
import type { DeploymentReading } from './deciding/deployment-projection.ts'
import { canDecide, createDetectorInForce } from './deciding/detector-in-force.ts'
import { Lineup, modelIdOf } from './deciding/lineup.ts'
import type { ModelView } from './deciding/models.ts'
import { OfferedBundle } from './deciding/offered-bundle.ts'
import { requireApproval } from './deciding/require-approval.ts'
import { warmChecker } from './deciding/warm-checker.ts'
import type { Detector } from './detector/detector.ts'
import { createDecisionMetrics, type DecisionMetrics } from './http/decision-metrics.ts'
import { Edges } from './http/edges/edges.ts'
import { ChampionFollower } from './http/follow-champion.ts'
import { createJobMetrics } from './http/job-metrics.ts'
import { defaultLimits, type Limits } from './http/limits.ts'
import { checkAddress, listen } from './http/listen.ts'
import { createMetrics, type Metrics } from './http/metrics.ts'
import type { Pair } from './http/pair.ts'
import { buildServer } from './http/server.ts'
import { OtlpExport, type OtlpTarget } from './http/tracing/otlp-export.ts'
import { RequestTraces } from './http/tracing/request-traces.ts'
import { joinPrimary } from './http/worker-link.ts'
import { startWorkers } from './http/worker-pool.ts'
import type { Job } from './jobs/job.ts'
import { type Jobs, openJobs } from './jobs/jobs.ts'
import { jobBundle } from './jobs/request.ts'
import { tellJobs } from './jobs/tell-jobs.ts'
import { type OpenedAccounts, openAccounts } from './open-accounts.ts'
import { type DecisionsConfig, type OpenedDecisions, openDecisions, openDirectory } from './open-decisions.ts'
import type { Predictor } from './scoring/predictor.ts'
import { type ServedModel, serveable } from './scoring/served-model.ts'
import { dataDirectory } from './stores/data-directory.ts'
import { newJobId, openJobFiles } from './stores/job-files.ts'

export interface ServiceConfig {
  /**
   * Reads what is served: once at the start, and again at each reload.
   *
   * @param log of the data directory, where this process has it to itself: it may say who is champion.
   */
  readonly load: (log?: DeploymentReading) => Promise<LoadedModel>
  /** Who the log says is champion by now, for processes that follow it without writing it. */
  readonly findChampion?: (() => string | undefined) | undefined
  /** Where decisions are kept; without it, or for a detector that can't decide, only predictions are made. */
  readonly decisions?: DecisionsConfig | undefined
  /** How jobs are run, where decisions are made; elsewhere none are. */
  readonly jobs?: JobsChoice | undefined
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  /** Whether the service is asked over HTTP at all; by default it is. */
  readonly listens?: boolean | undefined
  /** What works on its decisions, too, where some are made. */
  readonly beside?: ((parts: BesideParts) => Beside) | undefined
  /** Where other processes that share the log reach this one; by default where it listens. */
  readonly advertise?: string | undefined
  /** Processes that share the port; with 1 this process serves by itself. */
  readonly workers: number
  /** Threads that have the connections of a process that serves by itself; by default it has them itself. */
  readonly edges?: number | undefined
  /** Allows a host other than loopback without keys. */
  readonly insecure: boolean
  readonly apiKeys: readonly string[]
  /** Who may do what as of now, in place of `apiKeys`. */
  readonly keyRing?: (() => KeyRing) | undefined
  /** Where people log in whom another service knows. */
  readonly oidc?: OidcChoice | undefined
  /** Addresses of proxies that say whom they ask for. */
  readonly trustedProxies?: readonly string[] | undefined
  /** Shrike's own version. */
  readonly version: string
  readonly logLevel: Level | 'silent'
  /** Where traces of requests go; by default none are kept. */
  readonly traces?: OtlpTarget | undefined
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

interface JobsChoice {
  /** The arguments of a process that runs the job whose id follows them. */
  readonly args: readonly string[]
  /** The folder that requests may name files of. */
  readonly files: string | undefined
}

interface LoadedModel {
  /** Without one, rules and lists alone decide. */
  readonly predictor?: Predictor | undefined
  /** What the bundle was trained for; without it only predictions can be made. */
  readonly detector?: Detector | undefined
  readonly bundlePath?: string | undefined
  /** Reads the bundle that an operator has put in place, which may take over where the log says who is champion. */
  readonly readOffered?: (() => Promise<Uint8Array>) | undefined
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
  collectGarbageAlone(availableParallelism())
  const service = await start(config, signal)
  if (service === undefined) return undefined
  if (service.role === 'worker') {
    // A terminal tells the whole group of processes. The primary passes on what is meant for workers.
    process.on('SIGINT', () => {})
    process.on('SIGHUP', () => {})
    process.once('SIGTERM', () => void service.close())
    return service
  }
  const reload = () => void service.reload()
  const stop = () => {
    void service.close()
    setTimeout(() => giveUp(service, config), endWithinMs).unref()
  }
  process.on('SIGHUP', reload)
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

/**
 * Whether the service could be opened as it is asked for, which is known before any work is done.
 *
 * @throws FraudError OPTION_INVALID, PORT_IN_USE, ADDRESS_UNAVAILABLE
 */
export async function checkServing(
  config: Pick<
    ServiceConfig,
    'host' | 'port' | 'workers' | 'edges' | 'traces' | 'insecure' | 'apiKeys' | 'keyRing' | 'oidc'
  >,
): Promise<void> {
  const { host, port, workers, insecure, apiKeys, keyRing, oidc } = config
  assertWithin('workers', workers, 1, 64)
  checkEdges(config)
  assertWithin('port', port, 0, 65_535)
  const isAsked = (keyRing?.().asksForKey ?? false) || apiKeys.length > 0 || (oidc !== undefined && workers === 1)
  assertProtected(host, isAsked, insecure)
  await checkAddress(host, port)
}

function checkEdges({ edges = 0, workers, traces }: Pick<ServiceConfig, 'edges' | 'workers' | 'traces'>): void {
  assertWithin('edges', edges, 0, 16)
  if (edges === 0) return
  if (workers > 1) throw optionInvalid('edges', `is for one process, and ${option('workers')} is ${workers}`)
  if (process.platform !== 'linux') throw optionInvalid('edges', `needs Linux, and this is ${process.platform}`)
  if (traces !== undefined)
    throw optionInvalid('edges', 'can not be used while requests are traced: leave it out, or set OTEL_SDK_DISABLED')
}

function assertWithin(name: OptionName, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw optionInvalid(name, `must be a whole number from ${least} to ${most}, and is ${value}`)
}

interface Serving {
  readonly bundlePath: string | undefined
  readonly lineup: Lineup
  readonly decisions: OpenedDecisions | undefined
  readonly opened: OpenedAccounts | undefined
  readonly metrics: Metrics
  readonly tracing: Tracing | undefined
  readonly reload: () => Promise<void>
  readonly log: ReturnType<typeof createLog>
  /** Logs what a person should know of the policy in force. */
  readonly warnOfPolicy: () => void
  /** Looks, once decisions are made, at a bundle that an operator named. */
  readonly takeOffer: () => Promise<void>
}

type Tracing = ReturnType<typeof openTracing>

function openTracing(
  { traces: target, version }: ServiceConfig & { readonly traces: OtlpTarget },
  log: Serving['log'],
) {
  const exported = new OtlpExport(target, version, log)
  const nowNs = () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))
  return { requests: new RequestTraces(exported, target.ratio, nowNs), close: () => exported.close() }
}

function createLog({ logLevel }: ServiceConfig) {
  // Results belong to stdout, logs to stderr.
  return pino({ level: logLevel, base: { pid: process.pid } }, pino.destination(2))
}

/** What is served, and the decisions of it, where some are made. */
async function loadAndOpen(
  { decisions: choice, load }: Pick<ServiceConfig, 'decisions' | 'load'>,
  registry: Registry,
  log: Serving['log'],
) {
  let metrics: DecisionMetrics | undefined
  const observer: Pick<DecisionMetrics, 'committed'> = {
    committed: (seconds, records) => metrics?.committed(seconds, records),
  }
  // Behind the lock, the log says who is champion; where there is no log yet, nothing is made before a bundle is read.
  const hasLog = choice !== undefined && existsSync(dataDirectory(choice.directory).logPath)
  const directory = hasLog ? await openDirectory(choice, observer, log) : undefined
  try {
    const loaded = await load(directory?.log.reading)
    const { detector, predictor, readOffered } = loaded
    if (choice === undefined || detector === undefined || !canDecide(detector)) {
      await directory?.close()
      return { loaded, decisions: undefined }
    }
    const inForce = createDetectorInForce(detector, predictor)
    metrics = createDecisionMetrics(registry)
    const decisions = await openDecisions(choice, inForce, metrics, log, readOffered, directory)
    return { loaded, decisions }
  } catch (error) {
    await directory?.close()
    throw error
  }
}

async function prepare(config: ServiceConfig): Promise<Serving> {
  const log = createLog(config)
  const metrics = createMetrics(() => modelIdOf(lineup))
  const kept: { opened?: OpenedAccounts | undefined } = {}
  const asksForApproval = () => kept.opened?.accounts.fourEyes.isOn ?? false
  const { traces } = config
  const tracing = traces && openTracing({ ...config, traces }, log)
  const choice = config.decisions && { ...config.decisions, asksForApproval, tracing: tracing?.requests }
  const { loaded, decisions } = await loadAndOpen({ ...config, decisions: choice }, metrics.registry, log)
  const { predictor, bundlePath, readOffered } = loaded
  const lineup: Lineup = decisions?.service.lineup ?? new Lineup({ model: serveableAlone(predictor) })
  const warnOfPolicy = () => {
    const warning = decisions?.service.warnOfPolicy()
    if (warning !== undefined) log.warn({ model: modelIdOf(lineup) }, warning)
  }
  lineup.onSwap(() => metrics.countReload('ok'))
  lineup.onSwap(() => log.info({ model: modelIdOf(lineup) }, `${sourceOf(lineup)} was loaded again`))
  lineup.onSwap(warnOfPolicy)
  const deployer = decisions?.service.deployer
  const offered = deployer && new OfferedBundle(deployer, readOffered, log)

  async function reloadNow(): Promise<void> {
    try {
      if (deployer?.isByLog) return await offered?.again()
      const { predictor, detector } = await config.load()
      if (decisions === undefined) return lineup.put({ model: serveableAlone(predictor) })
      if (detector === undefined || !canDecide(detector)) {
        throw new FraudError('BUNDLE_INVALID', 'The detector declares no id or no time, so it cannot decide')
      }
      requireApproval(asksForApproval, { by: 'signal:SIGHUP' })
      await decisions.service.use(createDetectorInForce(detector, predictor))
    } catch (error) {
      metrics.countReload('refused')
      log.error(
        { ...whyRefused(error), model: modelIdOf(lineup) },
        `${sourceOf(lineup)} was refused; the previous one stays in use`,
      )
    }
  }
  let last = Promise.resolve()
  const reload = () => {
    // One after the other, so that the last one asked for is the one that is served.
    last = last.then(reloadNow)
    return last
  }
  const takeOffer = async () => {
    try {
      await offered?.atStart()
    } catch (error) {
      log.error(whyRefused(error), 'the bundle that was named was refused; the champion of the log stays in use')
    }
  }
  const opened = await openBeside(config, decisions)
  kept.opened = opened
  return { bundlePath, lineup, decisions, opened, metrics, reload, log, warnOfPolicy, takeOffer, tracing }
}

/** Users are kept beside decisions; the lock of the directory is that of decisions. */
async function openBeside(
  { decisions: config, oidc }: ServiceConfig,
  decisions: OpenedDecisions | undefined,
): Promise<OpenedAccounts | undefined> {
  if (decisions === undefined || config === undefined) {
    if (oidc === undefined) return undefined
    throw new FraudError(
      'OPTION_INVALID',
      'People log in to a service that decides, in one process: this one only predicts',
    )
  }
  try {
    const provider = oidc && (await Oidc.open(oidc, Date.now))
    const opened = openAccounts(dataDirectory(config.directory), Date.now, provider)
    opened.accounts.fourEyes.recover()
    return opened
  } catch (error) {
    await decisions.close()
    throw error
  }
}

function whyRefused(error: unknown): object {
  return error instanceof FraudError ? { code: error.code, reason: error.message } : { err: error }
}

/** What is loaded again. */
function sourceOf(lineup: Lineup): string {
  return modelIdOf(lineup) === null ? 'the detector' : 'the bundle'
}

/** Where nothing is decided, predictions are all that there is. */
function serveableAlone(predictor: Predictor | undefined): ServedModel {
  if (predictor !== undefined) return serveable(predictor)
  throw new FraudError(
    'DETECTOR_INVALID',
    'The detector declares no transaction.id or no time, so it cannot decide, and without a bundle nothing can be predicted',
  )
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
  const jobs = await startJobs(config, serving, pair && leading.promise).catch(async (error: unknown) => {
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
  const close = () => {
    closing ??= closeAll().then(() => log.info({}, 'closed'))
    closing.then(resolve, reject)
    return closing
  }
  // What stops the histories from being made stops the service: it would never be ready.
  const fail = (error: unknown) => {
    void closeAll().finally(() => reject(error))
  }
  ready.then(leading.resolve, () => {})
  ready.then(warnOfPolicy).then(takeOffer, fail)
  if (url !== undefined && decisions !== undefined) {
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
  return { leader: () => shared.leader, ownUrl }
}

/** The secret is in the fragment, which browsers do not send, so that no log of requests has it. */
function linkOf(opened: OpenedAccounts | undefined, host: string, url: string): string | undefined {
  if (opened === undefined || opened.accounts.asksForLogin || !isLoopback(host)) return undefined
  return `${url}/console/#once=${opened.accounts.link.offer(Date.now())}`
}

/**
 * The model of a training or an import is one of the service's models at once, without a role; at the next start where the
 * service ended before.
 */
async function keepModel(job: Job, jobs: Jobs, deployer: Deployer | undefined): Promise<void> {
  const { id, request, by, state, createdMs, isForRegistry } = job
  if (state !== 'done' || isForRegistry !== true || deployer === undefined) return
  const why = `${request.kind} ${request.name}`
  const isOfJob = (model: ModelView) => model.why === why && Date.parse(model.addedAt) >= createdMs
  if (deployer.models.list().some(isOfJob)) return
  const bytes = await jobs.output(id, jobBundle)
  if (bytes === undefined || (await deployer.models.wasRemovedSince(createdMs, bytes))) return
  // What decides is what it is meant to follow, and is held against.
  const isKept = await deployer.keepServed({ by, why: `It decided at the ${why}` })
  await deployer.models.add(bytes, { by, why, ...(isKept && { parent: deployer.servedId }) })
}

/** Only who has the data directory to itself runs jobs that are asked for over HTTP. */
async function startJobs(
  { decisions: config, jobs: choice }: ServiceConfig,
  { decisions, log, metrics }: Serving,
  begin?: Promise<void>,
): Promise<Jobs | undefined> {
  if (decisions === undefined || config === undefined || choice === undefined) return undefined
  const counted = createJobMetrics(metrics.registry, Date.now)
  const onFailure = (error: unknown) => log.error({ err: error }, 'a job could not be run')
  const keep = (job: Job) =>
    keepModel(job, jobs, decisions.service.deployer).catch((cause: unknown) => {
      if (!(cause instanceof FraudError)) return onFailure(cause)
      const { code, message: reason } = cause
      log.warn({ job: job.id, code, reason }, 'the model of a job is not added to the models')
    })
  const jobs = openJobs({
    ...choice,
    data: config.directory,
    store: openJobFiles(dataDirectory(config.directory)),
    newId: newJobId,
    nowMs: Date.now,
    onEnd(job) {
      const { id, request, state, error } = job
      counted.ended(job)
      telling.ended(job.id)
      log.info({ job: id, kind: request.kind, state, ...(error && { code: error.code }) }, 'a job has ended')
      void keep(job)
    },
    onFailure,
    begin,
  })
  counted.watch(jobs.underway)
  void Promise.resolve(begin).then(() => Promise.all(jobs.list().map(keep)), onFailure)
  const telling = tellJobs(jobs, decisions.service.events, onFailure)
  return {
    ...jobs,
    close() {
      telling.close()
      return jobs.close()
    },
  }
}

async function startSingle(config: ServiceConfig, signal: AbortSignal): Promise<Service | undefined> {
  const serving = await prepare(config)
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
    const serving = await prepare(config)
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
