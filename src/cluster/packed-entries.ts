import { ValueReader, ValueWriter } from '../log/packed-values.ts'

/** Entries of one record, at most; each has a position of its own. */
const entriesPerRecord = 4096
/** A broker takes a megabyte by default. */
const mostBytes = 800_000

/** Packs entries into as few records as they fit in, in their order. */
export function packEntries(entries: readonly Uint8Array[]): readonly Uint8Array[] {
  const records: Uint8Array[] = []
  let pack = new ValueWriter()
  let count = 0
  const end = () => {
    if (count > 0) records.push(pack.bytes)
    pack = new ValueWriter()
    count = 0
  }
  for (const entry of entries) {
    if (count === entriesPerRecord || pack.length + entry.length > mostBytes) end()
    pack.whole(entry.length)
    pack.raw(entry)
    count++
  }
  end()
  return records
}

/**
 * The entries of a record with their positions. The last one has the record's last position, so where a place ends is known
 * by its offsets alone.
 */
export function unpackEntries(
  offset: bigint,
  value: Uint8Array,
): readonly { readonly position: number; readonly bytes: Uint8Array }[] {
  const reader = new ValueReader(value)
  const entries: Uint8Array[] = []
  while (!reader.isAtEnd) entries.push(reader.raw(reader.whole()))
  const first = endOf(offset + 1n) - entries.length + 1
  return entries.map((bytes, i) => ({ position: first + i, bytes }))
}

/** The position of the newest entry before an offset; -1 before the first. */
export function endOf(offset: bigint): number {
  return Number(offset) * entriesPerRecord - 1
}

/** The offset of the record in which entries after a position begin. */
export function offsetAfter(position: number): bigint {
  return BigInt(Math.floor((position + 1) / entriesPerRecord))
}
