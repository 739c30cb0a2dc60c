import { setTimeout as sleep } from 'node:timers/promises'
import type { Base, Consumer } from '@platformatic/kafka'
import { FraudError } from '../../core/errors.ts'
import { isLasting } from './kafka-errors.ts'
import { KafkaReader } from './kafka-reader.ts'
import type { KafkaRecord, Place } from './kafka-record.ts'
import { KafkaAppender, KafkaWriter } from './kafka-writer.ts'

type Package = typeof import('@platformatic/kafka')

/** Which brokers are asked, and how. */
export interface KafkaChoice {
  /** host:port of some of the cluster's; the others are found. */
  readonly brokers: readonly string[]
  readonly isTls: boolean
  readonly login?: KafkaLogin | undefined
}

export interface KafkaLogin {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
}

const transactionMs = 15_000
/** A new topic's partitions have leaders within a second or two. */
const leaderTryMs = 50
const mostLeaderTries = 600
/** A coordinator that still ends the transaction before is ready in a moment; a broker that restarts takes longer. */
const retries = 60
const retryDelay = (_: unknown, __: string, attempt: number) => (attempt < 20 ? 3 : 100)

/** Loads what only those need who use it. @throws FraudError PACKAGE_MISSING */
export async function loadKafka(choice: KafkaChoice): Promise<Kafka> {
  try {
    return new Kafka(await import('@platformatic/kafka'), choice)
  } catch (cause) {
    const cure = 'run "npm install @platformatic/kafka@2" beside Shrike'
    throw new FraudError('PACKAGE_MISSING', `Kafka needs a package that is not installed: ${cure}`, { cause })
  }
}

/**
 * A cluster of Kafka, as streams need it: partitions that are read from a place on, and transactions that one writer at a
 * time commits. Nothing but this, its reader and its writers knows the client's package.
 */
export class Kafka {
  readonly #package: Package
  readonly #choice: KafkaChoice
  readonly #consumer: Consumer
  readonly #admin: InstanceType<Package['Admin']>
  #closes: (() => Promise<void>)[] = []

  constructor(client: Package, choice: KafkaChoice) {
    this.#package = client
    this.#choice = choice
    this.#consumer = this.#openConsumer()
    this.#admin = new client.Admin(this.#options)
    this.#closes.push(() => this.#admin.close())
  }

