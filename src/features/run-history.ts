import type { History, HistoryPlan, LabelledEvent } from './history.ts'
import { sumsExactly } from './history-field.ts'

/** A transaction that turned out to be fraud. */
export interface KnownFraud {
  readonly timestampMs: number
  readonly knownAtMs: number
  /** What the plan wants of its transaction. */
  readonly fields: readonly number[]
  readonly event: LabelledEvent
}

/**
 * Events side by side, in the order of their times. An exact field is kept as the sum of those before it, so behind the newest
 * event there is a place for the sum of all.
 */
export interface EventColumns {
  readonly times: Float64Array
  readonly fields: readonly Float64Array[]
}

const noColumns: EventColumns = { times: new Float64Array(0), fields: [] }

/**
 * The past of one key after the other, for transactions that are told key by key, each key's in the order of their times: every
 * edge of a window is a place that only goes forward. Holds no more events of a key than `eventsPerKey`.
 */
export class RunHistory implements History {
  readonly #isExact: Uint8Array
  readonly #edges: readonly number[]
  readonly #fromEdge: Int32Array
  readonly #toEdge: Int32Array
  readonly #at: Int32Array
  /** As far as each edge has passed the frauds, by the event that it was asked at. */
  readonly #fraudAt: Int32Array
  #fraudsPassedBy = -1
  readonly #scratch: Float64Array
  #times = noColumns.times
  #fields = noColumns.fields
  #frauds: readonly KnownFraud[] = []
  #nowMs = 0
  #current = -1
  /** Where the frauds of the key in hand begin; it has all behind. */
  #firstFraud = 0
  // The frauds of the window that was asked for last.
  #fraudsFrom = 0
  #fraudsTo = 0
  #runStartMs = Number.NaN

