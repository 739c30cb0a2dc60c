import { controlText, readDefinition, refuseDetector } from './cluster/cluster-control.ts'
import { readerOf } from './cluster/cluster-reader.ts'
import { decodeEntry, encodeEntry } from './cluster/entries.ts'
import { KafkaLog, topicOf } from './cluster/kafka-log.ts'
import { bundlePlace, controlPlace, homeLane, keyLane } from './cluster/lanes.ts'
import { placeName } from './cluster/ordered-log.ts'
import { FraudError } from './core/errors.ts'
import { canonicalJson } from './core/json-value.ts'
import { definitionOf } from './deciding/define.ts'
import { canDecide, type DetectorInForce } from './deciding/detector-in-force.ts'
import { partsOf } from './features/parts.ts'
import type { Definition } from './log/log-record.ts'
import type { ClusterAddress } from './open-cluster.ts'
import { loadKafka } from './streams/kafka/kafka-client.ts'
import { tellKafkaError } from './streams/kafka/kafka-errors.ts'

/** What `cluster init` made. */
export interface MadeCluster {
  readonly topics: readonly string[]
  /** Whether there was a cluster that only lacked them. */
  readonly isAdded: boolean
}

/**
 * Makes a cluster's topics, with its first definition; of a cluster that there is, those that it lacks.
 *
 * @throws FraudError CLUSTER_UNSUPPORTED, TOPIC_UNUSABLE where there is such a cluster already that lacks nothing,
 *   LOG_UNAVAILABLE, KAFKA_REFUSED.
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
): Promise<MadeCluster> {
  refuseDetector(inForce.detector)
  if (!canDecide(inForce.detector)) {
    throw new FraudError('DETECTOR_INVALID', 'The detector declares no transaction.id or no time, so it cannot decide')
  }
  const { parts } = partsOf(inForce.features)
  const kafka = await loadKafka(choice)
  try {
    const log = new KafkaLog(kafka, prefix)
    const missing = async (lanes: readonly string[]) => {
      const topics = lanes.map((lane) => topicOf(prefix, lane))
      const there = await Promise.all(topics.map((topic) => kafka.partitions(topic)))
      return topics.filter((_, i) => there[i] === undefined)
    }
    // Made last, so that a cluster that has it has all that its version knew.
    const home = await missing([homeLane])
    const single = await missing([controlPlace.lane, bundlePlace.lane])
    const lacks = home.length === 0 ? single.filter((topic) => topic === topicOf(prefix, bundlePlace.lane)) : single
    if (lacks.length > 0) await kafka.createTopics(lacks, 1, replication)
    if (home.length === 0) {
      if (lacks.length === 0) throw new FraudError('TOPIC_UNUSABLE', `There is a cluster ${prefix} already`)
      return { topics: lacks, isAdded: true }
    }
    const keyLanes = parts.map(({ by }) => keyLane(by))
    const keys = await missing(keyLanes)
    if (keys.length > 0) await kafka.createTopics(keys, partitions, replication)
    const { columns } = readerOf(inForce, () => nowMs)
    const definition = definitionOf(inForce, 1, { columns, runtime })
    if ((await log.end(controlPlace)) >= 0) await refuseOther(log, definition, prefix)
    else {
      await log.append([
        { ...controlPlace, bytes: encodeEntry({ kind: 'definition', json: controlText(definition, nowMs) }) },
      ])
    }
    await kafka.createTopics(home, partitions, replication)
    return { topics: [homeLane, ...keyLanes].map((lane) => topicOf(prefix, lane)), isAdded: false }
  } catch (error) {
    throw tellKafkaError(error)
  } finally {
    await kafka.close()
  }
}

/**
 * Of a cluster whose making was cut short, the first definition stays: its replicas decide by it, and no others.
 *
 * @throws FraudError TOPIC_UNUSABLE
 */
async function refuseOther(log: KafkaLog, definition: Definition, prefix: string): Promise<void> {
  const stop = new AbortController()
  let begun: Definition | undefined
  const take = (_: unknown, position: number, bytes: Uint8Array) => {
    const entry = decodeEntry(bytes, `${placeName(controlPlace)} ${position}`)
    if (entry.kind === 'definition') begun ??= readDefinition(entry.json).definition
    stop.abort()
  }
  await log.read([{ ...controlPlace, after: -1 }], take, stop.signal)
  const told = (of: Definition) => canonicalJson(JSON.parse(controlText({ ...of, runtime: '' }, 0)))
  if (begun !== undefined && told(begun) === told(definition)) return
  const message =
    `The cluster ${prefix} was begun with ${begun?.model ?? 'another detector'}, and not finished: give that again, ` +
    `or delete its topics (${prefix}.*) first`
  throw new FraudError('TOPIC_UNUSABLE', message)
}
