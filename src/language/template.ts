import { holdsCardNumber } from '../core/card-number.ts'
import { sayDuration } from '../core/duration.ts'
import { showValue } from '../core/show-value.ts'
import { writeTimestamp } from './clock.ts'
import { type Declaration, type Declarations, readValue, type Subject } from './declarations.ts'
import { type Hint, makeHint } from './name-hint.ts'
import { cardNumberReason, type Problem, problemAt } from './problem.ts'

/** A reason in words, with what it names filled in: `{card_count_10m} small payments within ten minutes`. */
export interface Template {
  readonly text: string
  /** The names in order, each once. */
  readonly names: readonly string[]
  render(subject: Subject): string
}

export type CompiledTemplate =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly problems: readonly Problem[] }

const longestTemplate = 500

type Part = string | { readonly name: string; readonly declaration: Declaration }

/** `{name}` is a name's value; a brace itself is written twice. */
export function compileTemplate(text: string, declarations: Declarations): CompiledTemplate {
  if (text.length > longestTemplate) {
    const message = `This text has ${text.length} characters; at most ${longestTemplate} are read`
    return { ok: false, problems: [problemAt(text, { start: longestTemplate, end: text.length }, message)] }
  }
  if (holdsCardNumber(text)) {
    return { ok: false, problems: [problemAt(text, { start: 0, end: text.length }, cardNumberReason)] }
  }
  const parts: Part[] = []
  const problems: Problem[] = []
  const hint = makeHint()
  for (const match of text.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)) {
    const [written, name] = match
    const span = { start: match.index, end: match.index + written.length }
    if (name !== undefined) {
      const part = readPart(name.trim(), declarations, hint)
      if (typeof part === 'string') problems.push(problemAt(text, span, part))
      else parts.push(part)
    } else if (written === '{' || written === '}') {
      const message = 'This brace is without its other one; a name is written {name}, and a brace itself twice'
      problems.push(problemAt(text, span, message))
    } else parts.push(written === '{{' || written === '}}' ? written[0] : written)
  }
  if (problems.length > 0) return { ok: false, problems }
  const names = [...new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : part.name)))]
  return { ok: true, template: { text, names, render: (subject) => render(parts, subject) } }
}

/** The name and where its value is, or what is wrong with it. */
function readPart(name: string, { names }: Declarations, hint: Hint): Exclude<Part, string> | string {
  const declaration = names.get(name)
  if (declaration === undefined) {
    return `The name "${showValue(name)}" is unknown${hint(name, names)}`
  }
  if (declaration.type === 'token')
    return `"${showValue(name)}" is a personal value, which is kept as a token, so it can't be shown`
  return { name, declaration }
}

function render(parts: readonly Part[], subject: Subject): string {
  let text = ''
  for (const part of parts) text += typeof part === 'string' ? part : show(part.declaration, subject)
  return text
}

function show(declaration: Declaration, subject: Subject): string {
  const value = readValue(declaration, subject)
  if (value === undefined) return 'unknown'
  if (typeof value !== 'number') return String(value)
  if (declaration.type === 'timestamp') return writeTimestamp(value)
  return declaration.type === 'duration' ? sayDuration(value) : showNumber(value)
}

/** An amount as it is; anything longer with two decimals, or three digits where it is smaller than 1. */
function showNumber(value: number): string {
  if (hasFewDigits(value)) return String(value)
  return String(Number(Math.abs(value) >= 1 ? value.toFixed(2) : value.toPrecision(3)))
}

/** The most decimals of an amount that a detector can declare. */
const mostDigits = 6
const exactBelow = 1e9

/** The quotient of two whole numbers is the nearest double, as the text of it is, and found much faster. */
function hasFewDigits(value: number): boolean {
  if (Math.abs(value) < exactBelow) return Math.round(value * 10 ** mostDigits) / 10 ** mostDigits === value
  return Number(value.toFixed(mostDigits)) === value
}
