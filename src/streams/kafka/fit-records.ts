/** What of a record takes room. */
interface Sized {
  readonly topic: string
  readonly key?: Uint8Array | undefined
  readonly value: Uint8Array
  readonly headers?: ReadonlyMap<string, Uint8Array>
}

/** Of what is written at once; a broker takes a megabyte by default. */
const mostAtOnce = 256 * 1024
/** What Kafka adds to each request of a partition, and at most to each record and header. */
const requestBytes = 70
const recordBytes = 30
const headerBytes = 10

/** How many bytes a record takes where it is alone, at most. */
export function bytesOf({ key, value, headers = new Map() }: Sized): number {
  const ofHeaders = [...headers].map(([name, held]) => Buffer.byteLength(name) + held.length + headerBytes)
  const content = [key?.length ?? 0, value.length, ...ofHeaders].reduce((sum, bytes) => sum + bytes, 0)
  return requestBytes + recordBytes + content
}

/** Records in their order, in groups that no topic finds too large, but for a record that is so alone. */
export function groupRecords<Item extends Sized>(
  records: readonly Item[],
  mostBytesOf: (topic: string) => number,
): readonly (readonly Item[])[] {
  const groups: Item[][] = []
  let room = 0
  for (const record of records) {
    const bytes = bytesOf(record)
    const most = Math.min(mostAtOnce, mostBytesOf(record.topic))
    const last = groups.at(-1)
    if (last === undefined || last[0].topic !== record.topic || bytes > room) {
      groups.push([record])
      room = most - bytes
    } else {
      last.push(record)
      room -= bytes
    }
  }
  return groups
}
