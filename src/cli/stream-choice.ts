import { FraudError } from '../core/errors.ts'
import { type OptionName, optionInvalid } from '../core/option.ts'
import type { KafkaLogin } from '../streams/kafka/kafka-client.ts'
import type { KafkaStreamChoice } from '../streams/kafka/run-kafka.ts'
import { isSameCluster, readTopicAddress } from '../streams/kafka/topic-address.ts'

/** The flags that say what is read and written. */
export interface TopicFlags {
  readonly in: string
  readonly out: string
  readonly labels?: string
  readonly deadLetters?: string
  readonly cases?: string
  readonly alerts?: string
  readonly from?: 'earliest' | 'latest'
}

type Environment = Readonly<Record<string, string | undefined>>

/** Topics, or lines of standard input and output. */
export type StreamChoice = KafkaStreamChoice | 'lines'

/** @throws FraudError OPTION_INVALID where flags do not go together */
export function readChoice(flags: TopicFlags, env: Environment): StreamChoice {
  if (flags.in === '-' || flags.out === '-') {
    if (flags.in !== flags.out) throw optionInvalid('in', 'and --out are both topics, or both -')
    const topics = (['labels', 'deadLetters', 'cases', 'alerts', 'from'] as const).find((name) => flags[name])
    if (topics !== undefined) throw optionInvalid(topics, 'is of topics, and standard input is none')
    return 'lines'
  }
  const address = readTopicAddress('in', flags.in)
  const topicOf = (name: OptionName & keyof TopicFlags) => {
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
  return { in: address, out, labels, deadLetters, cases, alerts, from: flags.from, login: readLogin(env) }
}

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/** How brokers know who asks, where they want to. */
export function readLogin(env: Environment): KafkaLogin | undefined {
  const { SHRIKE_KAFKA_USERNAME: username, SHRIKE_KAFKA_PASSWORD: password = '' } = env
  const { SHRIKE_KAFKA_MECHANISM: asked = 'PLAIN' } = env
  if (!username) return undefined
  const mechanism = mechanisms.find((each) => each === asked)
  if (mechanism !== undefined) return { mechanism, username, password }
  throw new FraudError('OPTION_INVALID', `SHRIKE_KAFKA_MECHANISM must be one of ${mechanisms.join(', ')}`)
}
