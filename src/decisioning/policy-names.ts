import type { DeclaredField } from '../detector/declared-fields.ts'
import type { Detector } from '../detector/detector-schema.ts'
import type { FieldValue } from '../detector/field-value.ts'
import { keptNames } from '../detector/kept-fields.ts'
import { personalColumns } from '../detector/personal-columns.ts'
import type { Declaration, Declarations, Membership, NumberRange, Subject } from '../language/index.ts'
import type { ExpectedScore } from './policy.ts'

/** What a policy may speak of, and where its values are. */
export interface PolicyNames {
  readonly names: ReadonlyMap<string, Declaration>
  readonly hasAmount: boolean
  readonly minorUnits: number
  /** The place among a transaction's fields, by the slot of a number or a text. */
  readonly numberFields: readonly (readonly [slot: number, field: number])[]
  readonly textFields: readonly number[]
  /** The slot of the first feature. */
  readonly featuresAt: number
  readonly numberCount: number
  /** What to say of a name that is unknown. */
  readonly hint?: Declarations['hint']
}

/** What is known of values beside their types, so that conditions that never hold can be warned of. */
export interface KnownValues {
  /** By the name of a feature. */
  readonly ranges?: ReadonlyMap<string, NumberRange>
  /** Texts that features speak of, by column; `isAll` where every other one is unknown to the model. */
  readonly texts?: ReadonlyMap<string, { readonly values: readonly string[]; readonly isAll: boolean }>
  readonly hint?: Declarations['hint']
  /** Whether there is a score; true by default. */
  readonly hasModel?: boolean
}

const slots = { amount: 0, time: 1, score: 2 } as const

/**
 * Names as the detector has them: amount, time and score, then keys, fields and kept fields, then features. The first
 * to have a name keeps it.
 *
 * @param fields the columns that a decision keeps, in their order.
 * @param features in the order of the row.
 * @param hasModel whether anything gives a score.
 */
export function policyNames(
  { transaction }: Detector,
  fields: readonly DeclaredField[],
  features: readonly string[],
  { ranges, texts, hint, hasModel = true }: KnownValues = {},
): PolicyNames {
  const names = new Map<string, Declaration>()
  const add = (name: string, declaration: Declaration) => {
    if (!names.has(name)) names.set(name, declaration)
  }
  const { amount, keys = {}, fields: named = {}, hashCardNumber = [] } = transaction
  if (amount !== undefined) add('amount', { type: 'double', slot: slots.amount, always: true })
  add('time', { type: 'timestamp', slot: slots.time, always: true })
  const lacking = hasModel ? {} : { lacking: 'there is no model yet' }
  add('score', { type: 'double', slot: slots.score, range: { least: 0, most: 1 }, ...lacking })
  const personal = personalColumns(transaction)
  const numberFields: (readonly [number, number])[] = []
  const textFields: number[] = []
  let numberCount = Object.keys(slots).length
  const kept = keptNames(transaction).map((column) => [column, column] as const)
  for (const [name, column] of [...Object.entries(keys), ...Object.entries(named), ...kept]) {
    const place = fields.findIndex((each) => each.column === column)
    if (place < 0 || names.has(name)) continue
    if (fields[place].kind === 'number') {
      numberFields.push([numberCount, place])
      add(name, { type: 'double', slot: numberCount++ })
      continue
    }
    // What is only known by a token or a hash says nothing by itself.
    const tokensOf = personal.get(column) ?? (hashCardNumber.includes(column) ? 'card number' : undefined)
    const { values = [], isAll = false } = texts?.get(column) ?? {}
    const slot = textFields.push(place) - 1
    add(
      name,
      tokensOf === undefined
        ? { type: 'string', slot, texts: values, hasOnly: isAll }
        : { type: 'token', slot, tokensOf },
    )
  }
  features.forEach((name, i) => {
    const range = ranges?.get(name)
    add(name, { type: 'double', slot: numberCount + i, ...(range && { range }) })
  })
  return {
    names,
    hasAmount: amount !== undefined,
    minorUnits: 10 ** (amount?.digits ?? 0),
    numberFields,
    textFields,
    featuresAt: numberCount,
    numberCount: numberCount + features.length,
    ...(hint && { hint }),
  }
}

/** A transaction as a policy is told of it. */
export interface PolicyInput {
  readonly id: string
  /** Event time. */
  readonly timestampMs: number
  readonly decidedAtMs: number
  /**
   * As features see it: whole minor units where the detector says how many digits there are; NaN where there is none.
   */
  readonly amount: number
  /** The columns in the order in which a decision keeps them. */
  readonly fields: readonly FieldValue[]
  /** The names in the order of the features. */
  readonly row: Float64Array
  readonly score: ExpectedScore
}

/** The subject that rules are asked about, filled for one transaction after the other. */
export class LentSubject implements Subject {
  readonly numbers: Float64Array
  readonly texts: (string | undefined)[]
  readonly lists: Membership[] = []
  readonly #names: PolicyNames

  constructor(names: PolicyNames) {
    this.#names = names
    this.numbers = new Float64Array(names.numberCount).fill(Number.NaN)
    this.texts = new Array(names.textFields.length).fill(undefined)
  }

  /** The amount in major units. */
  get amount(): number {
    return this.numbers[slots.amount]
  }

  fill({ timestampMs, amount, fields, row, score }: PolicyInput): void {
    const { numbers, texts } = this
    const { minorUnits, numberFields, textFields, featuresAt } = this.#names
    numbers[slots.amount] = amount / minorUnits
    numbers[slots.time] = timestampMs
    numbers[slots.score] = score ?? Number.NaN
    for (let i = 0; i < numberFields.length; i++) {
      const value = fields[numberFields[i][1]]
      numbers[numberFields[i][0]] = value === undefined ? Number.NaN : Number(value)
    }
    for (let i = 0; i < textFields.length; i++) {
      const value = fields[textFields[i]]
      texts[i] = typeof value === 'number' ? String(value) : value
    }
    numbers.set(row, featuresAt)
  }
}
