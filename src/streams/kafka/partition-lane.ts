import { FraudError } from '../../core/errors.ts'
import { tellRefusal } from '../../core/refusal.ts'
import type { Outcome } from '../message.ts'
import { presentOutcome } from '../present-outcome.ts'
import type { Lane } from '../run-lane.ts'
import type { StreamFigures } from '../stream-figures.ts'
import { bytesOf } from './fit-records.ts'
import type { RecordToWrite } from './kafka-record.ts'
import type { KafkaWriter } from './kafka-writer.ts'
import { originHeader, originOf, runHeader, topicHeader } from './positions.ts'
import type { TopicInput, TopicMessage } from './topic-input.ts'

/** Where a partition's results go: into the partition of the same number. */
export interface Targets {
  /** Undefined where messages are not answered, as labels are not. */
  readonly out: string | undefined
  /** Where what was refused goes; into `out` where it is missing. */
  readonly deadLetters: string | undefined
  /** The most that a topic takes. */
  readonly mostBytesOf: (topic: string) => number
}

/** How far a partition has come. */
export interface Progress {
  /** Everything before this offset is written. */
  through: bigint
}

/** What lanes of a stream have in common. */
interface LaneOptions {
  readonly writer: KafkaWriter
  readonly targets: Targets
  readonly figures: StreamFigures
  /** The name of the run that writes. */
  readonly run: string
  /** Of the topic that is read. */
  readonly topicId: string
}

const encoder = new TextEncoder()

/** A partition: what is read of it, in order, and one writer that alone writes what becomes of it. */
export class PartitionLane implements Lane<TopicMessage> {
  readonly partition: number
  readonly progress: Progress
  readonly #input: TopicInput
  readonly #writer: KafkaWriter
  readonly #targets: Targets
  readonly #figures: StreamFigures
  readonly #run: Uint8Array
  readonly #topicId: Uint8Array

  constructor(
    input: TopicInput,
    partition: number,
    progress: Progress,
    { writer, targets, figures, run, topicId }: LaneOptions,
  ) {
    this.#input = input
    this.partition = partition
    this.progress = progress
    this.#writer = writer
    this.#targets = targets
    this.#figures = figures
    this.#run = encoder.encode(run)
    this.#topicId = encoder.encode(topicId)
  }

  take(): Promise<readonly TopicMessage[] | undefined> {
    return this.#input.take(this.partition)
  }

  async write(outcomes: readonly Outcome<TopicMessage>[]): Promise<void> {
    const last = outcomes.at(-1)
    if (last === undefined) return
    const fitting = outcomes.map((outcome) => this.#fit(outcome))
    const records = fitting.flatMap((outcome) => this.#recordOf(outcome))
    if (records.length > 0) await this.#writer.commit(records)
    this.progress.through = last.message.offset + 1n
    this.#figures.count(this.#input.topic, fitting)
  }

  /** A decision that its topic does not take is a dead letter: it was made, and the log has it. */
  #fit(outcome: Outcome<TopicMessage>): Outcome<TopicMessage> {
    const [record] = outcome.decision === undefined ? [] : this.#recordOf(outcome)
    const most = record && this.#targets.mostBytesOf(record.topic)
    if (record === undefined || most === undefined || bytesOf(record) <= most) return outcome
    const words = `The decision takes ${bytesOf(record)} bytes, and ${record.topic} takes ${most} (max.message.bytes); it is in the log`
    return {
      message: outcome.message,
      refusal: tellRefusal(new FraudError('DECISION_TOO_LARGE', words)),
      id: outcome.id,
    }
  }

  #recordOf(outcome: Outcome<TopicMessage>): readonly RecordToWrite[] {
    const { message, decision, refusal, id } = outcome
    const { out, deadLetters = out } = this.#targets
    const topic = refusal === undefined ? out : deadLetters
    if (topic === undefined || (refusal === undefined && decision === undefined)) return []
    const { partition, offset } = message
    const place = { topic: message.topic, partition, offset: Number(offset) }
    const headers = new Map([
      [originHeader, originOf(message)],
      [topicHeader, this.#topicId],
      [runHeader, this.#run],
    ])
    if (refusal !== undefined) headers.set('shrike-error', encoder.encode(refusal.code))
    const value = encoder.encode(presentOutcome(outcome, place))
    // The key of what came may be a card number; its partition is kept.
    return [{ topic, partition, value, headers, key: id === undefined ? undefined : encoder.encode(id) }]
  }

  close(): Promise<void> {
    return this.#writer.close()
  }
}
