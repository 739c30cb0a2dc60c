import { showValue } from '../core/show-value.ts'
import { readTokens, type Token } from './lexer.ts'
import { SyntaxProblem, type Tell } from './problem.ts'
import {
  type BinaryOperator,
  comparisons,
  type Literal,
  limits,
  products,
  type Span,
  type Syntax,
  sums,
} from './syntax.ts'

/**
 * The tree of a text. Throws a `SyntaxProblem` at the first place where there is none, or where it grows past the limits.
 * Operators of other languages are told, and read as what they mean.
 */
export function parseSyntax(text: string, tell: Tell = refuse): Syntax {
  if (text.length > limits.characters) {
    const message = `This text has ${text.length} characters; at most ${limits.characters} are read`
    throw new SyntaxProblem({ start: limits.characters, end: text.length }, message)
  }
  return new Parser(readTokens(text, tell), tell).parse()
}

function refuse(span: Span, message: string): never {
  throw new SyntaxProblem(span, message)
}

const relations = [...comparisons, 'in'] as const

/** Guards the place in the tokens, and how deep and large the tree has become. */
class Parser {
  readonly #tokens: readonly Token[]
  readonly #tell: Tell
  #at = 0
  #depth = 0
  #nodes = 0

  constructor(tokens: readonly Token[], tell: Tell) {
    this.#tokens = tokens
    this.#tell = tell
  }

  parse(): Syntax {
    const [first] = this.#tokens
    if (first.kind === 'end') throw new SyntaxProblem(first, 'There is no expression')
    const tree = this.#expression()
    if (this.#next.kind !== 'end') throw new SyntaxProblem(this.#next, this.#unexpected('the end'))
    return tree
  }

  get #next(): Token {
    return this.#tokens[this.#at]
  }

  /** Every way down passes here or through `#unary`, so that no text is nested deeper than the limit, or than the stack. */
  #deeper<T>(parse: () => T): T {
    if (this.#depth++ > limits.depth) {
      throw new SyntaxProblem(this.#next, `The expression is nested more than ${limits.depth} levels deep`)
    }
    const parsed = parse()
    this.#depth--
    return parsed
  }

