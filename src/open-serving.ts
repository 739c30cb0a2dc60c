import { existsSync } from 'node:fs'
import { type Level, pino } from 'pino'
import type { Registry } from 'prom-client'
import { Oidc, type OidcChoice } from './access/oidc.ts'
import { FraudError } from './core/errors.ts'
import type { Logger } from './core/logger.ts'
import type { DeploymentReading } from './deciding/deployment-projection.ts'
import { canDecide, createDetectorInForce } from './deciding/detector-in-force.ts'
import { Lineup, modelIdOf } from './deciding/lineup.ts'
import { OfferedBundle } from './deciding/offered-bundle.ts'
import { requireApproval } from './deciding/require-approval.ts'
import type { Detector } from './detector/detector.ts'
import { createDecisionMetrics, type DecisionMetrics } from './http/decision-metrics.ts'
import { createMetrics, type Metrics } from './http/metrics.ts'
import { OtlpExport, type OtlpTarget } from './http/tracing/otlp-export.ts'
import { RequestTraces } from './http/tracing/request-traces.ts'
import { type OpenedAccounts, openAccounts } from './open-accounts.ts'
import { type DecisionsConfig, type OpenedDecisions, openDecisions, openDirectory } from './open-decisions.ts'
import type { Predictor } from './scoring/predictor.ts'
import { type ServedModel, serveable } from './scoring/served-model.ts'
import { dataDirectory } from './stores/data-directory.ts'

/** What is served, where its decisions are kept, and what is told of it. */
export interface ServingConfig {
  /**
   * Reads what is served: once at the start, and again at each reload.
   *
   * @param log of the data directory, where this process has it to itself: it may say who is champion.
   */
  readonly load: (log?: DeploymentReading) => Promise<LoadedModel>
  /** Where decisions are kept; without it, or for a detector that can't decide, only predictions are made. */
  readonly decisions?: DecisionsConfig | undefined
  /** Where people log in whom another service knows. */
  readonly oidc?: OidcChoice | undefined
  /** Shrike's own version. */
  readonly version: string
  readonly logLevel: Level | 'silent'
  /** Where traces of requests go; by default none are kept. */
  readonly traces?: OtlpTarget | undefined
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

/** What a service has before anybody asks it. */
export interface Serving {
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
  { traces: target, version }: Pick<ServingConfig, 'version'> & { readonly traces: OtlpTarget },
  log: Logger,
) {
  const exported = new OtlpExport(target, version, log)
  const nowNs = () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))
  return { requests: new RequestTraces(exported, target.ratio, nowNs), close: () => exported.close() }
}

/** The log of a process. */
export function createLog({ logLevel }: Pick<ServingConfig, 'logLevel'>) {
  return pino({ level: logLevel, base: { pid: process.pid } }, openStandardError())
}

const mostUnwrittenBytes = 2 ** 20

/**
 * Results belong to stdout, logs to stderr. Where it takes nothing, as on a full disk, the service goes on: the first
 * lines are written once it can be, and at the end nobody waits for that.
 */
function openStandardError() {
  const stream = pino.destination({ dest: 2, minLength: 0, maxLength: mostUnwrittenBytes })
  const { flushSync } = stream
  // Pino's own listener ends the process, at whose end pino would try again for ever.
  stream.removeAllListeners('error')
  stream.on('error', () => {
    stream.flushSync = () => {}
  })
  stream.on('write', () => {
    stream.flushSync = flushSync
  })
  return stream
}

/** What is served, and the decisions of it, where some are made. */
async function loadAndOpen(
  { decisions: choice, load }: Pick<ServingConfig, 'decisions' | 'load'>,
  registry: Registry,
  log: Logger,
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

/** Configuration -> what is served, and the way to load it again; nobody can ask it yet. @throws whatever `load` does. */
export async function openServing(config: ServingConfig): Promise<Serving> {
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
  { decisions: config, oidc }: ServingConfig,
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
