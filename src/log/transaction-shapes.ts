import { asSent } from '../core/money.ts'
import { parseDetector } from '../detector/detector.ts'
import type { FieldValue } from '../detector/field-value.ts'
import type { LogReading } from './decision-log.ts'
import type { Definition } from './log-record.ts'

interface SentAmount {
  readonly at: number
  readonly digits?: number | undefined
  readonly minorUnits?: boolean | undefined
}

/** Where the records of a definition have what lists of transactions show. */
export interface TransactionShape {
  readonly model: Definition['model']
  readonly policyVersion: number
  /** Keys by name, with the place of their column. */
  readonly keys: readonly (readonly [name: string, at: number])[]
  /** The amount of a transaction's fields as it was sent. */
  readonly amountOf: (fields: readonly FieldValue[]) => number | null
  /** The currency of the amount; empty where all have one. */
  readonly currencyOf: (fields: readonly FieldValue[]) => string
  /** The decimals of amounts as they are sent; undefined where the detector does not say. */
  readonly decimals: number | undefined
}

/** The shapes of a log's definitions, each read once. */
export class TransactionShapes {
  readonly #reading: Pick<LogReading, 'definition'>
  readonly #known = new Map<number, TransactionShape>()

  constructor(reading: Pick<LogReading, 'definition'>) {
    this.#reading = reading
  }

  of(definition: number): TransactionShape {
    const known = this.#known.get(definition) ?? shapeOf(this.#reading.definition(definition))
    this.#known.set(definition, known)
    return known
  }

  /** What the log keeps of the keys of a transaction. */
  keysOf(record: { readonly definition: number; readonly fields: readonly FieldValue[] }): Record<string, string> {
    const keys: Record<string, string> = {}
    for (const [name, at] of this.of(record.definition).keys) {
      const value = record.fields[at]
      if (value !== undefined) keys[name] = String(value)
    }
    return keys
  }
}

function shapeOf({ detector, columns, model, policy }: Definition): TransactionShape {
  const { keys = {}, amount } = parseDetector(detector).transaction
  const placeOf = (column: string) => columns.indexOf(column)
  const places = Object.entries(keys).map(([name, column]) => [name, placeOf(column)] as const)
  const currencyAt = typeof amount?.currency === 'object' ? placeOf(amount.currency.field) : -1
  const sent = amount && placeOf(amount.field) >= 0 ? { ...amount, at: placeOf(amount.field) } : undefined
  return {
    model,
    policyVersion: policy.version,
    keys: places.filter(([, at]) => at >= 0),
    amountOf: (fields) => amountOf(fields, sent),
    currencyOf: (fields) => String(fields[currencyAt] ?? ''),
    decimals: amount?.minorUnits === true ? 0 : amount?.digits,
  }
}

function amountOf(fields: readonly FieldValue[], sent: SentAmount | undefined): number | null {
  const given = sent && fields[sent.at]
  return typeof given === 'number' && sent !== undefined ? asSent(given, sent) : null
}
