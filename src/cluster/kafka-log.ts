import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import type { Kafka } from '../streams/kafka/kafka-client.ts'
import { isPassingInKafka, tellKafkaError, whyKafka } from '../streams/kafka/kafka-errors.ts'
import type { KafkaAppender } from '../streams/kafka/kafka-writer.ts'
import { type Appended, type OrderedLog, type Place, placeName, type TakeEntry } from './ordered-log.ts'
import { endOf, offsetAfter, packEntries, unpackEntries } from './packed-entries.ts'

const fetchWaitMs = 100
const troubleWaitMs = 200
/** So long what is known of where places end is new enough. */
const boundsForMs = 100
/** Produce requests that may be under way at once: what comes meanwhile goes together into the next. */
const mostUnderway = 2

interface Waiting {
  readonly entries: readonly Appended[]
  readonly resolve: () => void
  readonly reject: (error: FraudError) => void
}

type Bounds = Awaited<ReturnType<Kafka['bounds']>>

/** The name of the topic that has a lane. */
export function topicOf(prefix: string, lane: string): string {
  return `${prefix}.${lane}`
}

/** Places in Kafka: a topic for each lane, and for each place its partition. Entries that come together share a record. */
export class KafkaLog implements OrderedLog {
  readonly #kafka: Kafka
  readonly #prefix: string
  readonly #appender: KafkaAppender
  readonly #bounds = new Map<string, Promise<Bounds>>()
  #waiting: Waiting[] = []
  #underway = 0

  constructor(kafka: Kafka, prefix: string) {
    this.#kafka = kafka
    this.#prefix = prefix
    this.#appender = kafka.appender()
  }

  append(entries: readonly Appended[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, resolve, reject })
      // What else this turn of the loop brings goes along.
      if (this.#waiting.length === 1) setImmediate(() => void this.#flush())
    })
  }

  async #flush(): Promise<void> {
    if (this.#waiting.length === 0 || this.#underway >= mostUnderway) return
    const waiting = this.#waiting
    this.#waiting = []
    this.#underway++
    try {
      const places = Map.groupBy(
        waiting.flatMap(({ entries }) => entries),
        placeName,
      )
      const records = [...places.values()].flatMap((entries) =>
        packEntries(entries.map(({ bytes }) => bytes)).map((value) => ({
          topic: topicOf(this.#prefix, entries[0].lane),
          partition: entries[0].partition,
          value,
        })),
      )
      await this.#appender.append(records)
      for (const { resolve } of waiting) resolve()
    } catch (cause) {
      const error = new FraudError('LOG_UNAVAILABLE', `Kafka did not take it: ${whyKafka(cause)}`, { cause })
      for (const { reject } of waiting) reject(error)
    } finally {
      this.#underway--
      void this.#flush()
    }
  }

  /** @throws FraudError LOG_INVALID where entries are no longer kept, KAFKA_REFUSED. */
  async read(
    places: readonly (Place & { readonly after: number })[],
    take: TakeEntry,
    signal: AbortSignal,
  ): Promise<void> {
    if (places.length === 0) return
    const cursors = new Map(
      places.map(({ lane, partition, after }) => [
        `${topicOf(this.#prefix, lane)}/${partition}`,
        { lane, partition, after, topic: topicOf(this.#prefix, lane), offset: offsetAfter(after) },
      ]),
    )
    const reader = this.#kafka.reader()
    try {
      while (!signal.aborted) {
        try {
          for (const { topic, partition, records, next } of await reader.fetch([...cursors.values()], fetchWaitMs)) {
            const cursor = cursors.get(`${topic}/${partition}`)
            if (cursor === undefined || signal.aborted) continue
            for (const { offset, value, timestampMs } of records) {
              for (const { position, bytes } of unpackEntries(offset, value ?? new Uint8Array())) {
                if (position > cursor.after) take(cursor, position, bytes, timestampMs)
              }
            }
            cursor.offset = next
          }
        } catch (error) {
          refuseLost(error)
          if (!isPassingInKafka(error)) throw error
          await sleep(troubleWaitMs, undefined, { signal }).catch(() => {})
        }
      }
    } finally {
      await reader.close().catch(() => {})
    }
  }

  /** @throws FraudError LOG_UNAVAILABLE, LOG_INVALID where there is no such place, KAFKA_REFUSED. */
  async end({ lane, partition }: Place, signal?: AbortSignal): Promise<number> {
    const topic = topicOf(this.#prefix, lane)
    const place = (await this.#boundsOf(topic, signal))[partition]
    if (place === undefined) throw new FraudError('LOG_INVALID', `${topic} has no partition ${partition}`)
    return endOf(place.end)
  }

  async #boundsOf(topic: string, signal?: AbortSignal): Promise<Bounds> {
    while (true) {
      try {
        return await (this.#bounds.get(topic) ?? this.#askBounds(topic))
      } catch (cause) {
        const error = tellKafkaError(cause)
        if (signal === undefined || signal.aborted || !isUnavailable(error)) throw error
        // Where Kafka can't tell that either, the topic may be there.
        const partitions = await this.#kafka.partitions(topic).catch(() => 1)
        if (partitions === undefined) throw new FraudError('LOG_INVALID', `Kafka has no topic ${topic}`, { cause })
        await sleep(troubleWaitMs, undefined, { signal }).catch(() => {})
      }
    }
  }

  #askBounds(topic: string): Promise<Bounds> {
    const asked = this.#kafka.bounds(topic)
    this.#bounds.set(topic, asked)
    const forget = () => this.#bounds.delete(topic)
    asked.then(() => setTimeout(forget, boundsForMs).unref(), forget)
    return asked
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof FraudError && error.code === 'LOG_UNAVAILABLE'
}

/** What was cut off, or let go of, can't be made again by reading. */
function refuseLost(error: unknown): void {
  if (!String(whyAll(error)).includes('OFFSET_OUT_OF_RANGE')) return
  throw new FraudError('LOG_INVALID', 'Kafka no longer has entries that this place needs: its topic was cut off', {
    cause: error,
  })
}

function whyAll(error: unknown): string {
  const { errors = [], cause, apiId } = error as { errors?: readonly unknown[]; cause?: unknown; apiId?: unknown }
  return [
    String(error),
    String(apiId),
    ...errors.map(whyAll),
    ...(cause instanceof Error ? [whyAll(cause)] : []),
  ].join()
}
