import type { ScalarType } from '../../src/language/index.ts'
import type { BinaryOperator, Syntax } from '../../src/language/syntax.ts'
import { declarations } from './declared.ts'

type Type = ScalarType | undefined
type Scope = ReadonlyMap<string, Type>

/** A choice in which this language differs from CEL as the peer reads it, and how to write for the peer what is meant. */
export interface Difference {
  readonly name: string
  readonly rewrite: (node: Syntax, typeOf: (node: Syntax) => Type) => Syntax
}

export const differences: readonly Difference[] = [
  { name: 'durations below zero add up (in the peer -1.25s and 0s are -2.25s)', rewrite: addTimes },
  { name: 'int reads decimal digits alone (the peer, as it makes a BigInt, reads "" as 0)', rewrite: readDigits },
  { name: 'ints and doubles mix in arithmetic, comparisons, choices and lists', rewrite: widenInts },
  { name: 'a double divided by zero is unknown, not infinite', rewrite: refuseZero },
  { name: 'ints end at 2^53, where doubles stop to hold them exactly', rewrite: refuseUnsafe },
  { name: 'in, all, exists and exists_one say what || and && of the items say, missing ones too', rewrite: writeOut },
]

const nowhere = { start: 0, end: 0 }

/** The text with all of some differences written out, from the inside. */
export function rewriteFor(node: Syntax, wanted: readonly Difference[], scope: Scope = new Map()): Syntax {
  const typeOf = (each: Syntax) => typeIn(each, scope)
  const inner = mapChildren(node, (child, around) => rewriteFor(child, wanted, around), scope)
  return wanted.reduce((rewritten, { rewrite }) => rewrite(rewritten, typeOf), inner)
}

function mapChildren(node: Syntax, map: (child: Syntax, scope: Scope) => Syntax, scope: Scope): Syntax {
  const each = (child: Syntax) => map(child, scope)
  switch (node.kind) {
    case 'not':
    case 'negate':
      return { ...node, operand: each(node.operand) }
    case 'and':
    case 'or':
      return { ...node, operands: node.operands.map(each) }
    case 'binary':
      return { ...node, left: each(node.left), right: each(node.right) }
    case 'choice':
      return {
        ...node,
        condition: each(node.condition),
        whenTrue: each(node.whenTrue),
        whenFalse: each(node.whenFalse),
      }
    case 'list':
      return { ...node, items: node.items.map(each) }
    case 'call': {
      const receiver = node.receiver && each(node.receiver)
      const [variable, body] = node.args
      if (receiver?.kind !== 'list' || variable?.kind !== 'name' || body === undefined) {
        return { ...node, receiver, args: node.args.map(each) }
      }
      const items = receiver.items.map((item) => typeIn(item, scope))
      const type = items.includes('double') ? 'double' : (items[0] ?? 'int')
      return { ...node, receiver, args: [variable, map(body, new Map([...scope, [variable.name, type]]))] }
    }
    default:
      return node
  }
}

/** Undefined where nothing asks for it. */
function typeIn(node: Syntax, scope: Scope): Type {
  const again = (each: Syntax) => typeIn(each, scope)
  switch (node.kind) {
    case 'literal':
      return node.literal.type
    case 'name':
      return scope.get(node.name) ?? declarations.names.get(node.name)?.type
    case 'negate':
      return again(node.operand)
    case 'choice':
      return widest([again(node.whenTrue), again(node.whenFalse)])
    case 'binary':
      return /^[-+*/%]$/.test(node.operator) ? calculated(again(node.left), again(node.right)) : 'bool'
    case 'call':
      if (/^(?:double|string|timestamp|duration)$/.test(node.name)) return declaredAs[node.name]
      return node.name === 'int' || node.name === 'size' || node.name.startsWith('get') ? 'int' : undefined
    default:
      return undefined
  }
}

const declaredAs: Readonly<Record<string, ScalarType>> = {
  double: 'double',
  string: 'string',
  timestamp: 'timestamp',
  duration: 'duration',
}

function calculated(left: Type, right: Type): Type {
  if (left === 'timestamp' && right === 'timestamp') return 'duration'
  return left === 'timestamp' || right === 'timestamp' ? 'timestamp' : widest([left, right])
}

function widest(types: readonly Type[]): Type {
  const [one, other] = types
  if (types.includes('double')) return 'double'
  return one === other ? one : undefined
}

