import { showValue } from '../core/show-value.ts'
import { SyntaxProblem } from './problem.ts'
import type { Literal, Span } from './syntax.ts'

const numbers = /0[xX][0-9a-fA-F]+|[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+(?:[eE][+-]?[0-9]+)?/y

/** The number that begins at an offset. Whole ones without an exponent are ints; 2.0 and 2e0 are doubles. */
export function readNumber(
  text: string,
  start: number,
): Span & { readonly kind: 'literal'; readonly literal: Literal } {
  numbers.lastIndex = start
  const written = numbers.exec(text)?.[0] ?? ''
  const end = start + written.length
  refuseTail(text, start, end)
  const value = Number(written)
  const isInt = /^(?:[0-9]+|0[xX].*)$/.test(written)
  if (isInt && !Number.isSafeInteger(value)) {
    throw new SyntaxProblem(
      { start, end },
      `A whole number is at most ${Number.MAX_SAFE_INTEGER}; as a double, write it with ".0"`,
    )
  }
  if (value === Number.POSITIVE_INFINITY)
    throw new SyntaxProblem({ start, end }, 'This number is too large for a double')
  return { kind: 'literal', literal: { type: isInt ? 'int' : 'double', value }, start, end }
}

/** What may not follow a number: letters, more digits, or the point of `1.` and `1.2.3`. */
function refuseTail(text: string, start: number, end: number): void {
  const tail = /^(?:[A-Za-z0-9_]+|\.(?![A-Za-z_`])[0-9]*|,[0-9]{3}(?![0-9])(?=[,.][0-9]))/.exec(
    text.slice(end, end + 40),
  )?.[0]
  if (tail === undefined) return
  const span = { start, end: end + tail.length }
  if (/^[uU]$/.test(tail))
    throw new SyntaxProblem(span, 'Unsigned ints are not part of the language; leave out the "u"')
  if (tail === '.') throw new SyntaxProblem(span, 'A number needs a digit behind its point, as in 2.0')
  throw new SyntaxProblem(span, `${showValue(text.slice(start, span.end))} is not a number`)
}
