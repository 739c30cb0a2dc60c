import { compileExpression, type Declaration, type Program } from '../language/index.ts'

/** A name that a condition may use, and the column that it is of. */
export interface ConditionName {
  readonly name: string
  readonly column: string
  /** `field`: a text or a number, as the condition takes it; `token`: a text that is only ever compared with others of its kind. */
  readonly kind: 'text' | 'token' | 'field'
}

/** A value of a transaction that a condition reads, and its place in the program's subject. */
interface ConditionRead {
  readonly from: 'amount' | 'time' | 'text' | 'number'
  readonly name: string
  readonly column: string
  readonly slot: number
}

export interface ReadCondition {
  readonly program: Program
  readonly reads: readonly ConditionRead[]
  /** How many slots a subject has. */
  readonly slots: number
}

type Name = Omit<ConditionRead, 'slot'> & Pick<Declaration, 'type' | 'tokensOf'> & { readonly isField?: boolean }

/**
 * Reads a condition in the rule language on the amount, the time, the keys and the fields of one transaction. A field is a text, or
 * a number where only that makes sense of the condition.
 *
 * @returns what is wrong with it, where it can't be read.
 */
export function readCondition(
  text: string,
  declared: readonly ConditionName[],
  hasAmount: boolean,
): ReadCondition | string {
  let names: readonly Name[] = [
    ...(hasAmount ? [{ name: 'amount', column: '', from: 'amount', type: 'double' } as const] : []),
    { name: 'time', column: '', from: 'time', type: 'timestamp' },
    ...declared.map(({ name, column, kind }): Name => {
      const isToken = kind === 'token'
      const type = isToken ? 'token' : 'string'
      return { name, column, from: 'text', type, isField: kind === 'field', ...(isToken && { tokensOf: name }) }
    }),
  ]
  let compiled = compile(text, names)
  for (let slot = 0; slot < names.length && !compiled.ok; slot++) {
    if (names[slot].isField !== true) continue
    const others = names.with(slot, { ...names[slot], from: 'number', type: 'double' })
    const again = compile(text, others)
    if (!again.ok && again.problems.length >= compiled.problems.length) continue
    names = others
    compiled = again
  }
  if (!compiled.ok) return compiled.problems.map(({ message, column }) => `column ${column}: ${message}`).join('; ')
  const { program } = compiled
  const reads = names
    .map(({ from, name, column }, slot) => ({ from, name, column, slot }))
    .filter(({ name }) => program.names.includes(name))
  return { program, reads, slots: names.length }
}

function compile(text: string, names: readonly Name[]) {
  return compileExpression(text, {
    names: new Map(
      names.map(({ name, type, tokensOf }, slot): [string, Declaration] => [
        name,
        { type, slot, ...(tokensOf !== undefined && { tokensOf }) },
      ]),
    ),
    lists: new Map(),
    listHint: 'a feature reads no lists',
  })
}
