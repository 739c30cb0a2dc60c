import type { Span } from './syntax.ts'

/** What is wrong with a text of the rule language, or doubtful, and where. */
export interface Problem {
  readonly message: string
  /** The line from 1, as people count. */
  readonly line: number
  /** The column from 1, in UTF-16 units, as editors count. */
  readonly column: number
  /** Offsets into the text, the second one behind the last character. */
  readonly start: number
  readonly end: number
}

export function problemAt(text: string, { start, end }: Span, message: string): Problem {
  let line = 1
  let lineStart = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < start; at = text.indexOf('\n', at + 1)) {
    line++
    lineStart = at + 1
  }
  return { message, line, column: start - lineStart + 1, start, end }
}

export const cardNumberReason = 'This looks like a card number, and those are not kept; use a list'

/** Tells what is wrong where it is clear what is meant, so that reading goes on. */
export type Tell = (span: Span, message: string) => void

/** A text that can't be read any further. Thrown inside the lexer and the parser only. */
export class SyntaxProblem extends Error {
  readonly span: Span

  constructor(span: Span, message: string) {
    super(message)
    this.span = span
  }
}
