import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { DecidingState } from '../../deciding/deciding-state.ts'
import type { Decisions } from '../../deciding/decisions.ts'
import { decideMessages, labelMessages } from '../decide-messages.ts'
import { isPassing } from '../message.ts'
import { runLane } from '../run-lane.ts'
import type { StreamFigures } from '../stream-figures.ts'
import { type Kafka, type KafkaLogin, loadKafka } from './kafka-client.ts'
import { isPassingInKafka, whyKafka } from './kafka-errors.ts'
import { type Told, tellLog } from './log-topic.ts'
import { type OpenedTopic, openLanes, partitionsOf } from './open-lanes.ts'
import type { Progress, Targets } from './partition-lane.ts'
import type { From } from './positions.ts'
import type { TopicAddress } from './topic-address.ts'

export interface KafkaStreamChoice {
  /** All topics are of one cluster. */
  readonly in: TopicAddress
  readonly out: string
  readonly labels?: string | undefined
  readonly deadLetters?: string | undefined
  readonly cases?: string | undefined
  readonly alerts?: string | undefined
  readonly from?: From | undefined
  readonly login?: KafkaLogin | undefined
}

export interface KafkaStreamOptions {
  readonly decisions: Decisions
  readonly figures: StreamFigures
  readonly logger: Logger
  readonly nowMs: () => number
  readonly signal: AbortSignal
}

const firstWaitMs = 100
const longestWaitMs = 2000
const readyEveryMs = 50
const reportEveryMs = 5000

/** What outlives one opening of the stream. */
interface Memory {
  /** Its name, in all that it writes. */
  readonly run: string
  /** How far partitions have come, by their topics. */
  readonly progress: Map<string, readonly Progress[]>
  readonly told: Map<Told, number>
  /** What decided when the partitions were opened last: another one now, and another process may have led meanwhile. */
  state: WeakRef<DecidingState> | undefined
}

/**
 * Decides the messages of a topic until the signal is given. Whatever fails and may pass, a broker that is away or a log that can't
 * be written, closes all of it; it is opened again from what is committed, which is the one way in which a stream goes on.
 *
 * @throws FraudError TOPIC_UNUSABLE, STREAM_POSITION_LOST, STREAM_TAKEN, KAFKA_REFUSED, PACKAGE_MISSING
 */
export async function runKafkaStream(choice: KafkaStreamChoice, options: KafkaStreamOptions): Promise<void> {
  const { figures, logger, signal } = options
  const memory: Memory = { run: randomUUID(), progress: new Map(), told: new Map(), state: undefined }
  const waits = { ms: firstWaitMs }
  const onOpen = () => {
    if (figures.waitsFor !== undefined) logger.info({}, 'the stream goes on')
    figures.waitsFor = undefined
    waits.ms = firstWaitMs
  }
  while (!signal.aborted) {
    try {
      await untilReady(options)
      if (!signal.aborted) await runOnce(choice, options, memory, onOpen)
    } catch (error) {
      if (error instanceof FraudError && !isPassing(error)) throw error
      if (!(error instanceof FraudError) && !isPassingInKafka(error)) throw error
      const reason = error instanceof FraudError ? error.message : whyKafka(error)
      if (figures.waitsFor === undefined) logger.warn({ reason }, 'the stream waits, and goes on where it was')
      figures.waitsFor = reason
      await sleep(waits.ms, undefined, { signal }).catch(() => {})
      waits.ms = Math.min(2 * waits.ms, longestWaitMs)
    }
  }
}

/** Only who leads may take over the partitions. */
async function untilReady({ decisions, signal }: KafkaStreamOptions): Promise<void> {
  while (!decisions.isReady && !signal.aborted) await sleep(readyEveryMs, undefined, { signal }).catch(() => {})
}

/** From opening to the first failure, or to the signal. */
async function runOnce(
  choice: KafkaStreamChoice,
  options: KafkaStreamOptions,
  memory: Memory,
  onOpen: () => void,
): Promise<void> {
  const kafka = await loadKafka({ ...choice.in.cluster, login: choice.login })
  const scope = new AbortController()
  const stop = () => scope.abort()
  options.signal.addEventListener('abort', stop)
  const topics: OpenedTopic[] = []
  let failure: { readonly error: unknown } | undefined
  const fail = (error: unknown) => {
    failure ??= { error }
    scope.abort()
  }
  try {
    const { decisions, figures, logger, nowMs } = options
    const onSkip = (reason: string) => logger.warn({ reason }, 'the stream goes on elsewhere, as it was told')
    const { state } = decisions.decider
    const open = async (topic: string, targets: Omit<Targets, 'mostBytesOf'>) => {
      const { run } = memory
      const shared = { kafka, topic, targets, from: choice.from, figures, onSkip, signal: scope.signal, run }
      const before = state !== undefined && memory.state?.deref() === state ? memory.progress.get(topic) : undefined
      const opened = await openLanes({ ...shared, before })
      topics.push(opened)
      memory.progress.set(
        topic,
        opened.lanes.map(({ progress }) => progress),
      )
      return opened
    }
    const { deadLetters } = choice
    const transactions = await open(choice.in.topic, { out: choice.out, deadLetters })
    const labels = choice.labels && (await open(choice.labels, { out: undefined, deadLetters }))
    memory.state = state && new WeakRef(state)
    figures.lags = () => topics.flatMap(({ lags }) => lags())
    onOpen()
    const decide = decideMessages(decisions, 'message', nowMs)
    const label = labelMessages(decisions, 'stream', logger, scope.signal)
    const work = [
      ...topics.map(({ input }) => input.run()),
      ...transactions.lanes.map((lane) => runLane(lane, decide, fail)),
      ...(labels ? labels.lanes.map((lane) => runLane(lane, label, fail)) : []),
      ...(['case', 'alert'] as const).map((told) => tellTopic(kafka, choice, options, memory, told, scope.signal)),
      report(topics, scope.signal, onOpen),
    ]
    await Promise.all(work.map((each) => each.catch(fail)))
    if (failure === undefined) await Promise.all(topics.map(({ sayReached }) => sayReached())).catch(() => {})
  } finally {
    options.signal.removeEventListener('abort', stop)
    scope.abort()
    await Promise.allSettled(topics.flatMap(({ lanes }) => lanes.map((lane) => lane.close())))
    await kafka.close()
  }
  if (failure !== undefined) throw failure.error
}

/** Cases or alerts, where they are asked for. */
async function tellTopic(
  kafka: Kafka,
  { cases, alerts }: KafkaStreamChoice,
  { decisions, logger }: KafkaStreamOptions,
  { told }: Memory,
  kind: Told,
  signal: AbortSignal,
): Promise<void> {
  const topic = kind === 'case' ? cases : alerts
  if (topic === undefined) return
  const partitions = await partitionsOf(kafka, topic)
  const toldThrough = told.get(kind) ?? 0
  const options = { kafka, topic, partitions, decisions, logger, told: kind, toldThrough, signal }
  await tellLog(options, (through) => void told.set(kind, through))
}

/** Says how far the stream has come, for tools that look at groups, and sees how far it is behind. */
async function report(topics: readonly OpenedTopic[], signal: AbortSignal, onSeen: () => void): Promise<void> {
  while (!signal.aborted) {
    await sleep(reportEveryMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    for (const { sayReached, input } of topics) {
      await sayReached()
      await input.look()
    }
    onSeen()
  }
}
