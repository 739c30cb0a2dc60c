import assert from 'node:assert/strict'
import { cardNumberDigits, holdsCardNumber, type TextKind } from '../core/card-number.ts'
import { type FieldError, FraudError } from '../core/errors.ts'
import { isRecord, kindOf } from '../core/json-value.ts'
import { hasDigitsOfCard } from '../core/money.ts'
import { mayBePath, NestedFields } from '../core/nested-fields.ts'
import { hintOfFormat, hintOfYear, timeBounds, timeReader, whyOutOfBounds } from '../core/time-formats.ts'
import { joinTime } from '../core/time-of-day.ts'
import { readIsoTime } from '../core/time-parser.ts'
import { zoneOffset } from '../core/zone.ts'
import {
  type DeclaredField,
  declaredFields,
  type NumberLimit,
  numberLimits,
  TransactionMaker,
} from './declared-fields.ts'
import type { Detector } from './detector-schema.ts'
import { FieldNames } from './field-names.ts'
import type { FieldValue } from './field-value.ts'
import { type FixedCurrency, fixedCurrency, whyOtherCurrency } from './fixed-currency.ts'
import { keepsAll, mostOtherBytes, mostOtherFields } from './kept-fields.ts'
import { longestId, longestText, whyNotKept } from './kept-text.ts'
import { columnOfName, personalColumns } from './personal-columns.ts'
import type { Transaction, TransactionLayout } from './transaction.ts'

/** A transaction as it was sent: its id, what it declares (as it is kept), and what features see of it. */
export interface ReceivedTransaction {
  readonly id: string
  readonly fields: readonly FieldValue[]
  readonly transaction: Transaction
}

/** A transaction as a reader of another thread hands it over. */
export interface ReadTransaction
  extends Pick<ReceivedTransaction, 'id' | 'fields'>,
    Pick<Transaction, 'timestampMs' | 'amount'> {}

/** Replaces what must not be kept: card numbers by keyed hashes, personal values by tokens. */
export interface Concealment {
  /** Takes the bare digits of a card number. */
  hashCardNumber(digits: string): string
  token(key: string, value: string): string
}

const longestName = 128
const least13Digits = 1e12

interface FieldHandling extends DeclaredField {
  readonly cardNumbers: 'refuse' | 'hash' | 'allow'
  readonly textKind: TextKind
  readonly limit: NumberLimit | undefined
  /** The key's name, where its values are personal. */
  readonly personal: string | undefined
}

/**
 * Reads transactions of a detector from parsed JSON. Names match exactly, those with a dot as paths into nested
 * objects, too; other fields are ignored and not kept, unless the detector keeps all. One that is a misspelling of a
 * declared field that was not sent is refused. The one place where unknown input becomes a transaction on the decision
 * path.
 */
export class ReceivedTransactionReader {
  readonly columns: readonly string[]
  readonly #detector: Detector
  readonly #fields: readonly FieldHandling[]
  readonly #maker: TransactionMaker
  readonly #concealment: Concealment
  readonly #offsetAt: (timestampMs: number) => number
  readonly #timeOf: (value: number) => number
  readonly #nowMs: () => number
  readonly #idColumn: string
  readonly #checksId: boolean
  readonly #names: FieldNames
  /** Only where the detector names a field by what may be a path. */
  readonly #nested: NestedFields | undefined
  readonly #isStrict: boolean
  readonly #keepsAll: boolean
  readonly #currency: FixedCurrency | undefined

