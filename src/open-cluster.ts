import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { BundleLane } from './cluster/bundle-lane.ts'
import { Changes } from './cluster/changes.ts'
import { ClusterBundles } from './cluster/cluster-bundles.ts'
import { ClusterControl, refuseDetector } from './cluster/cluster-control.ts'
import { ClusterDecisions } from './cluster/cluster-decisions.ts'
import { ClusterDeployer } from './cluster/cluster-deployer.ts'
import { ClusterJudge } from './cluster/cluster-judge.ts'
import { ClusterModels } from './cluster/cluster-models.ts'
import { ClusterPolicy } from './cluster/cluster-policy.ts'
import { readerOf } from './cluster/cluster-reader.ts'
import { createRegistry } from './cluster/cluster-registry.ts'
import { FoldFiles } from './cluster/fold-files.ts'
import { idsKeptMs } from './cluster/home-fold.ts'
import { KafkaLog, topicOf } from './cluster/kafka-log.ts'
import { bundlePlace, homeLane } from './cluster/lanes.ts'
import type { Place } from './cluster/ordered-log.ts'
import { Replica } from './cluster/replica.ts'
import { TcpReplies } from './cluster/tcp-replies.ts'
import { FraudError } from './core/errors.ts'
import { hashText } from './core/hash-text.ts'
import type { Logger } from './core/logger.ts'
import { definitionOf } from './deciding/define.ts'
import type { DetectorInForce } from './deciding/detector-in-force.ts'
import { openModelFiles } from './stores/model-files.ts'
import { type Kafka, type KafkaChoice, loadKafka } from './streams/kafka/kafka-client.ts'
import { tellKafkaError } from './streams/kafka/kafka-errors.ts'

export interface ClusterAddress {
  readonly kafka: KafkaChoice
  /** Begins the names of the cluster's topics. */
  readonly prefix: string
}

export interface ClusterChoice extends ClusterAddress {
  /** This replica's number, from 0 on, and how many there are. */
  readonly replica: number
  readonly replicas: number
  /** Where this one hears replies, and what others reach it by. */
  readonly host: string
  readonly port: number
  readonly advertise: string
  /** Known to all replicas and to nobody else. */
  readonly key: string
  readonly maxAheadMs: number
  readonly maxPending: number
  /** Where folds are saved, each after so many new entries of all. */
  readonly folder: string
  readonly saveEvery: number
  /** The bundle that it was started with, and what it runs on, which a definition tells. */
  readonly readServed: (() => Promise<Uint8Array>) | undefined
  readonly runtime: string
  /** What ends the replica: its places can't go on. */
  readonly onEnd: (error: unknown) => void
}

export interface OpenedCluster {
  readonly decisions: ClusterDecisions
  readonly policy: ClusterPolicy
  readonly deployer: ClusterDeployer
  close(): Promise<void>
}

const [retryMs, giveUpMs, unansweredMs] = [1_000, 5_000, 5_000]

/** @throws FraudError TOPIC_UNUSABLE where `shrike cluster init` has not made it. */
async function partitionsOf(kafka: Kafka, prefix: string): Promise<number> {
  const partitions = await kafka.partitions(topicOf(prefix, homeLane))
  if (partitions !== undefined) return partitions
  throw new FraudError('TOPIC_UNUSABLE', `There is no cluster ${prefix}: make it with shrike cluster init`)
}

/** Two replicas fold each place, by their numbers alone. */
function holds({ replica, replicas }: ClusterChoice, { lane, partition }: Place): boolean {
  const first = (partition + hashText(lane)) % replicas
  return replica === first || replica === (first + 1) % replicas
}

/** What is in force, as the control lane makes it, and the models that decide by that. */
function openControl(choice: ClusterChoice, kafka: Kafka, inForce: DetectorInForce, address: string) {
  const { prefix, runtime, folder } = choice
  const { columns } = readerOf(inForce, Date.now)
  const served = { inForce, definition: definitionOf(inForce, 1, { columns, runtime }) }
  const loaded = new ClusterModels({ served, registry: () => models, newest: () => control.newest?.definition })
  const control = new ClusterControl(loaded)
  const { lane } = control
  const changes = new Changes({ lane, address, wait, retryMs, giveUpMs, log: new KafkaLog(kafka, prefix) })
  const hasLane = async () => (await kafka.partitions(topicOf(prefix, bundlePlace.lane))) !== undefined
  const bundles = new ClusterBundles({
    lane,
    bundles: new BundleLane({ log: new KafkaLog(kafka, prefix), wait, hasLane }),
    files: openModelFiles({ modelsPath: join(folder, 'models'), database: undefined }),
  })
  const models = createRegistry({ control, changes, bundles, clock: Date.now })
  return { loaded, control, changes, models }
}

