import { randomBytes } from 'node:crypto'
import { Changes } from './cluster/changes.ts'
import { ClusterControl, controlText, refuseDetector } from './cluster/cluster-control.ts'
import { ClusterDecisions } from './cluster/cluster-decisions.ts'
import { ClusterJudge } from './cluster/cluster-judge.ts'
import { ClusterPolicy } from './cluster/cluster-policy.ts'
import { encodeEntry } from './cluster/entries.ts'
import { FoldFiles } from './cluster/fold-files.ts'
import { idsKeptMs } from './cluster/home-fold.ts'
import { KafkaLog, topicOf } from './cluster/kafka-log.ts'
import { controlPlace, homeLane, keyLane } from './cluster/lanes.ts'
import type { Place } from './cluster/ordered-log.ts'
import { Replica } from './cluster/replica.ts'
import { TcpReplies } from './cluster/tcp-replies.ts'
import { FraudError } from './core/errors.ts'
import { hashText } from './core/hash-text.ts'
import { canonicalJson } from './core/json-value.ts'
import type { Logger } from './core/logger.ts'
import { definitionOf } from './deciding/define.ts'
import { canDecide, type DetectorInForce } from './deciding/detector-in-force.ts'
import { ReceivedTransactionReader } from './detector/received-transaction.ts'
import { partsOf } from './features/parts.ts'
import type { Definition } from './log/log-record.ts'
import { type Kafka, type KafkaChoice, loadKafka } from './streams/kafka/kafka-client.ts'

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
  /** What ends the replica: its places can't go on. */
  readonly onEnd: (error: unknown) => void
}

export interface OpenedCluster {
  readonly decisions: ClusterDecisions
  readonly policy: ClusterPolicy
  close(): Promise<void>
}

/** Names that the reader of transactions needs nothing behind: such detectors are refused. */
const nothingConcealed = {
  hashCardNumber: () => '',
  token: () => '',
}
const [retryMs, giveUpMs, unansweredMs] = [1_000, 5_000, 5_000]

function readerOf({ detector, features }: DetectorInForce, nowMs: () => number): ReceivedTransactionReader {
  return new ReceivedTransactionReader(detector, features.layout, nothingConcealed, nowMs)
}

/**
 * Makes a cluster's topics, with its first definition.
 *
 * @throws FraudError CLUSTER_UNSUPPORTED, TOPIC_UNUSABLE where there is such a cluster already.
 */
export async function initCluster(
  { kafka: choice, prefix }: ClusterAddress,
  inForce: DetectorInForce,
  {
    partitions,
    replication,
    nowMs,
    runtime,
  }: { partitions: number; replication: number; nowMs: number; runtime: string },
): Promise<readonly string[]> {
  refuseDetector(inForce.detector)
  if (!canDecide(inForce.detector)) {
    throw new FraudError('DETECTOR_INVALID', 'The detector declares no transaction.id or no time, so it cannot decide')
  }
  const { parts } = partsOf(inForce.features)
  const kafka = await loadKafka(choice)
  try {
    if ((await kafka.partitions(topicOf(prefix, homeLane))) !== undefined) {
      throw new FraudError('TOPIC_UNUSABLE', `There is a cluster ${prefix} already`)
    }
    const lanes = [homeLane, ...parts.map(({ by }) => keyLane(by))]
    const topics = lanes.map((lane) => topicOf(prefix, lane))
    await kafka.createTopics([topicOf(prefix, controlPlace.lane)], 1, replication)
    await kafka.createTopics(topics, partitions, replication)
    const { columns } = readerOf(inForce, () => nowMs)
    const definition = definitionOf(inForce, 1, { columns, runtime })
    const bytes = encodeEntry({ kind: 'definition', json: controlText(definition, nowMs) })
    await new KafkaLog(kafka, prefix).append([{ ...controlPlace, bytes }])
    return topics
  } finally {
    await kafka.close()
  }
}

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
    const control = new ClusterControl()
    const onFault = (what: string, error: unknown) => logger.error({ err: error, what }, 'a decision has no score')
    const files = new FoldFiles(choice.folder, (path) =>
      logger.warn({ path }, 'a saved fold is damaged; the log is read'),
    )
    const replica = new Replica({
      saved: (name) => files.read(name),
      log: new KafkaLog(kafka, choice.prefix),
      address: replies.address,
      partitions,
      control,
      judge: new ClusterJudge({ control, inForce, onFault }),
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
    const whyNotReady = () => whyNot(replica, control, inForce)
    const reader = readerOf(inForce, Date.now)
    const timeField = inForce.detector.transaction.time?.field ?? ''
    const { maxAheadMs, maxPending } = choice
    const shared = { front: replica.front, control, reader, timeField, clock: Date.now, maxAheadMs, maxPending }
    const { lane } = control
    const address = replies.address
    const changes = new Changes({ lane, address, wait, retryMs, giveUpMs, log: new KafkaLog(kafka, choice.prefix) })
    const policy = new ClusterPolicy({
      ...{ lane, changes, reader, whyNotReady, clock: Date.now },
      highestScore: inForce.predictor?.highestScore,
      makeSecret: () => randomBytes(32).toString('hex'),
    })
    return { decisions: new ClusterDecisions({ ...shared, whyNotReady, lag: () => replica.lag }), policy, close }
  } catch (error) {
    await close()
    throw error
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

function whyNot(replica: Replica, { newest }: ClusterControl, inForce: DetectorInForce): string | undefined {
  const [fault] = replica.faults
  if (fault !== undefined) return fault.message
  if (replica.isControlBehind) return 'Changes of the policy are still being read from the log'
  if (replica.lag > 0) return `Histories are being made from the log: ${replica.lag} places are behind`
  if (newest === undefined || decidesBy(newest.definition, inForce)) return undefined
  const model = newest.definition.model ?? 'no model'
  return `The cluster decides by ${model} and its detector and policy, and this replica has others`
}

/** Decisions name the cluster's definition, so nothing else may make them. */
function decidesBy({ model, detector, policy: { version, ...policy } }: Definition, inForce: DetectorInForce): boolean {
  const here = { model: inForce.predictor?.modelId ?? null, detector: inForce.detector, policy: inForce.policy }
  return canonicalJson(JSON.parse(JSON.stringify(here))) === canonicalJson({ model, detector, policy })
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
