import { setTimeout as sleep } from 'node:timers/promises'
import type { Base, Consumer, Producer } from '@platformatic/kafka'
import { FraudError } from '../../core/errors.ts'
import { groupRecords } from './fit-records.ts'

type Package = typeof import('@platformatic/kafka')
type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>
type FetchedBatches = NonNullable<FetchResponse['responses'][number]['partitions'][number]['records']>

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

/** A partition of a topic. */
export interface Place {
  readonly topic: string
  readonly partition: number
}

export interface KafkaRecord {
  readonly offset: bigint
  readonly timestampMs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** The last of each name. */
  readonly headers: ReadonlyMap<string, Uint8Array>
}

export interface RecordToWrite extends Place {
  readonly key?: Uint8Array | undefined
  readonly value: Uint8Array
  readonly headers?: ReadonlyMap<string, Uint8Array>
}

/** What one fetch brought of a partition; nothing that was aborted, nor markers. */
export interface Fetched extends Place {
  readonly records: readonly KafkaRecord[]
  /** Where to go on; behind the last record and whatever else lies there. */
  readonly next: bigint
  /** Where what is committed ends. */
  readonly end: bigint
}

const bytesAtOnce = 8 * 2 ** 20
const bytesPerPartition = 2 ** 20
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
 * time commits. All that has to be known of the client's package is here.
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

export class KafkaReader {
  readonly #package: Package
  readonly #consumer: Consumer
  /** Leaders may be others since. */
  #hasFailed = false

  constructor(client: Package, consumer: Consumer) {
    this.#package = client
    this.#consumer = consumer
  }

  /** What lies at and behind the offsets of partitions; waits for so long where that is nothing yet. */
  async fetch(wanted: readonly (Place & { readonly offset: bigint })[], waitMs: number): Promise<readonly Fetched[]> {
    for (const { topic } of wanted) if (!this.#consumer.topics.has(topic)) this.#consumer.topics.track(topic)
    const asked = { topics: [...this.#consumer.topics.current], forceUpdate: this.#hasFailed }
    this.#hasFailed = true
    const { topics } = await this.#consumer.metadata(asked)
    const leaders = Map.groupBy(
      wanted,
      ({ topic, partition }) => topics.get(topic)?.partitions[partition]?.leader ?? -1,
    )
    const names = new Map([...topics].map(([name, { id }]) => [id, name]))
    const fetches = [...leaders].map(async ([node, places]) => {
      const response = await this.#consumer.fetch({
        node,
        maxWaitTime: waitMs,
        maxBytes: bytesAtOnce,
        isolationLevel: this.#package.FetchIsolationLevels.READ_COMMITTED,
        topics: places.map(({ topic, partition, offset }) => ({
          topicId: topics.get(topic)?.id ?? '',
          partitions: [
            {
              partition,
              fetchOffset: offset,
              partitionMaxBytes: bytesPerPartition,
              ...{ currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
            },
          ],
        })),
      })
      return readResponse(response, names, places)
    })
    const fetched = (await Promise.all(fetches)).flat()
    this.#hasFailed = false
    return fetched
  }

  async close(): Promise<void> {
    await this.#consumer.close(true)
  }
}

function readResponse(
  { responses }: FetchResponse,
  names: ReadonlyMap<string, string>,
  wanted: readonly (Place & { readonly offset: bigint })[],
): readonly Fetched[] {
  return responses.flatMap(({ topicId, partitions }) =>
    partitions.flatMap(({ partitionIndex, records, abortedTransactions, lastStableOffset }) => {
      const place = { topic: names.get(topicId) ?? '', partition: partitionIndex }
      // A session of the broker's may still hold a partition that is not wanted any more.
      const asked = wanted.find(({ topic, partition }) => topic === place.topic && partition === place.partition)
      if (asked === undefined) return []
      const batches = records ?? []
      const last = batches.at(-1)
      const next = last === undefined ? asked.offset : last.firstOffset + BigInt(last.lastOffsetDelta) + 1n
      const committed = withoutAborted(batches, abortedTransactions ?? [])
      const kept = committed.filter(({ offset }) => offset >= asked.offset)
      return [{ ...place, records: kept, next: next > asked.offset ? next : asked.offset, end: lastStableOffset }]
    }),
  )
}

const isByBrokersTime = 0b1000
const isTransactional = 0b1_0000
const isControl = 0b10_0000

/**
 * The package lets aborted records pass where the marker that ends them is not in the same answer, or where a producer
 * aborted more than once in it. So they are left out here, as the protocol has it: from the first offset of an aborted
 * transaction of a producer to the marker.
 */
function withoutAborted(
  batches: FetchedBatches,
  aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[],
): readonly KafkaRecord[] {
  const waiting = [...aborted].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  const aborting = new Set<bigint>()
  const records: KafkaRecord[] = []
  for (const batch of batches) {
    const lastOffset = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    while (waiting[0] !== undefined && waiting[0].firstOffset <= lastOffset) {
      aborting.add(waiting[0].producerId)
      waiting.shift()
    }
    if (batch.attributes & isControl) {
      if (batch.records[0]?.key?.readInt16BE(2) === 0) aborting.delete(batch.producerId)
      continue
    }
    if (batch.attributes & isTransactional && aborting.has(batch.producerId)) continue
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      records.push({
        offset: batch.firstOffset + BigInt(offsetDelta),
        timestampMs: Number(
          batch.attributes & isByBrokersTime ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta,
        ),
        key,
        value,
        headers: new Map(headers.map(([name, held]) => [String(name), held ?? new Uint8Array()])),
      })
    }
  }
  return records
}

function messageOf({ topic, partition, key, value, headers }: RecordToWrite) {
  return {
    topic,
    partition,
    ...(key !== undefined && { key: Buffer.from(key) }),
    value: Buffer.from(value),
    ...(headers && { headers: new Map([...headers].map(([name, held]) => [Buffer.from(name), Buffer.from(held)])) }),
  }
}

/** What one process at a time writes under a transactional id. After a failure it is of no more use. */
export class KafkaWriter {
  readonly #package: Package
  readonly #producer: Producer
  readonly #mostBytesOf: (topic: string) => number

