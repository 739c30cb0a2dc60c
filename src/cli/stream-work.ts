import type { Beside, ServiceConfig } from '../app.ts'
import { FraudError } from '../core/errors.ts'
import { type OptionName, optionInvalid } from '../core/option.ts'
import { createStreamMetrics } from '../http/stream-metrics.ts'
import type { KafkaLogin } from '../streams/kafka/kafka-client.ts'
import { type KafkaStreamChoice, runKafkaStream } from '../streams/kafka/run-kafka.ts'
import { isSameCluster, readTopicAddress } from '../streams/kafka/topic-address.ts'
import { runLines } from '../streams/run-lines.ts'
import { StreamFigures } from '../streams/stream-figures.ts'
import { whereData } from './data-location.ts'
import type { Run } from './run.ts'
import { type ServeFlags, startServing } from './serve-work.ts'
import { servedByService } from './served.ts'

export interface StreamFlags extends Omit<ServeFlags, 'port' | 'workers'> {
  readonly in: string
  readonly out: string
  readonly labels?: string
  readonly deadLetters?: string
  readonly cases?: string
  readonly alerts?: string
  readonly from?: 'earliest' | 'latest'
  readonly port?: number
}

/** Streams until it is told to stop, or lines end. */
export async function stream(bundle: string | undefined, flags: StreamFlags, { signal, note }: Run): Promise<void> {
  const choice = readChoice(flags)
  const served = servedByService(flags.data, { bundle, detector: flags.detector })
  const { port = 0 } = flags
  const service = await startServing(served, { ...flags, port, workers: 1 }, signal, {
    listens: flags.port !== undefined,
    beside: (parts) => openStream(choice, parts),
  })
  if (service === undefined) return
  if (!service.decides) {
    await service.close()
    throw new FraudError('DETECTOR_INVALID', 'The detector declares no transaction.id or no time, so it cannot decide')
  }
  const where = service.url === '' ? '' : ` and served on ${service.url}`
  note(`decisions of ${flags.in} are kept in ${whereData(flags.data)}${where}`)
  await service.closed
}

type Choice = KafkaStreamChoice | 'lines'

function readChoice(flags: StreamFlags): Choice {
  if (flags.in === '-' || flags.out === '-') {
    if (flags.in !== flags.out) throw optionInvalid('in', 'and --out are both topics, or both -')
    const topics = (['labels', 'deadLetters', 'cases', 'alerts', 'from'] as const).find((name) => flags[name])
    if (topics !== undefined) throw optionInvalid(topics, 'is of topics, and standard input is none')
    return 'lines'
  }
  const address = readTopicAddress('in', flags.in)
  const topicOf = (name: OptionName & keyof StreamFlags) => {
    const text = flags[name]
    if (typeof text !== 'string') return undefined
    const other = readTopicAddress(name, text)
    if (isSameCluster(address, other)) return other.topic
    throw optionInvalid(name, 'must be a topic of the cluster of --in, by the same brokers')
  }
  const out = topicOf('out') ?? ''
  const [labels, deadLetters, cases, alerts] = (['labels', 'deadLetters', 'cases', 'alerts'] as const).map(topicOf)
  if (labels !== undefined && deadLetters === undefined)
    throw optionInvalid('labels', 'needs --dead-letters, where labels go that are refused')
  const named = [address.topic, out, labels, deadLetters, cases, alerts].filter((each) => each !== undefined)
  const twice = named.find((topic, i) => named.indexOf(topic) < i)
  if (twice !== undefined)
    throw optionInvalid('out', `and the others each need a topic of their own: ${twice} is named twice`)
  return { in: address, out, labels, deadLetters, cases, alerts, from: flags.from, login: readLogin() }
}

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

function readLogin(): KafkaLogin | undefined {
  const { SHRIKE_KAFKA_USERNAME: username, SHRIKE_KAFKA_PASSWORD: password = '' } = process.env
  const { SHRIKE_KAFKA_MECHANISM: asked = 'PLAIN' } = process.env
  if (!username) return undefined
  const mechanism = mechanisms.find((each) => each === asked)
  if (mechanism !== undefined) return { mechanism, username, password }
  throw new FraudError('OPTION_INVALID', `SHRIKE_KAFKA_MECHANISM must be one of ${mechanisms.join(', ')}`)
}

/** The stream on the service's decisions. */
function openStream(choice: Choice, parts: Parameters<NonNullable<ServiceConfig['beside']>>[0]): Beside {
  const { decisions, registry, logger } = parts
  const figures = new StreamFigures()
  createStreamMetrics(registry, figures)
  const stopping = new AbortController()
  const nowMs = () => performance.now()
  const options = { decisions, figures, logger, nowMs, signal: stopping.signal }
  const done =
    choice === 'lines'
      ? runLines({ ...options, input: process.stdin, output: process.stdout })
      : runKafkaStream(choice, options)
  return {
    done,
    whyNotReady: () => figures.waitsFor && `The stream waits: ${figures.waitsFor}`,
    async close() {
      stopping.abort()
      await done.catch(() => {})
    },
  }
}
