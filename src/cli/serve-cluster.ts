import { join } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { optionInvalid } from '../core/option.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import { checkServing } from '../http/check-serving.ts'
import { buildClusterServer } from '../http/cluster-server.ts'
import { listen } from '../http/listen.ts'
import { createMetrics } from '../http/metrics.ts'
import { type ClusterChoice, openCluster } from '../open-cluster.ts'
import { createLog } from '../open-serving.ts'
import { readBundleBytes } from '../scoring/load-predictor.ts'
import { readTopicAddress } from '../streams/kafka/topic-address.ts'
import { runtimeOf } from './cluster-work.ts'
import { keepPrivate } from './log-files.ts'
import type { Run } from './run.ts'
import { addressOf, type ServeFlags } from './serve-work.ts'
import { servedByService } from './served.ts'
import { readLogin } from './stream-choice.ts'

export interface ClusterFlags {
  readonly cluster?: string
  readonly replica: string
  readonly replies: string
}

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/

/** A replica of a cluster, until it is told to stop. */
export async function serveCluster(
  bundle: string | undefined,
  flags: ServeFlags & ClusterFlags & { readonly cluster: string },
  { signal, note }: Run,
): Promise<void> {
  keepPrivate()
  const choice = readCluster(flags)
  const address = addressOf(flags)
  await checkServing(address)
  const served = await servedByService(flags.data, { bundle, detector: flags.detector }).load()
  const { detector, predictor, bundle: file } = served
  const inForce = createDetectorInForce(detector, predictor)
  const log = createLog(flags)
  const ended = Promise.withResolvers<void>()
  const cluster = await openCluster(
    {
      ...choice,
      ...{ onEnd: ended.reject, runtime: runtimeOf() },
      readServed: file === undefined ? undefined : () => readBundleBytes(file),
    },
    inForce,
    log,
  )
  const app = buildClusterServer({
    decisions: cluster.decisions,
    policy: cluster.policy,
    deployer: cluster.deployer,
    keyRing: address.keyRing,
    metrics: createMetrics(() => cluster.deployer.servedId ?? null),
    log,
    names: Math.max(64, 2 * inForce.features.names.length),
  })
  try {
    const url = await listen(app, flags.host, flags.port)
    note(`replica ${flags.replica} of the cluster ${choice.prefix} serves on ${url}`)
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ended.resolve())
    if (signal.aborted) ended.resolve()
    await ended.promise
  } finally {
    // What was accepted is answered first.
    await app.close()
    await cluster.close()
  }
}

/** What a replica heeds. */
const heeded = new Set([
  ...['cluster', 'replica', 'replies', 'host', 'port', 'insecure', 'logLevel', 'detector', 'data', 'maxAhead'],
  ...['maxPending', 'snapshotEvery', 'warmUp'],
])

/** What one process does and a cluster does not do yet is not passed over. */
export function refuseOthers(given: readonly { readonly name: string; readonly flag: string }[]): void {
  const other = given.find(({ name }) => !heeded.has(name))
  if (other === undefined) return
  throw new FraudError('CLUSTER_UNSUPPORTED', `A replica of a cluster does not know ${other.flag}: leave it out`)
}

function readCluster(
  flags: ServeFlags & ClusterFlags & { readonly cluster: string },
): Omit<ClusterChoice, 'onEnd' | 'runtime' | 'readServed'> {
  const { cluster, topic: prefix } = readTopicAddress('cluster', flags.cluster)
  const [, number = '', of = ''] = /^(\d{1,3})\/(\d{1,3})$/.exec(flags.replica) ?? []
  const [replica, replicas] = [Number(number) - 1, Number(of)]
  if (!(replica >= 0 && replica < replicas))
    throw optionInvalid('replica', 'must be as 2/3: the second of three replicas')
  const [, host = '', port = ''] = /^\[?([\w.:-]+?)\]?:(\d{1,5})$/.exec(flags.replies) ?? []
  if (host === '') throw optionInvalid('replies', 'must be HOST:PORT, where the other replicas reach this one')
  const key = process.env.SHRIKE_CLUSTER_KEY ?? ''
  if (key.length < 16 && !loopback.test(host)) {
    throw optionInvalid('replies', 'needs SHRIKE_CLUSTER_KEY, a secret of 16 characters or more that all replicas know')
  }
  return {
    kafka: { ...cluster, login: readLogin(process.env) },
    prefix,
    replica,
    replicas,
    host,
    port: Number(port),
    advertise: flags.replies,
    key,
    maxAheadMs: flags.maxAhead,
    folder: join(flags.data, 'cluster', `${prefix}-${replica + 1}`),
    saveEvery: flags.snapshotEvery,
    maxPending: Math.max(1024, flags.maxPending),
  }
}
