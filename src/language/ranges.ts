import type { Declarations, NumberRange } from './declarations.ts'
import type { Comparison } from './syntax.ts'
import type { NumberTerm } from './term.ts'

const anywhere: NumberRange = { least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY }

/** Where the values of a term are, as far as that can be told. */
export function rangeOf(term: NumberTerm, declarations: Pick<Declarations, 'names'>): NumberRange {
  switch (term.kind) {
    case 'constant':
      return { least: term.value, most: term.value, isWhole: Number.isInteger(term.value) }
    case 'name':
      return declarations.names.get(term.name)?.range ?? anywhere
    case 'choice':
      return around(rangeOf(term.whenTrue, declarations), rangeOf(term.whenFalse, declarations))
    case 'ofNumber':
    case 'ofText':
      return term.range ?? anywhere
    case 'arithmetic':
      return scaled(term, declarations)
    case 'variable':
      return anywhere
  }
}

/** What a comparison says of every value of two ranges; undefined where that depends on the value. */
export function verdictOf(operator: Comparison, left: NumberRange, right: NumberRange): boolean | undefined {
  const isApart = left.most < right.least || left.least > right.most || isBetweenWholes(left, right)
  switch (operator) {
    case '==':
      if (isApart) return false
      return left.least === left.most && right.least === right.most ? true : undefined
    case '!=': {
      const isSame = verdictOf('==', left, right)
      return isSame === undefined ? undefined : !isSame
    }
    case '<':
      return left.most < right.least ? true : left.least >= right.most ? false : undefined
    case '<=':
      return left.most <= right.least ? true : left.least > right.most ? false : undefined
    case '>':
      return verdictOf('<', right, left)
    case '>=':
      return verdictOf('<=', right, left)
  }
}

/** `from 0 to 23`, `at least 0`. */
export function tellRange({ least, most, isWhole = false }: NumberRange): string {
  const kind = isWhole ? 'a whole number ' : ''
  if (most === Number.POSITIVE_INFINITY) return `${kind}of at least ${least}`.replace(/^of /, '')
  return least === most ? `always ${least}` : `${kind}from ${least} to ${most}`
}

/** Whether one is always whole, and the other a single number that is not. */
function isBetweenWholes(one: NumberRange, other: NumberRange): boolean {
  const isFraction = ({ least, most }: NumberRange) => least === most && !Number.isInteger(least)
  return (one.isWhole === true && isFraction(other)) || (other.isWhole === true && isFraction(one))
}

function around(one: NumberRange, other: NumberRange): NumberRange {
  const isWhole = one.isWhole === true && other.isWhole === true
  return { least: Math.min(one.least, other.least), most: Math.max(one.most, other.most), isWhole }
}

/** A value times or over a number that is written, such as `score * 100`; anything else may be anywhere. */
function scaled(
  { operator, left, right, type }: NumberTerm & { readonly kind: 'arithmetic' },
  declarations: Pick<Declarations, 'names'>,
): NumberRange {
  const by = right.kind === 'constant' ? right.value : undefined
  if (type !== 'double' || by === undefined || !(by > 0) || (operator !== '*' && operator !== '/')) return anywhere
  const { least, most } = rangeOf(left, declarations)
  return operator === '*' ? { least: least * by, most: most * by } : { least: least / by, most: most / by }
}
