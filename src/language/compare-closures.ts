import { compareTexts } from './compare-texts.ts'
import type { ReadBool, ReadNumber, ReadText } from './reading.ts'
import type { Comparison } from './syntax.ts'

type NumberTest = (left: number, right: number) => boolean | undefined

/** NaN is neither below nor at least anything, which is how it is found out to be unknown. */
const numberTests: Readonly<Record<Comparison, NumberTest>> = {
  '==': (left, right) => (left === right ? true : left < right || left > right ? false : undefined),
  '!=': (left, right) => (left === right ? false : left < right || left > right ? true : undefined),
  '<': (left, right) => (left < right ? true : left >= right ? false : undefined),
  '<=': (left, right) => (left <= right ? true : left > right ? false : undefined),
  '>': (left, right) => (left > right ? true : left <= right ? false : undefined),
  '>=': (left, right) => (left >= right ? true : left < right ? false : undefined),
}

/** With a slot and a bound, which most rules compare, one closure in place of three. */
export function closeComparison(
  operator: Comparison,
  left: ReadNumber,
  right: ReadNumber,
  slot?: number,
  bound?: number,
): ReadBool {
  if (slot !== undefined && bound !== undefined) return closeBound(operator, slot, bound)
  const test = numberTests[operator]
  return (subject) => test(left(subject), right(subject))
}

function closeBound(operator: Comparison, slot: number, bound: number): ReadBool {
  switch (operator) {
    case '<':
      return ({ numbers }) => (numbers[slot] < bound ? true : numbers[slot] >= bound ? false : undefined)
    case '<=':
      return ({ numbers }) => (numbers[slot] <= bound ? true : numbers[slot] > bound ? false : undefined)
    case '>':
      return ({ numbers }) => (numbers[slot] > bound ? true : numbers[slot] <= bound ? false : undefined)
    case '>=':
      return ({ numbers }) => (numbers[slot] >= bound ? true : numbers[slot] < bound ? false : undefined)
    default: {
      const test = numberTests[operator]
      return ({ numbers }) => test(numbers[slot], bound)
    }
  }
}

const orderTests: Readonly<Record<Exclude<Comparison, '==' | '!='>, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

export function closeTextComparison(operator: Comparison, left: ReadText, right: ReadText): ReadBool {
  if (operator === '==' || operator === '!=') {
    const whenEqual = operator === '=='
    return (subject) => {
      const [one, other] = [left(subject), right(subject)]
      return one === undefined || other === undefined ? undefined : (one === other) === whenEqual
    }
  }
  const test = orderTests[operator]
  return (subject) => {
    const [one, other] = [left(subject), right(subject)]
    return one === undefined || other === undefined ? undefined : test(compareTexts(one, other))
  }
}

/** `in` says what `value == first || value == second || …` says. */
export function closeTextIn(value: ReadText, constants: readonly string[], others: readonly ReadText[]): ReadBool {
  const known = new Set(constants)
  const isEmpty = constants.length + others.length === 0
  return (subject) => {
    const text = value(subject)
    if (isEmpty) return false
    if (text === undefined) return undefined
    if (known.has(text)) return true
    let isKnown = true
    for (let i = 0; i < others.length; i++) {
      const other = others[i](subject)
      if (other === text) return true
      if (other === undefined) isKnown = false
    }
    return isKnown ? false : undefined
  }
}

export function closeNumberIn(value: ReadNumber, items: readonly ReadNumber[]): ReadBool {
  const isEqual = numberTests['==']
  return (subject) => {
    const number = value(subject)
    let isKnown = true
    for (let i = 0; i < items.length; i++) {
      const equal = isEqual(number, items[i](subject))
      if (equal === true) return true
      if (equal === undefined) isKnown = false
    }
    return isKnown ? false : undefined
  }
}
