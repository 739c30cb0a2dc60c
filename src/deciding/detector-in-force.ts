import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { showValue } from '../core/show-value.ts'
import { type Policy, policyOf } from '../decisioning/policy.ts'
import { TransactionMaker } from '../detector/declared-fields.ts'
import type { Detector } from '../detector/detector.ts'
import type { FeatureEntry } from '../detector/detector-schema.ts'
import type { FieldValue } from '../detector/field-value.ts'
import { fieldOf, mayHaveField } from '../detector/kept-fields.ts'
import type { Transaction } from '../detector/transaction.ts'
import { compileDetector, type FeatureSet } from '../features/feature-set.ts'
import { sourcesOf } from '../features/history.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { Definition, HistoryRecord } from '../log/log-record.ts'
import type { Predictor } from '../scoring/predictor.ts'

/** Everything that a decision rests on beside histories. */
export interface DetectorInForce {
  /** What the model was trained for, with the features of others and of the policy behind its own. */
  readonly detector: Detector
  readonly features: FeatureSet
  /** Undefined where rules and lists alone decide. */
  readonly predictor: Predictor | undefined
  readonly policy: Policy
  /** What the model was trained for; its row is the beginning of the whole one. */
  readonly own: RowMaker
  /** The features that the policy declares beside the model's, as it declares them. */
  readonly policyFeatures: readonly FeatureEntry[]
  /** Models beside the one that is champion, whose features are in the row, too. */
  readonly others: OtherModels
  /** Whether the row holds features that nothing needs any more, until histories are made without them. */
  readonly isWide?: true
}

/** A model, and what it was trained for. */
export interface OtherModel {
  readonly own: RowMaker
  readonly predictor: Predictor
}

/** One that decides for a share of a key's values. */
interface CanaryModel extends OtherModel {
  readonly share: number
  /** The key. */
  readonly by: string
}

export interface OtherModels {
  readonly canary: CanaryModel | undefined
  /** Those that score what others decide. */
  readonly shadows: readonly OtherModel[]
}

export const noOthers: OtherModels = { canary: undefined, shadows: [] }

/** A detector and its features, which make rows. */
export type RowMaker = Pick<DetectorInForce, 'detector' | 'features'>
/** The same of what decides, or of what only reads a log. */
export type HistoryMaker = RowMaker & Partial<Pick<DetectorInForce, 'own' | 'predictor'>>

export function createDetectorInForce<Model extends Predictor | undefined>(
  detector: Detector,
  predictor: Model,
): DetectorInForce & { readonly predictor: Model } {
  const own = { detector, features: compileDetector(detector) }
  return { ...own, own, predictor, policy: policyOf(detector), policyFeatures: [], others: noOthers }
}

/** Whether transactions of a detector can be decided one by one: they need an id, and a time. */
export function canDecide({ transaction }: Detector): boolean {
  return transaction.id !== undefined && transaction.time !== undefined
}

/** How far back the features look, at most; endless where they don't look back at all. */
export function longestSpanMs({ plan }: FeatureSet): number {
  const spans = plan.histories.map(({ spanMs }) => spanMs)
  return spans.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...spans)
}

type RecordedFields = Pick<HistoryRecord, 'definition' | 'timestampMs' | 'fields'>

interface RecordMaker {
  readonly maker: TransactionMaker
  /** A record's fields in the order of the maker's columns. */
  readonly orderFields: (fields: readonly FieldValue[]) => readonly FieldValue[]
  readonly lacksAmount: boolean
  readonly isLost: boolean
  /** Why amounts of a transaction are none of the detector's; undefined where they are. */
  readonly otherCurrency: (fields: readonly FieldValue[]) => string | undefined
}

/** Makes a detector's transactions of a log's records, whatever detector was in force when they were written. */
export class RecordTransactions {
  readonly #inForce: RowMaker
  readonly #reading: Pick<LogReading, 'definition'>
  readonly #makers = new Map<number, RecordMaker>()
  readonly #usesAmounts: boolean
  /** The definition under a number. */
  readonly definition: (sequence: number) => Definition

