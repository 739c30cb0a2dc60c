import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { setPriority } from 'node:os'
import { createBackfill } from './backfill/backfill.ts'
import { findSnapshot } from './backfill/find-snapshot.ts'
import { closeEach } from './core/close-each.ts'
import { FraudError } from './core/errors.ts'
import type { Logger } from './core/logger.ts'
import type { DecisionTracing } from './core/tracing.ts'
import { requireCardKey } from './deciding/card-key.ts'
import { DecisionService } from './deciding/decision-service.ts'
import type { DetectorInForce } from './deciding/detector-in-force.ts'
import type { TakenSnapshot } from './deciding/keeper.ts'
import { webhookEvents } from './deciding/webhook-events.ts'
import { cardKeyCheck, cardNumberHash } from './detector/card-number-hash.ts'
import type { DecisionMetrics, DirectoryFigures } from './http/decision-metrics.ts'
import type { warmUp } from './http/warm-up.ts'
import { WebhookSink, type WebhookTarget } from './monitoring/webhook-sink.ts'
import {
  type DataDirectory,
  type DirectoryLock,
  dataDirectory,
  freeBytes,
  lockDirectory,
} from './stores/data-directory.ts'
import { openMode } from './stores/file-access.ts'
import { openModelFiles, removeModelLeftovers } from './stores/model-files.ts'
import { openLogOf } from './stores/open-log.ts'
import type { SqliteLog } from './stores/sqlite/sqlite-log.ts'
import type { SqliteLogReader } from './stores/sqlite/sqlite-log-reader.ts'
import { SqlitePages } from './stores/sqlite/sqlite-pages.ts'
import type { Endpoint } from './webhooks/endpoint.ts'
import { openEndpointFiles } from './webhooks/endpoint-files.ts'
import { Webhooks } from './webhooks/webhooks.ts'

/** What the decision path needs beside a model. */
export interface DecisionsConfig {
  /** The data directory. */
  readonly directory: string
  /** Whether it follows another process that has the log in a database, until it can decide itself. */
  readonly follows?: boolean | undefined
  /** The key of the log's chain; without it the chain is plain SHA-256. */
  readonly logKey?: string | undefined
  /** The key of the hashes that replace card numbers, for detectors that require them. */
  readonly cardKey?: string | undefined
  readonly limits?: Partial<DecisionsLimits>
  /** Where alerts are sent, and what they are signed with. */
  readonly alertWebhook?: WebhookTarget | undefined
  /** Told of the steps of each decision. */
  readonly tracing?: DecisionTracing | undefined
  /** Who is told of decisions, cases and labels. */
  readonly webhooks?: readonly Endpoint[] | undefined
  /** For a service whose first decision is in a hurry. */
  readonly warmUp?: typeof warmUp | undefined
  /** Whether somebody else has to approve changes of what decides. */
  readonly asksForApproval?: () => boolean
  /** The arguments of a process of Shrike's that takes a snapshot; without them none is taken. */
  readonly snapshotArgs?: readonly string[] | undefined
}

interface DecisionsLimits {
  /** How far ahead of the clock a transaction may be. */
  readonly maxAheadMs: number
  readonly maxPending: number
  /** Labels that may wait for transactions that have not come. */
  readonly maxPendingLabels: number
  readonly maxHistoryBytes: number
  /** New records after which a snapshot is taken, and the time after which one is taken whatever their number. */
  readonly snapshotEvery: number
  readonly snapshotEveryMs: number
  readonly retainMs: number | undefined
  readonly acceptLostHistories: boolean
  /** How many scores shadows may give within a second, all together. */
  readonly shadowScoresPerSecond: number
  /** Whether a field that the detector does not declare is refused. */
  readonly isStrict: boolean
  /** The service reports that it is not ready when less disk is free. */
  readonly minFreeBytes: number
}

const defaultLimits: DecisionsLimits = {
  maxAheadMs: 5 * 60_000,
  maxPending: 128,
  maxPendingLabels: 100_000,
  maxHistoryBytes: 4 * 2 ** 30,
  snapshotEvery: 250_000,
  snapshotEveryMs: 15 * 60_000,
  retainMs: undefined,
  acceptLostHistories: false,
  shadowScoresPerSecond: 1000,
  isStrict: false,
  minFreeBytes: 256 * 2 ** 20,
}

export interface OpenedDecisions {
  readonly service: DecisionService
  /** Where the log is in a database, and other processes may have it. */
  readonly shared?: Pick<SqliteLog, 'leader' | 'announce'> | undefined
  readonly webhooks: Webhooks
  /** Why no new work is wanted, although it is still done. */
  whyNotReady(): string | undefined
  /** How many records are on the way to the log. */
  unsettled(): number
  close(): Promise<void>
}