  constructor({ fields, windows }: HistoryPlan, eventsPerKey: number) {
    this.#isExact = Uint8Array.from(fields, (field) => (sumsExactly(field) ? 1 : 0))
    const offsets = windows.flatMap(({ widthMs, delayMs }) => [delayMs, delayMs + widthMs])
    this.#edges = [...new Set(offsets)].sort((a, b) => a - b)
    const self = this.#edges.length
    this.#fromEdge = Int32Array.from(windows, ({ widthMs, delayMs }) => this.#edges.indexOf(delayMs + widthMs))
    this.#toEdge = Int32Array.from(windows, ({ delayMs, excludesSelf }) =>
      excludesSelf ? self : this.#edges.indexOf(delayMs),
    )
    this.#at = new Int32Array(self + 1)
    this.#fraudAt = new Int32Array(self + 1)
    this.#scratch = new Float64Array(eventsPerKey)
  }

  /** Takes a key in hand, whose events begin there; `frauds` has its own behind those of others. */
  open({ times, fields }: EventColumns, first: number, frauds: readonly KnownFraud[], firstFraud: number): void {
    this.#times = times
    this.#fields = fields
    this.#at.fill(first)
    this.#frauds = frauds
    this.#firstFraud = firstFraud
    this.#fraudAt.fill(firstFraud)
    this.#fraudsPassedBy = -1
  }

  /** Takes the history of nothing in hand: a missing key has none. */
  close(): void {
    this.open(noColumns, 0, [], 0)
    this.#current = -1
  }

  /** Goes on to the key's next event. */
  advance(at: number): void {
    const times = this.#times
    const edges = this.#edges
    const places = this.#at
    const nowMs = times[at]
    this.#nowMs = nowMs
    this.#current = at
    for (let edge = 0; edge < edges.length; edge++) {
      const rank = nowMs - edges[edge]
      let place = places[edge]
      while (place <= at && times[place] <= rank) place++
      places[edge] = place
    }
    places[edges.length] = at
  }

  count(window: number): number {
    return this.#at[this.#toEdge[window]] - this.#at[this.#fromEdge[window]]
  }

  sum(window: number, field: number): number {
    const from = this.#at[this.#fromEdge[window]]
    const to = this.#at[this.#toEdge[window]]
    if (from === to) return 0
    const values = this.#fields[field]
    if (this.#isExact[field] === 1) return values[to] - values[from]
    let sum = 0
    for (let at = from; at < to; at++) if (!Number.isNaN(values[at])) sum += values[at]
    return sum
  }

  known(window: number, field: number): number {
    if (this.#isExact[field] === 1) return this.count(window)
    const to = this.#at[this.#toEdge[window]]
    let known = 0
    for (let at = this.#at[this.#fromEdge[window]]; at < to; at++) if (!Number.isNaN(this.#fields[field][at])) known++
    return known
  }

  values(window: number, field: number): Float64Array {
    const to = this.#at[this.#toEdge[window]]
    let length = 0
    for (let at = this.#at[this.#fromEdge[window]]; at < to; at++) {
      const value = this.valueOf(at, field)
      if (!Number.isNaN(value)) this.#scratch[length++] = value
    }
    return this.#scratch.subarray(0, length)
  }

  previous(window: number, field: number): number {
    const from = this.#at[this.#fromEdge[window]]
    for (let at = this.#at[this.#toEdge[window]] - 1; at >= from; at--) {
      if (at !== this.#current && (field < 0 || !Number.isNaN(this.valueOf(at, field)))) return at
    }
    return -1
  }

  has(window: number, field: number, value: number): boolean {
    const to = this.#at[this.#toEdge[window]]
    for (let at = this.#at[this.#fromEdge[window]]; at < to; at++) {
      if (at !== this.#current && this.valueOf(at, field) === value) return true
    }
    return false
  }

  valueOf(event: number, field: number): number {
    const values = this.#fields[field]
    return this.#isExact[field] === 1 ? values[event + 1] - values[event] : values[event]
  }

  timeOf(event: number): number {
    return this.#times[event]
  }

  fraudCount(window: number, condition = -1): number {
    if (!this.#openFrauds(window)) return 0
    let count = 0
    for (let at = this.#nextFraud(this.#fraudsFrom); at >= 0; at = this.#nextFraud(at + 1)) {
      if (condition < 0 || this.#frauds[at].fields[condition] === 1) count++
    }
    return count
  }

  otherFrauds(window: number, text: number, value: number): number {
    if (!this.#openFrauds(window)) return 0
    let count = 0
    for (let at = this.#nextFraud(this.#fraudsFrom); at >= 0; at = this.#nextFraud(at + 1)) {
      const other = this.#frauds[at].fields[text]
      if (!Number.isNaN(other) && other !== value) count++
    }
    return count
  }

  fraudTime(window: number, which: 'first' | 'last'): number {
    if (!this.#openFrauds(window)) return Number.NaN
    const at = which === 'first' ? this.#nextFraud(this.#fraudsFrom) : this.#fraudBefore(this.#fraudsTo)
    return at < 0 ? Number.NaN : this.#frauds[at].timestampMs
  }

  fraudRun(window: number): number {
    this.#runStartMs = Number.NaN
    if (!this.#openFrauds(window)) return 0
    const first = this.#at[this.#fromEdge[window]]
    const timeOfFraud = (at: number) => this.#frauds[at].timestampMs
    let event = this.#at[this.#toEdge[window]] - 1
    let fraud = this.#fraudBefore(this.#fraudsTo)
    if (fraud >= 0) while (event >= first && this.#times[event] > timeOfFraud(fraud)) event--
    let length = 0
    // Instant by instant, as long as all of its transactions are known to be fraud.
    while (fraud >= 0) {
      const instant = timeOfFraud(fraud)
      let frauds = 0
      for (; fraud >= 0 && timeOfFraud(fraud) === instant; fraud = this.#fraudBefore(fraud)) frauds++
      let events = 0
      for (; event >= first && this.#times[event] === instant; event--) events++
      length += frauds
      this.#runStartMs = instant
      const hasNext = fraud >= 0 && event >= first && timeOfFraud(fraud) === this.#times[event]
      if (frauds < events || !hasNext) break
    }
    return length
  }

  fraudRunStart(window: number): number {
    this.fraudRun(window)
    return this.#runStartMs
  }

  /** Takes a window's frauds in hand; whether there are any. */
  #openFrauds(window: number): boolean {
    if (this.#firstFraud === this.#frauds.length) return false
    if (this.#fraudsPassedBy !== this.#current) this.#passFrauds()
    this.#fraudsFrom = this.#fraudAt[this.#fromEdge[window]]
    this.#fraudsTo = this.#fraudAt[this.#toEdge[window]]
    return this.#fraudsFrom < this.#fraudsTo
  }

  /** Takes every edge on to the frauds after it. */
  #passFrauds(): void {
    const frauds = this.#frauds
    const edges = this.#edges
    const places = this.#fraudAt
    for (let edge = 0; edge < places.length; edge++) {
      const rank = this.#nowMs - (edge < edges.length ? edges[edge] : 0)
      let place = places[edge]
      while (place < frauds.length && frauds[place].timestampMs <= rank) place++
      places[edge] = place
    }
    this.#fraudsPassedBy = this.#current
  }

  /** The next fraud of the window from there on that is known by now; -1 after the last. */
  #nextFraud(from: number): number {
    for (let at = from; at < this.#fraudsTo; at++) if (this.#frauds[at].knownAtMs <= this.#nowMs) return at
    return -1
  }

  #fraudBefore(before: number): number {
    for (let at = before - 1; at >= this.#fraudsFrom; at--) if (this.#frauds[at].knownAtMs <= this.#nowMs) return at
    return -1
  }
}
