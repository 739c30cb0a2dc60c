import { type Checking, dottedName } from './checking.ts'
import { writeName } from './printer.ts'
import type { Syntax } from './syntax.ts'
import { childrenOf } from './tree.ts'

/**
 * Warns of what is unknown, and so not true, where a value is missing, though it reads as if it were true then:
 * `!(country == "DE")` and `country != "DE"`. Who asks has(country) somewhere knows of it.
 */
export function warnOfUnknowns(checking: Checking, tree: Syntax): void {
  const asked = new Set(namesAsked(tree))
  const walk = (node: Syntax): void => {
    const isUnequal = node.kind === 'binary' && node.operator === '!='
    if (node.kind !== 'not' && !isUnequal) {
      for (const child of childrenOf(node)) walk(child)
      return
    }
    const missing = new Set(namesIn(node).filter((name) => mayBeMissing(checking, name) && !asked.has(name)))
    if (missing.size === 0) return
    const names = [...missing].map((name) => `\`${writeName(name)}\``).join(' or ')
    const [first] = missing
    const written = isUnequal ? '!=' : '!'
    const message = `Without a value for ${names}, what ${written} says is unknown, so it does not count as true; has(${writeName(first)}) asks whether there is a value`
    checking.warn(node, message)
  }
  walk(tree)
}

function mayBeMissing({ declarations }: Checking, name: string): boolean {
  const declaration = declarations.names.get(name)
  return declaration !== undefined && declaration.always !== true
}

/** Names within `has(...)`. */
function namesAsked(node: Syntax): readonly string[] {
  if (node.kind === 'call' && node.name === 'has') return node.args.flatMap((arg) => dottedName(arg) ?? [])
  return childrenOf(node).flatMap(namesAsked)
}

function namesIn(node: Syntax): readonly string[] {
  const name = dottedName(node)
  return name === undefined ? childrenOf(node).flatMap(namesIn) : [name]
}
