import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { isOfCalendar, showTime } from '../core/time-formats.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import { longestSpanMs } from './detector-in-force.ts'
import type { Standing } from './standing.ts'

export interface AcceptedTimesOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** How far ahead of the clock a transaction may be. */
  readonly maxAheadMs: number
}

/** Which times a transaction may have, by the clock and by the newest transaction. */
export class AcceptedTimes {
  readonly #state: Standing
  readonly #clock: () => number
  readonly #maxAheadMs: number
  readonly #spanMs: number
  /** How far ahead of the newest a time may be that no clock bounds. */
  readonly #leapMs: number

  constructor(state: Standing, { clock, maxAheadMs }: AcceptedTimesOptions) {
    const { time } = state.inForce.detector.transaction
    this.#state = state
    this.#clock = clock
    this.#maxAheadMs = maxAheadMs
    this.#spanMs = longestSpanMs(state.inForce.features)
    // One wrong time that leaps further would have those after it refused as too old.
    const hasLeaps = time !== undefined && !isOfCalendar(time)
    this.#leapMs = hasLeaps ? Math.max(this.#spanMs, maxAheadMs) : Number.POSITIVE_INFINITY
  }

  /** The oldest time that histories still hold. */
  get keptFromMs(): number {
    return this.#state.projections.histories.histories.newestMs - this.#spanMs
  }

  /** @throws FraudError TRANSACTION_IN_FUTURE or TRANSACTION_TOO_OLD */
  check(timestampMs: number): void {
    const latestMs = this.#clock() + this.#maxAheadMs
    if (timestampMs > latestMs) {
      const reason = `The transaction's time is ahead of the service's clock: times after ${formatIsoTime(latestMs)} are not accepted now`
      throw new FraudError('TRANSACTION_IN_FUTURE', reason)
    }
    const { newestMs } = this.#state.projections.histories.histories
    if (timestampMs > newestMs + this.#leapMs && newestMs > Number.NEGATIVE_INFINITY) {
      const reason = `The transaction's time is further ahead of the newest transaction than histories reach: times after ${this.#show(newestMs + this.#leapMs)} are not accepted now, unless ${option('maxAhead')} allows more`
      throw new FraudError('TRANSACTION_IN_FUTURE', reason)
    }
    if (timestampMs < this.keptFromMs) {
      const reason = `The transaction is older than the histories that are kept: times before ${this.#show(this.keptFromMs)} are not accepted now`
      throw new FraudError('TRANSACTION_TOO_OLD', reason)
    }
  }

  #show(timestampMs: number): string {
    const { time } = this.#state.inForce.detector.transaction
    return time === undefined ? formatIsoTime(timestampMs) : showTime(timestampMs, time)
  }
}
