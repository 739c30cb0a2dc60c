import { ValueReader, type ValueWriter } from './packed-values.ts'

/** A record as a store keeps it: what may be searched for, and the rest in one piece. */
export interface StoredRecord {
  readonly sequence: number
  /** A position in `recordKinds`. */
  readonly kind: number
  /** The transaction's id; empty where the record has no transaction. */
  readonly id: string
  readonly timestampMs: number
  /** A position in `outcomes`; 0 where there is none. */
  readonly outcome: number
  readonly score: number | null
  readonly body: Uint8Array
}

const noScore = Number.NaN

/** Appends a stored record: what is hashed, and what is sent to the writer. Numbers are little-endian. */
export function writeFrame(
  { sequence, kind, id, timestampMs, outcome, score, body }: StoredRecord,
  to: ValueWriter,
): void {
  to.whole(sequence)
  to.byte(kind)
  to.byte(outcome)
  to.double(timestampMs)
  to.double(score ?? noScore)
  to.text(id)
  to.whole(body.length)
  to.raw(body)
}

/** Frames that were written side by side, each with its record; views of the bytes. */
export function* splitFrames(
  bytes: Uint8Array,
): Generator<{ readonly frame: Uint8Array; readonly record: StoredRecord }> {
  const reader = new ValueReader(bytes)
  while (!reader.isAtEnd) {
    const start = reader.position
    const sequence = reader.whole()
    const kind = reader.byte()
    const outcome = reader.byte()
    const timestampMs = reader.double()
    const score = reader.double()
    const id = reader.text()
    const body = reader.raw(reader.whole())
    const record = { sequence, kind, outcome, timestampMs, score: Number.isNaN(score) ? null : score, id, body }
    yield { frame: bytes.subarray(start, reader.position), record }
  }
}