  constructor(client: Package, producer: Producer, mostBytesOf: (topic: string) => number) {
    this.#package = client
    this.#producer = producer
    this.#mostBytesOf = mostBytesOf
  }

  /** All of them, durable, or none. Where it fails it may have been either: a new writer of the id knows. */
  async commit(records: readonly RecordToWrite[]): Promise<void> {
    const transaction = await this.#producer.beginTransaction()
    for (const group of groupRecords(records, this.#mostBytesOf)) {
      await transaction.send({ acks: this.#package.ProduceAcks.ALL, messages: group.map(messageOf) })
    }
    await transaction.commit()
  }

  async close(): Promise<void> {
    await this.#producer.close(true)
  }
}

/** Appends to partitions; what fails may be there or not, or come later. */
export class KafkaAppender {
  readonly #package: Package
  readonly #producer: Producer

  constructor(client: Package, producer: Producer) {
    this.#package = client
    this.#producer = producer
  }

  async append(records: readonly RecordToWrite[]): Promise<void> {
    await this.#producer.send({ acks: this.#package.ProduceAcks.ALL, messages: records.map(messageOf) })
  }
}

/** What no waiting cures. */
const lasting: ReadonlySet<unknown> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'UNSUPPORTED_VERSION',
])

/**
 * Whether it may work if it is tried again: a broker is away, or leaders change.
 *
 * @throws FraudError KAFKA_REFUSED where Kafka says that it never will.
 */
export function isPassingInKafka(error: unknown): boolean {
  if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('PLT_KFK_'))) return false
  if (isLasting(error)) throw new FraudError('KAFKA_REFUSED', `Kafka refuses it: ${whyKafka(error)}`, { cause: error })
  return true
}

function isLasting(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { errors, apiId, code } = error as { errors?: readonly unknown[]; apiId?: unknown; code?: unknown }
  return lasting.has(apiId) || code === 'PLT_KFK_AUTHENTICATION' || [...(errors ?? []), error.cause].some(isLasting)
}

/** Why Kafka could not do it, in a few words: the package tells of every try. */
export function whyKafka(error: unknown): string {
  for (let each = error; each instanceof Error; ) {
    const { errors } = each as { readonly errors?: readonly unknown[] }
    const inner = errors?.at(-1) ?? each.cause
    if (!(inner instanceof Error)) return each.message || String(each)
    each = inner
  }
  return String(error)
}
