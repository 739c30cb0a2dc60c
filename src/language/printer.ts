import { type BinaryOperator, type Literal, products, reservedWords, type Syntax, sums } from './syntax.ts'

/** How tightly each form holds together; a looser one within a tighter one is put in parentheses. */
const [choice, or, and, relation, sum, product, unary, member] = [0, 1, 2, 3, 4, 5, 6, 7]

/** A tree as text, with the parentheses that it needs: read again, it gives the same tree. */
export function printSyntax(node: Syntax): string {
  switch (node.kind) {
    case 'literal':
      return printLiteral(node.literal)
    case 'name':
      return writePart(node.name)
    case 'select':
      return `${within(node.operand, member)}.${writePart(node.field)}`
    case 'call': {
      const start = node.receiver === undefined ? '' : `${within(node.receiver, member)}.`
      return `${start}${writePart(node.name)}(${node.args.map(printSyntax).join(', ')})`
    }
    case 'list':
      return `[${node.items.map(printSyntax).join(', ')}]`
    case 'not':
      return `!${within(node.operand, unary)}`
    case 'negate':
      return printNegated(node.operand)
    case 'and':
      return node.operands.map((each) => within(each, relation)).join(' && ')
    case 'or':
      return node.operands.map((each) => within(each, and)).join(' || ')
    case 'binary': {
      const level = levelOf(node.operator)
      // Not everybody knows which of two comparisons comes first.
      const left = within(node.left, level === relation ? level + 1 : level)
      return `${left} ${node.operator} ${within(node.right, level + 1)}`
    }
    case 'choice':
      return `${within(node.condition, or)} ? ${within(node.whenTrue, or)} : ${printSyntax(node.whenFalse)}`
  }
}

/** A minus before a number would become part of it. */
function printNegated(operand: Syntax): string {
  const printed = within(operand, unary)
  return /^[0-9]/.test(printed) ? `-(${printed})` : `-${printed}`
}

function within(node: Syntax, least: number): string {
  const printed = printSyntax(node)
  return tightness(node) < least ? `(${printed})` : printed
}

function tightness(node: Syntax): number {
  if (node.kind === 'choice') return choice
  if (node.kind === 'or') return or
  if (node.kind === 'and') return and
  if (node.kind === 'binary') return levelOf(node.operator)
  return node.kind === 'not' || node.kind === 'negate' ? unary : member
}

function levelOf(operator: BinaryOperator): number {
  if (sums.some((each) => each === operator)) return sum
  return products.some((each) => each === operator) ? product : relation
}

function printLiteral({ type, value }: Literal): string {
  if (type === 'string') return printText(value)
  if (type !== 'double') return String(value)
  const printed = Object.is(value, -0) ? '-0' : String(value)
  return /^-?\d+$/.test(printed) ? `${printed}.0` : printed
}

const escapes: ReadonlyMap<string, string> = new Map(
  Object.entries({ '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }),
)

/** A text as a rule writes it. What can't be seen is written by its number. */
function printText(value: string): string {
  const written = value.replace(/["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const known = escapes.get(character)
    if (known !== undefined) return known
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })
  return `"${written}"`
}

/** A name of a detector as a rule writes it: as it is, or between backticks. */
export function writeName(name: string): string {
  return name.split('.').every(isPlain) ? name : `\`${name}\``
}

function writePart(name: string): string {
  return isPlain(name) ? name : `\`${name}\``
}

function isPlain(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !reservedWords.has(name)
}