  /** @param isForRows whether amounts are used beside histories, too. */
  constructor(inForce: RowMaker, reading: Pick<LogReading, 'definition'>, isForRows = false) {
    this.#inForce = inForce
    this.#reading = reading
    // Who holds it does not hold a detector.
    this.definition = (sequence) => reading.definition(sequence)
    const inHistories = inForce.features.plan.histories.some((plan) =>
      sourcesOf(plan).some(({ from }) => from === 'amount'),
    )
    this.#usesAmounts = isForRows || inHistories
  }

  /**
   * A key or a field that the record's definition neither declared nor kept is missing, and so is an amount. Undefined where
   * histories can't hold such a transaction: sums of exact amounts have no gaps, and those of unknown currencies mean
   * nothing.
   *
   * @throws FraudError LOG_MISMATCH where the record is not a transaction of this detector.
   */
  of({ definition, timestampMs, fields: kept }: RecordedFields, sequence: number): Transaction | undefined {
    const { maker, orderFields, lacksAmount, isLost, otherCurrency } = this.#maker(definition)
    if (isLost) return undefined
    const other = otherCurrency(kept)
    if (other !== undefined) throw mismatch(sequence, other)
    const fields = orderFields(kept)
    const amount = lacksAmount ? Number.NaN : maker.amountOf(fields)
    if (typeof amount === 'number') return maker.make(timestampMs, amount, fields)
    throw mismatch(sequence, `${amount.field} ${amount.reason}`)
  }

  /** Whether histories hold those of a definition. */
  isHeld(definition: number): boolean {
    return !this.#maker(definition).isLost
  }

  #maker(definition: number): RecordMaker {
    const known = this.#makers.get(definition)
    if (known !== undefined) return known
    const { detector, features } = this.#inForce
    const kept = this.#reading.definition(definition)
    const { columns } = kept
    const { amount } = detector.transaction
    const lacks = (column: string | undefined) => column !== undefined && !columns.includes(column)
    const lacksAmount = lacks(amount?.field) || lacks(amount?.conversion)
    const sumsExactly = features.plan.histories.some(({ fields }) =>
      fields.some((field) => field.from === 'amount' && field.isExact),
    )
    const { currency } = features.plan
    const lacksCurrency = currency !== undefined && lacks(features.layout.texts[currency].column)
    const { texts, numbers } = features.layout
    const read = new Set([...texts, ...numbers].map(({ column }) => column))
    const others = [...read].filter((column) => !columns.includes(column) && mayHaveField(kept, column, amount))
    const maker = new TransactionMaker(detector, features.layout, [...columns, ...others])
    const orderFields: RecordMaker['orderFields'] =
      others.length === 0
        ? (fields) => fields
        : (fields) => [...fields.slice(0, columns.length), ...others.map((name) => fieldOf(kept, fields, name))]
    const isAmount = this.#usesAmounts && !lacksAmount
    const otherCurrency = isAmount ? findOtherCurrency(amount?.currency, kept) : () => undefined
    const made = {
      maker,
      orderFields,
      lacksAmount,
      isLost: (lacksAmount && sumsExactly) || lacksCurrency,
      otherCurrency,
    }
    this.#makers.set(definition, made)
    return made
  }
}

/** Amounts of one fixed currency are not those of another; where a currency was not declared nothing is known of it. */
function findOtherCurrency(wanted: unknown, { detector, columns }: Definition): RecordMaker['otherCurrency'] {
  const transaction = isRecord(detector) && isRecord(detector.transaction) ? detector.transaction : {}
  const before = isRecord(transaction.amount) ? transaction.amount.currency : undefined
  if (typeof wanted !== 'string' || before === undefined) return () => undefined
  const reasonOf = (given: unknown) =>
    given === undefined || given === wanted
      ? undefined
      : `its amount is in ${showValue(String(given))}, and transaction.amount.currency is ${wanted}`
  if (!isRecord(before)) {
    const reason = reasonOf(before)
    return () => reason
  }
  const place = columns.indexOf(String(before.field))
  return (fields) => reasonOf(fields[place])
}

/** A log that is sound, and whose record is not what the detector takes for a transaction. */
export function mismatch(sequence: number, reason: string): FraudError {
  return new FraudError(
    'LOG_MISMATCH',
    `The log is sound, but its record ${sequence} is not a transaction of this detector: ${reason}. Declare amounts as ` +
      'the detector before did (shrike log export shows them), or use a new data directory',
  )
}
