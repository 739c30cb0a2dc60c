import { closestName, isMisspelling } from '../core/closest-name.ts'
import { showName, showValue } from '../core/show-value.ts'
import type { Checking } from './checking.ts'
import type { Declaration, NumberRange } from './declarations.ts'
import { printSyntax } from './printer.ts'
import { rangeOf, tellRange, verdictOf } from './ranges.ts'
import type { Comparison, Syntax } from './syntax.ts'
import { type BoolTerm, isNumberTerm, isTextTerm, type NumberTerm, type Term, type TextTerm } from './term.ts'

type Sides = Syntax & { readonly kind: 'binary' }

const said = (verdict: boolean) => (verdict ? 'always' : 'never')

/** Warns of a comparison that says the same of every transaction. */
export function warnOfComparison(checking: Checking, node: Sides, term: BoolTerm): void {
  if (term.kind !== 'compareNumbers' && term.kind !== 'compareTexts' && term.kind !== 'compareBools') return
  const doubt = doubtOfSides(node, term) ?? doubtOfValues(checking, node, term)
  if (doubt !== undefined) checking.warn(node, doubt)
}

/** Warns of items that a value never is. */
export function warnOfItems(checking: Checking, node: Sides, value: Term, items: readonly Term[]): void {
  if (node.right.kind !== 'list') return
  for (const [i, item] of items.entries()) {
    const span = node.right.items[i]
    const doubt =
      isTextTerm(value) && isTextTerm(item)
        ? doubtOfText(checking, value, item)
        : isNumberTerm(value) && isNumberTerm(item)
          ? doubtOfItem(checking, node.left, value, span, item)
          : undefined
    if (doubt !== undefined) checking.warn(span, doubt)
  }
}

/** Warns of a name that is looked up in a list of another one's values. */
export function warnOfList(checking: Checking, node: Sides, value: TextTerm, list: string): void {
  const { names, listsOf } = checking.declarations
  const of = listsOf?.get(list)
  if (of === undefined || value.kind !== 'name' || value.name === of) return
  const held = names.get(of)
  const isNever = isToken(names.get(value.name)) || isToken(held)
  const end = isNever ? 'never on it' : 'on it only where both have a value in common'
  checking.warn(
    node,
    `The list ${list} holds values of ${showValue(of)}, so ${shown(node.left)} is ${end}; did you mean ${showValue(of)} in lists.${list}?`,
  )
}

type Compared = BoolTerm & { readonly kind: 'compareNumbers' | 'compareTexts' | 'compareBools' }

function doubtOfSides({ left, right }: Sides, { operator, ...term }: Compared): string | undefined {
  if (term.left.kind === 'constant' && term.right.kind === 'constant')
    return 'Both sides are written out, so this says the same of every transaction'
  if (printSyntax(left) !== printSyntax(right)) return undefined
  return `Both sides are the same, so this is ${said(operator === '==' || operator === '<=' || operator === '>=')} true`
}

function doubtOfValues(checking: Checking, node: Sides, term: Compared): string | undefined {
  if (term.kind === 'compareNumbers') return doubtOfNumbers(checking, node, term.operator, [term.left, term.right])
  if (term.kind === 'compareBools') return undefined
  const { left, right, operator } = term
  const isEquality = operator === '==' || operator === '!='
  const ofText = isEquality ? (doubtOfText(checking, left, right) ?? doubtOfText(checking, right, left)) : undefined
  return doubtOfTokens(checking, node, left, right) ?? ofText
}

function doubtOfNumbers(
  { declarations }: Checking,
  node: Sides,
  operator: Comparison,
  [left, right]: readonly [NumberTerm, NumberTerm],
): string | undefined {
  const [first, second] = [rangeOf(left, declarations), rangeOf(right, declarations)]
  const verdict = verdictOf(operator, first, second)
  if (verdict === undefined) return undefined
  const isLeft = left.kind !== 'constant'
  const [told, range, other] = isLeft ? [node.left, first, second] : [node.right, second, first]
  return `${shown(told)} is ${tellRange(range)}, so this is ${said(verdict)} true${percentHint(range, other)}`
}

function doubtOfItem(
  { declarations }: Checking,
  of: Syntax,
  value: NumberTerm,
  item: Syntax,
  constant: NumberTerm,
): string | undefined {
  const range = rangeOf(value, declarations)
  if (verdictOf('==', range, rangeOf(constant, declarations)) !== false) return undefined
  return `${shown(of)} is ${tellRange(range)}, so it is never ${shown(item)}`
}

/** Who is used to scores of 100 writes 65 where 0.65 is meant. */
function percentHint({ least, most, isWhole = false }: NumberRange, { least: value, most: same }: NumberRange): string {
  const isShare = least === 0 && most <= 1 && !isWhole
  return isShare && value === same && value > 1 && value <= 100 ? `; ${value} of 100 is ${value / 100}` : ''
}

/** Why a name never has a text, as far as is known. */
function doubtOfText({ declarations }: Checking, value: TextTerm, constant: TextTerm): string | undefined {
  if (value.kind !== 'name' || constant.kind !== 'constant') return undefined
  const { texts, hasOnly = false } = declarations.names.get(value.name) ?? {}
  const { value: text } = constant
  if (texts === undefined || texts.includes(text)) return undefined
  const name = showValue(value.name)
  if (text === '') return `A text is never empty: whether there is one is asked by has(${name})`
  if (text !== text.trim()) return `Texts come without blanks around them, so ${name} is never "${showValue(text)}"`
  const near = hasOnly ? closestName(text, texts) : texts.find((each) => isMisspelling(text, each))
  if (!hasOnly && near === undefined) return undefined
  const few = texts.length > 8 ? '' : `: ${texts.map((each) => `"${showValue(each)}"`).join(', ')}`
  const hint = near === undefined ? '' : `; did you mean "${showValue(near)}"?`
  return `"${showValue(text)}" is not a value that the detector lists of ${name}${few}${hint}`
}

/** Tokens of different keys differ, even where the same person or value stands behind them. */
function doubtOfTokens(
  { declarations: { names } }: Checking,
  node: Sides,
  left: TextTerm,
  right: TextTerm,
): string | undefined {
  if (left.kind !== 'name' || right.kind !== 'name') return undefined
  const [one, other] = [names.get(left.name)?.tokensOf, names.get(right.name)?.tokensOf]
  if (one === undefined || other === undefined || one === other) return undefined
  return `${shown(node.left)} and ${shown(node.right)} are kept as tokens of their own, so they never match`
}

function isToken(declaration: Declaration | undefined): boolean {
  return declaration?.type === 'token'
}

function shown(node: Syntax): string {
  return showName(printSyntax(node))
}
