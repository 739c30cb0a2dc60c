import { controlText, refuseDetector } from './cluster/cluster-control.ts'
import { readerOf } from './cluster/cluster-reader.ts'
import { encodeEntry } from './cluster/entries.ts'
import { KafkaLog, topicOf } from './cluster/kafka-log.ts'
import { bundlePlace, controlPlace, homeLane, keyLane } from './cluster/lanes.ts'
import { FraudError } from './core/errors.ts'
import { definitionOf } from './deciding/define.ts'
import { canDecide, type DetectorInForce } from './deciding/detector-in-force.ts'
import { partsOf } from './features/parts.ts'
import type { ClusterAddress } from './open-cluster.ts'
import { loadKafka } from './streams/kafka/kafka-client.ts'

/** What `cluster init` made. */
export interface MadeCluster {
  readonly topics: readonly string[]
  /** Whether there was a cluster that only lacked them. */
  readonly isAdded: boolean
}

/**
 * Makes a cluster's topics, with its first definition; of a cluster that there is, those that it lacks.
 *
 * @throws FraudError CLUSTER_UNSUPPORTED, TOPIC_UNUSABLE where there is such a cluster already that lacks nothing.
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
    if ((await log.end(controlPlace)) < 0) {
      const { columns } = readerOf(inForce, () => nowMs)
      const definition = definitionOf(inForce, 1, { columns, runtime })
      await log.append([
        { ...controlPlace, bytes: encodeEntry({ kind: 'definition', json: controlText(definition, nowMs) }) },
      ])
    }
    await kafka.createTopics(home, partitions, replication)
    return { topics: [homeLane, ...keyLanes].map((lane) => topicOf(prefix, lane)), isAdded: false }
  } finally {
    await kafka.close()
  }
}
