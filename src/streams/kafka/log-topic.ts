import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../../core/errors.ts'
import { hashText } from '../../core/hash-text.ts'
import type { Logger } from '../../core/logger.ts'
import type { Decisions } from '../../deciding/decisions.ts'
import { recordEvents } from '../../deciding/record-events.ts'
import type { Kafka } from './kafka-client.ts'
import type { RecordToWrite } from './kafka-record.ts'
import type { KafkaWriter } from './kafka-writer.ts'

/** What of the log goes to a topic. */
export type Told = 'case' | 'alert'

const sequenceHeader = 'shrike-sequence'
const recordsAtOnce = 500
const lookEveryMs = 200
const encoder = new TextEncoder()
const decoder = new TextDecoder()

type Bounds = Awaited<ReturnType<Kafka['bounds']>>[number]

interface LogTopicOptions {
  readonly kafka: Pick<Kafka, 'bounds' | 'commit' | 'committed' | 'lastRecord'> & {
    readonly writer: (id: string) => Promise<Pick<KafkaWriter, 'commit' | 'close'>>
  }
  readonly topic: string
  readonly partitions: number
  readonly decisions: Decisions
  readonly logger: Logger
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
  const group = `shrike.${told}.${topic}`
  const writer = await kafka.writer(group)
  try {
    let through = await toldSoFar(options, group)
    tellShortLog(options, through)
    const tell = new Telling(decisions, told)
    while (!signal.aborted) {
      through = skipPruned(options, through)
      const records = decisions.reading.next(through, recordsAtOnce)
      const last = records.at(-1)
      // A log that failed is read again first: until then nobody knows what became of cases.
      if (last === undefined || decisions.decider.state === undefined) {
        await sleep(lookEveryMs, undefined, { signal }).catch(() => {})
        continue
      }
      const events = records.flatMap((record) => tell.of(record, record.sequence))
      if (events.length > 0) {
        await write(writer, options, events)
        // The topic itself may forget what it was told.
        await kafka.commit(group, topic, new Map([[0, BigInt(last.sequence)]]))
      }
      through = last.sequence
      onTold(through)
    }
  } finally {
    await writer.close()
  }
}

/** Where nothing was told yet, the log begins with the first record that it holds. */
function skipPruned({ decisions, logger, topic }: LogTopicOptions, through: number): number {
  const pruned = decisions.reading.prunedThrough()
  if (through === 0 || pruned <= through) return through
  logger.error(
    { topic, from: through + 1, through: pruned },
    'records were no longer kept before a topic was told them',
  )
  return pruned
}

/** As after a restore of an older backup. */
function tellShortLog({ decisions, logger, topic }: LogTopicOptions, through: number): void {
  const last = decisions.reading.lastSequence()
  if (through > last)
    logger.error({ topic, through, last }, 'the log ends before what a topic was told: it is told nothing until then')
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

async function write(
  writer: Pick<KafkaWriter, 'commit'>,
  options: LogTopicOptions,
  events: readonly Event[],
): Promise<void> {
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

/**
 * Through which record all is told: by the topic's records, by what was said of the group beside, or by this process.
 *
 * @throws FraudError STREAM_POSITION_LOST where the topic has forgotten it, and nobody else knows.
 */
async function toldSoFar({ kafka, topic, toldThrough }: LogTopicOptions, group: string): Promise<number> {
  const bounds = await kafka.bounds(topic)
  const said = Number((await kafka.committed(group, topic)).get(0) ?? 0n)
  const through = Math.max(toldThrough, said, await toldIn(kafka, topic, bounds))
  if (through > 0 || bounds.every(({ start }) => start === 0n)) return through
  const hint = 'Make the topic again, or name another one, and all that the log holds is told from its first record on'
  throw new FraudError('STREAM_POSITION_LOST', `${topic} no longer keeps what it was told last`, { hint })
}

/** The number of the last record that something was told of. */
async function toldIn(kafka: LogTopicOptions['kafka'], topic: string, bounds: readonly Bounds[]): Promise<number> {
  let through = 0
  for (const [partition, each] of bounds.entries()) {
    const last = await kafka.lastRecord({ topic, partition }, each, ({ headers }) => headers.has(sequenceHeader))
    const header = last?.headers.get(sequenceHeader)
    if (header !== undefined) through = Math.max(through, Number(decoder.decode(header)))
  }
  return through
}
