import { compileExpression, type Declarations, type ScalarType, writeName } from '../../../../src/language/index.ts'
import type { Name } from './names.ts'

export interface LocalProblem {
  readonly start: number
  readonly end: number
  readonly message: string
}

const types: readonly ScalarType[] = ['bool', 'int', 'double', 'string', 'token', 'timestamp', 'duration']

/** What a condition may speak of, for the checker that the service itself uses. Slots are of values, which are never asked here. */
export function declare(names: readonly Name[]): Declarations {
  const lists = new Map<string, number>()
  const scalars = new Map<string, Declarations['names'] extends ReadonlyMap<string, infer One> ? One : never>()
  for (const { name, type } of names) {
    const scalar = types.find((each) => each === type)
    if (scalar !== undefined) scalars.set(name, { type: scalar, slot: scalars.size })
    else if (name.startsWith('lists.')) lists.set(name.slice('lists.'.length), lists.size)
  }
  return { names: scalars, lists }
}

/** What is wrong with a condition, before the service is asked. */
export function checkLocally(text: string, declarations: Declarations): readonly LocalProblem[] {
  if (text.trim() === '') return []
  const compiled = compileExpression(text, declarations)
  return compiled.ok ? [] : compiled.problems.map(({ start, end, message }) => ({ start, end, message }))
}

/** A name as it is written in a condition. */
export function spell(name: string): string {
  return name.startsWith('lists.') ? `lists.${writeName(name.slice('lists.'.length))}` : writeName(name)
}
