import { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import type { LabelRecord, LogRecord } from '../log/log-record.ts'
import type { Projection } from '../log/projection.ts'

interface PendingLabel extends Pick<LabelRecord, 'id' | 'isFraud' | 'knownAtMs' | 'receivedAtMs' | 'by'> {
  /** The number of its record; 0 where an older version kept it. */
  readonly sequence: number
  readonly source?: string | undefined
}

const none: readonly PendingLabel[] = []

/** Labels whose transactions have not come, in the order in which they came. */
export class PendingLabels implements Projection {
  readonly name = 'pending-labels'
  /** The second knows the numbers of labels and who said them. */
  readonly version = 2
  #waitMs: number
  #labels = new Set<PendingLabel>()
  #ofId = new Map<string, PendingLabel[]>()
  /** How many of them each has sent. */
  #countBy = new Map<string, number>()
  /** The time of the newest transaction: labels age by event time. */
  #newestMs = Number.NEGATIVE_INFINITY
  #released = none
  #longestMs = 0

  /** @param waitMs how long a label waits. */
  constructor(waitMs: number) {
    this.#waitMs = waitMs
  }

  /** A label waits by event time, which may stand still while records go. */
  isCarried(): boolean {
    return this.count > 0
  }

  /** How long a label has waited at most that was released, since this was made or loaded. */
  get longestMs(): number {
    return this.#longestMs
  }

  /** Goes on as another one, which took the same records and released the same, and waits for another time. */
  goOnAs(next: PendingLabels): void {
    if (next.#waitMs === this.#waitMs) return
    this.#waitMs = next.#waitMs
    this.#labels = next.#labels
    this.#ofId = next.#ofId
    this.#countBy = next.#countBy
  }

  /** How many there are. */
  get count(): number {
    this.#dropOld()
    return this.#labels.size
  }

  /** Those of one sender. */
  countBy(by: string): number {
    this.#dropOld()
    return this.#countBy.get(by) ?? 0
  }

  /** Whether one may wait for a transaction. */
  has(id: string): boolean {
    return this.#ofId.has(id)
  }

  /** How many transactions they speak of. */
  get transactions(): number {
    this.#dropOld()
    return this.#ofId.size
  }

  /** The labels that waited for the transaction that was taken last, for those who take it after this. */
  get released(): readonly PendingLabel[] {
    return this.#released
  }

  take(record: LogRecord, sequence: number): void {
    this.#released = none
    if (record.kind === 'decision' || record.kind === 'history') {
      if (record.timestampMs > this.#newestMs) this.#newestMs = record.timestampMs
      if (this.#ofId.size > 0) this.#released = this.#release(record.id)
    } else if (record.kind === 'label' && record.of === 0) {
      // A label does not wait for a transaction that is no longer kept.
      this.#wait({ ...record, sequence })
    }
  }

  *save(): Generator<Uint8Array> {
    this.#dropOld()
    const writer = new StateWriter()
    writer.double(this.#newestMs)
    writer.double(this.#labels.size)
    for (const { id, isFraud, knownAtMs, receivedAtMs, by, sequence, source } of this.#labels) {
      writer.text(id)
      writer.double(isFraud ? 1 : 0)
      writer.double(knownAtMs)
      writer.double(receivedAtMs)
      writer.text(by ?? '')
      writer.double(sequence)
      writer.text(source ?? '')
      yield* writer.take()
    }
    yield* writer.take(true)
  }

  *load(chunks: Iterable<Uint8Array>, version: number): Steps {
    const reader = new StateReader(chunks)
    try {
      this.#newestMs = reader.double()
      for (let left = reader.count(Number.MAX_SAFE_INTEGER); left > 0; left--) {
        const id = reader.text()
        const isFraud = reader.count(1) === 1
        const knownAtMs = reader.double()
        const receivedAtMs = reader.double()
        const by = reader.text()
        const sequence = version >= 2 ? reader.count(Number.MAX_SAFE_INTEGER) : 0
        const source = version >= 2 ? reader.text() : ''
        this.#wait({ ...{ id, isFraud, knownAtMs, receivedAtMs, sequence, source }, ...(by !== '' && { by }) })
        yield
      }
      reader.end()
    } finally {
      reader.close()
    }
  }

  #wait({ id, isFraud, knownAtMs, receivedAtMs, by, sequence, source }: PendingLabel): void {
    this.#dropOld()
    const said = { id, isFraud, knownAtMs, receivedAtMs, sequence }
    const label = { ...said, ...(by !== undefined && { by }), ...(source ? { source } : {}) }
    this.#labels.add(label)
    const ofId = this.#ofId.get(id)
    if (ofId === undefined) this.#ofId.set(id, [label])
    else ofId.push(label)
    if (by !== undefined) this.#countBy.set(by, (this.#countBy.get(by) ?? 0) + 1)
  }

  /** The labels of an id, which wait no longer: those that are not too old. */
  #release(id: string): readonly PendingLabel[] {
    const labels = this.#ofId.get(id) ?? none
    this.#ofId.delete(id)
    for (const label of labels) this.#forget(label)
    const released = labels.filter((label) => !this.#isOld(label))
    for (const label of released) this.#longestMs = Math.max(this.#longestMs, this.#newestMs - sentMs(label))
    return released
  }

  #dropOld(): void {
    for (const label of this.#labels) {
      if (!this.#isOld(label)) return
      const ofId = this.#ofId.get(label.id)
      // They come and go in the same order.
      ofId?.shift()
      if (ofId?.length === 0) this.#ofId.delete(label.id)
      this.#forget(label)
    }
  }

  #forget(label: PendingLabel): void {
    this.#labels.delete(label)
    const { by } = label
    if (by === undefined) return
    const count = (this.#countBy.get(by) ?? 0) - 1
    if (count > 0) this.#countBy.set(by, count)
    else this.#countBy.delete(by)
  }

  /** Only by a record, so that reading the log again forgets the same labels. */
  #isOld(label: PendingLabel): boolean {
    return sentMs(label) + this.#waitMs < this.#newestMs
  }
}

function sentMs({ knownAtMs, receivedAtMs }: PendingLabel): number {
  return Math.max(knownAtMs, receivedAtMs)
}
