import { StateReader, StateWriter } from '../core/state-bytes.ts'
import { atOnce } from '../core/time-slices.ts'
import type { TransactionLayout } from '../detector/transaction.ts'
import { type ComputeValues, compileValues } from './compute-values.ts'
import type { Feature } from './feature.ts'
import type { FirstField, HistoryPlan } from './history.ts'
import { readField, sumsExactly } from './history-field.ts'
import { KeyedHistories } from './keyed-histories.ts'
import { LabelQueue } from './label-queue.ts'
import { OrderedRows } from './ordered-rows.ts'
import type { ChunkColumns } from './replay-chunk.ts'
import { type EventColumns, type KnownFraud, RunHistory } from './run-history.ts'

/** What one history keeps between chunks: of each key, by its number, its events from `from` to `to` and its frauds. */
interface Runs {
  readonly columns: EventColumns
  readonly from: Uint32Array
  readonly to: Uint32Array
  readonly frauds: readonly KnownFraud[]
  readonly fraudsFrom: Uint32Array
  readonly fraudsTo: Uint32Array
}

/** The rows of a chunk by their keys' numbers. */
interface SortedRows {
  readonly order: Uint32Array
  /** Where the rows of each key begin, and behind them those that name no key. */
  readonly starts: Uint32Array
}

/** A chunk on its way: its rows, the runs that they are added to and where values go. */
interface Round {
  readonly chunk: ChunkColumns
  readonly rows: SortedRows
  readonly next: Runs & { readonly frauds: KnownFraud[] }
  readonly out: Float64Array
}

export interface KeyLaneOptions {
  readonly plan: HistoryPlan
  /** The history's number, by which its features ask for it. */
  readonly history: number
  readonly features: readonly Feature[]
  readonly layout: TransactionLayout
  readonly eventsPerKey: number
}

/**
 * Replays the features of one history, chunk by chunk and key by key: a key's past is then at hand once for all of its rows. A
 * key with more events than are kept exactly goes on as a service keeps it (`KeyedHistories`), in the same order.
 */
export class KeyLane {
  readonly #plan: HistoryPlan
  readonly #computeValues: ComputeValues
  readonly #width: number
  readonly #eventsPerKey: number
  readonly #history: RunHistory
  /** What the features get: the one history in its place. */
  readonly #ofRuns: RunHistory[] = []
  readonly #ofKeyed: KeyedHistories[] = []
  readonly #keyed: KeyedHistories
  /** The keys with too many events, and what is not known of them yet. */
  #crowded = new Map<number, LabelQueue>()
  readonly #rows: OrderedRows
  readonly #isExact: readonly boolean[]
  #texts: string[] = []
  #numbers = new Map<string, number>()
  /** The numbers of the texts of a dictionary; -1 where it is not known. */
  #numberOfCode = new Int32Array(0)
  #dictionary: readonly string[] | undefined
  #runs: Runs = { ...emptyRuns(0), columns: { times: new Float64Array(0), fields: [] }, frauds: [] }
  /** Columns of the chunk before the last, to be used again. */
  #spare: EventColumns | undefined
  #alive = 0

  constructor({ plan, history, features, layout, eventsPerKey }: KeyLaneOptions) {
    this.#plan = plan
    this.#computeValues = compileValues(features)
    this.#width = features.length
    this.#eventsPerKey = eventsPerKey
    this.#history = new RunHistory(plan, eventsPerKey)
    this.#keyed = new KeyedHistories(plan, eventsPerKey)
    this.#ofRuns[history] = this.#history
    this.#ofKeyed[history] = this.#keyed
    this.#rows = new OrderedRows(layout)
    this.#isExact = plan.fields.map(sumsExactly)
  }

  /** How many events are carried from one chunk to the next. */
  get carried(): number {
    return this.#alive
  }

