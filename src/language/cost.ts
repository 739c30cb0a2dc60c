import { partsOf, type Term } from './term.ts'

const [listCost, patternCost] = [2, 20]

/** A bound on the work of one evaluation, in steps of about the work of one operator. */
export function costOf(term: Term): number {
  if (term.kind === 'quantified') {
    const items = term.items.reduce((sum, item) => sum + costOf(item), 0)
    return 1 + items + term.items.length * costOf(term.body)
  }
  const own = term.kind === 'matches' ? patternCost : term.kind === 'inList' ? listCost : 1
  return partsOf(term).reduce((sum, part) => sum + costOf(part), own)
}
