import type { NumberRange } from './declarations.ts'
import type { Pattern } from './pattern.ts'
import type { Arithmetic, Comparison } from './syntax.ts'
import type { ScalarType } from './types.ts'

/**
 * A checked expression. Names are slots, constants are read, every operator knows what it is given; the types of this file
 * say which value a term has, so that closures are made of it without a further question.
 */
export type Term = BoolTerm | NumberTerm | TextTerm

export type NumberType = 'int' | 'double' | 'timestamp' | 'duration'
type TextType = 'string' | 'token'

/** What a comprehension calls the item that it looks at. */
export interface Variable {
  readonly name: string
  readonly type: ScalarType
}

interface Choice<T> {
  readonly kind: 'choice'
  readonly condition: BoolTerm
  readonly whenTrue: T
  readonly whenFalse: T
}

interface Named {
  readonly kind: 'name'
  readonly name: string
  readonly slot: number
}

interface OfVariable {
  readonly kind: 'variable'
  readonly variable: Variable
}

interface Constant<T> {
  readonly kind: 'constant'
  readonly value: T
}

export type NumberTerm = { readonly type: NumberType } & (
  | Constant<number>
  | Named
  | OfVariable
  | Choice<NumberTerm>
  | {
      readonly kind: 'arithmetic'
      readonly operator: Arithmetic
      readonly left: NumberTerm
      readonly right: NumberTerm
    }
  | {
      readonly kind: 'ofNumber'
      readonly operand: NumberTerm
      readonly apply: (value: number) => number
      /** Where what it gives is, of whatever it is given. */
      readonly range?: NumberRange
      /** Functions of one name are the same, so an index calls one for all rules. */
      readonly called?: string
    }
  | {
      readonly kind: 'ofText'
      readonly operand: TextTerm
      readonly apply: (text: string) => number
      readonly range?: NumberRange
    }
)

export type TextTerm = { readonly type: TextType } & (
  | Constant<string>
  | Named
  | OfVariable
  | Choice<TextTerm>
  | { readonly kind: 'joined'; readonly left: TextTerm; readonly right: TextTerm }
  | { readonly kind: 'ofNumber'; readonly operand: NumberTerm; readonly apply: (value: number) => string | undefined }
  | { readonly kind: 'ofBool'; readonly operand: BoolTerm; readonly apply: (value: boolean) => string }
)

export type Quantifier = 'all' | 'exists' | 'exists_one'
export const quantifiers: readonly Quantifier[] = ['all', 'exists', 'exists_one']

export type BoolTerm = { readonly type: 'bool' } & (
  | Constant<boolean>
  | Named
  | OfVariable
  | Choice<BoolTerm>
  | { readonly kind: 'not'; readonly operand: BoolTerm }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly BoolTerm[] }
  | {
      readonly kind: 'compareNumbers'
      readonly operator: Comparison
      readonly left: NumberTerm
      readonly right: NumberTerm
    }
  | { readonly kind: 'compareTexts'; readonly operator: Comparison; readonly left: TextTerm; readonly right: TextTerm }
  | { readonly kind: 'compareBools'; readonly operator: Comparison; readonly left: BoolTerm; readonly right: BoolTerm }
  | { readonly kind: 'ofText'; readonly operand: TextTerm; readonly apply: (text: string) => boolean | undefined }
  | {
      readonly kind: 'testTexts'
      readonly left: TextTerm
      readonly right: TextTerm
      readonly test: (left: string, right: string) => boolean
    }
  | { readonly kind: 'matches'; readonly operand: TextTerm; readonly pattern: Pattern }
  | { readonly kind: 'inNumbers'; readonly value: NumberTerm; readonly items: readonly NumberTerm[] }
  | { readonly kind: 'inTexts'; readonly value: TextTerm; readonly items: readonly TextTerm[] }
  | { readonly kind: 'inBools'; readonly value: BoolTerm; readonly items: readonly BoolTerm[] }
  | { readonly kind: 'inList'; readonly value: TextTerm; readonly list: string; readonly slot: number }
  | { readonly kind: 'has'; readonly name: string; readonly slot: number; readonly of: ScalarType }
  | {
      readonly kind: 'quantified'
      readonly quantifier: Quantifier
      readonly variable: Variable
      readonly items: readonly Term[]
      readonly body: BoolTerm
    }
)

export function isNumberTerm(term: Term): term is NumberTerm {
  return term.type !== 'bool' && !isTextTerm(term)
}

export function isTextTerm(term: Term): term is TextTerm {
  return term.type === 'string' || term.type === 'token'
}

export function isBoolTerm(term: Term): term is BoolTerm {
  return term.type === 'bool'
}

/** Terms that a term is made of. */
export function partsOf(term: Term): readonly Term[] {
  switch (term.kind) {
    case 'constant':
    case 'name':
    case 'variable':
    case 'has':
      return []
    case 'choice':
      return [term.condition, term.whenTrue, term.whenFalse]
    case 'not':
    case 'ofNumber':
    case 'ofText':
    case 'ofBool':
    case 'matches':
      return [term.operand]
    case 'and':
    case 'or':
      return term.operands
    case 'inNumbers':
    case 'inTexts':
    case 'inBools':
      return [term.value, ...term.items]
    case 'inList':
      return [term.value]
    case 'quantified':
      return [...term.items, term.body]
    default:
      return [term.left, term.right]
  }
}
