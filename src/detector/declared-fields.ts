import type { FieldError } from '../core/errors.ts'
import { readAmount, toMinorUnits } from '../core/money.ts'
import type { Detector } from './detector-schema.ts'
import type { FieldValue } from './field-value.ts'
import { keptNames } from './kept-fields.ts'
import type { Transaction, TransactionLayout } from './transaction.ts'

/** What a declared column may hold. One of either kind is taken as it comes. */
export interface DeclaredField {
  readonly column: string
  readonly kind: 'text' | 'number' | 'either'
}

/**
 * The columns that a detector speaks of beside id, time and label, each once: what is kept of a transaction, whatever
 * features look at today.
 */
export function declaredFields({ transaction }: Detector, layout: TransactionLayout): readonly DeclaredField[] {
  const { amount, keys = {}, fields = {}, position } = transaction
  const kinds = new Map<string, DeclaredField['kind']>()
  const add = (column: string | undefined, kind: DeclaredField['kind']) => {
    if (column === undefined) return
    const known = kinds.get(column)
    kinds.set(column, known === undefined || known === kind ? kind : 'either')
  }
  add(amount?.field, 'number')
  add(amount?.conversion, 'number')
  if (typeof amount?.currency === 'object') add(amount.currency.field, 'text')
  for (const column of Object.values(keys)) add(column, 'text')
  add(position?.latitude, 'number')
  add(position?.longitude, 'number')
  for (const { column } of layout.numbers) add(column, 'number')
  for (const { column } of layout.texts) add(column, 'text')
  for (const column of [...Object.values(fields), ...keptNames(transaction)])
    if (!kinds.has(column)) kinds.set(column, 'either')
  return [...kinds].map(([column, kind]) => ({ column, kind }))
}

/** The largest magnitude that a column's numbers may have, and what is wrong with larger ones. */
export interface NumberLimit {
  readonly most: number
  readonly reason: string
  /** Amounts are echoed in reasons: on the decision path their decimals count as digits, too. */
  readonly isAmount?: boolean
  /** What is kept of a number, where that is not the number itself; NaN where it can't be taken. */
  readonly keep?: (value: number) => number
  /** What is wrong with a number that can't be taken. */
  readonly whyNotKept?: string
}

/**
 * Limits of numbers by column: coordinates are on the globe, and amounts and rates have fewer digits than a card
 * number, unless the detector exempts them. So have amounts and coordinates as they are kept, in files as when served.
 */
export function numberLimits({ transaction }: Detector): ReadonlyMap<string, NumberLimit> {
  const { amount, position, notCardNumber = [] } = transaction
  const limits = new Map<string, NumberLimit>()
  const add = (column: string | undefined, limit: NumberLimit) => {
    if (column !== undefined && !notCardNumber.includes(column)) limits.set(column, limit)
  }
  if (amount?.conversion !== undefined)
    limits.set(amount.conversion, {
      ...(notCardNumber.includes(amount.conversion) ? anySize : fewerDigits),
      ...aboveZero,
    })
  if (amount?.minorUnits !== true) add(amount?.field, { ...fewerDigits, isAmount: true, ...keptAmount(amount) })
  else limits.set(amount.field, minorUnitsLimit(10 ** (amount.digits ?? 0), notCardNumber.includes(amount.field)))
  const coordinate = (column: string, limit: NumberLimit) =>
    limits.set(column, notCardNumber.includes(column) ? limit : { ...limit, keep: toCentimetres })
  if (position !== undefined) {
    coordinate(position.latitude, { most: 90, reason: 'is not a latitude: it is beyond 90 degrees' })
    coordinate(position.longitude, { most: 180, reason: 'is not a longitude: it is beyond 180 degrees' })
  }
  return limits
}

/** Whole minor units are kept as the amount in major ones that they stand for: the same double as of its decimals. */
function minorUnitsLimit(unit: number, mayBeLong: boolean): NumberLimit {
  return {
    ...(mayBeLong ? { most: mostMinorUnits, reason: 'is too large for an amount in minor units' } : fewerDigits),
    isAmount: !mayBeLong,
    keep: (minor) => (Number.isInteger(minor) ? minor / unit + 0 : Number.NaN),
    whyNotKept: 'is not a whole number, but amounts are in minor units',
  }
}

/**
 * A coordinate with seven decimals of a degree, 1 cm: with all of a double's, one in twenty looks like a card number.
 */
function toCentimetres(degrees: number): number {
  return Math.round(degrees * 1e7) / 1e7 + 0
}

/** Removes what arithmetic on doubles leaves behind: the digits of 184.20000000000002 may be those of a card number. */
function keptAmount(amount: Detector['transaction']['amount']): Pick<NumberLimit, 'keep'> {
  const { digits, conversion } = amount ?? {}
  if (digits === undefined || conversion !== undefined) return {}
  const unit = 10 ** digits
  return {
    keep: (value) => {
      const minor = toMinorUnits(value, digits)
      return Number.isNaN(minor) ? value : minor / unit
    },
  }
}

// Up to here a double of major units tells every minor one.
const mostMinorUnits = 1e15
const anySize = { most: Number.MAX_VALUE, reason: 'is too large' }
/** Some send 0 for a rate that they do not know: of every amount it would make none. */
const aboveZero: Pick<NumberLimit, 'keep' | 'whyNotKept'> = {
  keep: (rate) => (rate > 0 ? rate : Number.NaN),
  whyNotKept: 'has to be above 0',
}
const fewerDigits = { most: 999_999_999_999.9999, reason: 'has 13 digits or more, as many as a card number' }

/** Makes transactions of declared fields. Fields that the columns don't have are missing. */
export class TransactionMaker {
  readonly #detector: Detector
  readonly #amount: number
  readonly #rate: number
  readonly #texts: readonly number[]
  readonly #numbers: readonly number[]

  constructor(detector: Detector, layout: TransactionLayout, columns: readonly string[]) {
    const { amount } = detector.transaction
    const at = (column: string | undefined) => (column === undefined ? -1 : columns.indexOf(column))
    this.#detector = detector
    this.#amount = at(amount?.field)
    this.#rate = at(amount?.conversion)
    this.#texts = layout.texts.map(({ column }) => at(column))
    this.#numbers = layout.numbers.map(({ column }) => at(column))
  }

  /** The amount as features see it, or what is wrong with it. */
  amountOf(fields: readonly FieldValue[]): number | FieldError {
    const { amount } = this.#detector.transaction
    const rate = this.#rate < 0 ? 1 : asNumber(fields[this.#rate])
    return amount === undefined ? Number.NaN : readAmount(amount, asNumber(fields[this.#amount]), rate)
  }

  make(timestampMs: number, amount: number, fields: readonly FieldValue[]): Transaction {
    const numbers = new Float64Array(this.#numbers.length)
    for (let i = 0; i < numbers.length; i++) numbers[i] = asNumber(fields[this.#numbers[i]])
    return { timestampMs, amount, texts: this.#texts.map((at) => asText(fields[at])), numbers }
  }
}

function asNumber(value: FieldValue): number {
  return typeof value === 'number' ? value : value === undefined ? Number.NaN : Number(value)
}

function asText(value: FieldValue): string | undefined {
  return typeof value === 'number' ? String(value) : value
}
