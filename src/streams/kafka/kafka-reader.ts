import type { Consumer } from '@platformatic/kafka'
import type { Fetched, KafkaRecord, Place } from './kafka-record.ts'

type Package = typeof import('@platformatic/kafka')
type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>
type FetchedBatches = NonNullable<FetchResponse['responses'][number]['partitions'][number]['records']>

const bytesAtOnce = 8 * 2 ** 20
const bytesPerPartition = 2 ** 20

/** Reads partitions from a place on, with connections that are its own. */
export class KafkaReader {
  readonly #package: Package
  readonly #consumer: Consumer
  /** Leaders may be others since. */
  #hasFailed = false

  constructor(client: Package, consumer: Consumer) {
    this.#package = client
    this.#consumer = consumer
  }

  /** What lies at and behind the offsets of partitions; waits for so long where that is nothing yet. */
  async fetch(wanted: readonly (Place & { readonly offset: bigint })[], waitMs: number): Promise<readonly Fetched[]> {
    for (const { topic } of wanted) if (!this.#consumer.topics.has(topic)) this.#consumer.topics.track(topic)
    const asked = { topics: [...this.#consumer.topics.current], forceUpdate: this.#hasFailed }
    this.#hasFailed = true
    const { topics } = await this.#consumer.metadata(asked)
    const leaders = Map.groupBy(
      wanted,
      ({ topic, partition }) => topics.get(topic)?.partitions[partition]?.leader ?? -1,
    )
    const names = new Map([...topics].map(([name, { id }]) => [id, name]))
    const fetches = [...leaders].map(async ([node, places]) => {
      const response = await this.#consumer.fetch({
        node,
        maxWaitTime: waitMs,
        maxBytes: bytesAtOnce,
        isolationLevel: this.#package.FetchIsolationLevels.READ_COMMITTED,
        topics: places.map(({ topic, partition, offset }) => ({
          topicId: topics.get(topic)?.id ?? '',
          partitions: [
            {
              partition,
              fetchOffset: offset,
              partitionMaxBytes: bytesPerPartition,
              ...{ currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
            },
          ],
        })),
      })
      return readResponse(response, names, places)
    })
    const fetched = (await Promise.all(fetches)).flat()
    this.#hasFailed = false
    return fetched
  }

  async close(): Promise<void> {
    await this.#consumer.close(true)
  }
}

function readResponse(
  { responses }: FetchResponse,
  names: ReadonlyMap<string, string>,
  wanted: readonly (Place & { readonly offset: bigint })[],
): readonly Fetched[] {
  return responses.flatMap(({ topicId, partitions }) =>
    partitions.flatMap(({ partitionIndex, records, abortedTransactions, lastStableOffset }) => {
      const place = { topic: names.get(topicId) ?? '', partition: partitionIndex }
      // A session of the broker's may still hold a partition that is not wanted any more.
      const asked = wanted.find(({ topic, partition }) => topic === place.topic && partition === place.partition)
      if (asked === undefined) return []
      const batches = records ?? []
      const last = batches.at(-1)
      const next = last === undefined ? asked.offset : last.firstOffset + BigInt(last.lastOffsetDelta) + 1n
      const committed = withoutAborted(batches, abortedTransactions ?? [])
      const kept = committed.filter(({ offset }) => offset >= asked.offset)
      return [{ ...place, records: kept, next: next > asked.offset ? next : asked.offset, end: lastStableOffset }]
    }),
  )
}

const isByBrokersTime = 0b1000
const isTransactional = 0b1_0000
const isControl = 0b10_0000

/**
 * The package lets aborted records pass where the marker that ends them is not in the same answer, or where a producer
 * aborted more than once in it. So they are left out here, as the protocol has it: from the first offset of an aborted
 * transaction of a producer to the marker.
 */
function withoutAborted(
  batches: FetchedBatches,
  aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[],
): readonly KafkaRecord[] {
  const waiting = [...aborted].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  const aborting = new Set<bigint>()
  const records: KafkaRecord[] = []
  for (const batch of batches) {
    const lastOffset = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    while (waiting[0] !== undefined && waiting[0].firstOffset <= lastOffset) {
      aborting.add(waiting[0].producerId)
      waiting.shift()
    }
    if (batch.attributes & isControl) {
      if (batch.records[0]?.key?.readInt16BE(2) === 0) aborting.delete(batch.producerId)
      continue
    }
    if (batch.attributes & isTransactional && aborting.has(batch.producerId)) continue
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      records.push({
        offset: batch.firstOffset + BigInt(offsetDelta),
        timestampMs: Number(
          batch.attributes & isByBrokersTime ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta,
        ),
        key,
        value,
        headers: new Map(headers.map(([name, held]) => [String(name), held ?? new Uint8Array()])),
      })
    }
  }
  return records
}
