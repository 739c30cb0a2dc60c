import { showValue } from '../core/show-value.ts'
import { type Checking, dottedName, listName } from './checking.ts'
import { warnOfComparison, warnOfItems, warnOfList } from './doubts.ts'
import { checkItems } from './list-items.ts'
import { type Arithmetic, comparisons, type Syntax } from './syntax.ts'
import { type BoolTerm, isBoolTerm, isNumberTerm, isTextTerm, type NumberType, type Term } from './term.ts'
import { aValue, commonType, isNumber } from './types.ts'

type Binary = Syntax & { readonly kind: 'binary' }

export function checkBinary(checking: Checking, node: Binary): Term | undefined {
  const { operator } = node
  if (operator === 'in') return checkIn(checking, node)
  const comparison = comparisons.find((each) => each === operator)
  const left = checking.check(node.left)
  const right = checking.check(node.right)
  if (left === undefined || right === undefined) return undefined
  if (comparison !== undefined) {
    const term = compare(checking, node, comparison, left, right)
    if (term !== undefined) warnOfComparison(checking, node, term)
    return term
  }
  return calculate(checking, node, left, right)
}

function compare(
  checking: Checking,
  node: Binary,
  operator: (typeof comparisons)[number],
  left: Term,
  right: Term,
): BoolTerm | undefined {
  const isOrder = operator !== '==' && operator !== '!='
  const { left: first } = node
  const isChained = first.kind === 'binary' && comparisons.some((each) => each === first.operator)
  if (commonType(left.type, right.type) === undefined) {
    if (isChained) return checking.refuse(node, 'Comparisons are not chained; write a < b && b < c')
    return checking.refuse(
      node,
      `A value of type ${left.type} can't be compared with ${aValue(right.type)}${conversionHint(left, right)}`,
    )
  }
  if (left.type === 'token' && isOrder) {
    return checking.refuse(node, 'A personal value is kept as a token, so values have no order')
  }
  const type = 'bool'
  if (isNumberTerm(left) && isNumberTerm(right)) return { type, kind: 'compareNumbers', operator, left, right }
  if (isTextTerm(left) && isTextTerm(right)) return { type, kind: 'compareTexts', operator, left, right }
  if (isBoolTerm(left) && isBoolTerm(right)) return { type, kind: 'compareBools', operator, left, right }
  return undefined
}

/** What to write where two types don't go together. */
function conversionHint({ type: left }: Term, { type: right }: Term): string {
  const types = [left, right]
  if (types.includes('token')) {
    return '; a personal value is kept as a token, so one that is written in a rule never matches, and would stay in the log: put it on a list, and ask `in lists.NAME`'
  }
  if (types.includes('string') && types.some(isNumber)) return '; convert one, by double(…) or string(…)'
  if (types.includes('timestamp') && types.includes('string')) return '; write timestamp("2026-01-31T08:00:00Z")'
  if (types.includes('duration') && types.some(isNumber)) return '; write duration("1h")'
  return ''
}

function calculate(checking: Checking, node: Binary, left: Term, right: Term): Term | undefined {
  const operator = node.operator
  if (operator === '+' && left.type === 'string' && right.type === 'string') {
    return { type: 'string', kind: 'joined', left, right }
  }
  const result = isNumberTerm(left) && isNumberTerm(right) && resultOf(operator, left.type, right.type)
  if (result && isNumberTerm(left) && isNumberTerm(right) && isArithmetic(operator)) {
    warnOfWholeDivision(checking, node, result)
    return { type: result, kind: 'arithmetic', operator, left, right }
  }
  const isRest = operator === '%' && isNumber(left.type) && isNumber(right.type)
  const convert = isRest ? '; make them whole by int(…)' : conversionHint(left, right)
  return checking.refuse(node, `${left.type} ${operator} ${right.type} is not defined${convert}`)
}

function isArithmetic(operator: Binary['operator']): operator is Arithmetic {
  return /^[-+*/%]$/.test(operator)
}

function resultOf(operator: Binary['operator'], left: NumberType, right: NumberType): NumberType | undefined {
  if (isNumber(left) && isNumber(right)) {
    const type = left === right ? left : 'double'
    return operator === '%' && type === 'double' ? undefined : type
  }
  if (operator !== '+' && operator !== '-') return undefined
  if (left === 'duration' && right === 'duration') return 'duration'
  if (left === 'timestamp' && right === 'duration') return 'timestamp'
  if (operator === '+' && left === 'duration' && right === 'timestamp') return 'timestamp'
  return operator === '-' && left === 'timestamp' && right === 'timestamp' ? 'duration' : undefined
}

function warnOfWholeDivision(checking: Checking, node: Binary, result: NumberType): void {
  if (node.operator !== '/' || result !== 'int') return
  checking.warn(
    node,
    'An int divided by an int is cut to a whole number, so 1 / 2 is 0; write 2.0 or double(…) for the rest',
  )
}

function checkIn(checking: Checking, node: Binary): BoolTerm | undefined {
  const list = listName(node.right)
  const value = checking.check(node.left)
  if (node.right.kind === 'list') return checkInItems(checking, node, value)
  if (list === undefined || checking.declarations.names.has(`lists.${list}`)) {
    const name = dottedName(node.right)
    const written = name !== undefined && checking.declarations.lists.has(name) ? `; write lists.${name}` : ''
    return checking.refuse(node.right, `in needs a list: ["a", "b"] or lists.NAME${written}`)
  }
  const slot = checking.declarations.lists.get(list)
  if (slot === undefined) {
    const { lists, listHint = '' } = checking.declarations
    const message = `The list "${showValue(list)}" is unknown${checking.hint(list, lists, 'lists.')}`
    return checking.refuse(node.right, `${message}${listHint.replaceAll('NAME', showValue(list))}`)
  }
  if (value === undefined) return undefined
  if (isTextTerm(value)) {
    warnOfList(checking, node, value, list)
    return { type: 'bool', kind: 'inList', value, list, slot }
  }
  return checking.refuse(node.left, `Lists hold texts, and this is ${aValue(value.type)}; write string(…)`)
}

function checkInItems(checking: Checking, node: Binary, value: Term | undefined): BoolTerm | undefined {
  if (node.right.kind !== 'list') return undefined
  const items = checkItems(checking, node.right)
  if (value === undefined || items === undefined) return undefined
  const [first] = items
  if (first !== undefined && commonType(value.type, first.type) === undefined) {
    return checking.refuse(
      node,
      `A value of type ${value.type} is never in a list of ${first.type}${conversionHint(value, first)}`,
    )
  }
  warnOfItems(checking, node, value, items)
  if (isBoolTerm(value)) return { type: 'bool', kind: 'inBools', value, items: items.filter(isBoolTerm) }
  if (isTextTerm(value)) return { type: 'bool', kind: 'inTexts', value, items: items.filter(isTextTerm) }
  return { type: 'bool', kind: 'inNumbers', value, items: items.filter(isNumberTerm) }
}
