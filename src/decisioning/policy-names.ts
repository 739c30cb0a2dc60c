import type { DeclaredField } from '../detector/declared-fields.ts'
import type { Detector } from '../detector/detector-schema.ts'
import type { FieldValue } from '../detector/field-value.ts'
import { keptNames } from '../detector/kept-fields.ts'
import { personalColumns } from '../detector/personal-columns.ts'
import type { Declaration, Declarations, Membership, NumberRange, Subject } from '../language/index.ts'
import type { ExpectedScore } from './policy.ts'
import type { PolicyDefinition } from './policy-definition.ts'

/** What the features that a policy declares beside the model's come to. */
export interface PolicyFeatures {
  /** Each with its place in the row; undefined where it is not computed yet, so that its value is unknown. */
  readonly features: readonly {
    readonly name: string
    readonly at: number | undefined
    readonly range?: NumberRange | undefined
  }[]
  /** What is wrong with declarations, by their place. */
  readonly problems: readonly FeatureProblem[]
  /** Those of them that are another feature of a name that the model has: a rule would read what it does not mean. */
  readonly clashes: readonly FeatureProblem[]
  /** How far back the longest window looks; missing where one of the model's looks as far. */
  readonly spanMs?: number
}

interface FeatureProblem {
  readonly path: readonly PropertyKey[]
  readonly reason: string
}

/** Looks at declarations as the detector file writes them. */
export type DeclareFeatures = (declarations: NonNullable<PolicyDefinition['features']>) => PolicyFeatures

/** What a policy may speak of, and where its values are. */
export interface PolicyNames {
  readonly names: ReadonlyMap<string, Declaration>
  readonly hasAmount: boolean
  /** Whether each amount is of its own currency, so that they can't be compared. */
  readonly hasManyCurrencies: boolean
  readonly minorUnits: number
  /** The place among a transaction's fields, by the slot of a number or a text. */
  readonly numberFields: readonly (readonly [slot: number, field: number])[]
  readonly textFields: readonly number[]
  /** The slot of the first feature. */
  readonly featuresAt: number
  readonly numberCount: number
  /** What to say of a name that is unknown. */
  readonly hint?: Declarations['hint']
  /** The features of the policy itself. */
  readonly own: PolicyFeatures
  /** The names of a policy that declares these features. */
  withFeatures(declarations: PolicyDefinition['features']): PolicyNames
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
  /** How many values a row has, those of the policy's features included; as many as the model's by default. */
  readonly width?: number
  readonly declare?: DeclareFeatures
}

const slots = { amount: 0, time: 1, score: 2 } as const
const noFeatures: PolicyFeatures = { features: [], problems: [], clashes: [] }
const declareNone: DeclareFeatures = () => noFeatures

/**
 * Names as the detector has them: amount, time and score, then keys, fields and kept fields, then features. The first
 * to have a name keeps it.
 *
 * @param fields the columns that a decision keeps, in their order.
 * @param model the model's features, in the order of the row, which they begin.
 */
export function policyNames(
  { transaction }: Detector,
  fields: readonly DeclaredField[],
  model: readonly string[],
  { ranges, texts, hint, hasModel = true, width = model.length, declare = declareNone }: KnownValues = {},
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
  let featuresAt = Object.keys(slots).length
  const kept = keptNames(transaction).map((column) => [column, column] as const)
  for (const [name, column] of [...Object.entries(keys), ...Object.entries(named), ...kept]) {
    const place = fields.findIndex((each) => each.column === column)
    if (place < 0 || names.has(name)) continue
    if (fields[place].kind === 'number') {
      numberFields.push([featuresAt, place])
      add(name, { type: 'double', slot: featuresAt++ })
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
  model.forEach((name, i) => {
    const range = ranges?.get(name)
    add(name, { type: 'double', slot: featuresAt + i, ...(range && { range }) })
  })
  const shape = {
    hasAmount: amount !== undefined,
    hasManyCurrencies: typeof amount?.currency === 'object' && amount.conversion === undefined,
    minorUnits: 10 ** (amount?.digits ?? 0),
    ...{ numberFields, textFields },
  }
  const withFeatures: PolicyNames['withFeatures'] = (declarations = []) => {
    const own = declarations.length === 0 ? noFeatures : declare(declarations)
    const all = new Map(names)
    // What is not computed has its place behind the row, where nothing is ever written.
    let numberCount = featuresAt + width
    for (const { name, at, range } of own.features) {
      if (all.has(name)) continue
      const slot = at === undefined ? numberCount++ : featuresAt + at
      const lacking = at === undefined ? { lacking: 'it counts once it was filled from the log' } : {}
      all.set(name, { type: 'double', slot, ...(range && { range }), ...lacking })
    }
    return { ...shape, names: all, featuresAt, numberCount, own, withFeatures, ...(hint && { hint }) }
  }
  return withFeatures([])
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
