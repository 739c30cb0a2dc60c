import { closeArithmetic } from './arithmetic.ts'
import { closeComparison, closeNumberIn, closeTextComparison, closeTextIn } from './compare-closures.ts'
import { costOf } from './cost.ts'
import { isText, type Subject } from './declarations.ts'
import type { ReadBool, ReadNumber, ReadText } from './reading.ts'
import {
  type BoolTerm,
  isBoolTerm,
  isNumberTerm,
  type NumberTerm,
  type Term,
  type TextTerm,
  type Variable,
} from './term.ts'

/** The item that a comprehension is looking at. Evaluation never waits and never calls itself, so one place is enough. */
interface Cell {
  number: number
  text: string | undefined
  bool: boolean | undefined
}
type Cells = ReadonlyMap<Variable, Cell>

/** Compiles a condition: what comes of it is undefined where a value that decides is missing. */
export function closeBool(term: BoolTerm, cells: Cells = new Map()): ReadBool {
  switch (term.kind) {
    case 'constant': {
      const { value } = term
      return () => value
    }
    case 'name':
      return closeBoolName(term.slot)
    case 'variable': {
      const cell = cellOf(cells, term.variable)
      return () => cell.bool
    }
    case 'not': {
      const operand = closeBool(term.operand, cells)
      return (subject) => negate(operand(subject))
    }
    case 'and':
      return closeJunction(term.operands, false, cells)
    case 'or':
      return closeJunction(term.operands, true, cells)
    case 'choice': {
      const [whenTrue, whenFalse] = [closeBool(term.whenTrue, cells), closeBool(term.whenFalse, cells)]
      return closeChoice(closeBool(term.condition, cells), whenTrue, whenFalse, undefined)
    }
    case 'compareNumbers':
    case 'compareTexts':
    case 'compareBools':
      return closeCompared(term, cells)
    case 'inNumbers':
    case 'inTexts':
    case 'inBools':
      return closeIn(term, cells)
    case 'quantified':
      return closeQuantified(term, cells)
    default:
      return closeTextTest(term, cells)
  }
}

function closeBoolName(slot: number): ReadBool {
  return ({ numbers }) => (Number.isNaN(numbers[slot]) ? undefined : numbers[slot] !== 0)
}

function negate(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value
}

/** `&&` and `||`: one operand with the deciding value decides, whatever the others are. The cheapest is asked first. */
function closeJunction(terms: readonly BoolTerm[], deciding: boolean, cells: Cells): ReadBool {
  const sorted = terms.map((term) => ({ term, cost: costOf(term) })).sort((one, other) => one.cost - other.cost)
  const operands = sorted.map(({ term }) => closeBool(term, cells))
  const [first, second] = operands
  if (operands.length === 2) {
    return (subject) => {
      const one = first(subject)
      if (one === deciding) return deciding
      const other = second(subject)
      if (other === deciding) return deciding
      return one === undefined || other === undefined ? undefined : !deciding
    }
  }
  return (subject) => {
    let isKnown = true
    for (let i = 0; i < operands.length; i++) {
      const value = operands[i](subject)
      if (value === deciding) return deciding
      if (value === undefined) isKnown = false
    }
    return isKnown ? !deciding : undefined
  }
}

function closeChoice<T>(
  condition: ReadBool,
  whenTrue: (subject: Subject) => T,
  whenFalse: (subject: Subject) => T,
  unknown: T,
): (subject: Subject) => T {
  return (subject) => {
    const value = condition(subject)
    if (value === undefined) return unknown
    return value ? whenTrue(subject) : whenFalse(subject)
  }
}

type Compared = BoolTerm & { readonly kind: 'compareNumbers' | 'compareTexts' | 'compareBools' }

function closeCompared(term: Compared, cells: Cells): ReadBool {
  if (term.kind === 'compareTexts') {
    return closeTextComparison(term.operator, closeText(term.left, cells), closeText(term.right, cells))
  }
  if (term.kind === 'compareBools') {
    const [left, right] = [closeBool(term.left, cells), closeBool(term.right, cells)]
    return closeComparison(term.operator, asNumber(left), asNumber(right))
  }
  const { left, right } = term
  const bound = right.kind === 'constant' ? right.value : undefined
  return closeComparison(term.operator, closeNumber(left, cells), closeNumber(right, cells), slotOf(left), bound)
}

/** The place of a name that is compared as it is. */
function slotOf(term: NumberTerm): number | undefined {
  return term.kind === 'name' && term.type !== 'int' ? term.slot : undefined
}

/** false before true. */
function asNumber(read: ReadBool): ReadNumber {
  return (subject) => {
    const value = read(subject)
    return value === undefined ? Number.NaN : Number(value)
  }
}

type In = BoolTerm & { readonly kind: 'inNumbers' | 'inTexts' | 'inBools' }

function closeIn(term: In, cells: Cells): ReadBool {
  if (term.kind === 'inTexts') {
    const constants = term.items.flatMap((item) => (item.kind === 'constant' ? item.value : []))
    const others = term.items.filter((item) => item.kind !== 'constant').map((item) => closeText(item, cells))
    return closeTextIn(closeText(term.value, cells), constants, others)
  }
  if (term.kind === 'inBools') {
    const items = term.items.map((item) => asNumber(closeBool(item, cells)))
    return closeNumberIn(asNumber(closeBool(term.value, cells)), items)
  }
  const items = term.items.map((item) => closeNumber(item, cells))
  return closeNumberIn(closeNumber(term.value, cells), items)
}

type TextTest = BoolTerm & { readonly kind: 'ofText' | 'testTexts' | 'matches' | 'inList' | 'has' }