/** A replica, begun: it is ready once it has folded what its places have. */
export async function openCluster(
  choice: ClusterChoice,
  inForce: DetectorInForce,
  logger: Logger,
): Promise<OpenedCluster> {
  refuseDetector(inForce.detector)
  const kafka = await loadKafka(choice.kafka)
  const replies = new TcpReplies({ ...choice, start: randomBytes(8).toString('hex') })
  const stop = new AbortController()
  let saving: Promise<void> | undefined
  const close = async () => {
    stop.abort()
    await saving
    replies.close()
    await kafka.close()
  }
  try {
    const partitions = await partitionsOf(kafka, choice.prefix)
    const { loaded, control, changes, models } = openControl(choice, kafka, inForce, replies.address)
    const { lane } = control
    const onFault = (what: string, error: unknown) => logger.error({ err: error, what }, 'a decision has no score')
    const files = new FoldFiles(choice.folder, (path, reason) =>
      logger.warn({ path, reason }, 'a saved fold is damaged, or cannot be read; the log is read'),
    )
    const replica = new Replica({
      saved: (name) => files.read(name),
      log: new KafkaLog(kafka, choice.prefix),
      address: replies.address,
      partitions,
      control,
      judge: new ClusterJudge({ control, models: loaded, onFault }),
      wait,
      steadyClock: performance.now.bind(performance),
      retryMs,
      giveUpMs,
      unansweredMs,
      keepMs: idsKeptMs,
      clock: Date.now,
      send: (reply) => replies.send(reply),
      holds: (place) => holds(choice, place),
      onFault: (_, fault) => logger.error({ code: fault.code, reason: fault.message }, 'a place is closed'),
      onError: (error) =>
        logger.warn({ reason: String(error) }, 'something that was left undone waits for its next turn'),
    })
    saving = saveFolds(replica, files, choice.saveEvery, stop.signal, logger)
    replies.receive((reply) => replica.front.receive(reply))
    await replies.listen()
    replica.run(stop.signal).catch((error) => {
      if (!stop.signal.aborted) choice.onEnd(error)
    })
    const whyNotReady = () => whyNot(replica, loaded)
    const reader = readerOf(inForce, Date.now)
    const timeField = inForce.detector.transaction.time?.field ?? ''
    const { maxAheadMs, maxPending } = choice
    const shared = { front: replica.front, control, reader, timeField, clock: Date.now, maxAheadMs, maxPending }
    const policy = new ClusterPolicy({
      ...{ lane, changes, reader, whyNotReady, clock: Date.now },
      highestScore: () => control.newest && loaded.find(control.newest.definition)?.predictor?.highestScore,
      makeSecret: () => randomBytes(32).toString('hex'),
    })
    const deployer = new ClusterDeployer({
      ...{ control, changes, models, loaded, whyNotReady, clock: Date.now },
      columnsOf: (next) => readerOf(next, Date.now).columns,
      runtime: choice.runtime,
      readServed: choice.readServed,
    })
    const decisions = new ClusterDecisions({ ...shared, whyNotReady, lag: () => replica.lag })
    return { decisions, policy, deployer, close }
  } catch (error) {
    await close()
    throw tellKafkaError(error)
  }
}

/** Saves folds while they go on, so that a start reads what came since. */
async function saveFolds(
  replica: Replica,
  files: FoldFiles,
  every: number,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  for (let saved = 0; !signal.aborted; await wait(1_000, signal)) {
    if (replica.taken - saved < every || replica.lag > 0) continue
    saved = replica.taken
    try {
      await files.write(replica.save())
      logger.info({ entries: saved }, 'folds were saved')
    } catch (error) {
      logger.error({ err: error }, 'folds could not be saved; those before are kept')
    }
  }
}

function whyNot(replica: Replica, { problem, underway }: ClusterModels): string | undefined {
  const [fault] = replica.faults
  if (fault !== undefined) return fault.message
  if (replica.isControlBehind) {
    if (problem !== undefined) return `${problem.id} can't decide here: ${problem.error.message}`
    return underway === undefined
      ? 'Changes of what is in force are still being read from the log'
      : `${underway} is being loaded`
  }
  return replica.lag > 0 ? `Histories are being made from the log: ${replica.lag} places are behind` : undefined
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(end, ms)
    function end() {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end)
  })
}
