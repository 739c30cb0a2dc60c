import { showName } from '../core/show-value.ts'
import type { Checking } from './checking.ts'
import type { NumberRange } from './declarations.ts'
import { mirrored } from './necessary.ts'
import { printSyntax } from './printer.ts'
import { rangeOf } from './ranges.ts'
import type { Comparison, Syntax } from './syntax.ts'
import type { BoolTerm } from './term.ts'

/** What a comparison with a constant asks of what is beside it. */
interface Asked {
  /** What it is asked of, as it is printed. */
  readonly of: string
  readonly operator: Comparison
  readonly value: number | string
  readonly isWhole: boolean
  readonly node: Syntax
}

const opposite: Readonly<Record<Comparison, Comparison>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
}

/**
 * Warns of two comparisons that are never true together where `&&` joins them, as of an hour after 22 and before 6, and of two
 * of which one is always true where `||` does, which is the same of what they leave out.
 */
export function warnOfContradictions(
  checking: Checking,
  node: Syntax & { readonly kind: 'and' | 'or' },
  operands: readonly BoolTerm[],
): void {
  const seen = new Map<string, Asked[]>()
  for (const [i, operand] of operands.entries()) {
    const asked = askedBy(checking, node.operands[i], operand, node.kind === 'or')
    if (asked === undefined) continue
    const before = seen.get(asked.of) ?? []
    seen.set(asked.of, [...before, asked])
    const other = before.find((each) => areApart(each, asked))
    if (other === undefined) continue
    const [one, two] = [shown(other.node), shown(asked.node)]
    checking.warn(
      asked.node,
      node.kind === 'and'
        ? `\`${one}\` and \`${two}\` are never true together; did you mean ||?`
        : `Of \`${one}\` and \`${two}\` one is always true; did you mean &&?`,
    )
  }
}

function askedBy(checking: Checking, node: Syntax, term: BoolTerm, isNegated: boolean): Asked | undefined {
  if (node.kind !== 'binary' || (term.kind !== 'compareNumbers' && term.kind !== 'compareTexts')) return undefined
  const { left, right } = term
  const isLeft = left.kind === 'constant'
  const constant = isLeft ? left : right
  if (constant.kind !== 'constant' || (isLeft && right.kind === 'constant')) return undefined
  const written = isLeft ? mirrored[term.operator] : term.operator
  const range: NumberRange | undefined =
    term.kind === 'compareNumbers' ? rangeOf(isLeft ? term.right : term.left, checking.declarations) : undefined
  return {
    of: printSyntax(isLeft ? node.right : node.left),
    operator: isNegated ? opposite[written] : written,
    value: constant.value,
    isWhole: range?.isWhole === true,
    node,
  }
}

/** Whether no value is both. */
function areApart(one: Asked, other: Asked): boolean {
  const [a, b] = [one.operator, other.operator]
  if (a === '==' && b === '==') return one.value !== other.value
  if (a === '!=' || b === '!=') return a !== b && (a === '==' || b === '==') && one.value === other.value
  if (typeof one.value !== 'number' || typeof other.value !== 'number') return false
  const [first, second] = [spanOf(one, one.value), spanOf(other, other.value)]
  const [least, most] = [Math.max(first.least, second.least), Math.min(first.most, second.most)]
  if (least !== most) return least > most
  return [one, other].some(({ operator, value, isWhole }) => !isWhole && value === least && /^[<>]$/.test(operator))
}

function spanOf({ operator, isWhole }: Asked, value: number): { readonly least: number; readonly most: number } {
  const step = isWhole ? 1 : 0
  const [first, last] = isWhole ? [Math.floor(value), Math.ceil(value)] : [value, value]
  if (operator === '==') return { least: value, most: value }
  if (operator === '>' || operator === '>=') {
    return { least: operator === '>' ? first + step : last, most: Number.POSITIVE_INFINITY }
  }
  return { least: Number.NEGATIVE_INFINITY, most: operator === '<' ? last - step : first }
}

function shown(node: Syntax): string {
  return showName(printSyntax(node))
}
