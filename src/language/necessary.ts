import type { Comparison } from './syntax.ts'
import type { BoolTerm, NumberTerm, TextTerm } from './term.ts'

/** A question about one name that is answered for many programs at once. */
export type Condition =
  | Range
  | { readonly kind: 'numbers'; readonly slot: number; readonly isInt: boolean; readonly values: readonly number[] }
  | { readonly kind: 'texts'; readonly slot: number; readonly values: readonly string[] }
  | { readonly kind: 'member'; readonly slot: number; readonly list: number }

export interface Range {
  readonly kind: 'range'
  readonly slot: number
  readonly isInt: boolean
  readonly operator: Order
  readonly bound: number
}

export type Order = '<' | '<=' | '>' | '>='

/** 1 where values have to be above the bound, -1 where below. */
export function signOf({ operator }: Range): number {
  return operator.startsWith('>') ? 1 : -1
}

/**
 * Conditions of which at least one has to hold, or be unknown, for a term to be other than false; undefined where there is
 * nothing to look up. Of what `&&` joins, the part that is likely to hold least often is enough.
 */
export function necessaryOf(term: BoolTerm): readonly Condition[] | undefined {
  switch (term.kind) {
    case 'and':
      return rarestFirst(term.operands)[0]
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

/** Another range that a term needs, beside what `necessaryOf` tells: asked before the whole term is, it is often false. */
export function guardOf(term: BoolTerm): Range | undefined {
  if (term.kind !== 'and') return undefined
  const [, ...others] = rarestFirst(term.operands)
  // An int that is no whole number is unknown, which its limit alone does not tell.
  const ranges = others.flatMap(([first, ...more]) => (first.kind === 'range' && more.length === 0 ? first : []))
  return ranges.find(({ isInt }) => !isInt)
}

/** What each of the terms needs, as far as it can be looked up. */
function rarestFirst(operands: readonly BoolTerm[]): readonly (readonly Condition[])[] {
  const parts = operands.map(necessaryOf).filter((part) => part !== undefined)
  return parts.toSorted((one, other) => likelihoodOf(one) - likelihoodOf(other))
}

/** A guess: lists are of few, texts and single numbers have many values, and limits are set where few pass. */
function likelihoodOf(conditions: readonly Condition[]): number {
  return conditions.reduce((sum, each) => sum + guess(each), 0)
}

function guess(condition: Condition): number {
  if (condition.kind === 'member') return 0.02
  return condition.kind === 'range' ? 0.3 : condition.values.length * 0.05
}

export const mirrored: Readonly<Record<Comparison, Comparison>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

function ofNumber(operator: Comparison, name: NumberTerm, bound: NumberTerm): readonly Condition[] | undefined {
  if (operator === '==') return ofNumbers(name, [bound])
  if (operator === '!=' || name.kind !== 'name' || bound.kind !== 'constant') return undefined
  return [{ kind: 'range', slot: name.slot, isInt: name.type === 'int', operator, bound: bound.value }]
}

function ofNumbers(name: NumberTerm, items: readonly NumberTerm[]): readonly Condition[] | undefined {
  const values = items.flatMap((item) => (item.kind === 'constant' ? item.value : []))
  if (name.kind !== 'name' || values.length < items.length) return undefined
  return [{ kind: 'numbers', slot: name.slot, isInt: name.type === 'int', values }]
}

function ofTexts(name: TextTerm, items: readonly TextTerm[]): readonly Condition[] | undefined {
  const values = items.flatMap((item) => (item.kind === 'constant' ? item.value : []))
  if (name.kind !== 'name' || values.length < items.length) return undefined
  return [{ kind: 'texts', slot: name.slot, values }]
}
