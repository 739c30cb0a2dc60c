import { hashText } from '../core/hash-text.ts'
import { StateReader, StateWriter } from '../core/state-bytes.ts'
import { atOnce } from '../core/time-slices.ts'
import { computeRow } from '../features/feature-set.ts'
import { MemoryHistories } from '../features/memory-histories.ts'
import type { FeaturePart } from '../features/parts.ts'
import type { ClusterDefinition } from './cluster-definition.ts'
import type { Entry, KeyLabelEntry, ObservationEntry } from './entries.ts'
import { keyLane } from './lanes.ts'
import type { LaneFold, PartReply, Reply } from './replies.ts'

/** For so long ids are remembered; what comes later than that after it was received does not count any more. */
const repeatedWithinMs = 3_600_000
// How large histories are is the same for all who keep them only where nothing is dropped for memory.
const unbounded = { maxBytes: Number.POSITIVE_INFINITY }
const mostEntries = Number.MAX_SAFE_INTEGER

interface Observed {
  readonly answer: PartReply
  readonly atMs: number
}

/** The histories of one key's values in one partition, as one definition has them. */
export class KeyFold implements LaneFold {
  readonly #definition: ClusterDefinition
  readonly #part: FeaturePart
  readonly #lane: string
  #histories: MemoryHistories
  /** What was observed of late, by id, the oldest first: a repeat gets the same part again. */
  readonly #observed = new Map<string, Observed>()
  /** The number of the last label from each home partition. */
  readonly #labelled = new Map<number, number>()
  readonly #row: Float64Array
  #position = -1
  #atMs = Number.NEGATIVE_INFINITY

  constructor(definition: ClusterDefinition, part: FeaturePart) {
    this.#definition = definition
    this.#part = part
    this.#lane = keyLane(part.by)
    this.#histories = new MemoryHistories(part.plan, unbounded)
    this.#row = new Float64Array(part.at.length)
  }

  get position(): number {
    return this.#position
  }

  apply(position: number, entry: Entry, atMs: number): Reply | undefined {
    this.#position = position
    this.#atMs = Math.max(this.#atMs, atMs)
    this.#forgetIds()
    if (entry.kind === 'key-label') this.#label(entry)
    return entry.kind === 'observation' ? this.#observe(entry, position) : undefined
  }

  #observe(entry: ObservationEntry, position: number): Reply | undefined {
    const known = this.#observed.get(entry.id)
    const answer = known?.answer ?? this.#count(entry, position)
    // Another definition's histories answer those who asked under it.
    if (entry.definition !== this.#definition.position) return undefined
    return { to: { front: entry.front, question: entry.question }, answer }
  }

  #count(entry: ObservationEntry, position: number): PartReply {
    const lane = this.#lane
    // Whether it had been counted before is not known any more, so it is not counted now.
    const isLate = entry.receivedAtMs <= this.#atMs - repeatedWithinMs
    const transaction = isLate || this.#isTooOld(entry) ? undefined : this.#definition.transactionOf(entry)
    if (transaction === undefined) return { kind: 'part', lane, position: -1, values: [], isCapped: false }
    const histories = this.#histories.observe(transaction)
    const values = [...computeRow(this.#part, transaction, histories, this.#row)]
    const isCapped = this.#histories.degraded().includes('history-capped')
    const answer: PartReply = { kind: 'part', lane, position, values, isCapped }
    this.#observed.set(entry.id, { answer, atMs: this.#atMs })
    return answer
  }

  /** Whether what its features read may be forgotten already; once too old, always too old. */
  #isTooOld({ timestampMs }: ObservationEntry): boolean {
    const [{ spanMs }] = this.#part.plan.histories
    return timestampMs <= this.#histories.newestMs - spanMs
  }

  /** Whoever forwards labels does so in their order, so one whose number is not higher was here before. */
  #label(entry: KeyLabelEntry): void {
    if (entry.number <= (this.#labelled.get(entry.home) ?? 0)) return
    this.#labelled.set(entry.home, entry.number)
    const transaction = this.#definition.transactionOf(entry)
    if (transaction === undefined) return
    const event = { ...transaction, sequence: hashText(entry.id) }
    const knownAtMs = Math.max(entry.knownAtMs, entry.timestampMs)
    this.#histories.label(event, { isFraud: entry.isFraud, knownAtMs, rank: this.#definition.rankOf(entry.source) })
  }

  #forgetIds(): void {
    for (const [id, { atMs }] of this.#observed) {
      // A repeat is older than what it repeats, as clocks go, by less than this.
      if (atMs > this.#atMs - 2 * repeatedWithinMs) return
      this.#observed.delete(id)
    }
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    writer.double(this.#position)
    writer.double(this.#atMs)
    writer.double(this.#labelled.size)
    for (const [home, number] of this.#labelled) {
      writer.double(home)
      writer.double(number)
    }
    writer.double(this.#observed.size)
    for (const [id, { answer, atMs }] of this.#observed) {
      writer.text(id)
      writer.double(atMs)
      writer.double(answer.position)
      writer.double(answer.isCapped ? 1 : 0)
      writer.doubles(Float64Array.from(answer.values))
      yield* writer.take()
    }
    yield* writer.take(true)
    yield* this.#histories.save()
  }

  /** @throws FraudError SNAPSHOT_INVALID where the bytes are not of such a fold. */
  load(chunks: Iterable<Uint8Array>): void {
    const reader = new StateReader(chunks)
    try {
      this.#position = reader.double()
      this.#atMs = reader.double()
      for (let left = reader.count(mostEntries); left > 0; left--) this.#labelled.set(reader.double(), reader.double())
      for (let left = reader.count(mostEntries); left > 0; left--) {
        const id = reader.text()
        const atMs = reader.double()
        const position = reader.double()
        const isCapped = reader.count(1) === 1
        const values = new Float64Array(this.#part.at.length)
        reader.doubles(values)
        this.#observed.set(id, {
          atMs,
          answer: { kind: 'part', lane: this.#lane, position, values: [...values], isCapped },
        })
      }
      this.#histories = atOnce(MemoryHistories.read(this.#part.plan, reader, unbounded))
      reader.end()
    } finally {
      reader.close()
    }
  }
}
