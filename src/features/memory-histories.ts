import { FraudError } from '../core/errors.ts'
import { hashText } from '../core/hash-text.ts'
import { StateReader, StateWriter } from '../core/state-bytes.ts'
import { atOnce, type Steps } from '../core/time-slices.ts'
import type { Transaction } from '../detector/transaction.ts'
import type {
  Histories,
  HistoriesPlan,
  HistoriesStats,
  History,
  Label,
  LabelledEvent,
  StandingPlaces,
} from './history.ts'
import { KeyedHistories } from './keyed-histories.ts'

/** Keys of each history that are dropped with each transaction, at most, while memory is over its limit. */
const droppedAtOnce = 8
const memoryCheckedEvery = 64
const none: readonly string[] = []

export interface MemoryHistoriesOptions {
  /** What all histories together may take; over it the keys silent for longest are forgotten early. 4 GiB by default. */
  readonly maxBytes?: number
}

/** Histories in this process's memory. */
export class MemoryHistories implements Histories {
  readonly #plan: HistoriesPlan
  readonly #keyed: readonly KeyedHistories[]
  readonly #maxBytes: number
  #newestMs = -Infinity
  #observed = 0
  #isOverLimit = false
  #droppedForMemory = 0
  #droppedAtMs = Number.NEGATIVE_INFINITY
  readonly #spanMs: number

  constructor(
    plan: HistoriesPlan,
    { maxBytes = 4 * 2 ** 30 }: MemoryHistoriesOptions = {},
    keyed = plan.histories.map((history) => new KeyedHistories(history, plan.eventsPerKey)),
  ) {
    this.#plan = plan
    this.#maxBytes = maxBytes
    this.#spanMs = Math.max(0, ...plan.histories.map(({ spanMs }) => spanMs))
    this.#keyed = keyed
  }

