import { validDuration, validTimestamp } from './clock.ts'
import type { ReadNumber } from './reading.ts'
import type { Arithmetic } from './syntax.ts'
import type { NumberType } from './term.ts'

/** Ints are doubles that hold a whole number exactly: past those, and past the calendar, a value is unknown. */
const valid: Readonly<Record<Exclude<NumberType, 'double'>, (value: number) => number>> = {
  int: (value) => (Number.isSafeInteger(value) ? value + 0 : Number.NaN),
  timestamp: validTimestamp,
  duration: validDuration,
}

export function closeArithmetic(
  type: NumberType,
  operator: Arithmetic,
  left: ReadNumber,
  right: ReadNumber,
): ReadNumber {
  const calculate = closeOperator(type, operator, left, right)
  if (type === 'double') return calculate
  const check = valid[type]
  return (subject) => check(calculate(subject))
}

function closeOperator(type: NumberType, operator: Arithmetic, left: ReadNumber, right: ReadNumber): ReadNumber {
  switch (operator) {
    case '+':
      return (subject) => left(subject) + right(subject)
    case '-':
      return (subject) => left(subject) - right(subject)
    case '*':
      return (subject) => left(subject) * right(subject)
    case '%':
      return (subject) => left(subject) % right(subject)
    case '/':
      // Over 0 a rate would be infinite and above every limit, on one transaction of a quiet card.
      if (type === 'int') return (subject) => Math.trunc(divide(left(subject), right(subject)))
      return (subject) => divide(left(subject), right(subject))
  }
}

function divide(one: number, other: number): number {
  return other === 0 ? Number.NaN : one / other
}
