import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { showValue } from '../core/show-value.ts'
import type { Steps } from '../core/time-slices.ts'
import { type Detector, parseDetector } from '../detector/detector.ts'
import { fieldOf, mayHaveField } from '../detector/kept-fields.ts'
import { compileDetector } from '../features/feature-set.ts'
import { sourcesOf } from '../features/history.ts'
import type { LogReading, TransactionRecord } from '../log/decision-log.ts'
import { type ColumnForm, columnForms, isSameForm, tellForm } from './column-form.ts'
import type { RowMaker } from './detector-in-force.ts'

/** The detector with the check value of its card key, where it hashes card numbers. */
type Wanting = RowMaker & { readonly cardKeyCheck?: string | undefined }

/** Records that are looked through at once, between decisions. */
const recordsAtOnce = 2000

/** The columns that a detector's histories are made of, each with the span of the longest history that reads it. */
export function historyColumns({ detector, features }: RowMaker): ReadonlyMap<string, number> {
  const { layout, plan } = features
  const { amount } = detector.transaction
  const spans = new Map<string, number>()
  const add = (column: string | undefined, spanMs: number) => {
    if (column !== undefined) spans.set(column, Math.max(spanMs, spans.get(column) ?? 0))
  }
  for (const history of plan.histories) {
    const { by, text, spanMs } = history
    if (by !== null) add(layout.texts[text].column, spanMs)
    for (const field of sourcesOf(history)) {
      if (field.from === 'amount') for (const column of [amount?.field, amount?.conversion]) add(column, spanMs)
      else add((field.from === 'text' ? layout.texts : layout.numbers)[field.index].column, spanMs)
    }
  }
  return spans
}

/** The columns of the previous detector's histories, and their forms; empty where no previous detector can be read. */
export function columnsBefore(reading: LogReading): ReadonlyMap<string, ColumnForm> {
  const last = reading.lastDefinition()
  if (last === undefined) return new Map()
  try {
    const detector = parseDetector(last.definition.detector)
    const formOf = columnForms(last.definition)
    const columns = historyColumns({ detector, features: compileDetector(detector) }).keys()
    return new Map([...columns].map((column) => [column, formOf(column)]))
  } catch (error) {
    if (error instanceof FraudError) return new Map()
    throw error
  }
}

/** How many of a log's transactions have a column. */
export interface ColumnCount {
  readonly column: string
  readonly have: number
  readonly of: number
  /** The form that is needed; only where some records have another one. */
  readonly form?: ColumnForm
}

/**
 * Which of a log's transactions lack the columns of a detector's histories, since they were kept under definitions that
 * did not declare them, or kept them in another form. Goes through the log in parts, and only where a definition lacks
 * a column.
 */
export class LostHistories {
  readonly #reading: LogReading
  readonly #wanted: ReadonlyMap<string, number>
  readonly #formOf: (column: string) => ColumnForm
  readonly #definitions: readonly number[]
  readonly #isWhole: boolean
  readonly #amount: Detector['transaction']['amount']
  readonly #lacking = new Map<string, { count: number; newestMs: number; isOtherForm: boolean }>()
  #after: number
  #count = 0
  #newestMs = Number.NEGATIVE_INFINITY

  constructor(inForce: Wanting, reading: LogReading) {
    this.#reading = reading
    this.#wanted = historyColumns(inForce)
    this.#amount = inForce.detector.transaction.amount
    this.#formOf = columnForms(concealing(inForce))
    this.#definitions = reading.definitionSequences()
    this.#after = reading.prunedThrough()
    this.#isWhole = this.#definitions.every((sequence) => this.#lackedBy(sequence).length === 0)
  }

