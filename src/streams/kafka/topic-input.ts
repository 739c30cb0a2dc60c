import { FraudError } from '../../core/errors.ts'
import type { Message } from '../message.ts'
import type { Kafka } from './kafka-client.ts'
import type { KafkaRecord, Place } from './kafka-record.ts'

export interface TopicMessage extends Message, Place {
  readonly offset: bigint
}

/** Messages of a partition that wait before no more is fetched of it, and those that are decided and written at once. */
const mostWaiting = 1024
const mostAtOnce = 512
const waitMs = 250

interface Partition {
  readonly place: Place
  /** Where fetching goes on. */
  offset: bigint
  /** Where what is committed ended when it was last seen. */
  end: bigint
  waiting: readonly KafkaRecord[]
  /** Called when something came, or nothing will. */
  wake: () => void
}

/** A topic's partitions, each from its own place on. What waits is bounded: a partition with enough is not fetched. */
export class TopicInput {
  readonly topic: string
  readonly #kafka: Pick<Kafka, 'bounds' | 'reader'>
  readonly #signal: AbortSignal
  readonly #partitions: readonly Partition[]
  #makeRoom = () => {}

  /** @param offsets of the partitions, by their numbers. */
  constructor(kafka: Pick<Kafka, 'bounds' | 'reader'>, topic: string, offsets: readonly bigint[], signal: AbortSignal) {
    this.#kafka = kafka
    this.topic = topic
    this.#signal = signal
    this.#partitions = offsets.map((offset, partition) => {
      const place = { topic, partition }
      return { place, offset, end: offset, waiting: [], wake: () => {} }
    })
    signal.addEventListener('abort', () => {
      this.#makeRoom()
      for (const { wake } of this.#partitions) wake()
    })
  }

  /** The next messages of a partition; undefined once the signal was given. */
  async take(partition: number): Promise<readonly TopicMessage[] | undefined> {
    const one = this.#partitions[partition]
    while (one.waiting.length === 0 && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        one.wake = resolve
      })
    }
    if (this.#signal.aborted) return undefined
    const taken = one.waiting.slice(0, mostAtOnce)
    one.waiting = one.waiting.slice(mostAtOnce)
    this.#makeRoom()
    return taken.map(({ value, offset, timestampMs }) => ({ ...one.place, value, offset, timestampMs }))
  }

  /** Where a partition ends, as far as is known. */
  end(partition: number): bigint {
    return this.#partitions[partition].end
  }

  /**
   * Looks where partitions end of which nothing comes.
   *
   * @throws FraudError NOT_READY where the topic got more partitions, so that it has to be opened again.
   */
  async look(): Promise<void> {
    const bounds = await this.#kafka.bounds(this.topic)
    const { length } = this.#partitions
    if (bounds.length !== length) {
      const words = `${this.topic} has ${bounds.length} partitions where it had ${length}: it is opened again`
      throw new FraudError('NOT_READY', words)
    }
    for (const [partition, one] of this.#partitions.entries()) one.end = bounds[partition].end
  }

  /** Fetches until the signal is given. */
  async run(): Promise<void> {
    const reader = this.#kafka.reader()
    try {
      while (!this.#signal.aborted) {
        const wanted = this.#partitions.filter(({ waiting }) => waiting.length < mostWaiting)
        if (wanted.length === 0) {
          await new Promise<void>((resolve) => {
            this.#makeRoom = resolve
          })
          continue
        }
        const places = wanted.map(({ place, offset }) => ({ ...place, offset }))
        for (const { partition, records, next, end } of await reader.fetch(places, waitMs)) {
          const one = this.#partitions[partition]
          one.offset = next
          one.end = end
          one.waiting = [...one.waiting, ...records]
          if (records.length > 0) one.wake()
        }
      }
    } finally {
      await reader.close()
    }
  }
}
