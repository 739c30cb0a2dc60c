import type { ScalarType } from './types.ts'

/** What a rule may speak of: names of a detector's fields and features, and of lists. */
export interface Declarations {
  readonly names: ReadonlyMap<string, Declaration>
  /** The place of each list in `Subject.lists`. */
  readonly lists: ReadonlyMap<string, number>
  /** The name whose values a list holds, where that is known. */
  readonly listsOf?: ReadonlyMap<string, string>
  /** What to add to what is told of an unknown name, where more is known than names like it. */
  readonly hint?: (unknown: string) => string | undefined
  /** What to add to what is told of an unknown list, NAME in its place. */
  readonly listHint?: string
}

export interface Declaration {
  readonly type: ScalarType
  /** The place in `Subject.texts` of a string or token, in `Subject.numbers` of anything else. */
  readonly slot: number
  /** Whether every subject has a value. Of other names `!` and `!=` are warned of, since they are unknown without one. */
  readonly always?: boolean
  /** Why the name is known and no subject has a value: each use of it is warned of. */
  readonly lacking?: string
  /** Where a number's values are; what compares it with others is warned of. */
  readonly range?: NumberRange
  /** Texts that it is known to have, without blanks around them. What is like one of them is warned of. */
  readonly texts?: readonly string[]
  /** Whether it has no others, as far as is known, so that every other text is warned of. */
  readonly hasOnly?: boolean
  /** What the tokens are of: only those of the same are ever alike. */
  readonly tokensOf?: string
}

export interface NumberRange {
  readonly least: number
  readonly most: number
  readonly isWhole?: boolean
}

/**
 * What rules are asked about. It is lent: between two subjects its owner may change what is in it, so that thousands of
 * rules are asked about a decision, and decision after decision, without anything being allocated.
 */
export interface Subject {
  /** NaN where a value is missing. A timestamp or duration is in milliseconds, a bool is 0 or 1, an int a safe integer. */
  readonly numbers: Float64Array
  /** Undefined where a value is missing. */
  readonly texts: readonly (string | undefined)[]
  readonly lists: readonly Membership[]
}

/** Whether a list holds a text. Undefined where that can't be told, which makes the rule unknown. */
export interface Membership {
  has(text: string): boolean | undefined
}

export function isText(type: ScalarType): type is 'string' | 'token' {
  return type === 'string' || type === 'token'
}

/** Undefined where it is missing. A timestamp or duration is in milliseconds. */
export type Value = boolean | number | string | undefined

export function readValue({ type, slot }: Declaration, { numbers, texts }: Subject): Value {
  if (isText(type)) return texts[slot]
  if (Number.isNaN(numbers[slot])) return undefined
  return type === 'bool' ? numbers[slot] !== 0 : numbers[slot]
}
