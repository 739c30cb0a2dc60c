import { FraudError } from '../../core/errors.ts'
import type { PartitionLag, StreamFigures } from '../stream-figures.ts'
import type { Kafka } from './kafka-client.ts'
import { PartitionLane, type Progress, type Targets } from './partition-lane.ts'
import { type From, positionOf, type Written, writtenOf } from './positions.ts'
import { TopicInput } from './topic-input.ts'

interface OpenOptions {
  readonly kafka: Kafka
  readonly topic: string
  readonly targets: Omit<Targets, 'mostBytesOf'>
  readonly from: From | undefined
  readonly figures: StreamFigures
  /** Told why messages are left out, or taken again. */
  readonly onSkip: (why: string) => void
  readonly signal: AbortSignal
  /** The name of this run, which nobody else has. */
  readonly run: string
  /** How far this process had come by itself, where nobody else should have written since. */
  readonly before: readonly Progress[] | undefined
}

export interface OpenedTopic {
  readonly input: TopicInput
  readonly lanes: readonly PartitionLane[]
  readonly lags: () => readonly PartitionLag[]
  /** Says how far it has come, under a group of the stream's name. */
  readonly sayReached: () => Promise<void>
}

/** @throws FraudError TOPIC_UNUSABLE where there is no such topic. */
export async function partitionsOf(kafka: Kafka, topic: string): Promise<number> {
  const count = await kafka.partitions(topic)
  if (count === undefined) throw new FraudError('TOPIC_UNUSABLE', `There is no topic ${topic}: create it first`)
  return count
}

/**
 * Takes over every partition of a topic: who wrote before can write no more, and what is committed says where to go on.
 *
 * @throws FraudError TOPIC_UNUSABLE, STREAM_POSITION_LOST, STREAM_TAKEN
 */
export async function openLanes(options: OpenOptions): Promise<OpenedTopic> {
  const { kafka, topic, figures, run, signal } = options
  const count = await partitionsOf(kafka, topic)
  const { out, deadLetters } = options.targets
  const written = [...new Set([out, deadLetters])].filter((each) => each !== undefined)
  for (const target of written) {
    const its = await partitionsOf(kafka, target)
    if (its >= count) continue
    const why = `${topic} has ${count} partitions and ${target} ${its}: each partition goes into the one of its number`
    throw new FraudError('TOPIC_UNUSABLE', `${why}; give ${target} at least ${count}`)
  }
  const most = new Map(await Promise.all(written.map(async (each) => [each, await kafka.mostBytes(each)] as const)))
  const targets: Targets = { out, deadLetters, mostBytesOf: (each) => most.get(each) ?? Infinity }
  const group = `shrike.${topic}.${targets.out ?? 'labels'}`
  const said = await kafka.committed(group, topic)
  const writers = await Promise.all(
    Array.from({ length: count }, (_, partition) => kafka.writer(`${group}.${partition}`, targets.mostBytesOf)),
  )
  try {
    // Labels that are read again change nothing.
    const answers = targets.out === undefined ? [] : await kafka.bounds(targets.out)
    const forgotten = new Set(answers.flatMap(({ start }, partition) => (start > 0n ? [partition] : [])))
    const id = await kafka.idOf(topic)
    const reached = await Promise.all(
      writers.map((_, partition) => writtenOf(kafka, written, { topic, partition }, id)),
    )
    for (const [partition, each] of reached.entries()) refuseTaken(options, partition, each.written)
    // The topic's ends are read after what is written: another process may decide what comes in between.
    const bounds = await kafka.bounds(topic)
    const offsets = reached.map((each, partition) => {
      const whyForgotten = each.isOfEarlier
        ? 'the topic was made anew since it was read'
        : forgotten.has(partition)
          ? 'what was written of it is no longer kept'
          : undefined
      const known = { through: each.written?.through, said: said.get(partition), whyForgotten }
      return positionOf({ topic, partition }, known, bounds[partition], options.from, options.onSkip)
    })
    const input = new TopicInput(kafka, topic, offsets, signal)
    await input.look()
    const lanes = writers.map((writer, partition) => {
      const progress = { through: offsets[partition] }
      return new PartitionLane(input, partition, progress, { writer, targets, figures, run, topicId: id })
    })
    return {
      input,
      lanes,
      lags: () => lanes.map(({ partition, progress }) => lagOf(input, partition, progress)),
      sayReached: () =>
        kafka.commit(group, topic, new Map(lanes.map(({ partition, progress }) => [partition, progress.through]))),
    }
  } catch (error) {
    await Promise.allSettled(writers.map((writer) => writer.close()))
    throw error
  }
}

/** What this run did not write itself, somebody else did, who decides the same messages elsewhere. */
function refuseTaken({ before, run, topic, targets }: OpenOptions, partition: number, written?: Written): void {
  const mine = before?.[partition]
  if (mine === undefined || targets.out === undefined || written === undefined) return
  if (written.run === run || written.through <= mine.through) return
  const why = `another process writes what becomes of partition ${partition} of ${topic}`
  throw new FraudError('STREAM_TAKEN', `${why}: one process at a time may, or two on one log in PostgreSQL`)
}

function lagOf(input: TopicInput, partition: number, { through }: Progress): PartitionLag {
  const messages = Number(input.end(partition) - through)
  return { topic: input.topic, partition, messages: Math.max(0, messages) }
}