function closeTextTest(term: TextTest, cells: Cells): ReadBool {
  switch (term.kind) {
    case 'has': {
      const { slot } = term
      return isText(term.of) ? ({ texts }) => texts[slot] !== undefined : ({ numbers }) => !Number.isNaN(numbers[slot])
    }
    case 'inList': {
      const { slot } = term
      const value = closeText(term.value, cells)
      return (subject) => {
        const text = value(subject)
        return text === undefined ? undefined : subject.lists[slot].has(text)
      }
    }
    case 'testTexts': {
      const [left, right, { test }] = [closeText(term.left, cells), closeText(term.right, cells), term]
      return (subject) => {
        const [one, other] = [left(subject), right(subject)]
        return one === undefined || other === undefined ? undefined : test(one, other)
      }
    }
    default: {
      const operand = closeText(term.operand, cells)
      const apply = term.kind === 'matches' ? term.pattern.test : term.apply
      return (subject) => {
        const text = operand(subject)
        return text === undefined ? undefined : apply(text)
      }
    }
  }
}

type Quantified = BoolTerm & { readonly kind: 'quantified' }

function closeQuantified({ quantifier, variable, items, body }: Quantified, cells: Cells): ReadBool {
  const cell: Cell = { number: Number.NaN, text: undefined, bool: undefined }
  const within = closeBool(body, new Map([...cells, [variable, cell]]))
  const fill = items.map((item) => closeItem(item, cell, cells))
  const ask = (subject: Subject, index: number) => {
    fill[index](subject)
    return within(subject)
  }
  if (quantifier === 'exists_one') return closeExactlyOne(fill.length, ask)
  const deciding = quantifier === 'exists'
  return (subject) => {
    let isKnown = true
    for (let i = 0; i < fill.length; i++) {
      const value = ask(subject, i)
      if (value === deciding) return deciding
      if (value === undefined) isKnown = false
    }
    return isKnown ? !deciding : undefined
  }
}

/** Two that are true decide, whatever the others are. */
function closeExactlyOne(length: number, ask: (subject: Subject, index: number) => boolean | undefined): ReadBool {
  return (subject) => {
    let found = 0
    let isKnown = true
    for (let i = 0; i < length; i++) {
      const value = ask(subject, i)
      if (value === undefined) isKnown = false
      else if (value && ++found > 1) return false
    }
    return isKnown ? found === 1 : undefined
  }
}

function closeItem(item: Term, cell: Cell, cells: Cells): (subject: Subject) => void {
  if (isBoolTerm(item)) {
    const read = closeBool(item, cells)
    return (subject) => {
      cell.bool = read(subject)
    }
  }
  if (isNumberTerm(item)) {
    const read = closeNumber(item, cells)
    return (subject) => {
      cell.number = read(subject)
    }
  }
  const read = closeText(item, cells)
  return (subject) => {
    cell.text = read(subject)
  }
}

function cellOf(cells: Cells, variable: Variable): Cell {
  const cell = cells.get(variable)
  if (cell === undefined) throw new Error(`${variable.name} is used outside of its comprehension`)
  return cell
}

function closeNumber(term: NumberTerm, cells: Cells = new Map()): ReadNumber {
  switch (term.kind) {
    case 'constant': {
      const { value } = term
      return () => value
    }
    case 'name': {
      const { slot } = term
      if (term.type !== 'int') return ({ numbers }) => numbers[slot]
      return ({ numbers }) => (Number.isSafeInteger(numbers[slot]) ? numbers[slot] : Number.NaN)
    }
    case 'variable': {
      const cell = cellOf(cells, term.variable)
      return () => cell.number
    }
    case 'choice': {
      const [whenTrue, whenFalse] = [closeNumber(term.whenTrue, cells), closeNumber(term.whenFalse, cells)]
      return closeChoice(closeBool(term.condition, cells), whenTrue, whenFalse, Number.NaN)
    }
    case 'arithmetic': {
      const [left, right] = [closeNumber(term.left, cells), closeNumber(term.right, cells)]
      return closeArithmetic(term.type, term.operator, left, right)
    }
    case 'ofNumber': {
      const [operand, { apply }] = [closeNumber(term.operand, cells), term]
      return (subject) => apply(operand(subject))
    }
    case 'ofText': {
      const [operand, { apply }] = [closeText(term.operand, cells), term]
      return (subject) => {
        const text = operand(subject)
        return text === undefined ? Number.NaN : apply(text)
      }
    }
  }
}

function closeText(term: TextTerm, cells: Cells = new Map()): ReadText {
  switch (term.kind) {
    case 'constant': {
      const { value } = term
      return () => value
    }
    case 'name': {
      const { slot } = term
      return ({ texts }) => texts[slot]
    }
    case 'variable': {
      const cell = cellOf(cells, term.variable)
      return () => cell.text
    }
    case 'choice': {
      const [whenTrue, whenFalse] = [closeText(term.whenTrue, cells), closeText(term.whenFalse, cells)]
      return closeChoice(closeBool(term.condition, cells), whenTrue, whenFalse, undefined)
    }
    case 'joined': {
      const [left, right] = [closeText(term.left, cells), closeText(term.right, cells)]
      return (subject) => {
        const [one, other] = [left(subject), right(subject)]
        return one === undefined || other === undefined ? undefined : one + other
      }
    }
    case 'ofNumber': {
      const [operand, { apply }] = [closeNumber(term.operand, cells), term]
      return (subject) => {
        const value = operand(subject)
        return Number.isNaN(value) ? undefined : apply(value)
      }
    }
    case 'ofBool': {
      const [operand, { apply }] = [closeBool(term.operand, cells), term]
      return (subject) => {
        const value = operand(subject)
        return value === undefined ? undefined : apply(value)
      }
    }
  }
}
