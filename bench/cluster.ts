import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClusterControl } from '../src/cluster/cluster-control.ts'
import { decodeEntry } from '../src/cluster/entries.ts'
import { KafkaLog } from '../src/cluster/kafka-log.ts'
import { KeyFold } from '../src/cluster/key-fold.ts'
import { controlPlace } from '../src/cluster/lanes.ts'
import { type Place, placeName } from '../src/cluster/ordered-log.ts'
import { loadKafka } from '../src/streams/kafka/kafka-client.ts'
import { ServedCluster } from '../test/cluster/served-cluster.ts'
import { purchases } from '../test/durability/service.ts'
import { type KafkaServer, noKafka, startKafka } from '../test/kafka-server.ts'
import { run } from './harness/child.ts'
import type { Claim } from './harness/claim.ts'
import { cpuOfProcess } from './harness/cpu-of-process.ts'
import { format, markdownTable } from './harness/report.ts'
import { shrikeScript } from './harness/tables.ts'

const partitions = 12
const atOnce = 64
const coresKept = 0.5

interface Cost {
  readonly keys: number
  readonly replicas: number
  readonly appMicros: number
  readonly kafkaMicros: number
  readonly bytesPerDecision: number
  readonly bytesPerEvent: number
  readonly rebuildSeconds: number
}