  get #options() {
    const { brokers, isTls, login } = this.#choice
    return {
      clientId: 'shrike',
      bootstrapBrokers: [...brokers],
      retries,
      retryDelay,
      ...(isTls && { tls: {}, tlsServerName: true }),
      ...(login && { sasl: login }),
    }
  }

  /** It never joins its group: who reads what is decided elsewhere. */
  #openConsumer(): Consumer {
    const consumer = new this.#package.Consumer({ ...this.#options, retries: 3, groupId: 'shrike', autocommit: false })
    askForWholeMetadata(this.#package, consumer)
    this.#closes.push(() => consumer.close(true))
    return consumer
  }

  /** How many partitions a topic has; undefined where there is no such topic. */
  async partitions(topic: string): Promise<number | undefined> {
    try {
      const { topics } = await this.#admin.metadata({ topics: [topic], forceUpdate: true, retries: 5 })
      return topics.get(topic)?.partitionsCount
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('Unknown topic')) return undefined
      throw error
    }
  }

  /** What tells a topic from an earlier one of its name. */
  async idOf(topic: string): Promise<string> {
    const { topics } = await this.#admin.metadata({ topics: [topic], forceUpdate: true })
    return topics.get(topic)?.id ?? ''
  }

  /** The largest request of a partition that a topic takes; undefined where this user may not see it. */
  async mostBytes(topic: string): Promise<number | undefined> {
    const { TOPIC } = this.#package.ConfigResourceTypes
    const resources = [{ resourceType: TOPIC, resourceName: topic, configurationKeys: ['max.message.bytes'] }]
    const [found] = await this.#admin.describeConfigs({ resources }).catch((error: unknown) => {
      if (isLasting(error)) return []
      throw error
    })
    const value = Number(found?.configs[0]?.value ?? Number.NaN)
    return value > 0 ? value : undefined
  }

  /** The first offset that is kept of each partition, and the one behind the last that is committed. */
  async bounds(topic: string): Promise<readonly { readonly start: bigint; readonly end: bigint }[]> {
    const { FetchIsolationLevels, ListOffsetTimestamps } = this.#package
    const ask = async (timestamp: bigint) => {
      const isolationLevel = FetchIsolationLevels.READ_COMMITTED
      return (await this.#consumer.listOffsets({ topics: [topic], timestamp, isolationLevel })).get(topic) ?? []
    }
    const [starts, ends] = await Promise.all([ask(ListOffsetTimestamps.EARLIEST), ask(ListOffsetTimestamps.LATEST)])
    return starts.map((start, partition) => ({ start, end: ends[partition] }))
  }

  /** The last committed record of a partition that a test accepts; undefined where none does. */
  async lastRecord(
    place: Place,
    { start, end }: { readonly start: bigint; readonly end: bigint },
    accepts: (record: KafkaRecord) => boolean,
  ): Promise<KafkaRecord | undefined> {
    const reader = this.reader()
    try {
      for (let from = end, through = end, step = 16n; through > start; step *= 4n, through = from) {
        from = from - step > start ? from - step : start
        let last: KafkaRecord | undefined
        for (let offset = from; offset < through; ) {
          const [fetched] = await reader.fetch([{ ...place, offset }], 500)
          for (const record of fetched?.records ?? []) if (record.offset < through && accepts(record)) last = record
          offset = fetched?.next ?? offset
        }
        if (last !== undefined) return last
      }
      return undefined
    } finally {
      await reader.close()
    }
  }

  /** Offsets that a group is said to have reached. */
  async committed(groupId: string, topic: string): Promise<ReadonlyMap<number, bigint>> {
    const groups = await this.#admin.listConsumerGroupOffsets({ groups: [groupId], requireStable: true })
    const found = groups.flatMap(({ topics }) => topics).find(({ name }) => name === topic)
    const reached = (found?.partitions ?? []).filter(({ committedOffset }) => committedOffset >= 0n)
    return new Map(reached.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]))
  }

  /** Says what a group has reached, for those who look; a group without members. */
  async commit(groupId: string, topic: string, offsets: ReadonlyMap<number, bigint>): Promise<void> {
    const partitionOffsets = [...offsets].map(([partition, offset]) => ({ partition, offset }))
    await this.#admin.alterConsumerGroupOffsets({ groupId, topics: [{ name: topic, partitionOffsets }] })
  }

  /**
   * Makes topics that keep everything, whose records bear the broker's time.
   *
   * @param replicas how many brokers keep each record; all but one of them (one of one) have to have it before it counts.
   */
  async createTopics(topics: readonly string[], partitions: number, replicas: number): Promise<void> {
    const configs = [
      { name: 'message.timestamp.type', value: 'LogAppendTime' },
      { name: 'retention.ms', value: '-1' },
      { name: 'retention.bytes', value: '-1' },
      { name: 'cleanup.policy', value: 'delete' },
      { name: 'unclean.leader.election.enable', value: 'false' },
      { name: 'min.insync.replicas', value: String(Math.max(1, replicas - 1)) },
    ]
    await this.#admin.createTopics({ topics: [...topics], partitions, replicas, configs })
    for (const topic of topics) await this.#waitForLeaders(topic, partitions)
  }

  /** A partition whose leader is not there yet would have the others of its request written twice. */
  async #waitForLeaders(topic: string, partitions: number): Promise<void> {
    for (let tries = mostLeaderTries; ; tries--) {
      const bounds = await this.bounds(topic).catch((error: unknown) => {
        if (tries === 0) throw error
        return []
      })
      if (bounds.length === partitions || tries === 0) return
      await sleep(leaderTryMs)
    }
  }

  /** Writes without transactions. A record that is acknowledged is where all replicas in sync have it. */
  appender(): KafkaAppender {
    const producer = new this.#package.Producer({
      ...this.#options,
      retries: 3,
      requestTimeout: 5_000,
      connectTimeout: 2_000,
    })
    askForWholeMetadata(this.#package, producer)
    this.#closes.push(() => producer.close(true))
    return new KafkaAppender(this.#package, producer)
  }

  /** Reads with connections of its own: one fetch of it at a time. */
  reader(): KafkaReader {
    return new KafkaReader(this.#package, this.#openConsumer())
  }

  /**
   * Takes over the transactional id: what another process began under it is aborted or was committed, and that one can commit
   * no more.
   *
   * @param mostBytesOf as of `mostBytes`, of the topics that it writes into.
   */
  async writer(transactionalId: string, mostBytesOf: (topic: string) => number = () => Infinity): Promise<KafkaWriter> {
    const producer = new this.#package.Producer({
      ...this.#options,
      transactionalId,
      idempotent: true,
      timeout: transactionMs,
      // The package sends 0 and 0 by default, which a coordinator that knows the id refuses for ever.
      ...{ producerId: -1n, producerEpoch: -1 },
    })
    askForWholeMetadata(this.#package, producer)
    try {
      // What it prepares is the first transaction; there is no other way to ask for the id.
      const first = await producer.beginTransaction()
      await first.cancel()
      return new KafkaWriter(this.#package, producer, mostBytesOf)
    } catch (error) {
      await producer.close(true)
      throw error
    }
  }

  async close(): Promise<void> {
    const closes = this.#closes
    this.#closes = []
    await Promise.allSettled(closes.map((close) => close()))
  }
}

/**
 * The package forgets all that it knows of topics where one has another leader than it thought. Who asks at that time is
 * answered without those topics that were known before, on which the package fails with a TypeError that ends the process.
 */
function askForWholeMetadata(from: Package, client: Base): void {
  const ask = client[from.kMetadata].bind(client)
  client[from.kMetadata] = (options, callback) =>
    ask(options, (error, metadata) => {
      const isWhole = metadata === undefined || [...metadata.topics.values()].every((topic) => topic !== undefined)
      if (isWhole) callback(error, metadata)
      else ask({ ...options, forceUpdate: true }, callback)
    })
}
