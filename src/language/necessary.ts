import type { NumberRange } from './declarations.ts'
import type { Comparison } from './syntax.ts'
import type { BoolTerm, NumberTerm, TextTerm } from './term.ts'

/** A question about one name, or a part of a time, that is answered for many programs at once. */
export type Condition =
  | Range
  | (OfNumber & { readonly kind: 'numbers'; readonly values: readonly number[] })
  | { readonly kind: 'texts'; readonly slot: number; readonly values: readonly string[] }
  | { readonly kind: 'member'; readonly slot: number; readonly list: number }

export interface Range extends OfNumber {
  readonly kind: 'range'
  readonly operator: Order
  readonly bound: number
}

export interface OfNumber {
  readonly slot: number
  readonly isInt: boolean
  /** What is made of a time, such as its hour; the same name is the same function. */
  readonly part?: { readonly name: string; readonly apply: (value: number) => number; readonly range?: NumberRange }
}

type Order = '<' | '<=' | '>' | '>='

/** A number beside a bound, or beside another number times a factor; the one that is not meant is 0. */
export interface Limit {
  readonly slot: number
  readonly operator: Order
  readonly bound: number
  readonly of: number
  readonly factor: number
}

/** 1 where values have to be above the bound, -1 where below. */
export function signOf({ operator }: Pick<Range, 'operator'>): number {
  return operator.startsWith('>') ? 1 : -1
}

/**
 * Conditions of which at least one has to hold, or be unknown, for a term to be other than false; undefined where there is
 * nothing to look up. Of what `&&` joins, the part that is likely to hold least often is enough.
 */
export function necessaryOf(term: BoolTerm): readonly Condition[] | undefined {
  switch (term.kind) {
    case 'and':
      return rarestOf(term.operands)?.conditions
    case 'or': {
      const parts = term.operands.map(necessaryOf)
      return parts.every((part) => part !== undefined) ? parts.flat() : undefined
    }
    case 'compareNumbers':
      return ofNumber(term.operator, term.left, term.right) ?? ofNumber(mirrored[term.operator], term.right, term.left)
    case 'compareTexts':
      return term.operator === '==' ? (ofTexts(term.left, [term.right]) ?? ofTexts(term.right, [term.left])) : undefined
    case 'inTexts':
      return ofTexts(term.value, term.items)
    case 'inList': {
      const { value, slot } = term
      return value.kind === 'name' ? [{ kind: 'member', slot: value.slot, list: slot }] : undefined
    }
    case 'inNumbers':
      return ofNumbers(term.value, term.items)
    default:
      return undefined
  }
}

/**
 * Two limits of which a term needs one, beside what `necessaryOf` tells; the same one twice where it needs that. Asked before
 * the whole term is: it is often false.
 */
export function guardOf(term: BoolTerm): readonly [Limit, Limit] | undefined {
  if (term.kind !== 'and') return undefined
  const found = rarestOf(term.operands)?.operand
  const guards = term.operands.flatMap((operand) => (operand === found ? [] : [limitsOf(operand) ?? []]))
  const [first, second = first] = guards.toSorted((one, other) => one.length - other.length).find(isPair) ?? []
  return first && second && [first, second]
}

function isPair({ length }: readonly Limit[]): boolean {
  return length === 1 || length === 2
}

/** Limits of which a term needs one. */
function limitsOf(term: BoolTerm): readonly Limit[] | undefined {
  if (term.kind === 'or') {
    const parts = term.operands.map(limitsOf)
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined
  }
  if (term.kind !== 'compareNumbers') return undefined
  const { left, right, operator } = term
  return limitOf(left, operator, right) ?? limitOf(right, mirrored[operator], left)
}

function limitOf(name: NumberTerm, operator: Comparison, beside: NumberTerm): readonly Limit[] | undefined {
  // An int that is no whole number is unknown, which its limit alone does not tell.
  if (operator === '==' || operator === '!=' || name.kind !== 'name' || name.type === 'int') return undefined
  const { slot } = name
  if (beside.kind === 'constant') return [{ slot, operator, bound: beside.value, of: slot, factor: 0 }]
  if (beside.kind !== 'arithmetic' || beside.type !== 'double' || beside.operator !== '*') return undefined
  const [factor, of] = beside.left.kind === 'constant' ? [beside.left, beside.right] : [beside.right, beside.left]
  if (factor.kind !== 'constant' || of.kind !== 'name' || of.type !== 'double') return undefined
  return [{ slot, operator, bound: 0, of: of.slot, factor: factor.value }]
}

/** The operand that is likely to hold least often, of those of which something can be looked up. */
function rarestOf(operands: readonly BoolTerm[]) {
  const parts = operands.flatMap((operand) => {
    const conditions = necessaryOf(operand)
    return conditions === undefined ? [] : [{ operand, conditions, likelihood: likelihoodOf(conditions) }]
  })
  return parts.toSorted((one, other) => one.likelihood - other.likelihood)[0]
}

function likelihoodOf(conditions: readonly Condition[]): number {
  return conditions.reduce((sum, each) => sum + guess(each), 0)
}

/** A guess: lists are of few, texts and single numbers have many values, and limits are set where few pass. */
function guess(condition: Condition): number {
  if (condition.kind === 'member') return 0.02
  return condition.kind === 'range' ? guessRange(condition) : condition.values.length * 0.05
}

/** Parts of a time are all about as frequent. */
function guessRange({ part, bound, operator }: Range): number {
  if (part?.range === undefined) return 0.3
  const { least, most } = part.range
  const below = Math.min(Math.max((bound - least) / (most - least), 0), 1)
  return operator.startsWith('<') ? below : 1 - below
}

export const mirrored: Readonly<Record<Comparison, Comparison>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

function ofNumber(operator: Comparison, asked: NumberTerm, bound: NumberTerm): readonly Condition[] | undefined {
  if (operator === '==') return ofNumbers(asked, [bound])
  const number = numberOf(asked)
  if (operator === '!=' || number === undefined || bound.kind !== 'constant') return undefined
  return [{ kind: 'range', ...number, operator, bound: bound.value }]
}

function ofNumbers(asked: NumberTerm, items: readonly NumberTerm[]): readonly Condition[] | undefined {
  const values = items.flatMap((item) => (item.kind === 'constant' ? item.value : []))
  const number = numberOf(asked)
  if (number === undefined || values.length < items.length) return undefined
  return [{ kind: 'numbers', ...number, values }]
}

/** What can be looked up by: a name, or a part of a time that has one. */
function numberOf(term: NumberTerm): OfNumber | undefined {
  if (term.kind === 'name') return { slot: term.slot, isInt: term.type === 'int' }
  if (term.kind !== 'ofNumber' || term.called === undefined || term.operand.kind !== 'name') return undefined
  const { called: name, apply, range, operand } = term
  return { slot: operand.slot, isInt: false, part: { name, apply, ...(range && { range }) } }
}

function ofTexts(name: TextTerm, items: readonly TextTerm[]): readonly Condition[] | undefined {
  const values = items.flatMap((item) => (item.kind === 'constant' ? item.value : []))
  if (name.kind !== 'name' || values.length < items.length) return undefined
  return [{ kind: 'texts', slot: name.slot, values }]
}
