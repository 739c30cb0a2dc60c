import { patternSize } from './pattern-size.ts'
import { limits, type Syntax } from './syntax.ts'
import { partsOf, type Term } from './term.ts'
import { childrenOf } from './tree.ts'

const [listCost, patternCost] = [2, 20]

/** A bound on the work of one evaluation, in steps of about the work of one operator. */
export function costOf(term: Term): number {
  if (term.kind === 'quantified') {
    const items = term.items.reduce((sum, item) => sum + costOf(item), 0)
    return 1 + items + term.items.length * costOf(term.body)
  }
  return partsOf(term).reduce((sum, part) => sum + costOf(part), ownCost(term))
}

function ownCost(term: Term): number {
  if (term.kind === 'inList') return listCost
  // A text that is made for a pattern takes it a step for each of its instructions at every character.
  return term.kind === 'matches' ? costOfPattern(term.pattern.size) : 1
}

function costOfPattern(size: number): number {
  return patternCost + 2 * size
}

/** What the patterns of a tree will cost at least, before any of them is compiled, which takes longer than to refuse them. */
export function leastPatternCost(node: Syntax): number {
  const pattern = node.kind === 'call' && node.name === 'matches' ? node.args.at(-1) : undefined
  const written = pattern?.kind === 'literal' && pattern.literal.type === 'string' ? pattern.literal.value : undefined
  const size = written === undefined ? 0 : patternSize(written)
  // One that is too large is refused for that, and not compiled either.
  const own = size === 0 || size > limits.patternSize ? 0 : costOfPattern(size)
  return childrenOf(node).reduce((sum, child) => sum + leastPatternCost(child), own)
}
