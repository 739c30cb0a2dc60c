import { existsSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { parseApiKeys } from '../access/keys.ts'
import { runService, type Service, type ServiceConfig } from '../app.ts'
import { FraudError } from '../core/errors.ts'
import { readOtlp } from '../http/tracing/otlp-variables.ts'
import { warmUp } from '../http/warm-up.ts'
import { readBundleBytes } from '../scoring/load-predictor.ts'
import { dataDirectory, writeServiceAddress } from '../stores/data-directory.ts'
import { readEndpoints } from '../webhooks/endpoint.ts'
import { championIn } from './champion.ts'
import { whereData } from './data-location.ts'
import { watchKeys } from './key-ring.ts'
import { alertWebhook, keepPrivate, logKey } from './log-files.ts'
import { type OidcFlags, readOidc } from './oidc-flags.ts'
import { reportsBeside } from './report-beside.ts'
import type { Run } from './run.ts'
import { type Served, servedByService } from './served.ts'
import { usualEdges } from './usual-edges.ts'
import { version } from './version.ts'

export interface ServeFlags extends Partial<OidcFlags> {
  readonly port: number
  readonly host: string
  readonly advertise?: string
  readonly workers: number
  readonly edges?: number
  readonly insecure?: boolean
  readonly trustProxy?: readonly string[]
  readonly logLevel: ServiceConfig['logLevel']
  readonly report?: string
  /** In place of a bundle. */
  readonly detector?: string
  readonly data: string
  /** Milliseconds. */
  readonly maxAhead: number
  readonly maxPending: number
  readonly maxPendingLabels: number
  readonly retain?: number
  readonly acceptLostHistories?: boolean
  readonly strict?: boolean
  readonly shadowScores: number
  readonly warmUp: boolean
  readonly jobFiles?: string
  readonly webhooks?: string
  readonly snapshotEvery: number
  /** Mebibytes. */
  readonly historyMemory: number
  readonly minFreeDisk: number
  readonly maxConnections: number
  readonly maxConnectionsPerAddress?: number
}

/** Serves until it is told to stop. */
export async function serve(bundle: string | undefined, flags: ServeFlags, { signal, terminal }: Run): Promise<void> {
  const wasEmpty = !existsSync(dataDirectory(flags.data).logPath)
  const { detector, workers } = flags
  const served = servedByService(flags.data, { bundle, detector })
  if (detector !== undefined && workers > 1 && championIn(flags.data) === undefined)
    throw new FraudError(
      'OPTION_INVALID',
      `--workers ${workers}: several make predictions only, and --detector has no model`,
    )
  const isTraced = readOtlp(process.env) !== undefined
  const place = { cores: availableParallelism(), platform: process.platform, workers, isTraced }
  const service = await startServing(served, { ...flags, edges: flags.edges ?? usualEdges(place) }, signal)
  if (service === undefined) return
  if (service.role !== 'worker') {
    process.stdout.write(`serving ${service.modelId ?? `${detector} without a model`} on ${service.url}\n`)
    if (service.modelId === null) tellWithoutModel(flags.data)
    if (service.decides) process.stdout.write(`decisions and labels are kept in ${whereData(flags.data)}\n`)
    else terminal.warn(whyNoDecisions(flags))
    // Where standard output is a file, or goes to a collector of logs, a secret has no place in it.
    if (process.stdout.isTTY) tellLink(service)
    tellEmpty(service, wasEmpty, flags.data)
    void service.ready.then(
      () => {
        const warning = service.policyWarning()
        if (warning !== undefined) terminal.warn(warning)
      },
      () => {},
    )
  }
  await service.closed
}

/** Nobody needs a password for the first look. */
function tellLink(service: Service): void {
  const link = service.oneTimeLink()
  if (link === undefined) return
  process.stdout.write(`console, without a password, once and within 15 minutes: ${link}\n`)
}

function whyNoDecisions({ workers }: ServeFlags): string {
  return workers > 1
    ? 'With several workers only predictions are made: decisions have an order, which needs a single process'
    : 'The detector declares no transaction.id or no time, so only predictions are made, no decisions'
}

/** Where and for whom the flags say to serve. */
export function addressOf(flags: ServeFlags) {
  const { port, host, workers, edges, insecure, data } = flags
  const apiKeys = parseApiKeys(process.env.SHRIKE_API_KEYS)
  const keyRing = watchKeys(dataDirectory(data).keysPath, apiKeys)
  const { oidcNameClaim = '', oidcRolesClaim = '' } = flags
  const oidc = readOidc({ ...flags, oidcNameClaim, oidcRolesClaim })
  return { port, host, workers, edges, insecure: insecure === true, apiKeys, keyRing, oidc }
}

/** A service in the wrong folder decides without any history, and looks well. */
function tellEmpty(service: Service, wasEmpty: boolean, data: string): void {
  if (wasEmpty && service.decides)
    process.stdout.write(
      `there was no history: an empty one starts in ${dataDirectory(data).database?.place ?? resolve(data)}\n`,
    )
}

function tellWithoutModel(data: string): void {
  const { bundlePath } = dataDirectory(data)
  const unused = existsSync(bundlePath) ? `; ${bundlePath} is not used` : ''
  process.stdout.write(`rules and lists alone decide${unused}\n`)
}

/** The service, listening; undefined where the signal was given before. */
export async function startServing(
  { load }: Served,
  flags: ServeFlags,
  signal: AbortSignal,
  more: Pick<ServiceConfig, 'workerArgs' | 'listens' | 'beside'> = {},
): Promise<Service | undefined> {
  keepPrivate()
  const { logLevel, report, data } = flags
  if (report !== undefined && !existsSync(report))
    throw new FraudError('FILE_UNREADABLE', `--report ${report}: there is no such file`)
  const config: ServiceConfig = {
    ...addressOf(flags),
    trustedProxies: flags.trustProxy,
    async load(log) {
      const { bundle, offered, ...loaded } = await load(log)
      const readOffered = offered === undefined ? undefined : () => readBundleBytes(offered)
      return { ...loaded, bundlePath: bundle, readOffered }
    },
    findChampion: () => championIn(data)?.id,
    decisions: {
      directory: data,
      follows: dataDirectory(data).database !== undefined,
      logKey: logKey(),
      cardKey: process.env.SHRIKE_CARD_KEY,
      alertWebhook: alertWebhook(),
      webhooks: flags.webhooks === undefined ? [] : readEndpoints(flags.webhooks, process.env),
      ...(flags.warmUp && { warmUp }),
      snapshotArgs: [process.argv[1] ?? '', 'snapshot'],
      limits: {
        maxAheadMs: flags.maxAhead,
        maxPending: flags.maxPending,
        maxPendingLabels: flags.maxPendingLabels,
        snapshotEvery: flags.snapshotEvery,
        maxHistoryBytes: flags.historyMemory * 2 ** 20,
        minFreeBytes: flags.minFreeDisk * 2 ** 20,
        retainMs: flags.retain,
        acceptLostHistories: flags.acceptLostHistories === true,
        isStrict: flags.strict === true,
        shadowScoresPerSecond: flags.shadowScores,
      },
    },
    advertise: flags.advertise,
    jobs: { args: [process.argv[1] ?? '', 'job', 'run', '--data', data], files: flags.jobFiles },
    version,
    traces: readOtlp(process.env),
    logLevel,
    reportPath: report,
    reportsBeside,
    limits: {
      connections: flags.maxConnections,
      connectionsPerAddress: flags.maxConnectionsPerAddress ?? Math.ceil(flags.maxConnections / 2),
    },
    ...more,
  }
  const service = await runService(config, signal)
  if (service?.decides && service.role === 'single' && service.url !== '') {
    writeServiceAddress(dataDirectory(data), service.url)
    const forget = () => rmSync(dataDirectory(data).addressPath, { force: true })
    service.closed.then(forget, forget)
  }
  // Told to end before it could hear of it itself.
  if (signal.aborted) void service?.close()
  return service
}
