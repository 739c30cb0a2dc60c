import { showValue } from '../core/show-value.ts'
import { type Checking, dottedName, refuseName } from './checking.ts'
import { checkItems } from './list-items.ts'
import { type Overload, overloads, valuesOf } from './overloads.ts'
import type { Syntax } from './syntax.ts'
import { isBoolTerm, type Quantifier, quantifiers, type Term, type Variable } from './term.ts'
import { aValue, commonType, type ScalarType } from './types.ts'

type Call = Syntax & { readonly kind: 'call' }

const caseReason = 'Texts are compared as they are; a pattern that begins with (?i) does not mind case'

/** Functions of CEL or of its libraries that this language leaves out, and what to write in their place. */
const leftOut: ReadonlyMap<string, string> = new Map(
  Object.entries({
    uint: 'Unsigned ints are not part of the language; use int',
    bytes: 'Bytes are not part of the language',
    dyn: 'Every type is known here; dyn is not part of the language',
    type: 'Every type is known here; type is not part of the language',
    map: 'map is not part of the language; write the list out, or use all, exists or exists_one',
    filter: 'filter is not part of the language; use all, exists or exists_one',
    bind: 'bind is not part of the language',
    is_missing: 'Whether a value is missing is asked by !has(name)',
    ...Object.fromEntries(
      ['lower', 'upper', 'lowerAscii', 'upperAscii', 'toLowerCase'].map((name) => [name, caseReason]),
    ),
  }),
)

export function checkCall(checking: Checking, node: Call): Term | undefined {
  const { name, receiver } = node
  if (name === 'has' && receiver === undefined) return checkHas(checking, node)
  const quantifier = quantifiers.find((each) => each === (name === 'existsOne' ? 'exists_one' : name))
  if (quantifier !== undefined) return checkQuantifier(checking, node, quantifier)
  const written = receiver === undefined && node.args.length === 1 ? node.args[0] : receiver
  if (name === 'size' && written?.kind === 'list') {
    const items = checkItems(checking, written)
    return items && { type: 'int', kind: 'constant', value: items.length }
  }
  const named = overloads.filter((overload) => overload.name === name)
  if (named.length === 0) return refuseUnknown(checking, node)
  return checkOverloads(checking, node, named)
}

function refuseUnknown(checking: Checking, { name, nameSpan }: Call): undefined {
  const reason = leftOut.get(name)
  if (reason !== undefined) return checking.refuse(nameSpan, reason)
  const names = new Set([...overloads.map((each) => each.name), ...quantifiers, 'has'])
  return checking.refuse(nameSpan, `The function "${showValue(name)}" is unknown${checking.hint(name, names)}`)
}

function checkOverloads(checking: Checking, node: Call, named: readonly Overload[]): Term | undefined {
  const nodes = node.receiver === undefined ? node.args : [node.receiver, ...node.args]
  const terms = nodes.map((each) => checking.check(each))
  if (!terms.every((term) => term !== undefined)) return undefined
  const isMethod = node.receiver !== undefined
  const types = terms.map(({ type }) => type)
  const overload = named.find((each) => each.isMethod === isMethod && `${each.takes}` === `${types}`)
  if (overload === undefined) {
    const given = saySignature(node.name, isMethod, types)
    const known = [...new Set(named.map((each) => saySignature(each.name, each.isMethod, each.takes)))]
    return checking.refuse(node, `${given} is not defined; there is ${known.join(', ')}`)
  }
  return overload.build(valuesOf(terms), (index, message) => checking.refuse(nodes[index], message))
}

function saySignature(name: string, isMethod: boolean, types: readonly ScalarType[]): string {
  return isMethod ? `${types[0]}.${name}(${types.slice(1).join(', ')})` : `${name}(${types.join(', ')})`
}

function checkHas(checking: Checking, node: Call): Term | undefined {
  const [arg] = node.args
  const name = arg === undefined || node.args.length > 1 ? undefined : dottedName(arg)
  if (name === undefined) return checking.refuse(node, 'has asks whether one name has a value, as in has(country)')
  const declaration = checking.declarations.names.get(name)
  if (declaration === undefined || checking.variables.some((each) => each.name === name)) {
    return refuseName(checking, arg, name)
  }
  if (declaration.always === true) checking.warn(node, `${showValue(name)} always has a value, so this is always true`)
  return { type: 'bool', kind: 'has', name, slot: declaration.slot, of: declaration.type }
}

function checkQuantifier(checking: Checking, node: Call, quantifier: Quantifier): Term | undefined {
  const [name, body] = node.args
  const list = node.receiver
  if (list?.kind !== 'list') {
    return checking.refuse(
      list ?? node,
      `${quantifier} looks at the items of a list that is written in the rule, as in [1, 2].${quantifier}(x, x > 1)`,
    )
  }
  if (name?.kind !== 'name' || body === undefined || node.args.length > 2) {
    return checking.refuse(
      node,
      `${quantifier} needs a name for the item and a condition, as in ${quantifier}(x, x > 1)`,
    )
  }
  const items = checkItems(checking, list)
  if (items === undefined) return undefined
  // An empty list has no items, so their type does not matter.
  const type = items
    .map((item): ScalarType => item.type)
    .reduce((one, other) => commonType(one, other) ?? one, items[0]?.type ?? 'int')
  const variable: Variable = { name: name.name, type }
  const condition = checking.checkWith(variable, body)
  if (condition === undefined) return undefined
  if (!isBoolTerm(condition))
    return checking.refuse(body, `${quantifier} needs a condition; this is ${aValue(condition.type)}`)
  return { type: 'bool', kind: 'quantified', quantifier, variable, items, body: condition }
}