  #node(node: Syntax): Syntax {
    if (++this.#nodes > limits.nodes) {
      throw new SyntaxProblem(node, `The expression has more than ${limits.nodes} parts`)
    }
    return node
  }

  #expression(): Syntax {
    return this.#deeper(() => {
      const condition = this.#side('or', '||', () => this.#side('and', '&&', () => this.#relation()))
      if (!this.#take('?')) return condition
      const whenTrue = this.#side('or', '||', () => this.#side('and', '&&', () => this.#relation()))
      this.#expect(':')
      const whenFalse = this.#expression()
      return this.#node({ kind: 'choice', condition, whenTrue, whenFalse, start: condition.start, end: whenFalse.end })
    })
  }

  #side(kind: 'and' | 'or', symbol: string, parseOperand: () => Syntax): Syntax {
    const first = parseOperand()
    const operands = [first]
    while (this.#take(symbol) || this.#takeWord(kind, symbol)) operands.push(parseOperand())
    if (operands.length === 1) return first
    return this.#node({ kind, operands, start: first.start, end: operands[operands.length - 1].end })
  }

  #relation(): Syntax {
    return this.#binary(relations, () => this.#binary(sums, () => this.#binary(products, () => this.#unary())))
  }

  #binary(operators: readonly BinaryOperator[], parseOperand: () => Syntax): Syntax {
    let left = parseOperand()
    for (;;) {
      const operator = operators.find((each) => this.#take(each) || (each === 'in' && this.#takeWord(each, each)))
      if (operator === undefined) return left
      const right = parseOperand()
      left = this.#node({ kind: 'binary', operator, left, right, start: left.start, end: right.end })
    }
  }

  #unary(): Syntax {
    const first = this.#next
    if (this.#take('!') || (this.#isBeforeOperand() && this.#takeWord('not', '!'))) return this.#prefixed('not', first)
    if (!this.#take('-')) return this.#member(this.#primary())
    const operand = this.#next
    if (operand.kind !== 'literal') return this.#prefixed('negate', first)
    const { literal } = operand
    if (literal.type === 'bool' || literal.type === 'string') return this.#prefixed('negate', first)
    this.#at++
    // + 0 makes the int 0 of -0, which no other int is written as.
    const value = literal.type === 'int' ? -literal.value + 0 : -literal.value
    return this.#member(this.#literal({ type: literal.type, value }, { start: first.start, end: operand.end }))
  }

  #prefixed(kind: 'not' | 'negate', sign: Span): Syntax {
    const operand = this.#deeper(() => this.#unary())
    return this.#node({ kind, operand, start: sign.start, end: operand.end })
  }

  #member(first: Syntax): Syntax {
    let operand = first
    for (;;) {
      if (this.#isNext('[')) {
        throw new SyntaxProblem(this.#next, 'Lists are not indexed in this language; use in, all, exists or exists_one')
      }
      if (!this.#take('.')) return operand
      operand = this.#selected(operand)
    }
  }

  #selected(operand: Syntax): Syntax {
    const field = this.#next
    // The words of the language are fields, too: `a.in` can only mean one thing.
    const name =
      field.kind === 'name' ? field.name : field.kind === 'symbol' && field.symbol === 'in' ? 'in' : undefined
    if (name === undefined) throw new SyntaxProblem(field, this.#unexpected('a name'))
    this.#at++
    if (this.#isNext('(')) return this.#call(operand, name, field)
    return this.#node({ kind: 'select', operand, field: name, start: operand.start, end: field.end })
  }

  #call(receiver: Syntax | undefined, name: string, nameSpan: Span): Syntax {
    this.#expect('(')
    const args = this.#separated(')')
    const start = receiver === undefined ? nameSpan.start : receiver.start
    return this.#node({ kind: 'call', receiver, name, nameSpan, args, start, end: this.#lastEnd })
  }

  #primary(): Syntax {
    const token = this.#next
    if (token.kind === 'literal') {
      this.#at++
      return this.#literal(token.literal, token)
    }
    if (token.kind === 'name') {
      this.#at++
      if (this.#isNext('(')) return this.#call(undefined, token.name, token)
      return this.#node({ kind: 'name', name: token.name, start: token.start, end: token.end })
    }
    if (this.#take('(')) {
      const inner = this.#expression()
      if (this.#isNext(',')) {
        throw new SyntaxProblem(this.#next, 'A list is written in square brackets, as in ["a", "b"]')
      }
      this.#expect(')')
      return { ...inner, start: token.start, end: this.#lastEnd }
    }
    if (this.#take('[')) {
      const items = this.#separated(']')
      return this.#node({ kind: 'list', items, start: token.start, end: this.#lastEnd })
    }
    if (this.#isNext('{')) throw new SyntaxProblem(token, 'Maps are not part of the language')
    throw new SyntaxProblem(token, this.#unexpected('a value'))
  }

  /** Expressions between commas up to the closing symbol, which is taken, too. */
  #separated(closing: string): readonly Syntax[] {
    const items: Syntax[] = []
    while (!this.#take(closing)) {
      items.push(this.#expression())
      if (!this.#take(',')) {
        this.#expect(closing)
        break
      }
      // Only a list may end with a comma.
      if (closing === ')' && this.#isNext(closing)) throw new SyntaxProblem(this.#next, this.#unexpected('a value'))
    }
    return items
  }

  #literal(literal: Literal, { start, end }: Span): Syntax {
    return this.#node({ kind: 'literal', literal, start, end })
  }

  get #lastEnd(): number {
    return this.#tokens[this.#at - 1].end
  }

  #isNext(symbol: string): boolean {
    return this.#next.kind === 'symbol' && this.#next.symbol === symbol
  }

  #take(symbol: string): boolean {
    const isThere = this.#isNext(symbol)
    if (isThere) this.#at++
    return isThere
  }

  /** A word in the place of a symbol, where no name can be. */
  #takeWord(word: string, symbol: string): boolean {
    const token = this.#next
    if (token.kind !== 'name' || token.name.toLowerCase() !== word) return false
    this.#tell(token, `"${token.name}" is written ${symbol}`)
    this.#at++
    return true
  }

  /** Whether what follows the next token could not follow a name, or could only be given to a function. */
  #isBeforeOperand(): boolean {
    const after = this.#tokens[this.#at + 1]
    return after?.kind === 'name' || after?.kind === 'literal' || (after?.kind === 'symbol' && after.symbol === '(')
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) throw new SyntaxProblem(this.#next, this.#unexpected(`"${symbol}"`))
  }

  #unexpected(expected: string): string {
    const token = this.#next
    if (token.kind === 'end') return `The text ends where ${expected} is expected`
    if (token.kind === 'literal') return `A ${token.literal.type} is here where ${expected} is expected`
    if (token.kind === 'symbol' && token.symbol === ':' && expected === 'a value') {
      return 'Names are written without colons'
    }
    if (token.kind === 'symbol') return `"${token.symbol}" is here where ${expected} is expected`
    const operator = wordOperators.get(token.name.toLowerCase())
    if (operator !== undefined) return `"${showValue(token.name)}" is written ${operator}`
    return `The name "${showValue(token.name)}" is here where ${expected} is expected`
  }
}

/** What other languages write, and this one writes otherwise. */
const wordOperators: ReadonlyMap<string, string> = new Map(
  Object.entries({
    is: '==',
    not: '! before what it denies, as in !(a in b)',
    like: 'matches, contains, startsWith or endsWith',
    between: 'a <= x && x <= b',
  }),
)
