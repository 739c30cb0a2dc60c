import { closeBool } from './closures.ts'
import { type Declaration, readValue, type Subject, type Value } from './declarations.ts'
import type { Syntax } from './syntax.ts'
import { type BoolTerm, partsOf, type Term } from './term.ts'
import type { ScalarType } from './types.ts'

/** What a condition said of a subject, and of which values. */
export interface Finding {
  readonly text: string
  readonly result: boolean | undefined
  readonly values: readonly SeenValue[]
}

export interface SeenValue {
  readonly name: string
  readonly type: ScalarType
  readonly value: Value
}

/** Explains a program by the conditions that have to be true together: what `&&` joins at its top. */
export function explainConjuncts(
  text: string,
  tree: Syntax,
  term: BoolTerm,
): readonly ((subject: Subject) => Finding)[] {
  if (term.kind === 'and' && tree.kind === 'and') {
    return term.operands.flatMap((operand, i) => explainConjuncts(text, tree.operands[i], operand))
  }
  const written = text.slice(tree.start, tree.end)
  const evaluate = closeBool(term)
  const names = [...namesIn(term)]
  const explain = (subject: Subject): Finding => ({
    text: written,
    result: evaluate(subject),
    values: names.map(([name, declaration]) => ({
      name,
      type: declaration.type,
      value: readValue(declaration, subject),
    })),
  })
  return [explain]
}

/** Names that a term reads or asks for, and where their values are, each once. */
export function namesIn(term: Term, found = new Map<string, Declaration>()): ReadonlyMap<string, Declaration> {
  if (term.kind === 'name') found.set(term.name, { type: term.type, slot: term.slot })
  if (term.kind === 'has') found.set(term.name, { type: term.of, slot: term.slot })
  for (const part of partsOf(term)) namesIn(part, found)
  return found
}