export const cluster: Claim = {
  title: 'A cluster: processor time and bytes per decision',
  packages: [],
  async measure({ smoke, log }) {
    if (noKafka !== false) return `Not measured: ${noKafka}.`
    const folder = mkdtempSync(join(tmpdir(), 'shrike-bench-cluster-'))
    try {
      const costs: Cost[] = []
      for (const keys of [2, 5]) {
        const bundle = await trainOn(folder, keys, smoke)
        for (const replicas of smoke ? [2] : [2, 3, 4, 6]) {
          const cost = await measureOne(folder, bundle, keys, replicas, smoke ? 300 : 4_000)
          log(JSON.stringify(cost))
          costs.push(cost)
        }
      }
      return describe(costs)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** The portfolio's detector, or what of it reads no key but card and terminal; trained by the default preset. */
async function trainOn(folder: string, keys: number, smoke: boolean): Promise<string> {
  const [csv, detector, bundle] = ['csv', 'yaml', 'safetensors'].map((ending) => join(folder, `${keys}.${ending}`))
  const lines = readFileSync('detectors/cards.yaml', 'utf8').split('\n')
  const ofTwo = lines
    .filter((line) => !/^ {2}- .*(customer|merchant|device)|optionalKeys/.test(line))
    .map((line) => line.replace(/keys: \{.*\}/, 'keys: { card: card_id, terminal: terminal_id }'))
  // However busy the machine is, each decision has a score.
  const yaml = (keys === 5 ? lines : ofTwo).filter((line) => !line.startsWith('model:')).join('\n')
  writeFileSync(detector, yaml.replace('policy: {', 'policy: { deadlineMs: 60000,'))
  const size = ['--customers', '200', '--terminals', '200', '--days', '40', '--start', '2025-03-01', '--seed', '5']
  await run(process.execPath, [shrikeScript, 'simulate', '--shape', 'portfolio', ...size, '--out', csv])
  const preset = smoke ? ['--preset', 'recipe', '--n-estimators', '5'] : []
  const flags = ['--detector', detector, ...preset, '--no-leak-check', '--out', bundle]
  await run(process.execPath, [shrikeScript, 'train', csv, ...flags])
  return bundle
}

async function measureOne(
  folder: string,
  bundle: string,
  keys: number,
  replicas: number,
  count: number,
): Promise<Cost> {
  const server = await startKafka()
  const address = server.url('c')
  const topics = ['--partitions', String(partitions), '--replication', '1']
  const served = new ServedCluster(mkdtempSync(join(folder, 'served-')), [bundle, '--cluster', address], replicas)
  try {
    await run(process.execPath, [shrikeScript, 'cluster', 'init', address, bundle, ...topics])
    await served.startAll()
    const all = purchases(2 * count)
    // The first half warms up what is compiled while it runs.
    await decideAll(served, all.slice(0, count), replicas)
    const [app, kafka, bytes] = [cpuOfApp(served), cpuOfProcess(server.pid() ?? 0), bytesOf(server, '')]
    const keyBytes = bytesOf(server, 'c.key-')
    await decideAll(served, all.slice(count), replicas)
    const micros = (seconds: number) => (seconds / count) * 1e6
    const [appMicros, kafkaMicros] = [micros(cpuOfApp(served) - app), micros(cpuOfProcess(server.pid() ?? 0) - kafka)]
    const rebuilt = await rebuild(server)
    return {
      ...{ keys, replicas, appMicros, kafkaMicros, rebuildSeconds: (rebuilt.seconds / rebuilt.events) * 1e6 },
      bytesPerDecision: (bytesOf(server, '') - bytes) / count,
      bytesPerEvent: ((bytesOf(server, 'c.key-') - keyBytes) * 2 * count) / count / rebuilt.events,
    }
  } finally {
    served.killAll()
    await server.remove()
  }
}

async function decideAll(served: ServedCluster, all: ReturnType<typeof purchases>, replicas: number): Promise<void> {
  let next = 0
  const work = async () => {
    for (let at = next++; at < all.length; at = next++) {
      const { status, text } = await served.ask(at % replicas, 'POST', '/v1/decisions', all[at].body)
      if (status !== 200 || typeof JSON.parse(text).score !== 'number') throw new Error(`${status} ${text}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

const cpuOfApp = ({ children }: ServedCluster) =>
  children.reduce((sum, child) => sum + cpuOfProcess(child?.pid ?? 0), 0)

/** Of the segments of topics whose names begin so. */
function bytesOf({ logs }: KafkaServer, prefix: string): number {
  const topics = readdirSync(logs).filter((name) => name.startsWith(prefix || 'c.'))
  const files = topics.flatMap((topic) => readdirSync(join(logs, topic)).map((name) => join(logs, topic, name)))
  return files.filter((path) => path.endsWith('.log')).reduce((sum, path) => sum + statSync(path).size, 0)
}

/** Reads all places of keys and folds them, as a start without saved folds does. */
async function rebuild(server: KafkaServer): Promise<{ readonly events: number; readonly seconds: number }> {
  const kafka = await loadKafka({ brokers: [server.broker], isTls: false })
  try {
    const log = new KafkaLog(kafka, 'c')
    const control = new ClusterControl()
    const take = (_: Place, position: number, bytes: Uint8Array) =>
      control.apply(position, decodeEntry(bytes, 'control'))
    await readPlaces(log, [controlPlace], take)
    const { newest: definition } = control
    if (definition === undefined) throw new Error('The cluster has no definition')
    const folds = definition.parts.flatMap(({ lane, part }) =>
      Array.from({ length: partitions }, (_, partition) => ({ lane, partition, fold: new KeyFold(definition, part) })),
    )
    const foldOf = new Map(folds.map((held) => [placeName(held), held.fold]))
    let events = 0
    const before = process.cpuUsage()
    await readPlaces(log, folds, (place, position, bytes, atMs) => {
      foldOf.get(placeName(place))?.apply(position, decodeEntry(bytes, place.lane), atMs)
      events++
    })
    const { user, system } = process.cpuUsage(before)
    return { events, seconds: (user + system) / 1e6 }
  } finally {
    await kafka.close()
  }
}

/** To where each place ends now. */
async function readPlaces(
  log: KafkaLog,
  places: readonly Place[],
  take: Parameters<KafkaLog['read']>[1],
): Promise<void> {
  const ends = await Promise.all(places.map((place) => log.end(place)))
  const left = new Map(
    places.flatMap(({ lane, partition }, i) => (ends[i] < 0 ? [] : [[placeName({ lane, partition }), ends[i]]])),
  )
  const stop = new AbortController()
  const from = places.map(({ lane, partition }) => ({ lane, partition, after: -1 }))
  await log.read(
    from,
    (place, position, bytes, atMs) => {
      const name = placeName(place)
      take(place, position, bytes, atMs)
      if (position >= (left.get(name) ?? Number.POSITIVE_INFINITY)) left.delete(name)
      if (left.size === 0) stop.abort()
    },
    stop.signal,
  )
}

function describe(costs: readonly Cost[]): string {
  const header = [
    'keys',
    'replicas',
    'replicas, µs',
    'Kafka, µs',
    'bytes a decision',
    'bytes an event',
    'rebuild, CPU-s a million events',
  ]
  const rows = costs.map((cost) => [
    ...[String(cost.keys), String(cost.replicas), format(cost.appMicros), format(cost.kafkaMicros)],
    ...[format(cost.bytesPerDecision), format(cost.bytesPerEvent), format(cost.rebuildSeconds)],
  ])
  const sizes = costs
    .filter(({ replicas }) => replicas === Math.max(...costs.map((each) => each.replicas)))
    .flatMap(({ keys, appMicros, kafkaMicros, bytesPerDecision }) =>
      [1_000, 10_000, 100_000].map((perSecond) => [
        ...[String(keys), perSecond.toLocaleString('en-US')],
        // Every record is written by three brokers; two of them read it from the third.
        ...[appMicros, 3 * kafkaMicros].map((micros) => format((perSecond * micros) / 1e6 / coresKept)),
        format((perSecond * bytesPerDecision * 3 * 86_400) / 1e9),
      ]),
    )
  const sized = [
    'keys',
    'decisions a second',
    "replicas' cores, half busy",
    "brokers' cores, half busy",
    'GB a day on three brokers',
  ]
  return `\`detectors/cards.yaml\` and the part of it that reads cards and terminals alone, the default preset, JSON over HTTP, ${atOnce} at a time, ${partitions} partitions, one broker (Java 17, first compiler only, 192 MB). Processor time per decision of all replicas together, and of the broker, from /proc: valid on a busy machine. Bytes are of one copy.

${markdownTable(header, rows)}

What that means where cores are half busy; a broker that copies for two others is taken for three:

${markdownTable(sized, sizes)}`
}
