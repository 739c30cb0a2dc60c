import { showValue } from '../core/show-value.ts'
import type { Declarations } from './declarations.ts'
import type { Hint } from './name-hint.ts'
import type { Span, Syntax } from './syntax.ts'
import type { Term, Variable } from './term.ts'

/** What the parts of the checker share: where to look up names, and where to tell what is wrong. */
export interface Checking {
  readonly declarations: Declarations
  /** Items of the comprehensions that are around, the innermost first. */
  readonly variables: readonly Variable[]
  /** Undefined where something is wrong in it, which was told. */
  check(node: Syntax): Term | undefined
  /** The same within a comprehension. */
  checkWith(variable: Variable, node: Syntax): Term | undefined
  refuse(span: Span, message: string): undefined
  readonly hint: Hint
  /** What is known of an unknown name beside names like it. */
  explain(unknown: string): string | undefined
  warn(span: Span, message: string): void
}

/** `payment.card.token` as one name; undefined where it is anything but names between points. */
export function dottedName(node: Syntax): string | undefined {
  if (node.kind === 'name') return node.name
  if (node.kind !== 'select') return undefined
  const before = dottedName(node.operand)
  return before === undefined ? undefined : `${before}.${node.field}`
}

const listPrefix = 'lists.'

/** The NAME of `lists.NAME`. */
export function listName(node: Syntax): string | undefined {
  const name = dottedName(node)
  return name?.startsWith(listPrefix) ? name.slice(listPrefix.length) : undefined
}

export function refuseName(
  { declarations, variables, hint, explain, refuse }: Checking,
  span: Span,
  name: string,
): undefined {
  const own = variables.map((variable) => variable.name)
  const declared = declarations.names
  const names = { size: own.length + declared.size, keys: () => [...own, ...declared.keys()] }
  return refuse(span, `The name "${showValue(name)}" is unknown${explain(name) ?? hint(name, names)}`)
}
