import { holdsCardNumber } from '../core/card-number.ts'
import { readNumber } from './number-literal.ts'
import { cardNumberReason, SyntaxProblem, type Tell } from './problem.ts'
import { type Literal, reservedWords, type Span } from './syntax.ts'
import { readText } from './text-literal.ts'

export type Token = Span &
  (
    | { readonly kind: 'literal'; readonly literal: Literal }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'symbol'; readonly symbol: string }
    | { readonly kind: 'end' }
  )

const symbols = /(?:&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}])/y
const words = /[A-Za-z_][A-Za-z0-9_]*/y
const quotedNames = /`([^`\n]+)`/y
const textStarts = /(?:[rR]?[bB]?|[bB][rR])(?="|')/y
const space = /(?:[\t\n\f\r ]|\/\/[^\n]*)+/y
const numberStarts = /\.?[0-9]/y

/** What other languages write, and what it is here. */
const repairs: ReadonlyMap<string, string> = new Map(
  Object.entries({ '=': '==', '===': '==', '!==': '!=', '<>': '!=', '&': '&&', '|': '||' }),
)
const repairable = /={3}|!==|<>|=(?!=)|&(?!&)|\|(?!\|)/y

const hints: Readonly<Record<string, string>> = {
  '^': '"^" is not an operator',
  ';': '";" is not part of an expression; join conditions by "&&" or "||"',
  '`': 'A name between backticks has to end with a backtick on the same line',
  '“': 'Texts are written between straight quotes, "like this"',
  '‘': 'Texts are written between straight quotes, "like this"',
}

/** Splits a text into its tokens, the last of which is its end. Throws a `SyntaxProblem` where it can't. */
export function readTokens(text: string, tell: Tell): readonly Token[] {
  const tokens: Token[] = []
  let at = skipSpace(text, 0)
  while (at < text.length) {
    const token = repair(text, at, tell) ?? readToken(text, at)
    refuseCardNumber(token.kind === 'literal' ? String(token.literal.value) : text.slice(at, token.end), token)
    tokens.push(token)
    at = skipSpace(text, token.end)
  }
  tokens.push({ kind: 'end', start: text.length, end: text.length })
  return tokens
}

function repair(text: string, start: number, tell: Tell): Token | undefined {
  const written = matchAt(repairable, text, start)
  const symbol = written === undefined ? undefined : repairs.get(written)
  if (written === undefined || symbol === undefined) return undefined
  const span = { start, end: start + written.length }
  tell(span, `"${written}" is written ${symbol}`)
  return { kind: 'symbol', symbol, ...span }
}

function readToken(text: string, start: number): Token {
  if (matchAt(numberStarts, text, start) !== undefined) return readNumber(text, start)
  const quoted = matchAt(quotedNames, text, start)
  if (quoted !== undefined) return { kind: 'name', name: quoted.slice(1, -1), start, end: start + quoted.length }
  const prefix = matchAt(textStarts, text, start)
  if (prefix !== undefined) return readText(text, start, prefix)
  const symbol = matchAt(symbols, text, start)
  if (symbol !== undefined) return { kind: 'symbol', symbol, start, end: start + symbol.length }
  const word = matchAt(words, text, start)
  if (word !== undefined) return readWord(word, { start, end: start + word.length })
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0)
  const hint = hints[character] ?? 'This character is not part of the language outside of a text'
  throw new SyntaxProblem({ start, end: start + character.length }, hint)
}

function readWord(word: string, span: Span): Token {
  if (word === 'true' || word === 'false') {
    return { kind: 'literal', literal: { type: 'bool', value: word === 'true' }, ...span }
  }
  if (word === 'in') return { kind: 'symbol', symbol: word, ...span }
  if (word === 'null')
    throw new SyntaxProblem(span, 'null is not part of the language; ask has(name) whether a value is there')
  if (reservedWords.has(word)) {
    throw new SyntaxProblem(span, `${word} is a reserved word; as a name, write it between backticks: \`${word}\``)
  }
  return { kind: 'name', name: word, ...span }
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

function skipSpace(text: string, start: number): number {
  const skipped = matchAt(space, text, start) ?? ''
  const end = start + skipped.length
  for (const comment of skipped.split('\n')) refuseCardNumber(comment, { start, end })
  return end
}

/** A rule is kept, and shown, so it is no place for one; what is escaped in a text was read before. */
function refuseCardNumber(written: string, { start, end }: Span): void {
  if (holdsCardNumber(written)) throw new SyntaxProblem({ start, end }, cardNumberReason)
}
