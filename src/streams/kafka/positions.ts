import { FraudError } from '../../core/errors.ts'
import { option } from '../../core/option.ts'
import type { Kafka } from './kafka-client.ts'
import type { KafkaRecord, Place } from './kafka-record.ts'

/** The header of what is written that says which message it is of. */
export const originHeader = 'shrike-in'

/** The header that says which topic of that name it was: one that is made anew has offsets of its own. */
export const topicHeader = 'shrike-in-id'

/** The header that says which run of a stream wrote it. */
export const runHeader = 'shrike-run'

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

/** How far what is written of a partition reaches. */
export interface Written {
  /** The offset behind the last message that something committed was written for. */
  readonly through: bigint
  /** The run that wrote it; empty where it does not say. */
  readonly run: string
}

interface Found {
  readonly written: Written | undefined
  /** Whether something was written of an earlier topic of the same name. */
  readonly isOfEarlier: boolean
}

/** What is written of a partition, in partitions of the same number. @param id of the topic that there is now. */
export async function writtenOf(
  kafka: Pick<Kafka, 'bounds' | 'lastRecord'>,
  topics: readonly string[],
  place: Place,
  id: string,
): Promise<Found> {
  let written: Written | undefined
  let isOfEarlier = false
  for (const topic of topics) {
    const target = { topic, partition: place.partition }
    const bounds = (await kafka.bounds(topic))[place.partition]
    const last = await kafka.lastRecord(target, bounds, (record) => offsetIn(record, place) !== undefined)
    const offset = last && offsetIn(last, place)
    const its = last?.headers.get(topicHeader)
    const isOther = its !== undefined && decoder.decode(its) !== id
    isOfEarlier ||= isOther
    if (isOther || offset === undefined || offset < (written?.through ?? 0n)) continue
    written = { through: offset + 1n, run: decoder.decode(last?.headers.get(runHeader)) }
  }
  return { written, isOfEarlier }
}

export type From = 'earliest' | 'latest'

/** What is known of where reading a partition goes on. */
interface Known {
  /** As of `writtenOf`. */
  readonly through: bigint | undefined
  /** What the stream said last that it has reached. */
  readonly said: bigint | undefined
  /** Why what was written does not say it; undefined where nothing was. */
  readonly whyForgotten: string | undefined
}

/**
 * Where reading a partition goes on.
 *
 * @param from where it begins where nothing is known, and where what is known is no longer kept.
 * @param onSkip is told why reading goes on elsewhere than it would.
 * @throws FraudError STREAM_POSITION_LOST where messages may have been missed.
 */
export function positionOf(
  place: Place,
  { through, said, whyForgotten }: Known,
  { start, end }: { readonly start: bigint; readonly end: bigint },
  from: From | undefined,
  onSkip: (why: string) => void,
): bigint {
  const begin = from === 'latest' ? end : start
  const known = through !== undefined && said !== undefined && said > through ? said : (through ?? said)
  const isKept = known !== undefined && known >= start && known <= end
  if (isKept) return known
  if (known === undefined && whyForgotten === undefined) return begin
  const deleted = `the messages from ${known} to ${start - 1n} are deleted`
  const why =
    known === undefined
      ? String(whyForgotten)
      : `reading would go on at offset ${known}, and ${known < start ? deleted : `it ends at ${end}, before that`}`
  if (from === undefined) throw lost(place, why)
  onSkip(`partition ${place.partition} of ${place.topic}: ${why}`)
  return begin
}

function lost({ topic, partition }: Place, why: string): FraudError {
  const choices = `earliest, with the first that is kept, or latest, with what comes from now on`
  const hint = `Say by ${option('from')} where to go on: ${choices}`
  return new FraudError('STREAM_POSITION_LOST', `Partition ${partition} of ${topic}: ${why}`, { hint })
}
