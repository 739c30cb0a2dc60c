import type { Syntax } from './syntax.ts'

export function childrenOf(node: Syntax): readonly Syntax[] {
  switch (node.kind) {
    case 'literal':
    case 'name':
      return []
    case 'select':
    case 'not':
    case 'negate':
      return [node.operand]
    case 'and':
    case 'or':
      return node.operands
    case 'binary':
      return [node.left, node.right]
    case 'choice':
      return [node.condition, node.whenTrue, node.whenFalse]
    case 'list':
      return node.items
    case 'call':
      return node.receiver === undefined ? node.args : [node.receiver, ...node.args]
  }
}
