import { checkCall } from './calls.ts'
import { type Checking, dottedName, listName, refuseName } from './checking.ts'
import { warnOfContradictions } from './contradictions.ts'
import { type Declaration, type Declarations, isText } from './declarations.ts'
import { makeHint } from './name-hint.ts'
import { checkBinary } from './operators.ts'
import { type Problem, problemAt } from './problem.ts'
import type { Syntax } from './syntax.ts'
import { type BoolTerm, isBoolTerm, isNumberTerm, isTextTerm, type Term, type Variable } from './term.ts'
import { aValue, commonType, isNumber, type ScalarType } from './types.ts'
import { warnOfUnknowns } from './unknowns.ts'

export interface Checked {
  /** Undefined where there are problems. */
  readonly term: Term | undefined
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Finds what every part of a tree means, and all that is wrong with it. */
export function checkSyntax(text: string, tree: Syntax, declarations: Declarations): Checked {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const hint = makeHint()
  let explained = 0
  // Who misspells more names than these sees the others the next time.
  const explain = (unknown: string) => (explained++ < 5 ? declarations.hint?.(unknown) : undefined)
  const within = (variables: readonly Variable[]): Checking => {
    const checking: Checking = {
      declarations,
      variables,
      hint,
      explain,
      check: (node) => check(checking, node),
      checkWith: (variable, node) => within([variable, ...variables]).check(node),
      refuse: (span, message) => void problems.push(problemAt(text, span, message)),
      warn: (span, message) => void warnings.push(problemAt(text, span, message)),
    }
    return checking
  }
  const checking = within([])
  const term = checking.check(tree)
  if (problems.length === 0) warnOfUnknowns(checking, tree)
  return { term: problems.length === 0 ? term : undefined, problems, warnings }
}

function check(checking: Checking, node: Syntax): Term | undefined {
  switch (node.kind) {
    case 'literal':
      return constant(node)
    case 'name':
    case 'select':
      return checkName(checking, node)
    case 'not': {
      const operand = checkCondition(checking, node.operand, '!')
      return operand && { type: 'bool', kind: 'not', operand }
    }
    case 'negate':
      return checkNegated(checking, node)
    case 'and':
    case 'or': {
      const operands = node.operands.map((each) => checkCondition(checking, each, node.kind === 'and' ? '&&' : '||'))
      if (!operands.every((each) => each !== undefined)) return undefined
      warnOfContradictions(checking, node, operands)
      return { type: 'bool', kind: node.kind, operands }
    }
    case 'choice':
      return checkChoice(checking, node)
    case 'binary':
      return checkBinary(checking, node)
    case 'call':
      return checkCall(checking, node)
    case 'list':
      return checking.refuse(node, 'A list is used with in, all, exists, exists_one or size, and nowhere else')
  }
}

function constant({ literal }: Syntax & { readonly kind: 'literal' }): Term {
  if (literal.type === 'bool') return { type: 'bool', kind: 'constant', value: literal.value }
  if (literal.type === 'string') return { type: 'string', kind: 'constant', value: literal.value }
  return { type: literal.type, kind: 'constant', value: literal.value }
}

function checkName(checking: Checking, node: Syntax & { readonly kind: 'name' | 'select' }): Term | undefined {
  const name = dottedName(node)
  if (name === undefined) return checking.refuse(node, 'Only names have fields, with points between them')
  const variable = checking.variables.find((each) => each.name === name)
  if (variable !== undefined) return variableTerm(variable)
  const declaration = checking.declarations.names.get(name)
  if (declaration !== undefined) {
    if (declaration.lacking !== undefined) checking.warn(node, `"${name}" is unknown: ${declaration.lacking}`)
    return nameTerm(name, declaration)
  }
  const list = listName(node)
  if (list !== undefined)
    return checking.refuse(node, `A list is asked whether it holds something: \`device in ${name}\``)
  if (/^(?:true|false)$/i.test(name)) return checking.refuse(node, `"${name}" is written ${name.toLowerCase()}`)
  return refuseName(checking, node, name)
}

function variableTerm(variable: Variable): Term {
  const { type } = variable
  if (type === 'bool') return { type, kind: 'variable', variable }
  return isText(type) ? { type, kind: 'variable', variable } : { type, kind: 'variable', variable }
}

function nameTerm(name: string, { type, slot }: Declaration): Term {
  if (type === 'bool') return { type, kind: 'name', name, slot }
  return isText(type) ? { type, kind: 'name', name, slot } : { type, kind: 'name', name, slot }
}

function checkCondition(checking: Checking, node: Syntax, operator: string): BoolTerm | undefined {
  const term = checking.check(node)
  if (term === undefined || isBoolTerm(term)) return term
  return checking.refuse(node, `${operator} is for bools; this is ${aValue(term.type)}${comparisonHint(term.type)}`)
}

function comparisonHint(type: ScalarType): string {
  if (isNumber(type)) return '; compare it, with > 0 for example'
  return type === 'string' || type === 'token' ? '; compare it, with == for example' : ''
}

function checkNegated(checking: Checking, node: Syntax & { readonly kind: 'negate' }): Term | undefined {
  const operand = checking.check(node.operand)
  if (operand === undefined) return undefined
  if (!isNumberTerm(operand) || !isNumber(operand.type)) {
    return checking.refuse(node.operand, `- is for numbers; this is ${aValue(operand.type)}`)
  }
  return { type: operand.type, kind: 'ofNumber', operand, apply: (value) => -value + 0 }
}

function checkChoice(checking: Checking, node: Syntax & { readonly kind: 'choice' }): Term | undefined {
  const condition = checkCondition(checking, node.condition, '?')
  const whenTrue = checking.check(node.whenTrue)
  const whenFalse = checking.check(node.whenFalse)
  if (condition === undefined || whenTrue === undefined || whenFalse === undefined) return undefined
  const type = commonType(whenTrue.type, whenFalse.type)
  if (type !== undefined) {
    if (isBoolTerm(whenTrue) && isBoolTerm(whenFalse))
      return { type: 'bool', kind: 'choice', condition, whenTrue, whenFalse }
    if (isTextTerm(whenTrue) && isTextTerm(whenFalse))
      return { type: whenTrue.type, kind: 'choice', condition, whenTrue, whenFalse }
    if (isNumberTerm(whenTrue) && isNumberTerm(whenFalse) && type !== 'bool' && !isText(type)) {
      return { type, kind: 'choice', condition, whenTrue, whenFalse }
    }
  }
  return checking.refuse(
    node,
    `Both sides of ":" need the same type; one is ${aValue(whenTrue.type)}, the other ${aValue(whenFalse.type)}`,
  )
}