  /** Writes the values of a chunk's features, row by row. */
  replay(chunk: ChunkColumns, out: Float64Array): void {
    if (chunk.rowCount === 0) return
    if (this.#texts.length > 1024) this.#forgetKeys()
    const rows = this.#sort(chunk)
    const horizonMs = chunk.timestampsMs[0] - this.#plan.spanMs
    this.#passHorizon(horizonMs)
    this.#crowd(rows)
    this.#rows.open(chunk, rows.order)
    this.#runs = this.#replayRuns(chunk, rows, out)
    for (const [key, pending] of this.#crowded) this.#replayCrowded(chunk, rows, { key, pending }, out)
    this.#history.close()
    for (let i = rows.starts[this.#texts.length]; i < rows.order.length; i++) {
      this.#rows.read(i)
      this.#compute(this.#ofRuns, rows.order[i], out)
    }
  }

  #sort(chunk: ChunkColumns): SortedRows {
    const { rowCount } = chunk
    const codes = chunk.codes[this.#plan.text]
    const numbers = this.#numberCodes(codes.subarray(0, rowCount), chunk.dictionaries[this.#plan.text])
    const starts = new Uint32Array(this.#texts.length + 2)
    const nameless = this.#texts.length
    for (let row = 0; row < rowCount; row++) if (codes[row] >= 0) starts[numbers[codes[row]] + 2]++
    for (let key = 2; key < starts.length; key++) starts[key] += starts[key - 1]
    const order = new Uint32Array(rowCount)
    let namelessAt = starts[nameless + 1]
    for (let row = 0; row < rowCount; row++) {
      if (codes[row] < 0) order[namelessAt++] = row
      else order[starts[numbers[codes[row]] + 1]++] = row
    }
    return { order, starts: starts.subarray(0, -1) }
  }

  /** The number of each code's key, as far as these rows have it. */
  #numberCodes(codes: Int32Array, dictionary: readonly string[]): Int32Array {
    if (dictionary !== this.#dictionary) this.#numberOfCode.fill(-1)
    this.#dictionary = dictionary
    if (this.#numberOfCode.length < dictionary.length) {
      const longer = new Int32Array(2 * dictionary.length).fill(-1)
      longer.set(this.#numberOfCode)
      this.#numberOfCode = longer
    }
    const numbers = this.#numberOfCode
    for (let row = 0; row < codes.length; row++) {
      const code = codes[row]
      if (code >= 0 && numbers[code] < 0) numbers[code] = this.#numberOf(dictionary[code])
    }
    return numbers
  }

  #numberOf(key: string): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const number = this.#texts.push(key) - 1
    this.#numbers.set(key, number)
    return number
  }

  /** Leaves out what is forgotten by the chunk's first row. */
  #passHorizon(horizonMs: number): void {
    const { columns, from, to, frauds, fraudsFrom, fraudsTo } = this.#runs
    for (let key = 0; key < from.length; key++) {
      while (from[key] < to[key] && columns.times[from[key]] <= horizonMs) from[key]++
      while (fraudsFrom[key] < fraudsTo[key] && frauds[fraudsFrom[key]].timestampMs <= horizonMs) fraudsFrom[key]++
    }
  }

  /** Keys whose runs could become too long change over. */
  #crowd({ starts }: SortedRows): void {
    const { from, to, frauds, fraudsFrom, fraudsTo } = this.#runs
    for (let key = 0; key < this.#texts.length; key++) {
      const kept = key < from.length ? to[key] - from[key] : 0
      if (kept + starts[key + 1] - starts[key] <= this.#eventsPerKey || this.#crowded.has(key)) continue
      const pending = new LabelQueue()
      this.#crowded.set(key, pending)
      if (kept === 0) continue
      this.#hand(key)
      for (let at = fraudsFrom[key]; at < fraudsTo[key]; at++) {
        const { event, knownAtMs } = frauds[at]
        pending.add({ event, label: { isFraud: true, knownAtMs } })
      }
      from[key] = to[key]
      fraudsFrom[key] = fraudsTo[key]
    }
  }

  /** Gives a key's events to the histories of a service, in the form in which those are saved. */
  #hand(key: number): void {
    const { columns, from, to } = this.#runs
    const { times, fields } = columns
    const width = 1 + fields.length
    const tail = this.#isExact.includes(true) ? 1 : 0
    const count = to[key] - from[key]
    const entries = new Float64Array((count + tail) * width)
    for (let i = 0; i < count + tail; i++) {
      const at = from[key] + i
      if (i < count) entries[i * width] = times[at]
      for (let field = 0; field < fields.length; field++) {
        if (i < count || this.#isExact[field]) entries[i * width + 1 + field] = fields[field][at]
      }
    }
    const writer = new StateWriter()
    writer.double(1)
    writer.text(this.#texts[key])
    writer.double(times[to[key] - 1])
    writer.double(count)
    writer.doubles(entries)
    // Labels follow as they become known, and what has no buckets yet gets them there.
    writer.double(0)
    writer.double(0)
    atOnce(this.#keyed.restore(new StateReader(writer.take(true))))
  }

  #replayRuns(chunk: ChunkColumns, rows: SortedRows, out: Float64Array): Runs {
    const { order, starts } = rows
    const old = this.#runs
    const keys = this.#texts.length
    const next = { ...emptyRuns(keys), columns: this.#columnsFor(order.length + keys), frauds: [] as KnownFraud[] }
    const { columns, frauds } = next
    let end = 0
    this.#alive = 0
    for (let key = 0; key < keys; key++) {
      next.from[key] = end
      next.fraudsFrom[key] = frauds.length
      if (key < old.from.length) {
        end = this.#carry(old, key, columns, end)
        for (let at = old.fraudsFrom[key]; at < old.fraudsTo[key]; at++) frauds.push(old.frauds[at])
      }
      if (starts[key] < starts[key + 1] && !this.#crowded.has(key)) {
        this.#history.open(columns, next.from[key], frauds, next.fraudsFrom[key])
        end = this.#replayRun(key, end, { chunk, rows, next, out })
      }
      next.to[key] = end
      next.fraudsTo[key] = frauds.length
      this.#alive += end - next.from[key]
      // The sum of all stands behind the newest.
      end++
    }
    this.#spare = old.columns
    return next
  }

  /** Replays a key's rows; returns where its events end, which ended at `end`. A loop of its own is compiled once, for all keys. */
  #replayRun(key: number, end: number, { chunk, rows: { order, starts }, next, out }: Round): number {
    const { columns, frauds } = next
    const first = next.from[key]
    let at = end
    for (let i = starts[key]; i < starts[key + 1]; i++) {
      const row = order[i]
      this.#rows.read(i)
      this.#append(columns, first, at)
      this.#history.advance(at++)
      this.#compute(this.#ofRuns, row, out)
      if (this.#plan.countsFrauds) this.#addFraud(chunk.start + row, this.#rows.fraudKnownAtMs, frauds)
    }
    return at
  }

  /** Room for what is carried and for so many more. */
  #columnsFor(more: number): EventColumns {
    const length = this.#alive + more + 1
    const spare = this.#spare
    if (spare !== undefined && spare.times.length >= length) return spare
    const roomy = length + (length >> 3)
    return { times: new Float64Array(roomy), fields: this.#plan.fields.map(() => new Float64Array(roomy)) }
  }

  #carry({ columns, from, to }: Runs, key: number, into: EventColumns, end: number): number {
    const first = from[key]
    const count = to[key] - first
    if (count === 0) return end
    for (let i = 0; i < count; i++) into.times[end + i] = columns.times[first + i]
    for (let field = 0; field < into.fields.length; field++) {
      const values = into.fields[field]
      const old = columns.fields[field]
      // Sums begin at the oldest event that is carried, and so stay whole numbers.
      const forgotten = this.#isExact[field] ? old[first] : 0
      for (let i = 0; i <= count; i++) values[end + i] = old[first + i] - forgotten
    }
    return end + count
  }

  /** Writes the transaction in hand as the key's newest event, at `at`. */
  #append({ times, fields }: EventColumns, first: number, at: number): void {
    const transaction = this.#rows
    times[at] = transaction.timestampMs
    for (let field = 0; field < fields.length; field++) {
      const kept = this.#plan.fields[field]
      const values = fields[field]
      const value =
        kept.from === 'first' ? isFirst(times, fields[kept.field], { first, at }, kept) : readField(kept, transaction)
      if (this.#isExact[field]) {
        if (at === first) values[at] = 0
        values[at + 1] = values[at] + value
      } else values[at] = value
    }
  }

  #addFraud(sequence: number, knownAtMs: number, frauds: KnownFraud[]): void {
    if (Number.isNaN(knownAtMs)) return
    const event = this.#lastingEvent(sequence)
    const fields = this.#plan.labelFields.map((field) => readField(field, event))
    frauds.push({ timestampMs: event.timestampMs, knownAtMs, fields, event })
  }

  #lastingEvent(sequence: number) {
    const { timestampMs, amount, texts, numbers } = this.#rows
    return { timestampMs, amount, texts: [...texts], numbers: Float64Array.from(numbers), sequence }
  }

  #replayCrowded(
    chunk: ChunkColumns,
    { order, starts }: SortedRows,
    { key, pending }: { readonly key: number; readonly pending: LabelQueue },
    out: Float64Array,
  ): void {
    for (let i = starts[key]; i < starts[key + 1]; i++) {
      const row = order[i]
      this.#rows.read(i)
      const { timestampMs } = this.#rows
      for (let due = pending.due(timestampMs); due !== undefined; due = pending.due(timestampMs)) {
        this.#keyed.label(due.event, due.label, timestampMs)
      }
      // Another key's rows may go back as far as the chunk does.
      this.#keyed.dropSilent(chunk.timestampsMs[0])
      this.#keyed.dropSilent(chunk.timestampsMs[0])
      this.#keyed.observe(this.#rows, timestampMs)
      this.#compute(this.#ofKeyed, row, out)
      const knownAtMs = this.#rows.fraudKnownAtMs
      if (!this.#plan.countsFrauds || Number.isNaN(knownAtMs)) continue
      pending.add({ event: this.#lastingEvent(chunk.start + row), label: { isFraud: true, knownAtMs } })
    }
  }

  #compute(histories: readonly RunHistory[] | readonly KeyedHistories[], row: number, out: Float64Array): void {
    this.#computeValues(this.#rows, histories, out, row * this.#width)
  }

  /** Gives new numbers to the keys that have anything left, once these are less than half of all. */
  #forgetKeys(): void {
    const { from, to } = this.#runs
    const left = [...this.#texts.keys()].filter((key) => this.#crowded.has(key) || from[key] < to[key])
    if (2 * left.length > this.#texts.length) return
    const pick = (values: Uint32Array) => Uint32Array.from(left, (key) => values[key])
    this.#runs = {
      ...this.#runs,
      from: pick(from),
      to: pick(to),
      fraudsFrom: pick(this.#runs.fraudsFrom),
      fraudsTo: pick(this.#runs.fraudsTo),
    }
    const crowded = left.flatMap((key, number) => {
      const pending = this.#crowded.get(key)
      return pending === undefined ? [] : [[number, pending] as const]
    })
    this.#crowded = new Map(crowded)
    this.#texts = left.map((key) => this.#texts[key])
    this.#numbers = new Map(this.#texts.map((text, number) => [text, number]))
    this.#numberOfCode.fill(-1)
  }
}

function emptyRuns(keys: number) {
  const column = () => new Uint32Array(keys)
  return { from: column(), to: column(), fraudsFrom: column(), fraudsTo: column() }
}

/** 1 where no event of the window before this one has its text. */
function isFirst(
  times: Float64Array,
  values: Float64Array,
  { first, at }: { readonly first: number; readonly at: number },
  { widthMs }: FirstField,
): number {
  const value = values[at]
  if (Number.isNaN(value)) return 0
  const horizonMs = times[at] - widthMs
  for (let before = at - 1; before >= first && times[before] > horizonMs; before--) {
    if (values[before] === value) return 0
  }
  return 1
}
