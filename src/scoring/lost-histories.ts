import { parseDetector } from '../core/detector.ts'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import type { LogReading, TransactionRecord } from '../decisioning/decision-log.ts'
import { compileDetector } from '../features/feature-set.ts'
import type { LiveDetector } from './live-detector.ts'

type HistoryMaker = Pick<LiveDetector, 'detector' | 'features'>

/** Records that are looked through at once, between decisions. */
const recordsAtOnce = 20_000

/** The columns that a detector's histories are made of, each with the span of the longest history that reads it. */
export function historyColumns({ detector, features }: HistoryMaker): ReadonlyMap<string, number> {
  const { layout, plan } = features
  const { amount } = detector.transaction
  const spans = new Map<string, number>()
  const add = (column: string | undefined, spanMs: number) => {
    if (column !== undefined) spans.set(column, Math.max(spanMs, spans.get(column) ?? 0))
  }
  for (const { by, text, fields, spanMs } of plan.histories) {
    if (by !== null) add(layout.texts[text].column, spanMs)
    for (const field of fields) {
      if (field.from === 'amount') for (const column of [amount?.field, amount?.conversion]) add(column, spanMs)
      else add((field.from === 'text' ? layout.texts : layout.numbers)[field.index].column, spanMs)
    }
  }
  return spans
}

/** The columns of the previous detector's histories; empty where no previous detector can be read. */
export function columnsBefore(reading: LogReading): ReadonlySet<string> {
  const last = reading.lastDefinition()
  if (last === undefined) return new Set()
  try {
    const detector = parseDetector(last.definition.detector)
    return new Set(historyColumns({ detector, features: compileDetector(detector) }).keys())
  } catch (error) {
    if (error instanceof FraudError) return new Set()
    throw error
  }
}

/** How many of a log's transactions have a column. */
export interface ColumnCount {
  readonly column: string
  readonly have: number
  readonly of: number
}

/**
 * Which of a log's transactions lack the columns of a detector's histories, since they were kept under definitions that
 * did not declare them. Goes through the log in parts, and only where a definition lacks a column.
 */
export class LostHistories {
  readonly #reading: LogReading
  readonly #wanted: ReadonlyMap<string, number>
  readonly #definitions: readonly number[]
  readonly #isWhole: boolean
  readonly #lacking = new Map<string, { count: number; newestMs: number }>()
  #after: number
  #count = 0
  #newestMs = Number.NEGATIVE_INFINITY

  constructor(live: HistoryMaker, reading: LogReading) {
    this.#reading = reading
    this.#wanted = historyColumns(live)
    this.#definitions = reading.definitionSequences()
    this.#after = reading.prunedThrough()
    this.#isWhole = this.#definitions.every((sequence) => this.#lackedBy(sequence).length === 0)
  }

  /** Looks through the next records; false once there are no more. */
  step(): boolean {
    if (this.#isWhole) return false
    const last = this.#reading.lastSequence()
    if (this.#after >= last) return false
    const definition = this.#definitions.findLast((sequence) => sequence <= this.#after + 1)
    const next = this.#definitions.find((sequence) => sequence > this.#after + 1) ?? Number.POSITIVE_INFINITY
    const through = Math.min(next - 1, this.#after + recordsAtOnce, last)
    const { count, newestMs } = this.#reading.transactionsIn(this.#after, through)
    this.#after = through
    this.#count += count
    this.#newestMs = Math.max(this.#newestMs, newestMs)
    for (const column of definition === undefined || count === 0 ? [] : this.#lackedBy(definition)) {
      const before = this.#lacking.get(column) ?? { count: 0, newestMs }
      this.#lacking.set(column, { count: before.count + count, newestMs: Math.max(before.newestMs, newestMs) })
    }
    return true
  }

  /** The event time from which no history reaches back to a transaction that lacks a column of it. */
  get untilMs(): number {
    return Math.max(Number.NEGATIVE_INFINITY, ...[...this.#lacking.keys()].map((column) => this.#lostUntilMs(column)))
  }

  /** The columns that histories would still have to see, and how many transactions have them. */
  get losses(): readonly ColumnCount[] {
    return [...this.#lacking]
      .filter(([column]) => this.#lostUntilMs(column) > this.#newestMs)
      .map(([column, { count }]) => ({ column, have: this.#count - count, of: this.#count }))
  }

  #lostUntilMs(column: string): number {
    return (this.#lacking.get(column)?.newestMs ?? Number.NEGATIVE_INFINITY) + (this.#wanted.get(column) ?? 0)
  }

  #lackedBy(definition: number): readonly string[] {
    const { columns } = this.#reading.definition(definition)
    return [...this.#wanted.keys()].filter((column) => !columns.includes(column))
  }
}

/** Counts how many of the transactions that it sees declare a column, and how many have a value in it. */
export class ColumnCounts {
  total = 0
  readonly columns: readonly string[]
  readonly #reading: Pick<LogReading, 'definition'>
  readonly #places = new Map<number, readonly number[]>()
  readonly #declared: number[]
  readonly #have: number[]

  constructor(columns: Iterable<string>, reading: Pick<LogReading, 'definition'>) {
    this.columns = [...columns]
    this.#reading = reading
    this.#declared = this.columns.map(() => 0)
    this.#have = this.columns.map(() => 0)
  }

  see({ definition, fields }: TransactionRecord): void {
    this.total += 1
    const places = this.#placesIn(definition)
    for (let i = 0; i < places.length; i++) {
      if (places[i] < 0) continue
      this.#declared[i] += 1
      if (fields[places[i]] !== undefined) this.#have[i] += 1
    }
  }

  /** Columns that not all of the definitions declare. */
  get undeclared(): readonly ColumnCount[] {
    return this.#counts(this.#declared).filter(({ have, of }) => have < of)
  }

  /** Columns that no transaction has a value in. */
  get empty(): readonly ColumnCount[] {
    return this.#counts(this.#have).filter(({ have, of }) => have === 0 && of > 0)
  }

  #counts(counts: readonly number[]): readonly ColumnCount[] {
    return this.columns.map((column, i) => ({ column, have: counts[i], of: this.total }))
  }

  #placesIn(definition: number): readonly number[] {
    const known = this.#places.get(definition)
    if (known !== undefined) return known
    const { columns } = this.#reading.definition(definition)
    const places = this.columns.map((column) => columns.indexOf(column))
    this.#places.set(definition, places)
    return places
  }
}

/** For people: of 113,496 transactions none has "card", 20 have "device". */
export function tellCounts(counts: readonly ColumnCount[]): string {
  const [{ of } = { of: 0 }] = counts
  const parts = counts.map(({ column, have }) => {
    const some = have === 1 ? '1 has' : `${have.toLocaleString('en')} have`
    return `${have === 0 ? 'none has' : some} "${showValue(column)}"`
  })
  return `of ${of.toLocaleString('en')} transactions ${parts.join(', ')}`
}

/** @throws FraudError HISTORIES_LOST where histories would come without what they are to be made of. */
export function refuseLosses(counts: readonly ColumnCount[]): void {
  if (counts.length === 0) return
  throw new FraudError(
    'HISTORIES_LOST',
    `The log can't give this detector its histories: ${tellCounts(counts)}. Bring transactions that have them into a ` +
      'new data directory (shrike replay FILE --as history), or go on without the past: --accept-lost-histories',
  )
}
