/** A part of the text: offsets of its first character, and of the one behind its last. */
export interface Span {
  readonly start: number
  readonly end: number
}

export const comparisons = ['==', '!=', '<', '<=', '>', '>='] as const
export type Comparison = (typeof comparisons)[number]
export const sums = ['+', '-'] as const
export const products = ['*', '/', '%'] as const
export type Arithmetic = (typeof sums)[number] | (typeof products)[number]
export type BinaryOperator = Comparison | Arithmetic | 'in'

export type Literal =
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int' | 'double'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }

/** What was written. `&&` and `||` hold all of their operands side by side, since they may be asked in any order. */
export type Syntax = Span &
  (
    | { readonly kind: 'literal'; readonly literal: Literal }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'select'; readonly operand: Syntax; readonly field: string }
    | {
        readonly kind: 'call'
        readonly receiver: Syntax | undefined
        readonly name: string
        readonly nameSpan: Span
        readonly args: readonly Syntax[]
      }
    | { readonly kind: 'list'; readonly items: readonly Syntax[] }
    | { readonly kind: 'not'; readonly operand: Syntax }
    | { readonly kind: 'negate'; readonly operand: Syntax }
    | { readonly kind: 'and' | 'or'; readonly operands: readonly Syntax[] }
    | {
        readonly kind: 'binary'
        readonly operator: BinaryOperator
        readonly left: Syntax
        readonly right: Syntax
      }
    | { readonly kind: 'choice'; readonly condition: Syntax; readonly whenTrue: Syntax; readonly whenFalse: Syntax }
  )

/** What a text, its tree and its evaluation may take, so that a rule can't stop the service. */
export const limits = {
  characters: 4096,
  depth: 32,
  nodes: 500,
  cost: 2000,
  patternCharacters: 200,
  patternSize: 100,
} as const

/** Words of the language, and those that it keeps for later; as names they are written between backticks. */
export const reservedWords: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
