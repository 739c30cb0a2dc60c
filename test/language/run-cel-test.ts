import { compileExpression, type Declaration, printSyntax, type ScalarType } from '../../src/language/index.ts'
import type { Literal } from '../../src/language/syntax.ts'
import type { CelTest } from './cel-tests.ts'

type Json = Readonly<Record<string, unknown>>

const primitives: Readonly<Record<string, ScalarType>> = {
  BOOL: 'bool',
  INT64: 'int',
  DOUBLE: 'double',
  STRING: 'string',
  'google.protobuf.Duration': 'duration',
}

/** Undefined where the expression gives what CEL says; what it gives otherwise. */
export function runCelTest({ original, type }: CelTest): string | undefined {
  const names = new Map<string, Declaration>()
  for (const [slot, { name, ident }] of (original.typeEnv ?? []).entries()) {
    const primitive = /"(?:primitive|messageType)":"([\w.]+)"/.exec(JSON.stringify(ident?.type))?.[1] ?? ''
    names.set(name, { type: primitives[primitive] ?? 'token', slot })
  }
  const numbers = new Float64Array(names.size).fill(Number.NaN)
  const texts: (string | undefined)[] = Array.from(names, () => undefined)
  for (const [name, { value = {} }] of Object.entries(original.bindings ?? {})) {
    const [given] = Object.values(value)
    const slot = names.get(name)?.slot ?? -1
    if (names.get(name)?.type === 'string') texts[slot] = String(given)
    else numbers[slot] = readNumber(given)
  }
  const expected = original.evalError === undefined ? (original.value ?? { boolValue: true }) : undefined
  const text = type === 'bool' ? original.expr : `(${original.expr}) == ${literalOf(expected, type)}`
  const compiled = compileExpression(text, { names, lists: new Map() })
  // What is found before anything runs is an error as well.
  if (!compiled.ok) return expected === undefined ? undefined : compiled.problems[0]?.message
  const result = compiled.program.evaluate({ numbers, texts, lists: [] })
  const wanted = expected === undefined ? undefined : type === 'bool' ? expected.boolValue === true : true
  return result === wanted ? undefined : `${result}, not ${wanted}`
}

function readNumber(given: unknown): number {
  const seconds = /"value":"([-\d.]+)s"/.exec(JSON.stringify(given))?.[1]
  return seconds === undefined ? Number(given) : Number(seconds) * 1000
}

/** A value of the suite as a rule writes it; any value of the type where an error is expected. */
function literalOf(expected: Json | undefined, type: string | undefined): string {
  const print = (literal: Literal) => printSyntax({ kind: 'literal', literal, start: 0, end: 0 })
  const [value = 0] = Object.values(expected ?? {})
  if (type === 'string') return print({ type, value: String(value) })
  if (type === 'int') return String(value)
  if (type === 'double') {
    const infinity = `${value}`.replace('Infinity', '1e308 * 10.0')
    return Number.isFinite(Number(value)) ? print({ type, value: Number(value) }) : infinity
  }
  const written = /"value":"([^"]*)"/.exec(JSON.stringify(value))?.[1]
  return `${type}("${written ?? (type === 'timestamp' ? '2000-01-01T00:00:00Z' : '0s')}")`
}
