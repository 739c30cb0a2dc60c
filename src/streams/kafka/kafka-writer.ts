import type { Producer } from '@platformatic/kafka'
import { groupRecords } from './fit-records.ts'
import type { RecordToWrite } from './kafka-record.ts'

type Package = typeof import('@platformatic/kafka')

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
