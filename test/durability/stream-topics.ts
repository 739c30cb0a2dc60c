import { setTimeout as sleep } from 'node:timers/promises'
import { Admin, Producer } from '@platformatic/kafka'
import { type Kafka, loadKafka } from '../../src/streams/kafka/kafka-client.ts'
import type { KafkaRecord } from '../../src/streams/kafka/kafka-record.ts'

/** A broker as a test uses it: topics that are made, written and read whole. */
export class TestTopics {
  readonly #broker: string
  readonly kafka: Kafka

  private constructor(broker: string, kafka: Kafka) {
    this.#broker = broker
    this.kafka = kafka
  }

  static async open(broker: string): Promise<TestTopics> {
    return new TestTopics(broker, await loadKafka({ brokers: [broker], isTls: false }))
  }

  async create(topics: readonly string[], partitions: number, mostBytes?: number): Promise<void> {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [this.#broker] })
    await admin.createTopics({
      ...{ topics: [...topics], partitions, replicas: 1 },
      ...(mostBytes && { configs: [{ name: 'max.message.bytes', value: String(mostBytes) }] }),
    })
    await admin.close()
    // A partition whose leader is not there yet would have the others of its request sent twice.
    for (const topic of topics) {
      while ((await this.kafka.bounds(topic).catch(() => [])).length !== partitions) await sleep(20)
    }
  }

  /** Texts into partitions, in their order; null is a message without a value. */
  async write(topic: string, messages: readonly { readonly partition: number; readonly text: string | null }[]) {
    const first = { idempotent: true, producerId: -1n, producerEpoch: -1 }
    const options = { clientId: 'test', bootstrapBrokers: [this.#broker], retryDelay: 50, retries: 100, ...first }
    const producer = new Producer(options)
    for (let from = 0; from < messages.length; from += 500) {
      await producer.send({
        acks: -1,
        messages: messages.slice(from, from + 500).map(({ partition, text }) => {
          return { topic, partition, ...(text !== null && { value: Buffer.from(text) }) }
        }),
      })
    }
    await producer.close()
  }

  /** All that is committed of each partition. */
  async read(topic: string): Promise<readonly (readonly KafkaRecord[])[]> {
    const reader = this.kafka.reader()
    const all: KafkaRecord[][] = []
    for (const [partition, { start, end }] of (await this.kafka.bounds(topic)).entries()) {
      const records: KafkaRecord[] = []
      for (let offset = start; offset < end; ) {
        const [fetched] = await reader.fetch([{ topic, partition, offset }], 200)
        records.push(...(fetched?.records ?? []))
        offset = fetched?.next ?? offset
      }
      all.push(records)
    }
    await reader.close()
    return all
  }

  close(): Promise<void> {
    return this.kafka.close()
  }
}

export function textOf(bytes: Uint8Array | null | undefined): string {
  return new TextDecoder().decode(bytes ?? new Uint8Array())
}
