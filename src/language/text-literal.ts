import { SyntaxProblem } from './problem.ts'
import type { Literal, Span } from './syntax.ts'

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
}
/** How many digits follow, and of which base. */
const codeEscapes: Readonly<Record<string, RegExp>> = {
  x: /[0-9a-fA-F]{2}/y,
  X: /[0-9a-fA-F]{2}/y,
  u: /[0-9a-fA-F]{4}/y,
  U: /[0-9a-fA-F]{8}/y,
}
const octal = /[0-3][0-7]{2}/y

/** The text that begins at an offset with its prefix, `r` where backslashes mean themselves. */
export function readText(
  text: string,
  start: number,
  prefix: string,
): Span & { readonly kind: 'literal'; readonly literal: Literal } {
  const opening = start + prefix.length
  const quote = text[opening]
  const isTriple = text.startsWith(quote.repeat(3), opening)
  const closing = isTriple ? quote.repeat(3) : quote
  const isRaw = /r/i.test(prefix)
  let value = ''
  let at = opening + closing.length
  while (!text.startsWith(closing, at)) {
    if (at >= text.length || (!isTriple && /[\n\r]/.test(text[at]))) {
      throw new SyntaxProblem({ start, end: at }, `The text that begins here does not end; it needs ${closing}`)
    }
    if (text[at] !== '\\' || isRaw) value += text[at++]
    else {
      const escaped = readEscape(text, at)
      value += escaped.character
      at += escaped.length
    }
  }
  const span = { start, end: at + closing.length }
  if (/b/i.test(prefix)) throw new SyntaxProblem(span, 'Bytes are not part of the language; leave out the "b"')
  if (!value.isWellFormed()) throw new SyntaxProblem(span, 'This text has half of a surrogate pair')
  return { kind: 'literal', literal: { type: 'string', value }, ...span }
}

function readEscape(text: string, at: number): { readonly character: string; readonly length: number } {
  const letter = text[at + 1] ?? ''
  if (Object.hasOwn(simpleEscapes, letter)) return { character: simpleEscapes[letter], length: 2 }
  const isCode = Object.hasOwn(codeEscapes, letter)
  const digits = isCode ? codeEscapes[letter] : octal
  const from = at + (isCode ? 2 : 1)
  digits.lastIndex = from
  const found = digits.exec(text)?.[0]
  const code = found === undefined ? Number.NaN : Number.parseInt(found, isCode ? 16 : 8)
  if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) {
    const hint = 'is not an escape; a backslash itself is written \\\\, or the text begins with r as in r"\\d"'
    throw new SyntaxProblem({ start: at, end: at + 2 }, `\\${letter} ${hint}`)
  }
  return { character: String.fromCodePoint(code), length: from - at + (found?.length ?? 0) }
}