/** A data directory that this process has to itself, and its log. */
export interface OpenedDirectory {
  readonly directory: DataDirectory
  readonly log: SqliteLog
  readonly pages: SqlitePages
  close(): Promise<void>
}

/** @throws FraudError DIRECTORY_IN_USE, DIRECTORY_UNUSABLE, LOG_KEY_MISMATCH, LOG_INVALID */
export async function openDirectory(
  { directory: path, logKey, follows = false }: Pick<DecisionsConfig, 'directory' | 'logKey' | 'follows'>,
  observer: Pick<DecisionMetrics, 'committed'>,
  logger: Logger,
): Promise<OpenedDirectory> {
  const directory = dataDirectory(path)
  const lock = lockDirectory(directory)
  warnIfOpen(directory, logger)
  const pages = new SqlitePages(directory.logPath)
  try {
    const log = await openLogOf(directory, {
      follows,
      key: logKey,
      observer,
      makeToken: () => `tok_${randomBytes(16).toString('base64url')}`,
      ...guardPlace(directory, lock, pages, logger),
    })
    lock.note()
    let closing: Promise<void> | undefined
    const stopSharing = shareFiles(directory, logger)
    const close = async () => {
      await stopSharing()
      await pages.close()
      try {
        // The thread that writes would keep the process from ending.
        await log.close()
      } finally {
        lock.release()
      }
    }
    return { directory, log, pages, close: () => (closing ??= close()) }
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * Builds the decision path on a data directory; `service.resume()` then makes the histories.
 *
 * @param readServed reads the bundle that is served where nobody has deployed a model.
 * @param already the directory, where it is open; by default it is opened.
 * @throws FraudError OPTION_INVALID, and what `openDirectory` throws; the directory is closed then.
 */
export async function openDecisions(
  config: DecisionsConfig,
  inForce: DetectorInForce,
  metrics: DecisionMetrics,
  logger: Logger,
  readServed?: (() => Promise<Uint8Array>) | undefined,
  already?: OpenedDirectory,
): Promise<OpenedDecisions> {
  const limits = { ...defaultLimits, ...config.limits }
  const { warmUp } = config
  const hashing = cardHashing(inForce, config.cardKey)
  const opened = already ?? (await openDirectory(config, metrics, logger))
  const { directory, log, pages } = opened
  const closing = new AbortController()
  try {
    const place = { snapshotsPath: directory.snapshotsPath, logKey: config.logKey }
    const service = new DecisionService(inForce, {
      ...limits,
      log,
      pages,
      persons: log.persons,
      observer: metrics,
      ...hashing,
      alertSink: openWebhook(config.alertWebhook, directory, logger),
      asksForApproval: config.asksForApproval,
      tracing: config.tracing,
      registry: { reading: log.reading, bundles: openModelFiles(directory), readServed },
      logger,
      clock: Date.now,
      makeDrawSecret: () => randomBytes(32).toString('hex'),
      runtime: `node ${process.versions.node.split('.')[0]} ${process.arch}`,
      ...(warmUp && { warmUp: (next: DetectorInForce) => warmUp(next, { ...hashing, clock: Date.now }) }),
      findSnapshot: (detector) => findSnapshot(place, detector, log.reading, logger),
      makeElsewhere: createBackfill(directory.logPath, place, logger),
      takeSnapshot: (cutoffMs) => takeSnapshot(config.snapshotArgs, directory, closing.signal, cutoffMs),
    })
    removeModelLeftovers(directory, Date.now())
    service.deployer?.models.removeLeftovers()
    const whyNotReady = () => diskIsShort(directory, limits.minFreeBytes)
    const figures = { ...figuresOf(directory, log.reading), isShort: () => whyNotReady() !== undefined }
    metrics.watch(service, figures, () => log.pending, Date.now)
    const webhooks = openWebhooks(config.webhooks, service, opened, logger)
    metrics.watchWebhooks(webhooks)
    return {
      service,
      webhooks,
      shared: directory.database && log,
      whyNotReady,
      unsettled: () => log.pending,
      async close() {
        // A snapshot that is nearly done makes the next start a quick one; where others wait for the lead, they need none.
        const patience = setTimeout(() => closing.abort(), directory.database ? 0 : snapshotGraceMs)
        await closeEach([webhooks, service, opened]).finally(() => clearTimeout(patience))
      },
    }
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** How often what others changed in the directory of a database is fetched, and what was changed here is sent. */
const shareEveryMs = 1000

function shareFiles({ database, path }: DataDirectory, logger: Logger): () => Promise<void> {
  if (database === undefined) return async () => {}
  let isFailing = false
  const share = async () => {
    try {
      await database.share()
      isFailing = false
    } catch (error) {
      if (!isFailing)
        logger.warn({ path, reason: String(error) }, 'keys, models and jobs can not be shared at the moment')
      isFailing = true
    }
  }
  const sharing = setInterval(() => void share(), shareEveryMs).unref()
  return async () => {
    clearInterval(sharing)
    await share()
    await database.close()
  }
}

function openWebhook(target: WebhookTarget | undefined, { alertsPath }: DataDirectory, logger: Logger) {
  if (target === undefined) return undefined
  const paths = { cursorPath: `${alertsPath}.sent`, deadPath: `${alertsPath}.dead.ndjson` }
  return new WebhookSink({ ...target, ...paths, clock: Date.now, logger })
}

function openWebhooks(
  endpoints: readonly Endpoint[] = [],
  service: DecisionService,
  { directory, log }: OpenedDirectory,
  logger: Logger,
): Webhooks {
  const cases = () => service.decider.state?.projections.cases
  const webhooks = new Webhooks({
    endpoints,
    reading: log.reading,
    eventsOf: webhookEvents({ reading: log.reading, cases }),
    filesOf: (name) => openEndpointFiles(`${directory.webhooksPath}.${name}`),
    isLeading: () => service.isReady && log.leader === undefined && log.failure === undefined,
    clock: Date.now,
    random: Math.random,
    logger,
  })
  if (endpoints.length > 0) webhooks.start()
  return webhooks
}

/** What becomes of the lock and of what reads the log where files are deleted or overwritten underneath. */
function guardPlace(directory: DataDirectory, lock: DirectoryLock, pages: SqlitePages, logger: Logger) {
  return {
    // While the log itself is gone, the directory may be about to be moved back: nothing is made in its place.
    keepPlace() {
      if (existsSync(directory.logPath)) renewLock(directory, lock, logger)
    },
    onOverwritten: () => lock.distrust(),
    onRecovered(isPutBack: boolean) {
      renewLock(directory, lock, logger)
      lock.note()
      pages.reopen()
      if (isPutBack)
        logger.error({ path: directory.logPath }, 'the log was deleted while it was in use, and was written again')
    },
  }
}

function renewLock({ lockPath }: DataDirectory, lock: DirectoryLock, logger: Logger): void {
  if (!lock.renew()) return
  lock.note()
  logger.warn({ path: lockPath }, 'the lock was deleted while it was in use, and was taken again')
}

/** Nothing is as good as no key: anybody could make the hashes. */
function cardHashing(inForce: DetectorInForce, key = '') {
  const check = key === '' ? undefined : cardKeyCheck(key)
  requireCardKey(inForce, check)
  return { hashCardNumber: cardNumberHash(key), cardKeyCheck: check }
}

/** Other users read what is in the files only through an open directory that made them so before. */
function warnIfOpen({ path }: DataDirectory, logger: Logger): void {
  const mode = openMode(path)
  if (mode !== undefined)
    logger.warn({ path, mode }, `users other than the owner may enter the data directory: chmod 700 ${path}`)
}

function diskIsShort({ path }: DataDirectory, minFreeBytes: number): string | undefined {
  const free = freeBytes(path)
  return free >= minFreeBytes
    ? undefined
    : `Only ${Math.floor(free / 2 ** 20)} MiB are free on the data directory's disk`
}

/** One that takes longer hangs: the next one tries again. */
const longestSnapshotMs = 3_600_000
/** How long an end of the service waits for one. */
const snapshotGraceMs = 5000

/** A process of its own, at the lowest priority: the log is read beside the service, which is not held up. */
async function takeSnapshot(
  args: readonly string[] | undefined,
  { path }: DataDirectory,
  closing: AbortSignal,
  cutoffMs = Number.NaN,
): Promise<TakenSnapshot> {
  if (args === undefined) throw new FraudError('OPTION_INVALID', 'No command that takes snapshots was given')
  const retention = Number.isFinite(cutoffMs) ? [`--prune-before=${cutoffMs}`] : []
  const child = spawn(process.execPath, [...process.execArgv, ...args, '--data', path, ...retention], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.any([closing, AbortSignal.timeout(longestSnapshotMs)]),
    killSignal: 'SIGKILL',
  })
  if (child.pid !== undefined) setPriority(child.pid, 19)
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new FraudError('SNAPSHOT_INVALID', Buffer.concat(err).toString('utf8').trim().slice(-500))
  const taken: TakenSnapshot = JSON.parse(Buffer.concat(out).toString('utf8'))
  return taken
}

function figuresOf({ path, logPath }: DataDirectory, reading: SqliteLogReader): Omit<DirectoryFigures, 'isShort'> {
  return {
    logBytes: () =>
      [logPath, `${logPath}-wal`].reduce((sum, file) => sum + (existsSync(file) ? statSync(file).size : 0), 0),
    freeBytes: () => freeBytes(path),
    oldestMs: () => reading.firstTransactionMs(),
  }
}