  /**
   * Histories of which some stand and the others were made of the same transactions; neither is of use from then on.
   *
   * @param standingPlaces for each history of the plan the place of the standing one that goes on as it; undefined for those
   * that were made, which are in the plan's order.
   */
  static join(
    plan: HistoriesPlan,
    made: MemoryHistories,
    standing: MemoryHistories,
    standingPlaces: StandingPlaces,
    options?: MemoryHistoriesOptions,
  ): MemoryHistories {
    let next = 0
    const keyed = plan.histories.map((history, i) => {
      const place = standingPlaces[i]
      if (place === undefined) return made.#keyed[next++]
      return new KeyedHistories(history, plan.eventsPerKey, standing.#keyed[place])
    })
    const joined = new MemoryHistories(plan, options, keyed)
    joined.#newestMs = standing.#newestMs
    joined.#observed = standing.#observed
    joined.#droppedForMemory = standing.#droppedForMemory + made.#droppedForMemory
    joined.#droppedAtMs = Math.max(standing.#droppedAtMs, made.#droppedAtMs)
    return joined
  }

  /** The newest event time of all. */
  get newestMs(): number {
    return this.#newestMs
  }

  /**
   * The state in chunks of about 64 KiB.
   *
   * @param isSaved says of each place in the plan whether its histories are saved; all by default.
   */
  *save(isSaved: (place: number) => boolean = () => true): Generator<Uint8Array> {
    const writer = new StateWriter()
    for (const number of [this.#newestMs, this.#observed, this.#droppedForMemory, this.#droppedAtMs]) {
      writer.double(number)
    }
    for (const [place, keyed] of this.#keyed.entries()) if (isSaved(place)) yield* keyed.save(writer)
    yield* writer.take(true)
  }

  /**
   * Histories as they were saved; they go on exactly as the saved ones would have.
   *
   * @param chunks the bytes in order, wherever they are cut.
   * @throws FraudError SNAPSHOT_INVALID where they are no histories of this plan.
   */
  static restore(plan: HistoriesPlan, chunks: Iterable<Uint8Array>, options?: MemoryHistoriesOptions): MemoryHistories {
    const reader = new StateReader(chunks)
    try {
      const histories = atOnce(MemoryHistories.read(plan, reader, options))
      reader.end()
      return histories
    } finally {
      reader.close()
    }
  }

  /** As `restore`, of bytes among others. */
  static *read(plan: HistoriesPlan, reader: StateReader, options?: MemoryHistoriesOptions): Steps<MemoryHistories> {
    const histories = new MemoryHistories(plan, options)
    histories.#newestMs = reader.double()
    histories.#observed = reader.double()
    histories.#droppedForMemory = reader.double()
    histories.#droppedAtMs = reader.double()
    for (const keyed of histories.#keyed) yield* keyed.restore(reader)
    return histories
  }

  observe(transaction: Transaction): readonly History[] {
    this.#refuseOtherCurrency(transaction)
    if (this.#isOverLimit || this.#observed % memoryCheckedEvery === 0) this.#dropForMemory()
    this.#observed++
    if (transaction.timestampMs > this.#newestMs) this.#newestMs = transaction.timestampMs
    for (const keyed of this.#keyed) {
      keyed.dropSilent(this.#newestMs)
      keyed.dropSilent(this.#newestMs)
      keyed.observe(transaction, this.#newestMs)
    }
    return this.#keyed
  }

  label(event: LabelledEvent, label: Label): void {
    for (const keyed of this.#keyed) keyed.label(event, label, this.#newestMs)
  }

  withdraw(event: LabelledEvent, label: Label): void {
    for (const keyed of this.#keyed) keyed.withdraw(event, label)
  }

  /** A key whose history was dropped looks like a new one, until a whole one would have come together again. */
  get hasGaps(): boolean {
    return this.#newestMs - this.#droppedAtMs < this.#spanMs
  }

  degraded(): readonly string[] {
    // One history of everything is counted in buckets by design.
    const isCapped = this.#keyed.some((keyed, i) => this.#plan.histories[i].by !== null && keyed.isCapped)
    const { hasGaps } = this
    if (!isCapped && !hasGaps) return none
    return [...(isCapped ? ['history-capped'] : []), ...(hasGaps ? ['history-dropped'] : [])]
  }

  stats(): HistoriesStats {
    const stats = { keys: 0, events: 0, bytes: 0, droppedForMemory: this.#droppedForMemory }
    for (const { keys, events, bytes } of this.#keyed) {
      stats.keys += keys
      stats.events += events
      stats.bytes += bytes
    }
    return stats
  }

  /** Comes before the next history is taken in hand, which is so never the one that is dropped. */
  #dropForMemory(): void {
    this.#isOverLimit = this.stats().bytes > this.#maxBytes
    for (let dropped = 0; this.#isOverLimit && dropped < droppedAtOnce; dropped++) {
      for (const keyed of this.#keyed) if (keyed.dropOldest()) this.#droppedForMemory++
      this.#droppedAtMs = this.#newestMs
      this.#isOverLimit = this.stats().bytes > this.#maxBytes
    }
  }

  /** A sum of euros and yen means nothing, nor does one of euros and who knows what. */
  #refuseOtherCurrency({ texts, timestampMs }: Transaction): void {
    const { currency, histories } = this.#plan
    if (currency === undefined) return
    const given = texts[currency]
    const code = given === undefined ? Number.NaN : hashText(given)
    histories.forEach(({ by, text, fields }, i) => {
      const field = fields.findIndex((kept) => kept.from === 'text' && kept.index === currency)
      const key = by === null ? '' : texts[text]
      if (field < 0 || key === undefined) return
      const before = this.#keyed[i].newestValue(key, field, Math.max(timestampMs, this.#newestMs))
      if (before === undefined || Object.is(before, code)) return
      throw new FraudError(
        'CURRENCY_MIXED',
        `The amount is in ${given ?? 'no currency'}, and this ${by ?? 'stream'} has amounts in another; declare amount.conversion, the field with the rate to one common currency`,
      )
    })
  }
}
