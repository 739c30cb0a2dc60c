import { setTimeout as sleep } from 'node:timers/promises'
import { hashText } from '../../core/hash-text.ts'
import type { Decisions } from '../../deciding/decisions.ts'
import { recordEvents } from '../../deciding/record-events.ts'
import type { Kafka, KafkaWriter, RecordToWrite } from './kafka-client.ts'

/** What of the log goes to a topic. */
export type Told = 'case' | 'alert'

const sequenceHeader = 'shrike-sequence'
const recordsAtOnce = 500
const lookEveryMs = 200
const encoder = new TextEncoder()
const decoder = new TextDecoder()

interface LogTopicOptions {
  readonly kafka: Kafka
  readonly topic: string
  readonly partitions: number
  readonly decisions: Decisions
  readonly told: Told
  /** Records through this number are known to be told, from this process's life. */
  readonly toldThrough: number
  readonly signal: AbortSignal
}

/**
 * What happened to cases, or alerts, from the log into a topic: each once, in the order of the log, those of one case or alert in
 * one partition.
 *
 * @param onTold is called with the number of the record through which all is told.
 */
export async function tellLog(options: LogTopicOptions, onTold: (through: number) => void): Promise<void> {
  const { kafka, topic, told, decisions, signal } = options
  const writer = await kafka.writer(`shrike.${told}.${topic}`)
  try {
    let through = Math.max(options.toldThrough, await toldIn(kafka, topic))
    const tell = new Telling(decisions, told)
    while (!signal.aborted) {
      const records = decisions.reading.next(through, recordsAtOnce)
      const last = records.at(-1)
      if (last === undefined) {
        await sleep(lookEveryMs, undefined, { signal }).catch(() => {})
        continue
      }
      const events = records.flatMap((record) => tell.of(record, record.sequence))
      if (events.length > 0) await write(writer, options, events)
      through = last.sequence
      onTold(through)
    }
  } finally {
    await writer.close()
  }
}

interface Event {
  readonly sequence: number
  readonly content: Readonly<Record<string, unknown>>
}

/** Tells of records as events do. */
class Telling {
  readonly #take: ReturnType<typeof recordEvents>
  #events: (() => object)[] = []

  constructor({ reading, decider }: Decisions, told: Told) {
    const publish = (type: string, tell: () => object) => void (type === told && this.#events.push(tell))
    this.#take = recordEvents({ publish }, { reading, cases: () => decider.state?.projections.cases })
  }

  of(record: Parameters<ReturnType<typeof recordEvents>>[0], sequence: number): readonly Event[] {
    this.#events = []
    this.#take(record, sequence)
    return this.#events.map((tell) => ({ sequence, content: { ...tell() } }))
  }
}

async function write(writer: KafkaWriter, options: LogTopicOptions, events: readonly Event[]): Promise<void> {
  const { topic, partitions } = options
  await writer.commit(
    events.map(({ sequence, content }): RecordToWrite => {
      const key = String(content.case ?? content.alert ?? content.transactionId ?? '')
      return {
        topic,
        partition: hashText(key) % partitions,
        key: encoder.encode(key),
        value: encoder.encode(JSON.stringify({ ...content, sequence })),
        headers: new Map([[sequenceHeader, encoder.encode(String(sequence))]]),
      }
    }),
  )
}

/** The number of the last record that something was told of. */
async function toldIn(kafka: Kafka, topic: string): Promise<number> {
  let through = 0
  for (const [partition, bounds] of (await kafka.bounds(topic)).entries()) {
    const last = await kafka.lastRecord({ topic, partition }, bounds, ({ headers }) => headers.has(sequenceHeader))
    const header = last?.headers.get(sequenceHeader)
    if (header !== undefined) through = Math.max(through, Number(decoder.decode(header)))
  }
  return through
}