  /** Looks through all records there are by then. */
  *steps(): Steps {
    while (this.step()) yield
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
    for (const { column, isOtherForm } of definition === undefined || count === 0 ? [] : this.#lackedBy(definition)) {
      const before = this.#lacking.get(column) ?? { count: 0, newestMs, isOtherForm }
      this.#lacking.set(column, {
        count: before.count + count,
        newestMs: Math.max(before.newestMs, newestMs),
        isOtherForm: before.isOtherForm || isOtherForm,
      })
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
      .map(([column, { count, isOtherForm }]) => ({
        ...{ column, have: this.#count - count, of: this.#count },
        ...(isOtherForm && { form: this.#formOf(column) }),
      }))
  }

  /** Losses that the previous detector's histories do not have already. */
  lossesSince(before: ReadonlyMap<string, ColumnForm>): readonly ColumnCount[] {
    return this.losses.filter(({ column }) => {
      const form = before.get(column)
      return form === undefined || !isSameForm(form, this.#formOf(column))
    })
  }

  #lostUntilMs(column: string): number {
    return (this.#lacking.get(column)?.newestMs ?? Number.NEGATIVE_INFINITY) + (this.#wanted.get(column) ?? 0)
  }

  #lackedBy(sequence: number): readonly { readonly column: string; readonly isOtherForm: boolean }[] {
    const definition = this.#reading.definition(sequence)
    const formOf = columnForms(definition)
    return [...this.#wanted.keys()].flatMap((column) => {
      const isDeclared = mayHaveField(definition, column, this.#amount)
      if (isDeclared && isSameForm(formOf(column), this.#formOf(column))) return []
      return [{ column, isOtherForm: isDeclared }]
    })
  }
}

function concealing({ detector, cardKeyCheck }: Wanting) {
  return { detector, ...(cardKeyCheck !== undefined && { cardKeyCheck }) }
}

const noPlace = -1
/** The place of a field that is only kept differs from record to record. */
const behindDeclared = -2

/**
 * Counts how many of the transactions that it sees declare a column, in the form that is wanted if there is one, and
 * how many have a value in it.
 */
export class ColumnCounts {
  total = 0
  readonly columns: readonly string[]
  readonly #reading: Pick<LogReading, 'definition'>
  readonly #places = new Map<number, readonly number[]>()
  readonly #declared: number[]
  readonly #have: number[]
  readonly #formOf: ((column: string) => ColumnForm) | undefined
  readonly #otherForms = new Set<string>()
  readonly #amount: Detector['transaction']['amount']

  constructor(
    columns: Iterable<string>,
    reading: Pick<LogReading, 'definition'>,
    { transaction }: Detector,
    formOf?: (column: string) => ColumnForm,
  ) {
    this.#amount = transaction.amount
    this.columns = [...columns]
    this.#reading = reading
    this.#formOf = formOf
    this.#declared = this.columns.map(() => 0)
    this.#have = this.columns.map(() => 0)
  }

  see({ definition, fields }: TransactionRecord): void {
    this.total += 1
    const places = this.#placesIn(definition)
    for (let i = 0; i < places.length; i++) {
      if (places[i] === noPlace) continue
      this.#declared[i] += 1
      const isDeclared = places[i] >= 0
      const value = isDeclared
        ? fields[places[i]]
        : fieldOf(this.#reading.definition(definition), fields, this.columns[i])
      if (value !== undefined) this.#have[i] += 1
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
    return this.columns.map((column, i) => {
      const form = this.#otherForms.has(column) ? this.#formOf?.(column) : undefined
      return { column, have: counts[i], of: this.total, ...(form && { form }) }
    })
  }

  #placesIn(definition: number): readonly number[] {
    const known = this.#places.get(definition)
    if (known !== undefined) return known
    const found = this.#reading.definition(definition)
    const formOf = columnForms(found)
    const places = this.columns.map((column) => {
      if (!mayHaveField(found, column, this.#amount)) return noPlace
      const wanted = this.#formOf?.(column)
      if (wanted === undefined || isSameForm(wanted, formOf(column))) {
        return found.columns.includes(column) ? found.columns.indexOf(column) : behindDeclared
      }
      this.#otherForms.add(column)
      return noPlace
    })
    this.#places.set(definition, places)
    return places
  }
}

/** Describes the counts for people: of 113,496 transactions none has "card", 20 have "device". */
export function tellCounts(counts: readonly ColumnCount[]): string {
  const [{ of } = { of: 0 }] = counts
  const parts = counts.map(({ column, have, form }) => {
    const some = have === 1 ? '1 has' : `${have.toLocaleString('en')} have`
    return `${have === 0 ? 'none has' : some} "${showValue(column)}"${form === undefined ? '' : ` ${tellForm(form)}`}`
  })
  return `of ${of.toLocaleString('en')} transactions ${parts.join(', ')}`
}

/** @throws FraudError HISTORIES_LOST where histories would come without what they are to be made of. */
export function refuseLosses(counts: readonly ColumnCount[]): void {
  if (counts.length === 0) return
  throw new FraudError(
    'HISTORIES_LOST',
    `The log does not have what the histories of this detector need: ${tellCounts(counts)}. ${adviceOn(counts)}Bring transactions that ` +
      'have them into a new data directory (shrike replay FILE --as history), or continue without the past: ' +
      option('acceptLostHistories'),
  )
}

/** What a person can do where the log has a column, in another form. */
export function adviceOn(counts: readonly ColumnCount[]): string {
  if (counts.every(({ form }) => form === undefined)) return ''
  return (
    'The log has them in a different form: keep personal, the name of a personal key, hashCardNumber, SHRIKE_CARD_KEY and ' +
    'minorUnits with its digits as they were before. '
  )
}
