import { FraudError } from '../../core/errors.ts'
import { option } from '../../core/option.ts'
import type { Kafka, KafkaRecord, Place } from './kafka-client.ts'

/** The header of what is written that says which message it is of. */
export const originHeader = 'shrike-in'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function originOf({ topic, partition, offset }: Place & { readonly offset: bigint }): Uint8Array {
  return encoder.encode(`${topic}/${partition}/${offset}`)
}

/** The offset of the message of a partition that a record was written for; undefined where it is of another. */
function offsetIn({ headers }: KafkaRecord, { topic, partition }: Place): bigint | undefined {
  const origin = headers.get(originHeader)
  const [, name, number, offset = ''] = /^(.+)\/(\d+)\/(\d+)$/.exec(origin ? decoder.decode(origin) : '') ?? []
  return name === topic && Number(number) === partition ? BigInt(offset) : undefined
}

/** How far what is written of a partition goes. */
export interface Written {
  /** The offset behind the last message that something was written for; undefined where nothing is there of it. */
  readonly through: bigint | undefined
  /** Whether something may have been there that is no longer kept. */
  readonly mayHaveLost: boolean
}

/** The committed end of what is written, in partitions that have the number of the one that is read. */
export async function writtenOf(kafka: Kafka, topics: readonly string[], place: Place): Promise<Written> {
  let through: bigint | undefined
  let mayHaveLost = false
  for (const topic of topics) {
    const target = { topic, partition: place.partition }
    const bounds = (await kafka.bounds(topic))[place.partition]
    const last = await kafka.lastRecord(target, bounds, (record) => offsetIn(record, place) !== undefined)
    const offset = last && offsetIn(last, place)
    if (offset !== undefined && offset >= (through ?? 0n)) through = offset + 1n
    if (bounds.start > 0n) mayHaveLost = true
  }
  return { through, mayHaveLost }
}

export type From = 'earliest' | 'latest'

/** What is known of where reading a partition goes on. */
interface Known extends Written {
  /** What the stream said last that it has reached. */
  readonly said: bigint | undefined
}

/**
 * Where reading a partition goes on.
 *
 * @param from where it begins where nothing is known, and where what is known is no longer kept.
 * @throws FraudError STREAM_POSITION_LOST where messages may have been missed.
 */
export function positionOf(
  place: Place,
  { through, mayHaveLost, said }: Known,
  { start, end }: { readonly start: bigint; readonly end: bigint },
  from: From | undefined,
): bigint {
  const begin = from === 'latest' ? end : start
  const known = through !== undefined && said !== undefined && said > through ? said : (through ?? said)
  if (known === undefined) {
    if (mayHaveLost && from === undefined) throw lost(place, 'what was written of it is no longer kept')
    return begin
  }
  if (known >= start && known <= end) return known
  if (from !== undefined) return begin
  const why =
    known < start ? `the messages from ${known} to ${start - 1n} are deleted` : `it ends at ${end}, before that`
  throw lost(place, `reading would go on at offset ${known}, and ${why}`)
}

function lost({ topic, partition }: Place, why: string): FraudError {
  const choices = `earliest, with the first that is kept, or latest, with what comes from now on`
  const hint = `Say by ${option('from')} where to go on: ${choices}`
  return new FraudError('STREAM_POSITION_LOST', `Partition ${partition} of ${topic}: ${why}`, { hint })
}
