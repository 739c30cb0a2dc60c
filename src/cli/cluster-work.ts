import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import { initCluster } from '../init-cluster.ts'
import { readTopicAddress } from '../streams/kafka/topic-address.ts'
import type { Run } from './run.ts'
import { servedByService } from './served.ts'
import { readLogin } from './stream-choice.ts'

export interface InitFlags {
  readonly detector?: string
  readonly partitions: number
  readonly replication: number
}

/** Makes a cluster's topics. */
export async function init(
  address: string,
  bundle: string | undefined,
  { detector: path, partitions, replication }: InitFlags,
  { note }: Run,
): Promise<void> {
  const { cluster, topic: prefix } = readTopicAddress('cluster', address)
  const { detector, predictor } = await servedByService('.shrike', { bundle, detector: path }).load()
  const options = { partitions, replication, nowMs: Date.now(), runtime: runtimeOf() }
  const inForce = createDetectorInForce(detector, predictor)
  const kafka = { ...cluster, login: readLogin(process.env) }
  const { topics, isAdded } = await initCluster({ kafka, prefix }, inForce, options)
  const told = topics.join(', ')
  note(
    isAdded
      ? `the cluster ${prefix} was there, and has ${told} by now`
      : `the cluster ${prefix} has ${topics.length} lanes of ${partitions} partitions: ${told}`,
  )
}

/** What a definition says of where it was made. */
export function runtimeOf(): string {
  return `node ${process.versions.node.split('.')[0]} ${process.arch}`
}
