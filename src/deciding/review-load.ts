import type { StateReader, StateWriter } from '../core/state-bytes.ts'
import { WindowCount } from '../decisioning/index.ts'

const dayMs = 86_400_000

/** How many reviews the last 24 hours brought, and how many people can do. */
export interface Reviews {
  /** Counted in steps of 24 minutes. */
  readonly last24h: number
  /** `costs.review.perDay`; missing where the policy does not say. */
  readonly perDay?: number | undefined
  /** From when on they are counted: 24 hours ago, or the first decision that was. */
  readonly sinceMs: number
}

/**
 * Counts decisions that ask for a review, whatever asked for it, by `decidedAt`: the same records give the same count. Nothing is
 * decided differently because of it.
 */
export class ReviewLoad {
  readonly #count = new WindowCount(dayMs)
  #fromMs = Number.POSITIVE_INFINITY
  #silentUntilMs = Number.NEGATIVE_INFINITY

  /** Told of every decision: counts go back to the first. */
  begin(decidedAtMs: number): void {
    if (decidedAtMs < this.#fromMs) this.#fromMs = decidedAtMs
  }

  /** Takes a review; how many there are where they are past capacity, and that was not said within the last 24 hours. */
  add(decidedAtMs: number, perDay: number | undefined): Reviews | undefined {
    this.#count.add(decidedAtMs)
    if (perDay === undefined || decidedAtMs < this.#silentUntilMs || this.#count.count(decidedAtMs) <= perDay)
      return undefined
    this.#silentUntilMs = decidedAtMs + dayMs
    return this.at(decidedAtMs, perDay)
  }

  at(atMs: number, perDay: number | undefined): Reviews {
    const sinceMs = Math.max(atMs - dayMs, Math.min(atMs, this.#fromMs))
    return { last24h: this.#count.at(atMs), perDay, sinceMs }
  }

  /** Another capacity is told of once more. */
  forgetWarning(): void {
    this.#silentUntilMs = Number.NEGATIVE_INFINITY
  }

  save(writer: StateWriter): void {
    const counts = this.#count.save()
    writer.double(this.#fromMs)
    writer.double(this.#silentUntilMs)
    writer.double(counts.length)
    for (const each of counts) writer.double(each)
  }

  load(reader: StateReader): void {
    this.#fromMs = reader.double()
    this.#silentUntilMs = reader.double()
    const length = reader.count(1000)
    this.#count.load(Array.from({ length }, () => reader.double()))
  }
}