  /**
   * The detector has to declare an id and a time. @param isStrict whether a field that it doesn't declare is refused.
   */
  constructor(
    detector: Detector,
    layout: TransactionLayout,
    concealment: Concealment,
    nowMs: () => number,
    isStrict = false,
  ) {
    const { transaction } = detector
    const { keys = {}, hashCardNumber = [], notCardNumber = [] } = transaction
    const personal = personalColumns(transaction)
    const fields = declaredFields(detector, layout)
    const limits = numberLimits(detector)
    const handling = (column: string) => {
      if (notCardNumber.includes(column)) return 'allow'
      return hashCardNumber.includes(column) ? 'hash' : 'refuse'
    }
    this.#detector = detector
    this.#concealment = concealment
    this.#idColumn = transaction.id ?? ''
    this.#checksId = handling(this.#idColumn) !== 'allow'
    this.#offsetAt = zoneOffset(transaction.zone ?? 'UTC')
    this.#timeOf = transaction.time === undefined ? () => Number.NaN : timeReader(transaction.time, this.#offsetAt)
    this.#nowMs = nowMs
    this.columns = fields.map(({ column }) => column)
    this.#fields = fields.map((field) => ({
      ...field,
      cardNumbers: handling(field.column),
      textKind: Object.values(keys).includes(field.column) ? 'id' : 'text',
      limit: limits.get(field.column),
      personal: personal.get(field.column),
    }))
    this.#maker = new TransactionMaker(detector, layout, this.columns)
    const { field = '', clock } = transaction.time ?? {}
    const names = [this.#idColumn, field, ...(clock === undefined ? [] : [clock]), ...this.columns]
    this.#names = new FieldNames(detector, names)
    this.#keepsAll = keepsAll(detector)
    this.#nested = this.#keepsAll || names.some(mayBePath) ? new NestedFields(names, this.#keepsAll) : undefined
    this.#isStrict = isStrict && !this.#keepsAll
    this.#currency = fixedCurrency(detector, this.#names.declared)
  }

  /**
   * @throws FraudError INPUT_INVALID with every bad field, CARD_NUMBER_REFUSED with every field that holds one; nothing of
   * the value is in either.
   */
  read(given: unknown, repeated?: ReadonlySet<string>): ReceivedTransaction {
    if (!isRecord(given)) {
      throw invalid([{ field: '(body)', reason: `is ${kindOf(given)}, where an object is required` }])
    }
    const errors: FieldError[] = []
    const value = this.#nested === undefined ? given : this.#nested.read(given, errors)
    if (repeated !== undefined) {
      for (const field of repeated)
        if (this.#isDeclared(field)) errors.push({ field, reason: 'is given more than once' })
    }
    const id = this.#readId(value[this.#idColumn], errors)
    const timestampMs = this.#readTime(value, errors)
    const cards: FieldError[] = []
    if (this.#checksId && holdsCardNumber(id, 'id')) cards.push({ field: this.#idColumn, reason: cardReason })
    const fields: FieldValue[] = new Array(this.#fields.length)
    let isComplete = errors.length === 0
    for (let i = 0; i < fields.length; i++) {
      fields[i] = this.#readField(this.#fields[i], value, errors, cards)
      if (fields[i] === undefined && value[this.columns[i]] === undefined) isComplete = false
    }
    if (this.#isStrict) this.#names.refuse('undeclared', value, errors, this.#currency?.fields)
    else if (!isComplete) this.#names.refuse('misspelt', value, errors)
    if (this.#currency !== undefined) refuseOtherCurrency(this.#currency, value, errors)
    const amount = this.#readAmount(fields, errors)
    if (this.#keepsAll) this.#keepOthers(value, fields, errors, cards)
    if (cards.length > 0)
      throw new FraudError('CARD_NUMBER_REFUSED', 'Card numbers are not accepted', { errors: cards })
    if (errors.length > 0) throw invalid(errors)
    // Only now: nothing is known of the person in what is no transaction.
    this.#fields.forEach(({ personal }, i) => {
      const value = fields[i]
      if (personal !== undefined && value !== undefined) fields[i] = this.#concealment.token(personal, String(value))
    })
    return { id, fields, transaction: this.#maker.make(timestampMs, amount, fields) }
  }

  /** A transaction that a reader of this detector has read; undefined where its time is out of bounds by this one's clock. */
  take({ id, timestampMs, amount, fields }: ReadTransaction): ReceivedTransaction | undefined {
    const { time } = this.#detector.transaction
    if (time !== undefined && timestampMs > timeBounds(time, this.#nowMs()).latestMs) return undefined
    return { id, fields, transaction: this.#maker.make(timestampMs, amount, fields) }
  }

  /** Puts a name and a value behind the declared fields, for each field that is neither declared nor of the label. */
  #keepOthers(
    value: Readonly<Record<string, unknown>>,
    fields: FieldValue[],
    errors: FieldError[],
    cards: FieldError[],
  ): void {
    const { field: label, knownAt = label } = this.#detector.transaction.label
    let count = 0
    let bytes = 0
    for (const name in value) {
      const isOfLabel = name.startsWith(`${label}.`) || name.startsWith(`${knownAt}.`)
      if (this.#names.declared.has(name) || isOfLabel) continue
      const given = typeof value[name] === 'boolean' ? String(value[name]) : value[name]
      if (typeof given !== 'string' && typeof given !== 'number') continue
      const badName = holdsCardNumber(name, 'text') ? cardReason : whyNotKept(name, longestName)
      if (badName !== undefined) {
        const found = badName === cardReason ? cards : errors
        found.push({ field: '(body)', reason: `has a field whose name ${badName}` })
        continue
      }
      const kept = this.#readField({ column: name, ...otherField }, { [name]: given }, errors, cards)
      if (kept === undefined) continue
      fields.push(name, kept)
      count += 1
      bytes += Buffer.byteLength(name) + (typeof kept === 'string' ? Buffer.byteLength(kept) : 8)
    }
    if (count <= mostOtherFields && bytes <= mostOtherBytes) return
    const most = `${mostOtherFields} fields and ${mostOtherBytes} bytes`
    errors.push({ field: '(body)', reason: `has more undeclared fields than keep: all keeps, ${most}` })
  }

  /** The id of what was refused, to tell it from others; undefined where it can't be read, or may be a card number. */
  idOf(given: unknown): string | undefined {
    if (!isRecord(given)) return undefined
    const value = this.#nested === undefined ? given : this.#nested.read(given, [])
    const errors: FieldError[] = []
    const id = this.#readId(value[this.#idColumn], errors)
    return errors.length > 0 || holdsCardNumber(id, 'id') ? undefined : id
  }

  /**
   * The value of a key, a field or a kept field, as it is kept, but for a person's, which is replaced by a token
   * afterwards.
   *
   * @throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED, as `read` does; the field is then called `value`.
   */
  readKey(name: string, given: string | number): string {
    const { transaction } = this.#detector
    const column = columnOfName(transaction, name) ?? transaction.fields?.[name]
    const field = this.#fields.find((each) => each.column === column)
    assert(field !== undefined, 'the detector declares this name')
    const errors: FieldError[] = []
    const cards: FieldError[] = []
    const kept = this.#readField(field, { [field.column]: given }, errors, cards)
    const ofValue = (found: readonly FieldError[]) => found.map(({ reason }) => ({ field: 'value', reason }))
    if (cards.length > 0)
      throw new FraudError('CARD_NUMBER_REFUSED', 'Card numbers are not accepted', { errors: ofValue(cards) })
    if (kept === undefined && errors.length === 0) errors.push({ field: 'value', reason: 'is empty' })
    if (errors.length > 0) throw invalid(ofValue(errors))
    return String(kept)
  }

  #readAmount(fields: readonly FieldValue[], errors: FieldError[]): number {
    const amount = this.#maker.amountOf(fields)
    if (typeof amount === 'number') return amount
    if (errors.every(({ field }) => field !== amount.field)) errors.push(amount)
    return Number.NaN
  }

  #isDeclared(name: string): boolean {
    if (this.#keepsAll || this.#nested?.leadsOn(name)) return true
    const { time } = this.#detector.transaction
    return name === this.#idColumn || name === time?.field || name === time?.clock || this.columns.includes(name)
  }

  #readId(given: unknown, errors: FieldError[]): string {
    const id = typeof given === 'number' && Number.isSafeInteger(given) ? String(given) : given
    if (typeof id === 'string' && id !== '' && whyNotKept(id, longestId) === undefined) return id
    errors.push({ field: this.#idColumn, reason: whyNoId(given) })
    return ''
  }

  #readTime(value: Readonly<Record<string, unknown>>, errors: FieldError[]): number {
    const { time } = this.#detector.transaction
    if (time === undefined) return Number.NaN
    const { field, format, clock } = time
    let given = value[field]
    if (clock !== undefined) {
      const joined = joinTime({ field, clock }, value)
      if ('reason' in joined) {
        errors.push(joined)
        return Number.NaN
      }
      given = joined.text
    }
    const isIso = format === 'iso'
    if (typeof given !== (isIso ? 'string' : 'number')) {
      const hint = isIso && typeof given === 'number' ? hintOfFormat(given) : ''
      const wanted = isIso ? 'an ISO 8601 time' : 'a number'
      errors.push({
        field,
        reason: given === undefined ? 'is missing' : `is ${kindOf(given)}, where ${wanted} is required${hint}`,
      })
      return Number.NaN
    }
    const timestampMs = isIso ? readIsoTime(String(given), this.#offsetAt) : this.#timeOf(Number(given))
    const nowMs = this.#nowMs()
    const { earliestMs, latestMs } = timeBounds(time, nowMs)
    // The log's store knows no -0.
    if (timestampMs >= earliestMs && timestampMs <= latestMs && timestampMs >= -8.64e15) return timestampMs + 0
    const isTime = Math.abs(timestampMs) <= 8.64e15
    const reason = isTime ? whyOutOfBounds(time, isIso ? undefined : Number(given), nowMs) : 'is not a time'
    errors.push({ field, reason: isIso && !isTime ? `is not an ISO 8601 time${hintOfYear(String(given))}` : reason })
    return Number.NaN
  }

  #readField(
    field: FieldHandling,
    value: Readonly<Record<string, unknown>>,
    errors: FieldError[],
    cards: FieldError[],
  ): FieldValue {
    const { column, kind } = field
    const given = value[column]
    if (given === undefined || given === null || given === '') return undefined
    if (typeof given === 'number') {
      if (kind === 'text' && !Number.isSafeInteger(given)) {
        errors.push({ field: column, reason: whyNoText(given) })
        return undefined
      }
      if (!Number.isFinite(given)) {
        errors.push({ field: column, reason: 'is too large for a 64-bit number' })
        return undefined
      }
      const size = Math.abs(given)
      if (field.limit !== undefined && size > field.limit.most) {
        errors.push({ field: column, reason: field.limit.reason })
        return undefined
      }
      const kept = field.limit?.keep?.(given) ?? given
      if (Number.isNaN(kept)) {
        errors.push({ field: column, reason: field.limit?.whyNotKept ?? 'is not a number' })
        return undefined
      }
      if (field.limit?.isAmount && hasDigitsOfCard(kept)) {
        errors.push({ field: column, reason: 'has 13 digits or more with its decimals, as many as a card number' })
        return undefined
      }
      // A larger one is no card number, and its exponent's mantissa is none either.
      const mayBeCard = size >= least13Digits && size < 1e19
      if (kind === 'text' || mayBeCard) return this.#conceal(field, String(Math.trunc(given)), kept, cards)
      return kept
    }
    if (typeof given === 'string' && kind !== 'number') {
      const reason = whyNotKept(given, longestText)
      if (reason !== undefined) {
        errors.push({ field: column, reason })
        return undefined
      }
      // Readers of files trim texts, too.
      const text = hasOuterBlanks(given) ? given.trim() : given
      return text === '' ? undefined : this.#conceal(field, text, text, cards)
    }
    const wanted = kind === 'number' ? 'a number' : kind === 'text' ? 'text' : 'text or a number'
    errors.push({ field: column, reason: `is ${kindOf(given)}, where ${wanted} is required` })
    return undefined
  }

  /** What is kept of a text, or of a whole number's digits. */
  #conceal(
    { column, kind, cardNumbers, textKind }: FieldHandling,
    text: string,
    given: string | number,
    cards: FieldError[],
  ): FieldValue {
    const digits = cardNumbers === 'hash' ? cardNumberDigits(text) : undefined
    if (digits !== undefined) return this.#concealment.hashCardNumber(digits)
    if (cardNumbers !== 'allow' && holdsCardNumber(text, textKind)) {
      cards.push({ field: column, reason: cardReason })
      return undefined
    }
    return kind === 'text' ? text : given
  }
}

function refuseOtherCurrency(
  { code, fields }: FixedCurrency,
  value: Readonly<Record<string, unknown>>,
  errors: FieldError[],
): void {
  for (const field in value) {
    if (!fields.has(field)) continue
    const reason = whyOtherCurrency(code, value[field])
    if (reason !== undefined) errors.push({ field, reason })
  }
}

const otherField = {
  kind: 'either',
  cardNumbers: 'refuse',
  textKind: 'text',
  limit: undefined,
  personal: undefined,
} as const

/** Also true for some characters that are not blanks: cheaper than trimming every text. */
function hasOuterBlanks(text: string): boolean {
  const first = text.charCodeAt(0)
  const last = text.charCodeAt(text.length - 1)
  return first <= 32 || last <= 32 || first > 127 || last > 127
}

/** The reason why a number is not taken as text: its digits as they were sent are unknown. */
function whyNoText(given: number): string {
  return Number.isInteger(given) || !Number.isFinite(given)
    ? 'is a whole number past 2^53: send it as text'
    : 'is not a whole number: send it as text'
}

function whyNoId(given: unknown): string {
  if (given === undefined) return 'is missing'
  if (given === '') return 'is empty'
  if (typeof given === 'string') return whyNotKept(given, longestId) ?? 'is not valid'
  if (typeof given === 'number') return whyNoText(given)
  return `is ${kindOf(given)}, where text or a whole number is required`
}

const cardReason = 'holds digits that are a valid card number; send a token instead'

function invalid(errors: readonly FieldError[]): FraudError {
  const count = errors.length === 1 ? '1 field is' : `${errors.length} fields are`
  return new FraudError('INPUT_INVALID', `${count} not what the detector needs`, { errors })
}