function widenInts(node: Syntax, typeOf: (node: Syntax) => Type): Syntax {
  const widen = (each: Syntax) => (typeOf(each) === 'int' ? call('double', each) : each)
  const isMixed = (nodes: readonly Syntax[]) => {
    const types = nodes.map(typeOf)
    return types.includes('int') && types.includes('double')
  }
  if (node.kind === 'binary' && node.right.kind === 'list') {
    const { left, right } = node
    if (!isMixed([left, ...right.items])) return node
    return { ...node, left: widen(left), right: { ...right, items: right.items.map(widen) } }
  }
  if (node.kind === 'binary' && isMixed([node.left, node.right])) {
    return { ...node, left: widen(node.left), right: widen(node.right) }
  }
  if (node.kind === 'choice' && isMixed([node.whenTrue, node.whenFalse])) {
    return { ...node, whenTrue: widen(node.whenTrue), whenFalse: widen(node.whenFalse) }
  }
  return node.kind === 'list' && isMixed(node.items) ? { ...node, items: node.items.map(widen) } : node
}

function readDigits(node: Syntax, typeOf: (node: Syntax) => Type): Syntax {
  const [arg] = node.kind === 'call' && node.name === 'int' ? node.args : []
  if (arg === undefined || typeOf(arg) !== 'string') return node
  const condition: Syntax = {
    kind: 'call',
    receiver: arg,
    name: 'matches',
    nameSpan: nowhere,
    args: [text('^[+-]?[0-9]+$')],
    ...nowhere,
  }
  return { kind: 'choice', condition, whenTrue: node, whenFalse: call('int', text('no int')), ...nowhere }
}

function addTimes(node: Syntax, typeOf: (node: Syntax) => Type): Syntax {
  if (node.kind !== 'binary' || !/^[-+]$/.test(node.operator)) return node
  if (typeOf(node.left) !== 'duration' || typeOf(node.right) !== 'duration') return node
  const start = call('timestamp', text('2000-01-01T00:00:00Z'))
  return binary('-', binary(node.operator, binary('+', start, node.left), node.right), start)
}

function refuseZero(node: Syntax, typeOf: (node: Syntax) => Type): Syntax {
  if (node.kind !== 'binary' || node.operator !== '/' || typeOf(node) !== 'double') return node
  const isZero = binary('==', node.right, literal('double', 0))
  return { kind: 'choice', condition: isZero, whenTrue: call('double', text('no number')), whenFalse: node, ...nowhere }
}

function refuseUnsafe(node: Syntax, typeOf: (node: Syntax) => Type): Syntax {
  const isInt = node.kind === 'binary' && /^[-+*]$/.test(node.operator) && typeOf(node) === 'int'
  if (!isInt) return node
  const largest = literal('int', Number.MAX_SAFE_INTEGER)
  const smallest = literal('int', Number.MIN_SAFE_INTEGER)
  const operands = [binary('>', node, largest), binary('<', node, smallest)]
  const condition: Syntax = { kind: 'or', operands, ...nowhere }
  return { kind: 'choice', condition, whenTrue: call('int', text('no int')), whenFalse: node, ...nowhere }
}

function writeOut(node: Syntax): Syntax {
  if (node.kind === 'binary' && node.right.kind === 'list') {
    const { left } = node
    return joined(
      'or',
      node.right.items.map((item) => binary('==', left, item)),
    )
  }
  if (node.kind !== 'call' || node.receiver?.kind !== 'list') return node
  const [variable, body] = node.args
  if (variable?.kind !== 'name' || body === undefined) return node
  const asked = node.receiver.items.map((item) => replace(body, variable.name, item))
  if (node.name !== 'exists_one') return joined(node.name === 'all' ? 'and' : 'or', asked)
  const alone = asked.map((_, i) =>
    joined(
      'and',
      asked.map((each, j) => (j === i ? each : not(each))),
    ),
  )
  return joined('or', alone)
}

function replace(node: Syntax, name: string, by: Syntax): Syntax {
  if (node.kind === 'name') return node.name === name ? by : node
  if (node.kind === 'select') return node
  return mapChildren(node, (child) => replace(child, name, by), new Map())
}

function joined(kind: 'and' | 'or', operands: readonly Syntax[]): Syntax {
  const [first] = operands
  if (first === undefined) return { kind: 'literal', literal: { type: 'bool', value: kind === 'and' }, ...nowhere }
  return operands.length === 1 ? first : { kind, operands, ...nowhere }
}

function not(operand: Syntax): Syntax {
  return { kind: 'not', operand, ...nowhere }
}

function binary(operator: BinaryOperator, left: Syntax, right: Syntax): Syntax {
  return { kind: 'binary', operator, left, right, ...nowhere }
}

function call(name: string, arg: Syntax): Syntax {
  return { kind: 'call', receiver: undefined, name, nameSpan: nowhere, args: [arg], ...nowhere }
}

function literal(type: 'int' | 'double', value: number): Syntax {
  return { kind: 'literal', literal: { type, value }, ...nowhere }
}

function text(value: string): Syntax {
  return { kind: 'literal', literal: { type: 'string', value }, ...nowhere }
}
