import type { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import type { Transaction } from '../detector/transaction.ts'
import type { FirstField, History, HistoryPlan, Label, LabelledEvent } from './history.ts'
import { readField, sumsExactly } from './history-field.ts'
import { KeyIndex } from './key-index.ts'
import { SeriesStore, upperBound, upperBoundNear } from './series-store.ts'
import { SilenceQueue } from './silence-queue.ts'

/**
 * The numbers of a label: event time, its transaction's sequence, when it was known, and its word, which is its own number,
 * then its rank, then 1 for fraud; then what the plan wants of its transaction.
 */
const labelFieldsAt = 4
/** More than twice the highest rank. */
const wordsPerLabel = 64
/** Older events are counted in as many spans of time as this over the longest window. */
const bucketsPerSpan = 2048
/**
 * The numbers of a bucket: its beginning, events, frauds, then the sum and the number of known values of each field, then the
 * frauds with each condition.
 */
const [bucketEvents, bucketFrauds, bucketFields] = [1, 2, 3]
/** Up to twice this every whole number is a double. */
const largestSum = 2 ** 52
const noData = new Float64Array(0)

/** What is kept for all values of a key, whatever windows look at it. */
interface KeptPasts {
  readonly index: KeyIndex
  readonly silence: SilenceQueue
  readonly events: SeriesStore
  readonly labels: SeriesStore
  readonly buckets: SeriesStore
  /** Keys with labels or buckets have a series of their own among those. */
  readonly labelSeries: Map<number, number>
  readonly bucketSeries: Map<number, number>
  readonly freeSeries: number[]
  rareSeries: number
  /** Of so many edges of windows each key remembers where it lay last. */
  readonly rememberedEdges: number
}

/**
 * The pasts of all values of one key, one of them at a time in hand. Events lie side by side by (time, sequence), so a
 * window is two binary searches; an exact amount is kept as the sum of those before it, so its sum over a window is
 * one subtraction. Labels of fraud are rare and lie apart. Past `eventsPerKey` the oldest events of a key are counted
 * in buckets of event time, each of which counts for a window where it begins in it.
 */
export class KeyedHistories implements History {
  readonly #plan: HistoryPlan
  /** What is older than the newest transaction by this much is forgotten. */
  readonly #spanMs: number
  readonly #eventsPerKey: number
  readonly #bucketMs: number
  readonly #kept: KeptPasts
  readonly #index: KeyIndex
  readonly #silence: SilenceQueue
  readonly #events: SeriesStore
  readonly #labels: SeriesStore
  readonly #buckets: SeriesStore
  readonly #labelSeries: Map<number, number>
  readonly #bucketSeries: Map<number, number>
  /** Fields that are kept as the sum of those before it; the sum of all stands behind the newest event. */
  readonly #exactFields: readonly number[]
  readonly #isExact: Uint8Array
  readonly #width: number
  readonly #labelWidth: number
  readonly #scratch: Float64Array
  readonly #lastUsedMs = (number: number): number => this.#newestOf(number)

  // How far back each edge of a window lies, ascending, and which two edges a window has. The last is the transaction in hand.
  readonly #edges: readonly number[]
  readonly #fromEdge: Int32Array
  readonly #toEdge: Int32Array

  // The history of the transaction in hand: its numbers, and where each edge lies among them.
  #data: Float64Array = noData
  readonly #at: Int32Array
  #nowMs = 0
  #current = -1
  #label = -1
  #bucket = -1
  /** What the transaction in hand has added to a bucket, where it went there at once. */
  #moved: Float64Array | undefined
  // The labels of the window that was asked for last, and the end of all.
  #fraudsFrom = 0
  #fraudsTo = 0
  #labelsEnd = 0
  /** Where the run of frauds began that was asked for last. */
  #runStartMs = Number.NaN

  /** @param standing histories of a plan that keeps the same, which go on as these, and are of no use themselves from then on. */
  constructor(plan: HistoryPlan, eventsPerKey: number, standing?: KeyedHistories) {
    this.#plan = plan
    this.#spanMs = plan.spanMs
    this.#eventsPerKey = eventsPerKey
    this.#bucketMs = Math.max(1, Math.ceil(plan.spanMs / bucketsPerSpan))
    this.#isExact = Uint8Array.from(plan.fields, (field) => (sumsExactly(field) ? 1 : 0))
    this.#exactFields = [...plan.fields.keys()].filter((field) => this.#isExact[field] === 1)
    this.#width = 1 + plan.fields.length
    this.#labelWidth = labelFieldsAt + plan.labelFields.length
    const offsets = plan.windows.flatMap(({ widthMs, delayMs }) => [delayMs, delayMs + widthMs])
    this.#edges = [...[...new Set(offsets)].sort((a, b) => a - b), 0]
    const kept = standing === undefined ? this.#keepNothing() : standing.#kept
    this.#kept = kept
    this.#index = kept.index
    this.#silence = kept.silence
    this.#events = kept.events
    this.#labels = kept.labels
    this.#buckets = kept.buckets
    this.#labelSeries = kept.labelSeries
    this.#bucketSeries = kept.bucketSeries
    this.#scratch = new Float64Array(eventsPerKey)
    this.#fromEdge = Int32Array.from(plan.windows, ({ widthMs, delayMs }) => this.#edges.indexOf(delayMs + widthMs))
    const self = this.#edges.length - 1
    this.#toEdge = Int32Array.from(plan.windows, ({ delayMs, excludesSelf }) =>
      excludesSelf ? self : this.#edges.indexOf(delayMs),
    )
    this.#at = new Int32Array(this.#edges.length)
  }

  #keepNothing(): KeptPasts {
    const { fields, labelFields } = this.#plan
    const edges = this.#edges.length - 1
    const longest = this.#eventsPerKey + 1
    return {
      ...{ index: new KeyIndex(), silence: new SilenceQueue() },
      events: new SeriesStore(this.#width, longest, { tail: this.#exactFields.length === 0 ? 0 : 1, notes: edges }),
      labels: new SeriesStore(this.#labelWidth, longest),
      buckets: new SeriesStore(bucketFields + 2 * fields.length + labelFields.length, bucketsPerSpan + 2),
      ...{ labelSeries: new Map(), bucketSeries: new Map(), freeSeries: [], rareSeries: 0 },
      rememberedEdges: edges,
    }
  }

  get keys(): number {
    return this.#index.size
  }

  get events(): number {
    return this.#events.entries
  }

  get bytes(): number {
    const parts = [this.#index, this.#silence, this.#events, this.#labels, this.#buckets]
    return parts.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Whether the key in hand has had more events than are kept. */
  get isCapped(): boolean {
    return this.#bucket >= 0 && this.#buckets.count(this.#bucket) > 0
  }

  /** Takes a transaction in; what is older than `newestMs`, the newest of all, by the span is forgotten. */
  observe(transaction: Transaction, newestMs: number): void {
    const key = this.#plan.by === null ? '' : transaction.texts[this.#plan.text]
    if (key === undefined) {
      this.#close()
      return
    }
    this.#nowMs = transaction.timestampMs
    const number = this.#open(key, newestMs - this.#spanMs)
    this.#append(number, transaction)
    if (this.#events.count(number) > this.#eventsPerKey) this.#moveOldest(number)
    this.#findEdges(number)
  }

  /** Drops the key silent for longest if all that it has is forgotten. */
  dropSilent(newestMs: number): void {
    const silent = this.#silence.next(newestMs - this.#spanMs, this.#lastUsedMs)
    if (silent >= 0) this.#drop(silent)
  }

  /** Drops the key that is likeliest to be silent for longest, whatever it has; false where there is but one. */
  dropOldest(): boolean {
    if (this.#silence.length <= 1) return false
    this.#drop(this.#silence.oldest(this.#lastUsedMs))
    return true
  }

  label(event: LabelledEvent, label: Label, newestMs: number): void {
    const { timestampMs, texts, sequence } = event
    const { isFraud, knownAtMs, rank = 0 } = label
    if (!this.#plan.countsFrauds || timestampMs <= newestMs - this.#spanMs) return
    const key = this.#plan.by === null ? '' : texts[this.#plan.text]
    const number = key === undefined ? -1 : this.#index.find(key)
    if (number < 0) return
    const known = this.#labelSeries.get(number)
    // That a transaction is legitimate says something new only after it was called fraud, or where it is believed more
    // than somebody who calls it so afterwards.
    if (!isFraud && rank === 0 && (known === undefined || !this.#hasLabel(known, timestampMs, sequence))) return
    const series = known ?? this.#addRare(this.#labelSeries, number)
    const at = this.#labels.insert(series, timestampMs)
    const data = this.#labels.data(series)
    data.set([timestampMs, sequence, knownAtMs, wordOf(label)], at)
    const { labelFields } = this.#plan
    for (let i = 0; i < labelFields.length; i++) data[at + labelFieldsAt + i] = readField(labelFields[i], event)
    if (this.#labels.count(series) > this.#eventsPerKey) this.#moveOldestLabel(number, series)
  }

  /** Labels that were saved without their numbers are known by what they say. */
  withdraw({ timestampMs, texts, sequence }: LabelledEvent, label: Label): void {
    const key = this.#plan.by === null ? '' : texts[this.#plan.text]
    const number = key === undefined ? -1 : this.#index.find(key)
    const series = this.#labelSeries.get(number)
    if (series === undefined) return
    const data = this.#labels.data(series)
    const first = this.#labels.first(series)
    const width = this.#labelWidth
    const last = upperBound(data, width, first, this.#labels.end(series), timestampMs) - width
    for (const word of [wordOf(label), wordOf({ ...label, number: 0 })]) {
      for (let at = last; at >= first && data[at] === timestampMs; at -= width) {
        if (data[at + 1] !== sequence || data[at + 2] !== label.knownAtMs || data[at + 3] !== word) continue
        this.#labels.remove(series, at)
        return
      }
    }
  }

  /** The field of a key's newest event; undefined where there is none. */
  newestValue(key: string, field: number, newestMs: number): number | undefined {
    const number = this.#index.find(key)
    if (number < 0 || this.#newestOf(number) <= newestMs - this.#spanMs) return undefined
    return this.#events.data(number)[this.#events.end(number) - this.#width + 1 + field]
  }

  /** Everything that is kept, keys in the order in which they are forgotten. */
  *save(writer: StateWriter): Generator<Uint8Array> {
    writer.double(this.#silence.length)
    for (const [number, queuedMs] of this.#silence.entries()) {
      writer.text(this.#index.textOf(number) ?? '')
      writer.double(queuedMs)
      this.#saveSeries(this.#events, number, writer)
      this.#saveSeries(this.#labels, this.#labelSeries.get(number), writer)
      this.#saveSeries(this.#buckets, this.#bucketSeries.get(number), writer)
      yield* writer.take()
    }
  }

  #saveSeries(store: SeriesStore, series: number | undefined, writer: StateWriter): void {
    const count = series === undefined ? 0 : store.count(series)
    writer.double(count)
    if (series !== undefined && count > 0) writer.doubles(store.whole(series))
  }

  /** Takes up what was saved; only of histories that are empty. */
  *restore(reader: StateReader): Steps {
    for (let left = reader.count(2 ** 31); left > 0; left--) {
      const number = this.#index.add(reader.text())
      this.#events.reserve(this.#index.capacity)
      this.#silence.add(number, reader.double())
      this.#restoreSeries(this.#events, () => number, reader)
      this.#restoreSeries(this.#labels, () => this.#addRare(this.#labelSeries, number), reader)
      this.#restoreSeries(this.#buckets, () => this.#addRare(this.#bucketSeries, number), reader)
      yield
    }
  }

  #restoreSeries(store: SeriesStore, seriesOf: () => number, reader: StateReader): void {
    const count = reader.count(store.longest)
    if (count > 0) reader.doubles(store.load(seriesOf(), count))
  }

  count(window: number): number {
    const kept = (this.#at[this.#toEdge[window]] - this.#at[this.#fromEdge[window]]) / this.#width
    return this.#bucket < 0 ? kept : kept + this.#inBuckets(window, bucketEvents)
  }

  sum(window: number, field: number): number {
    const older = this.#bucket < 0 ? 0 : this.#inBuckets(window, bucketFields + 2 * field)
    const from = this.#at[this.#fromEdge[window]]
    const to = this.#at[this.#toEdge[window]]
    if (from === to) return older
    if (this.#isExact[field] === 1) return older + this.#data[to + 1 + field] - this.#data[from + 1 + field]
    let sum = older
    for (let at = from + 1 + field; at < to; at += this.#width) if (!Number.isNaN(this.#data[at])) sum += this.#data[at]
    return sum
  }

  known(window: number, field: number): number {
    if (this.#isExact[field] === 1) return this.count(window)
    let known = this.#bucket < 0 ? 0 : this.#inBuckets(window, bucketFields + 1 + 2 * field)
    const to = this.#at[this.#toEdge[window]]
    for (let at = this.#at[this.#fromEdge[window]] + 1 + field; at < to; at += this.#width) {
      if (!Number.isNaN(this.#data[at])) known++
    }
    return known
  }

  values(window: number, field: number): Float64Array {
    const to = this.#at[this.#toEdge[window]]
    let length = 0
    for (let at = this.#at[this.#fromEdge[window]]; at < to; at += this.#width) {
      const value = this.valueOf(at, field)
      if (!Number.isNaN(value)) this.#scratch[length++] = value
    }
    return this.#scratch.subarray(0, length)
  }

  previous(window: number, field: number): number {
    const from = this.#at[this.#fromEdge[window]]
    for (let at = this.#at[this.#toEdge[window]] - this.#width; at >= from; at -= this.#width) {
      if (at !== this.#current && (field < 0 || !Number.isNaN(this.valueOf(at, field)))) return at
    }
    return -1
  }

  has(window: number, field: number, value: number): boolean {
    const to = this.#at[this.#toEdge[window]]
    for (let at = this.#at[this.#fromEdge[window]]; at < to; at += this.#width) {
      if (at !== this.#current && this.valueOf(at, field) === value) return true
    }
    return false
  }

  valueOf(event: number, field: number): number {
    const value = this.#data[event + 1 + field]
    return this.#isExact[field] === 1 ? this.#data[event + this.#width + 1 + field] - value : value
  }

  timeOf(event: number): number {
    return this.#data[event]
  }

  fraudCount(window: number, condition = -1): number {
    const inBucket = condition < 0 ? bucketFrauds : bucketFields + 2 * this.#plan.fields.length + condition
    const older = this.#bucket < 0 ? 0 : this.#inBuckets(window, inBucket)
    if (!this.#openFrauds(window)) return older
    const data = this.#labels.data(this.#label)
    let frauds = 0
    for (let at = this.#nextFraud(data, -1); at >= 0; at = this.#nextFraud(data, at)) {
      if (condition < 0 || data[at + labelFieldsAt + condition] === 1) frauds++
    }
    return older + frauds
  }

  otherFrauds(window: number, text: number, value: number): number {
    if (!this.#openFrauds(window)) return 0
    const data = this.#labels.data(this.#label)
    let frauds = 0
    for (let at = this.#nextFraud(data, -1); at >= 0; at = this.#nextFraud(data, at)) {
      const other = data[at + labelFieldsAt + text]
      if (!Number.isNaN(other) && other !== value) frauds++
    }
    return frauds
  }

  fraudTime(window: number, which: 'first' | 'last'): number {
    if (!this.#openFrauds(window)) return Number.NaN
    const data = this.#labels.data(this.#label)
    const at = which === 'first' ? this.#nextFraud(data, -1) : this.#fraudBefore(data, this.#fraudsTo)
    return at < 0 ? Number.NaN : data[at]
  }

  fraudRun(window: number): number {
    this.#runStartMs = Number.NaN
    if (!this.#openFrauds(window)) return 0
    const labels = this.#labels.data(this.#label)
    const width = this.#width
    const first = this.#at[this.#fromEdge[window]]
    let event = this.#at[this.#toEdge[window]] - width
    let fraud = this.#fraudBefore(labels, this.#fraudsTo)
    if (fraud >= 0) while (event >= first && this.#data[event] > labels[fraud]) event -= width
    let length = 0
    // Instant by instant, as long as all of its transactions are known to be fraud.
    while (fraud >= 0) {
      const instant = labels[fraud]
      let frauds = 0
      for (; fraud >= 0 && labels[fraud] === instant; fraud = this.#fraudBefore(labels, fraud)) frauds++
      let events = 0
      for (; event >= first && this.#data[event] === instant; event -= width) events++
      length += frauds
      this.#runStartMs = instant
      const hasNext = fraud >= 0 && event >= first && labels[fraud] === this.#data[event]
      if (frauds < events || !hasNext) break
    }
    return length
  }

  fraudRunStart(window: number): number {
    this.fraudRun(window)
    return this.#runStartMs
  }

  /** Takes a window's labels in hand; whether there are any. */
  #openFrauds(window: number): boolean {
    if (this.#label < 0 || this.#labels.count(this.#label) === 0) return false
    const [from, to] = this.#windowIn(this.#labels, this.#label, window)
    this.#fraudsFrom = from
    this.#fraudsTo = to
    this.#labelsEnd = this.#labels.end(this.#label)
    return from < to
  }

  /** The next label of the window, after this one or (-1) from its beginning, that counts as fraud by now; -1 after the last. */
  #nextFraud(data: Float64Array, after: number): number {
    const width = this.#labelWidth
    for (let at = after < 0 ? this.#fraudsFrom : after + width; at < this.#fraudsTo; at += width) {
      if (data[at + 3] % 2 === 1 && this.#isLastWord(data, at, this.#fraudsFrom, this.#labelsEnd)) return at
    }
    return -1
  }

  #fraudBefore(data: Float64Array, before: number): number {
    const width = this.#labelWidth
    for (let at = before - width; at >= this.#fraudsFrom; at -= width) {
      if (data[at + 3] % 2 === 1 && this.#isLastWord(data, at, this.#fraudsFrom, this.#labelsEnd)) return at
    }
    return -1
  }

  /**
   * Whether a label is known by now, and no later one of its transaction is that is believed as much, nor an earlier one that
   * is believed more.
   */
  #isLastWord(data: Float64Array, at: number, first: number, end: number): boolean {
    if (data[at + 2] > this.#nowMs) return false
    const rank = rankIn(data[at + 3])
    const width = this.#labelWidth
    for (let later = at + width; later < end && data[later] === data[at]; later += width) {
      const isKnown = data[later + 1] === data[at + 1] && data[later + 2] <= this.#nowMs
      if (isKnown && rankIn(data[later + 3]) >= rank) return false
    }
    for (let before = at - width; before >= first && data[before] === data[at]; before -= width) {
      const isKnown = data[before + 1] === data[at + 1] && data[before + 2] <= this.#nowMs
      if (isKnown && rankIn(data[before + 3]) > rank) return false
    }
    return true
  }

  #hasLabel(series: number, timestampMs: number, sequence: number): boolean {
    const data = this.#labels.data(series)
    const first = this.#labels.first(series)
    const width = this.#labelWidth
    let at = upperBound(data, width, first, this.#labels.end(series), timestampMs) - width
    for (; at >= first && data[at] === timestampMs; at -= width) if (data[at + 1] === sequence) return true
    return false
  }

  /** Takes the history of nothing in hand: a missing key has none. */
  #close(): void {
    this.#data = noData
    this.#at.fill(0)
    this.#current = -1
    this.#label = -1
    this.#bucket = -1
    this.#moved = undefined
  }

  /** The key's number. Its labels and buckets are taken in hand, and what is too old is forgotten. */
  #open(key: string, horizonMs: number): number {
    let number = this.#index.find(key)
    if (number < 0) {
      number = this.#index.add(key)
      this.#events.reserve(this.#index.capacity)
      this.#silence.add(number, this.#nowMs)
    }
    this.#moved = undefined
    this.#events.dropThrough(number, horizonMs)
    this.#label = this.#labelSeries.get(number) ?? -1
    if (this.#label >= 0) this.#labels.dropThrough(this.#label, horizonMs)
    this.#bucket = this.#bucketSeries.get(number) ?? -1
    if (this.#bucket >= 0) this.#buckets.dropThrough(this.#bucket, horizonMs)
    return number
  }

  #append(number: number, transaction: Transaction): void {
    const at = this.#events.insert(number, transaction.timestampMs)
    const data = this.#events.data(number)
    const width = this.#width
    const { fields } = this.#plan
    for (let field = 0; field < fields.length; field++) {
      const kept = fields[field]
      if (this.#isExact[field] === 0 && kept.from !== 'first') data[at + 1 + field] = readField(kept, transaction)
    }
    if (this.#exactFields.length > 0) {
      const end = this.#events.end(number)
      // The sum of those before it is what the one after it had, which is the sum behind the newest for a new newest.
      // The rest belongs to the previous owner of the place and must not be saved.
      if (this.#events.count(number) === 1) {
        for (const field of this.#exactFields) data[at + 1 + field] = 0
        data.fill(0, at + width, at + 2 * width)
      }
      for (const field of this.#exactFields) {
        const kept = fields[field]
        const value = kept.from === 'first' ? this.#isFirst(data, number, at, kept) : readField(kept, transaction)
        if (value === 0) continue
        const sum = 1 + field
        for (let later = at + width + sum; later <= end + sum; later += width) data[later] += value
        if (Math.abs(data[end + sum]) > largestSum) this.#forgetSum(data, number, sum)
      }
    }
    this.#data = data
    this.#current = at
  }

  /** Sums begin at the oldest event that is kept: those of a key that never falls silent would outgrow whole numbers. */
  #forgetSum(data: Float64Array, number: number, sum: number): void {
    const first = this.#events.first(number) + sum
    const forgotten = data[first]
    if (forgotten === 0) return
    for (let at = first; at <= this.#events.end(number) + sum; at += this.#width) data[at] -= forgotten
  }

  /** 1 where no event of the window before this one has its text. */
  #isFirst(data: Float64Array, number: number, at: number, { field, widthMs }: FirstField): number {
    const value = data[at + 1 + field]
    if (Number.isNaN(value)) return 0
    const first = this.#events.first(number)
    const horizonMs = data[at] - widthMs
    for (let before = at - this.#width; before >= first && data[before] > horizonMs; before -= this.#width) {
      if (data[before + 1 + field] === value) return 0
    }
    return 1
  }

  /**
   * Where each edge of a window lies among the key's events. A window is likely to have as many events as it had last
   * time, so that is where the search begins.
   */
  #findEdges(number: number): void {
    const events = this.#events
    const data = this.#data
    const width = this.#width
    const first = events.first(number)
    const end = events.end(number)
    const self = this.#edges.length - 1
    const remembered = Math.min(self, this.#kept.rememberedEdges)
    for (let edge = 0; edge < remembered; edge++) {
      const rank = this.#nowMs - this.#edges[edge]
      const at = upperBoundNear(data, width, first, end, rank, end - events.note(number, edge))
      events.setNote(number, edge, end - at)
      this.#at[edge] = at
    }
    for (let edge = remembered; edge < self; edge++) {
      const before = edge === 0 ? end : this.#at[edge - 1]
      this.#at[edge] = upperBound(data, width, first, before, this.#nowMs - this.#edges[edge])
    }
    // One that went into a bucket at once is older than all that are left.
    this.#at[self] = this.#current < 0 ? first : this.#current
  }

  /** The positions of a window among labels or buckets. */
  #windowIn(store: SeriesStore, series: number, window: number): [number, number] {
    const data = store.data(series)
    const end = store.end(series)
    const { width } = store
    const from = upperBound(data, width, store.first(series), end, this.#nowMs - this.#edges[this.#fromEdge[window]])
    return [from, upperBound(data, width, from, end, this.#nowMs - this.#edges[this.#toEdge[window]])]
  }

  /** The sum of a number over the buckets that begin in the window. */
  #inBuckets(window: number, number: number): number {
    const data = this.#buckets.data(this.#bucket)
    const [from, to] = this.#windowIn(this.#buckets, this.#bucket, window)
    let sum = 0
    for (let at = from; at < to; at += this.#buckets.width) sum += data[at + number]
    const moved = this.#moved
    if (moved === undefined || this.#toEdge[window] !== this.#edges.length - 1) return sum
    return moved[0] > this.#nowMs - this.#edges[this.#fromEdge[window]] ? sum - moved[number] : sum
  }

  #moveOldest(number: number): void {
    const first = this.#events.first(number)
    this.#bucket = this.#bucketSeries.get(number) ?? this.#addRare(this.#bucketSeries, number)
    const bucket = this.#bucketAt(this.#bucket, this.#data[first])
    const buckets = this.#buckets.data(this.#bucket)
    const isSelf = this.#current === first
    const moved = isSelf ? new Float64Array(this.#buckets.width) : undefined
    if (moved !== undefined) {
      moved[0] = buckets[bucket]
      moved[bucketEvents] = 1
    }
    buckets[bucket + bucketEvents]++
    for (let field = 0; field < this.#plan.fields.length; field++) {
      const value = this.valueOf(first, field)
      if (Number.isNaN(value)) continue
      const at = bucketFields + 2 * field
      buckets[bucket + at] += value
      buckets[bucket + at + 1]++
      moved?.fill(value, at, at + 1).fill(1, at + 1, at + 2)
    }
    this.#events.dropFirst(number, 1)
    if (!isSelf) return
    this.#current = -1
    this.#moved = moved
  }

  #moveOldestLabel(number: number, series: number): void {
    const data = this.#labels.data(series)
    const first = this.#labels.first(series)
    const end = this.#labels.end(series)
    const rank = rankIn(data[first + 3])
    const width = this.#labelWidth
    let isChanged = false
    for (let at = end - width; at > first; at -= width) {
      if (data[at] !== data[first] || data[at + 1] !== data[first + 1]) continue
      if (rankIn(data[at + 3]) >= rank) isChanged = true
      // It would count where what is believed more has gone into a bucket.
      else this.#labels.remove(series, at)
    }
    if (data[first + 3] % 2 === 1 && !isChanged) {
      const buckets = this.#bucketSeries.get(number) ?? this.#addRare(this.#bucketSeries, number)
      const bucket = this.#bucketAt(buckets, data[first])
      const counts = this.#buckets.data(buckets)
      counts[bucket + bucketFrauds]++
      const conditions = bucket + bucketFields + 2 * this.#plan.fields.length
      this.#plan.labelFields.forEach(({ from }, i) => {
        if (from === 'condition') counts[conditions + i] += data[first + labelFieldsAt + i]
      })
    }
    this.#labels.dropFirst(series, 1)
  }

  /** The position of the bucket that a time falls into, a new one where there is none. */
  #bucketAt(series: number, timestampMs: number): number {
    const { width } = this.#buckets
    const start = Math.floor(timestampMs / this.#bucketMs) * this.#bucketMs
    const first = this.#buckets.first(series)
    const data = this.#buckets.data(series)
    const last = upperBound(data, width, first, this.#buckets.end(series), start) - width
    if (last >= first && data[last] === start) return last
    const at = this.#buckets.insert(series, start)
    this.#buckets.data(series).fill(0, at + 1, at + width)
    return at
  }

  /** A series for what few keys have. */
  #addRare(seriesOf: Map<number, number>, number: number): number {
    const series = this.#kept.freeSeries.pop() ?? this.#kept.rareSeries++
    this.#labels.reserve(this.#kept.rareSeries)
    this.#buckets.reserve(this.#kept.rareSeries)
    seriesOf.set(number, series)
    return series
  }

  #newestOf(number: number): number {
    if (this.#events.count(number) === 0) return Number.NEGATIVE_INFINITY
    return this.#events.data(number)[this.#events.end(number) - this.#width]
  }

  #drop(number: number): void {
    this.#events.clear(number)
    this.#dropRare(this.#labelSeries, this.#labels, number)
    this.#dropRare(this.#bucketSeries, this.#buckets, number)
    this.#index.remove(number)
  }

  #dropRare(seriesOf: Map<number, number>, store: SeriesStore, number: number): void {
    const series = seriesOf.get(number)
    if (series === undefined) return
    store.clear(series)
    seriesOf.delete(number)
    this.#kept.freeSeries.push(series)
  }
}

function wordOf({ isFraud, rank = 0, number = 0 }: Label): number {
  return number * wordsPerLabel + 2 * rank + (isFraud ? 1 : 0)
}

function rankIn(word: number): number {
  return (word % wordsPerLabel) >> 1
}
