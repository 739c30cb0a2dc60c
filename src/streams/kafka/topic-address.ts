import { type OptionName, optionInvalid } from '../../core/option.ts'
import type { KafkaChoice } from './kafka-client.ts'

/** A topic and whom to ask for it. */
export interface TopicAddress {
  readonly cluster: Omit<KafkaChoice, 'login'>
  readonly topic: string
}

const example = 'must be kafka://HOST:PORT,HOST:PORT/TOPIC, or kafkas://... for TLS'
const defaultPort = 9092

/** kafka://one:9092,two:9092/transactions. @throws FraudError OPTION_INVALID */
export function readTopicAddress(name: OptionName, text: string): TopicAddress {
  const [, scheme, hosts = '', topic = ''] = /^(kafkas?):\/\/([^/]+)\/([\w.-]{1,249})$/.exec(text) ?? []
  if (scheme === undefined) throw optionInvalid(name, example)
  if (hosts.includes('@'))
    throw optionInvalid(name, 'must not hold a password: SHRIKE_KAFKA_USERNAME and SHRIKE_KAFKA_PASSWORD are read')
  const brokers = hosts.split(',').map((host) => (/:\d+$/.test(host) ? host : `${host}:${defaultPort}`))
  if (brokers.some((broker) => !/^(\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i.test(broker))) throw optionInvalid(name, example)
  return { cluster: { brokers, isTls: scheme === 'kafkas' }, topic }
}

export function isSameCluster(one: TopicAddress, other: TopicAddress): boolean {
  return String(one.cluster.brokers) === String(other.cluster.brokers) && one.cluster.isTls === other.cluster.isTls
}
